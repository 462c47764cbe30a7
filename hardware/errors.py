"""What a device may raise. Expected trouble in the street (a jam, an empty hopper) is a return value instead."""


class DeviceError(Exception):
    """Base of everything a driver raises on purpose."""

    def __init__(self, device: str, why: str) -> None:
        self.device = device
        self.why = why
        super().__init__(f"{device}: {why}")


class DeviceOfflineError(DeviceError):
    """The device did not answer within its retries. Asking again later is safe."""


class DeviceRefusedError(DeviceError):
    """The device answered, and the answer is no (NAK). Nothing moved."""


class UnconfirmedError(DeviceError):
    """A money- or goods-moving order was sent and nothing can tell whether it was taken. Never send it again."""


class WrongDeviceError(DeviceError):
    """Something answers at this address, but it is not what the settings say it is."""
