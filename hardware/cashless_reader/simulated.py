"""A cashless reader that is not there: the port itself over a simulated world, no bytes.

Driver and device in one. What the reader knows lives in the world's state; the money itself is on the world's cards,
so a checker can count charges without asking the reader. One session and one reservation at a time.
"""

import asyncio
import contextlib
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Literal

from hardware.cashless_reader.port import (
    Approved,
    CashlessEvent,
    Denied,
    PaymentStatus,
    SessionBegun,
    SessionEnded,
)
from hardware.errors import DeviceOfflineError, DeviceRefusedError
from hardware.port_faults import Fault, FaultyLine
from hardware.world import World
from hardware.world_state import CardNews, CardPayment, ReaderPhase, ReaderState
from protocol.money import Money, yen

VERDICT_S: Final = 1.5
"""From a request to its answer."""
SESSION_S: Final = 60.0
"""How long a session waits for the machine."""
RESERVATION_S: Final = 120.0
"""How long money stays reserved when the machine says nothing."""
_WAITS_S: Final[dict[ReaderPhase, float]] = {
    "open": SESSION_S,
    "asked": VERDICT_S,
    "ignoring": SESSION_S,
    "reserved": RESERVATION_S,
}
_DEVICE: Final = "cashless reader"


class PowerLoss(StrEnum):
    """What a power cut of the reader does to a reservation."""

    KEEPS = "keeps"
    """It stays reserved, and its time-out begins anew."""
    CHARGES = "charges"
    """It counts as delivered once the machine has read the approval: MDB/ICP 4.2 section 7, reset in the vend state."""
    RELEASES = "releases"


