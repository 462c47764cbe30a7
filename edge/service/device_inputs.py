"""What staff do to devices. Frozen data, no behaviour."""

from dataclasses import dataclass
from typing import Literal

from protocol.events import AuditExported, DeviceTested, MachineAdjusted


@dataclass(frozen=True, slots=True)
class DeviceTestAsked:
    """Turn a coil, or take coins that are no credit. Nothing happens when `why_not` says why."""

    test: Literal["vend", "motor", "coin"]
    slot: str = ""
    """Empty for coins."""
    staff: str = ""
    visit: str = ""


@dataclass(frozen=True, slots=True)
class DeviceTestEnded:
    """Enough coins: those that come now are customers'. A coil's test ends by itself."""


@dataclass(frozen=True, slots=True)
class StaffReported:
    """Something staff did that the cloud should know."""

    event: DeviceTested | AuditExported | MachineAdjusted
    """An adjustment is of `volume` or `brightness`, in percent."""
