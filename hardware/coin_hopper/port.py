"""What a coin hopper is to the machine: it pays out coins of one denomination."""

from dataclasses import dataclass
from typing import Protocol

from protocol.money import Money


@dataclass(frozen=True, slots=True)
class HopperStatus:
    """The hopper's own account of its last payout."""

    event_counter: int
    """+1 per dispense order it took, 1…255; 0 after a reset. Journal it before ordering."""
    remaining: int
    """Coins still to come of the running payout; 0 when it is over."""
    paid: int | None
    """Coins that passed the exit sensor; None when a power cut made the device forget and it says so."""
    unpaid: int
    """Coins ordered and not paid, once it is over."""


class CoinHopper(Protocol):
    """Pays coins. Not responsible for how many are right."""

    @property
    def denomination(self) -> Money:
        """Worth of one coin."""
        ...

    async def start(self) -> str:
        """Identify and test the device; clear what a reset clears; leave it disabled.

        Returns:
            Maker, model and serial in one line.

        Raises:
            DeviceOfflineError: nothing answers.
            WrongDeviceError: something else answers.
        """
        ...

    async def status(self) -> HopperStatus:
        """Counters of the last payout. Safe at any time.

        Raises:
            DeviceOfflineError: no valid answer.
        """
        ...

    async def dispense(self, count: int) -> None:
        """Order a payout and return once it is known to be taken; it runs on by itself.

        Args:
            count: 1…255 coins.

        Raises:
            DeviceRefusedError: not taken, nothing moves.
            DeviceOfflineError: not taken, nothing moves: the order never left, or the counter proves it.
            UnconfirmedError: sent, and nothing can tell whether it was taken. Do not repeat.
        """
        ...

    async def close(self) -> None:
        """Disable the hopper if the wire still works. Safe to call twice."""
        ...
