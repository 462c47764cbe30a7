"""What a bill validator is to the machine, whatever wire it hangs on.

At most one bill is in escrow: held, neither stacked nor given back. Only a stacked bill is the machine's.
Source: MDB/ICP 4.3 section 6 (POLL, ESCROW, STACKER); ccTalk part 2, headers 159 and 154.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from protocol.money import Money


@dataclass(frozen=True, slots=True)
class BillEscrowed:
    """A bill was read and is held. No credit yet that could not be given back as the same bill."""

    value: Money


@dataclass(frozen=True, slots=True)
class BillStacked:
    """The bill is in the stacker. It is money, whatever happens next."""

    value: Money
    counter: int
    """`EscrowStatus.stacked` once this bill is counted. Journal it with the credit: an equal one is the same bill."""


@dataclass(frozen=True, slots=True)
class BillReturned:
    """The bill in escrow went back to the customer."""

    value: Money


@dataclass(frozen=True, slots=True)
class BillRefused:
    """A bill (or something like it) was seen and not taken."""

    why: str
    is_fraud_suspected: bool = False


@dataclass(frozen=True, slots=True)
class ValidatorTrouble:
    """Stacker full, stacker removed, jam, a restart: no bills until it is over."""

    why: str


@dataclass(frozen=True, slots=True)
class ValidatorReady:
    """The trouble is over. After a restart events may be missing: compare `status` with the journal."""


BillEvent = BillEscrowed | BillStacked | BillReturned | BillRefused | ValidatorTrouble | ValidatorReady


class Escrow(StrEnum):
    """What is in escrow now, as the device knows it."""

    EMPTY = "empty"
    HOLDING = "holding"
    UNKNOWN = "unknown"
    """The bill moves, or it moved when the device was restarted.

    An event ends it within seconds. If none comes, the device has forgotten and a person must look.
    """


@dataclass(frozen=True, slots=True)
class EscrowStatus:
    """The device's own account, for recovery."""

    escrow: Escrow
    value: Money | None
    """Of the bill held; None when empty or unknown."""
    stacked: int
    """Bills ever stacked, a counter the device keeps over power cuts. Journal it before ordering."""


class BillValidator(Protocol):
    """Takes bills. Not responsible for credit or the customer."""

    @property
    def poll_interval_s(self) -> float:
        """How often the device wants to be polled."""
        ...

    async def start(self) -> str:
        """Identify the device and leave it refusing bills; a bill in escrow stays where it is.

        Events of before are dropped: `status` says what they came to. Trouble that lasts is told again.

        Returns:
            Maker, model and serial in one line.

        Raises:
            DeviceOfflineError: nothing answers.
            WrongDeviceError: something else answers.
        """
        ...

    async def set_accepting(self, *, accepting: bool) -> None:
        """Let bills in, or refuse all. A bill already in escrow stays. Idempotent."""
        ...

    async def poll(self) -> list[BillEvent]:
        """What happened since the last poll, oldest first.

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

    async def status(self) -> EscrowStatus:
        """Where the bill is. Safe at any time.

        Raises:
            DeviceOfflineError: no valid answer.
        """
        ...

    async def stack(self) -> None:
        """Order the bill in escrow into the stacker; the outcome comes as an event.

        Raises:
            DeviceRefusedError: nothing is in escrow, or the device cannot move it now (moving, jammed, no stacker).
            DeviceOfflineError: no answer. Ask `status` before anything else.
        """
        ...

    async def give_back(self) -> None:
        """Order the bill in escrow back to the customer; the outcome comes as an event.

        Raises:
            DeviceRefusedError: nothing is in escrow, or the device cannot move it now (moving, jammed, no stacker).
            DeviceOfflineError: no answer. Ask `status` before anything else.
        """
        ...

    async def close(self) -> None:
        """Refuse bills if the wire still works, and let go of it. Safe to call twice."""
        ...
