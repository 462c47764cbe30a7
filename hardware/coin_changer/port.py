"""What a coin changer is to the machine: a coin acceptor with tubes that pays out several denominations.

It takes coins as a `CoinAcceptor` does, and pays as a `CoinHopper` per tube would, but reports each coin.
Source: MDB/ICP 4.3 section 5: TUBE STATUS, DISPENSE, PAYOUT, PAYOUT STATUS, POLL.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from hardware.coin_acceptor.port import CoinEvent

CASH_BOX: Final = 0
"""`CoinAccepted.path` of a coin that can not be paid out again."""
TUBE: Final = 1
"""`CoinAccepted.path` of a coin that went into the tube of its kind."""


@dataclass(frozen=True, slots=True)
class Tube:
    """One tube, as the changer counts it."""

    count: int
    """Coins that can surely be paid out."""
    is_full: bool
    """Coins of this kind now go to the cash box."""


@dataclass(frozen=True, slots=True)
class PayoutStatus:
    """The changer's own account of its last payout."""

    payouts: int
    """+1 per payout order taken, kept over power cuts. Journal it before ordering."""
    is_busy: bool
    paid: Mapping[int, int] | None
    """Denomination in minor units to coins of the last payout that left the tubes; None when a power cut made the
    device forget them: then only the tubes tell."""


class CoinChanger(Protocol):
    """Takes and pays coins. Not responsible for credit, or for how much change is right."""

    @property
    def poll_interval_s(self) -> float:
        """How often the device wants to be polled."""
        ...

    async def start(self) -> str:
        """Identify the device, read its coin set and tubes, and leave it refusing coins.

        Events nobody acknowledged are told again by the next `poll`; a payout under way goes on.

        Returns:
            Maker, model and serial in one line.

        Raises:
            DeviceOfflineError: nothing answers.
            WrongDeviceError: something else answers.
        """
        ...

    async def set_accepting(self, *, accepting: bool) -> None:
        """Let coins in, or refuse all. Idempotent."""
        ...

    async def poll(self) -> list[CoinEvent]:
        """What happened since the last poll, oldest first.

        A poll acknowledges the events of the one before it: journal them first. After a restart the last ones may
        come again, with the counters they had: whatever the journal has is not new.

        `AcceptorRestarted` is the last event of its poll, and what came after it is told by the next one. So a
        journaled counter always says on which side of the power cut it belongs, although both sides count from 1.

        Raises:
            DeviceOfflineError: no valid answer; nothing was consumed.
        """
        ...

    def on_news(self, listener: Callable[[], None]) -> bool:
        """Ask for a call of `listener` whenever a poll is worthwhile.

        Returns:
            True when the wire can tell, as in a simulation: no need to poll meanwhile. False on real wires: poll
            every `poll_interval_s`.
        """
        ...

    async def tubes(self) -> Mapping[int, Tube]:
        """Every tube by denomination in minor units.

        Raises:
            DeviceOfflineError: no valid answer.
        """
        ...

    async def pay(self, coins: Mapping[int, int]) -> None:
        """Order a payout and return once it is known to be taken; `status` says how it goes on.

        Args:
            coins: denomination in minor units to number of coins, at least one. What a tube does not have or does
                not let go stays unpaid, and the others go on.

        Raises:
            ValueError: no coins, or a negative number.
            DeviceRefusedError: not taken, nothing moves.
            DeviceOfflineError: not taken, nothing moves: the order never left, or the counter proves it.
            UnconfirmedError: sent, and nothing can tell whether it was taken. Do not repeat.
        """
        ...

    async def status(self) -> PayoutStatus:
        """Counters of the last payout. Safe at any time.

        Raises:
            DeviceOfflineError: no valid answer.
        """
        ...

    async def close(self) -> None:
        """Refuse coins if the wire still works, and let go of it. Safe to call twice."""
        ...
