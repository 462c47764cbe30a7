"""What a cashless reader is to the machine: cards, phones and QR codes behind one session.

Order of a sale: session begun → `request(price)` → approved → goods → `confirm` or `fail` → session over.
Money is the customer's until `confirm`; a reader that gets neither within its time-out gives it back by itself.
Source: MDB/ICP 4.3 section 7, level 1: BEGIN SESSION, VEND REQUEST, VEND SUCCESS, VEND FAILURE, SESSION COMPLETE.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from protocol.money import Money


@dataclass(frozen=True, slots=True)
class SessionBegun:
    """A card was presented."""

    session: str
    """The reader's own id of the session; unique per reader."""
    funds: Money | None
    """What the card can pay at most; None when the reader does not say."""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The card was taken away, or the reader gave up or was restarted. Nothing is reserved any more.

    Told only for an end the machine did not order. If a payment was under way, `payment` says what became of it.
    """

    session: str


@dataclass(frozen=True, slots=True)
class Approved:
    """The amount is reserved; goods may be delivered. It may differ from what was asked: this is what is charged."""

    session: str
    reference: str
    """The payment's id, for refunds and claims."""
    amount: Money


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing is reserved."""

    session: str
    why: str


CashlessEvent = SessionBegun | SessionEnded | Approved | Denied


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """What the reader knows of one payment, for recovery."""

    reference: str
    state: str
    """`reserved`, `charged`, `released`, or `unknown` when the reader does not remember it."""
    amount: Money | None = None
    """None when the reader does not say."""


class CashlessReader(Protocol):
    """Reserves and charges. Not responsible for prices or goods."""

    @property
    def poll_interval_s(self) -> float:
        """How often the device wants to be polled."""
        ...

    async def start(self) -> str:
        """Identify the device and leave it refusing cards.

        Events of before are dropped and a session under way ends; a reservation stays until `confirm`, `fail` or the
        reader's own time-out.

        Returns:
            Maker, model and serial in one line.

        Raises:
            DeviceOfflineError: nothing answers.
            WrongDeviceError: something else answers.
        """
        ...

    async def set_accepting(self, *, accepting: bool) -> None:
        """Let sessions begin, or not. A session under way goes on. Idempotent."""
        ...

    async def poll(self) -> list[CashlessEvent]:
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

    async def request(self, session: str, amount: Money, slot: str) -> None:
        """Ask to reserve `amount`; the answer comes as `Approved` or `Denied`.

        Raises:
            DeviceRefusedError: there is no such session, or it has a request or a reservation already.
            DeviceOfflineError: no answer; nothing may be delivered.
        """
        ...

    async def confirm(self, reference: str) -> None:
        """Goods were delivered: charge. Repeating it for the same reference changes nothing.

        Raises:
            DeviceOfflineError: no answer; repeat, or record a claim.
            DeviceRefusedError: the reservation is gone; record a claim.
        """
        ...

    async def fail(self, reference: str) -> None:
        """Nothing was delivered: release. Repeating it for the same reference changes nothing.

        Raises:
            DeviceOfflineError: no answer; repeat. The reader's own time-out releases it too.
            DeviceRefusedError: it was charged, now or already, or the reader does not know it; a refund is needed.
        """
        ...

    async def payment(self, reference: str) -> PaymentStatus:
        """What became of a payment. Safe at any time.

        Raises:
            DeviceOfflineError: no valid answer.
        """
        ...

    async def payments_of(self, session: str) -> list[PaymentStatus]:
        """Every payment of a session the reader remembers, oldest first: for a request whose answer was never seen.

        Raises:
            DeviceOfflineError: no valid answer.
        """
        ...

    async def end_session(self, session: str) -> None:
        """The customer is done (SESSION COMPLETE). Safe to repeat. A reservation stays: `confirm` or `fail` it.

        Raises:
            DeviceOfflineError: no answer; the reader's own time-out ends it too.
        """
        ...

    async def close(self) -> None:
        """Refuse cards if the wire still works, and let go of it. Safe to call twice."""
        ...
