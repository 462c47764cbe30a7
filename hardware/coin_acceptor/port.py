"""What a coin acceptor is to the machine, whatever wire it hangs on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from protocol.money import Money


@dataclass(frozen=True, slots=True)
class CoinAccepted:
    """A coin passed the credit sensor. It is money, whatever happens next."""

    value: Money
    path: int
    """Sorter path it took; 0 when the device has no sorter. Hopper paths are in the machine's settings."""
    counter: int
    """The device's event counter once this event is counted: 1…255. Journal it with the credit."""


CoinPath = Literal["free", "doubtful", "jammed"]
"""`doubtful`: a sensor was covered or a gate did not move; once is chance, again and again is a jam.
`jammed`: the device itself says so."""


@dataclass(frozen=True, slots=True)
class CoinRejected:
    """A coin (or something like it) was seen and not credited."""

    code: int
    """The device's own event code."""
    meaning: str
    is_fraud_suspected: bool
    counter: int
    path: CoinPath = "free"
    """How the way through the device seems to be; where it is not free, it was not the coin's fault."""


@dataclass(frozen=True, slots=True)
class EventsLost:
    """More happened between two polls than the device remembers. `count` events are gone for good."""

    count: int
    counter: int
    """Of the newest lost one; the events that were kept come after it, each with its own."""


@dataclass(frozen=True, slots=True)
class AcceptorRestarted:
    """The device lost power or was reset and has been set up again; `last_counter` of before means nothing now."""


@dataclass(frozen=True, slots=True)
class CoinDispensedByHand:
    """Somebody pressed a key inside the door, and a coin left its tube. Only a device that pays as well has keys."""

    value: Money
    counter: int
    """See `CoinAccepted.counter`."""


CoinEvent = CoinAccepted | CoinRejected | EventsLost | AcceptorRestarted | CoinDispensedByHand


class CoinAcceptor(Protocol):
    """Takes coins. Not responsible for credit, change or the customer."""

    @property
    def poll_interval_s(self) -> float:
        """How often the device wants to be polled."""
        ...

    @property
    def counter(self) -> int:
        """The device's event counter as last read.

        Journal it after `start` and after `AcceptorRestarted`: a coin that falls before the next event is journaled
        is then known to be new, whatever happens in between.
        """
        ...

    async def start(self, last_counter: int | None) -> str:
        """Identify the device, load its coins, and leave it refusing coins.

        Args:
            last_counter: event counter of the last journaled event, or None when the journal has none: then
                whatever the device counted before is taken as history and not credited.

        Returns:
            Maker, model and serial in one line.

        Raises:
            DeviceOfflineError: nothing answers.
            WrongDeviceError: something else answers.
        """
        ...

    async def set_accepting(self, *, accepting: bool) -> None:
        """Let coins in, or refuse all. Coins already in flight still report. Idempotent."""
        ...

    async def poll(self) -> list[CoinEvent]:
        """What happened since the last poll, oldest first.

        Raises:
            DeviceOfflineError: no valid answer; nothing was consumed, the next poll reports it.
        """
        ...

    async def accepted_ever(self) -> int | None:
        """Coins accepted since the device was made, kept over power cuts.

        Returns:
            0…2^24 - 1, then 0 again; None when the device keeps no such count.

        Raises:
            DeviceOfflineError: no valid answer.
        """
        ...

    def on_news(self, listener: Callable[[], None]) -> bool:
        """Ask for a call of `listener` whenever a poll is worthwhile.

        Returns:
            True when the wire can tell, as in a simulation: no need to poll meanwhile. False on real wires: poll
            every `poll_interval_s`.
        """
        ...

    async def close(self) -> None:
        """Refuse coins if the wire still works, and let go of it. Safe to call twice."""
        ...