class SimulatedCashlessReader:
    """A `CashlessReader`, and the hands that play tricks on it.

    Args:
        world: whose cards it reads.
        tells_funds: it says at the begin of a session how much is on the card.
    """

    def __init__(self, world: World, *, tells_funds: bool = True) -> None:
        self._world = world
        self._tells_funds = tells_funds
        self._line = FaultyLine(_DEVICE, lambda: self._memory.is_powered)
        self._timer: asyncio.TimerHandle | None = None
        self._listener: Callable[[], None] | None = None
        self._wants_cards = False
        self._next_denial = ""
        self._next_amount: int | None = None
        self._ignores_next = False
        self._loses_next_refund = False
        world.card_slot = self._card_moved
        self._wait()

    # --- the port

    @property
    def poll_interval_s(self) -> float:
        """See `CashlessReader`."""
        return 0.1

    async def start(self) -> str:
        """See `CashlessReader`."""

        def begin() -> str:
            memory = self._memory
            self._wants_cards = memory.is_accepting = False
            memory.news.clear()
            self._forget_session()
            self._world.changed()
            return "AVS SIM-R1 4001"

        return await self._line.ask("start", begin)

    async def set_accepting(self, *, accepting: bool) -> None:
        """See `CashlessReader`."""

        def change() -> None:
            self._wants_cards = self._memory.is_accepting = accepting
            self._world.changed()

        await self._line.ask("set_accepting", change)

    async def poll(self) -> list[CashlessEvent]:
        """See `CashlessReader`."""
        news = await self._line.ask("poll", lambda: list(self._memory.news))
        if news:
            self._hand_over(news)
        return [_event(item) for item in news]

    def on_news(self, listener: Callable[[], None]) -> bool:
        """See `CashlessReader`."""
        self._listener = listener
        return True

    async def request(self, session: str, amount: Money, slot: str) -> None:
        """See `CashlessReader`."""
        if amount <= yen(0):
            raise ValueError(f"{amount} for {slot} cannot be asked for; it must be more than nothing")

        def begin() -> None:
            memory = self._memory
            if memory.phase != "open" or session != memory.session:
                raise DeviceRefusedError(_DEVICE, f"session {session} does not wait for a request")
            memory.asked = amount.minor
            self._enter("ignoring" if self._ignores_next else "asked")
            self._ignores_next = False

        await self._line.order("request", begin)

    async def confirm(self, reference: str) -> None:
        """See `CashlessReader`."""

        def settle() -> None:
            payment = self._payment(reference)
            if payment.state == "released":
                raise DeviceRefusedError(_DEVICE, f"{reference} was released")
            if payment.state == "reserved":
                self._settle(reference, "charged")

        await self._line.order("confirm", settle)

    async def fail(self, reference: str) -> None:
        """See `CashlessReader`."""

        def settle() -> None:
            payment = self._payment(reference)
            if payment.state == "reserved":
                self._settle(reference, "charged" if self._loses_next_refund else "released")
                self._loses_next_refund = False
            if payment.state == "charged":
                raise DeviceRefusedError(_DEVICE, f"{reference} is charged and cannot be released")

        await self._line.order("fail", settle)

    async def payment(self, reference: str) -> PaymentStatus:
        """See `CashlessReader`."""

        def tell() -> PaymentStatus:
            payment = self._memory.payments.get(reference)
            return PaymentStatus(reference, "unknown" if payment is None else payment.state)

        return await self._line.ask("payment", tell)

    async def payments_of(self, session: str) -> list[PaymentStatus]:
        """See `CashlessReader`."""

        def tell() -> list[PaymentStatus]:
            payments = self._memory.payments.items()
            return [PaymentStatus(key, it.state, yen(it.amount)) for key, it in payments if it.session == session]

        return await self._line.ask("payments_of", tell)

    async def end_session(self, session: str) -> None:
        """See `CashlessReader`."""

        def end() -> None:
            if session == self._memory.session:
                self._forget_session()
                self._world.changed()

        await self._line.ask("end_session", end)

    async def close(self) -> None:
        """See `CashlessReader`."""
        self._listener = None
        with contextlib.suppress(DeviceOfflineError):
            await self.set_accepting(accepting=False)

    # --- tricks

    def fail_next(self, fault: Fault, command: str | None = None) -> None:
        """Let the next command, or the next of this name, meet a fault of the line."""
        self._line.fail_next(fault, command)

    def deny_next(self, why: str = "declined") -> None:
        """The next request is denied, whatever is on the card."""
        self._next_denial = why

    def approve_next(self, amount: int) -> None:
        """The next approval is for `amount` minor units, whatever was asked."""
        self._next_amount = amount

    def ignore_next(self) -> None:
        """The next request is taken and never answered; the session ends after `SESSION_S`."""
        self._ignores_next = True

    def lose_next_refund(self) -> None:
        """The next `fail` charges the card all the same, as an MDB reader that reports malfunction C."""
        self._loses_next_refund = True

    def power_off(self) -> None:
        """It loses power, and what it had to tell is lost."""
        self.halt()
        memory = self._memory
        memory.is_powered = memory.is_accepting = False
        memory.news.clear()
        self._world.changed()

    def power_on(self, outcome: PowerLoss = PowerLoss.KEEPS, *, remembers: bool = True) -> None:
        """It gets power; a session without a reservation is over.

        Args:
            outcome: what becomes of a reservation.
            remembers: it still knows its payments; else `payment` says "unknown" of them all.

        Raises:
            ValueError: a reader that remembers nothing cannot keep a reservation.
        """
        if outcome is PowerLoss.KEEPS and not remembers:
            raise ValueError("a reader that remembers nothing cannot keep a reservation; choose another outcome")
        memory = self._memory
        memory.is_powered, memory.is_accepting = True, self._wants_cards
        if memory.phase == "reserved" and outcome is not PowerLoss.KEEPS:
            is_taken = outcome is PowerLoss.CHARGES and memory.payments[memory.reference].is_read
            self._settle(memory.reference, "charged" if is_taken else "released")
        if memory.phase != "reserved":
            self._end_session()
        if not remembers:
            memory.payments.clear()
        self._wait()
        self._world.changed()

    def power_cycle(self, outcome: PowerLoss = PowerLoss.KEEPS, *, remembers: bool = True) -> None:
        """It loses power for a moment. See `power_on`."""
        self.power_off()
        self.power_on(outcome, remembers=remembers)

    def halt(self) -> None:
        """Let no time pass for the reader in this process. Safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- the device

    @property
    def _memory(self) -> ReaderState:
        return self._world.state.reader

    def _payment(self, reference: str) -> CardPayment:
        payment = self._memory.payments.get(reference)
        if payment is None:
            raise DeviceRefusedError(_DEVICE, f"it knows no payment {reference}")
        return payment

    def _card_moved(self) -> None:
        memory = self._memory
        if not memory.is_powered:
            return
        if memory.card is not None and memory.is_accepting and memory.phase == "idle":
            self._begin_session(memory.card)
        elif memory.card != memory.session_card and memory.phase in {"open", "asked", "ignoring"}:
            if memory.phase != "open":
                self._tell(CardNews(kind="denied", session=memory.session, why="card removed"))
            self._end_session()

    def _begin_session(self, card: str) -> None:
        memory = self._memory
        memory.sessions += 1
        memory.session, memory.session_card = f"session-{memory.sessions}", card
        funds = self._world.state.cards[card].balance if self._tells_funds else None
        self._tell(CardNews(kind="begun", session=memory.session, amount=funds))
        self._enter("open")

    def _end_session(self) -> None:
        """The reader ends the session by itself, and says so."""
        if self._memory.session:
            self._tell(CardNews(kind="ended", session=self._memory.session))
        self._forget_session()

    def _forget_session(self) -> None:
        memory = self._memory
        memory.session = ""
        if memory.phase != "reserved":
            memory.session_card = ""
            self._enter("idle")

    def _decide(self) -> None:
        """The answer to a request is due."""
        memory = self._memory
        card = self._world.state.cards[memory.session_card]
        amount, self._next_amount = memory.asked if self._next_amount is None else self._next_amount, None
        denial, self._next_denial = self._next_denial, ""
        if card.balance < amount:
            denial = denial or "not enough on the card"
        if denial:
            self._tell(CardNews(kind="denied", session=memory.session, why=denial))
            self._enter("open")
            return
        memory.references += 1
        memory.reference = reference = f"payment-{memory.references}"
        card.balance -= amount
        card.reserved[reference] = amount
        memory.payments[reference] = CardPayment(session=memory.session, card=memory.session_card, amount=amount)
        self._tell(CardNews(kind="approved", session=memory.session, reference=reference, amount=amount))
        self._enter("reserved")

    def _settle(self, reference: str, state: Literal["charged", "released"]) -> None:
        """The reservation ends; the session goes on if its card is still there."""
        memory = self._memory
        payment = memory.payments[reference]
        card = self._world.state.cards[payment.card]
        amount = card.reserved.pop(reference)
        if state == "charged":
            card.charges[reference] = amount
        else:
            card.balance += amount
        payment.state = state
        self._enter("open")
        if not memory.session or memory.card != memory.session_card:
            self._end_session()

    def _give_up(self) -> None:
        """The machine said nothing for too long."""
        memory = self._memory
        if memory.phase == "reserved":
            self._settle(memory.reference, "released")
        if memory.phase != "idle":
            self._end_session()

    def _enter(self, phase: ReaderPhase) -> None:
        self._memory.phase = phase
        self._wait()
        self._world.changed()

    def _wait(self) -> None:
        """Set the timer of this phase: after a step, or after a restart of the controller."""
        self.halt()
        phase = self._memory.phase
        if phase != "idle" and self._memory.is_powered:
            step = self._decide if phase == "asked" else self._give_up
            self._timer = asyncio.get_running_loop().call_later(_WAITS_S[phase], step)

    def _hand_over(self, news: list[CardNews]) -> None:
        memory = self._memory
        del memory.news[: len(news)]
        for item in news:
            if item.kind == "approved":
                memory.payments[item.reference].is_read = True
        self._world.changed()

    def _tell(self, news: CardNews) -> None:
        self._memory.news.append(news)
        if self._listener is not None:
            self._listener()


def _event(news: CardNews) -> CashlessEvent:
    match news.kind:
        case "begun":
            return SessionBegun(news.session, None if news.amount is None else yen(news.amount))
        case "approved":
            return Approved(news.session, news.reference, yen(news.amount or 0))
        case "denied":
            return Denied(news.session, news.why)
        case _:
            return SessionEnded(news.session)
