"""The customer's screen: each state of the machine gives one immutable view (`views.py`).

Not responsible for drawing: the browser front and the Kivy screen render the same view.
"""

import math
from collections.abc import Sequence
from typing import Final, Literal

from edge.screens.codes import qr_code
from edge.screens.messages import Said, blocked_text, invitation, notice, tell, unbroken
from edge.screens.purchase import attract_of, cart_of, stages_of, ways_of, working
from edge.screens.texts import LANGUAGES, labels, text
from edge.screens.tiles import detail_of, money_text, tile_of
from edge.screens.views import Button, Code, CustomerView, Message, WayKind
from edge.vend.state import MachineState, Phase
from edge.vend.step import Step
from protocol import events

MESSAGE_S: Final = 6.0
"""How long a result stays on an idle screen."""
CLAIM_S: Final = 60.0
"""How long a claim code stays: long enough to write it down or take a picture."""
NEXT_CUSTOMER_S: Final = 60.0
"""An untouched screen without money goes back to the first language and the high position, and greets whoever comes."""
IDLE_WARNING_S: Final = 10.0
"""So long before forgotten credit is returned, the screen asks."""


class CustomerPresenter:
    """Turns the machine's state and what just happened into views. Knows the chosen language and key presses."""

    def __init__(self, phone_page: str = "", ways: Sequence[WayKind] = ("coins",)) -> None:
        """Begin with the first language.

        Args:
            phone_page: address of this machine's page for customers' phones; empty for none.
            ways: how one can pay at this machine.
        """
        self.language = next(iter(LANGUAGES))
        self.is_low = False
        self.entered = ""
        self._phone_page = phone_page
        self._ways = tuple(ways)
        self._bought: tuple[tuple[str, int], ...] = ()
        self._touched_at = 0.0
        self._said: Said | None = None

    # --- what happened -------------------------------------------------------------------------
    def stepped(self, step: Step, now: float) -> None:
        """Remember what the customer should be told about a step; `now` in monotonic seconds."""
        if step.state.phase is not Phase.IDLE:
            self._touched_at = now
        for event in step.events:
            told = tell(event)
            if isinstance(event, events.VendDispensed):
                self._bought = (*self._bought, (event.slot, event.price_minor))
                if step.state.phase is Phase.CREDIT:
                    told = "bought", {"left": money_text(step.state.spendable)}, "ok"
            if told is not None:
                key, values, tone = told
                self._said = Said(key, values, tone, now + (CLAIM_S if "claim" in values else MESSAGE_S))
                self._touched_at = now
            elif isinstance(event, events.CoinAccepted | events.BillHeld | events.VendStarted):
                self._said = None
        if step.state.phase is Phase.SETTLING and self._said is not None and self._said.key == "bought":
            self._said = None  # "choose again" is not true any more
        if step.state.phase is Phase.IDLE:
            self._bought = ()

    def set_language(self, code: str) -> None:
        """Switch; an unknown code is ignored (an old page may send one)."""
        if code in LANGUAGES:
            self.language = code

    def touched(self, now: float) -> None:
        """Somebody is there; `now` in monotonic seconds."""
        self._touched_at = now

    def next_customer_in(self, state: MachineState, now: float) -> float | None:
        """Seconds until the screen greets the next customer; None while it does, or while one is served."""
        if state.due_to_customer or state.phase is not Phase.IDLE:
            return None
        left = self._touched_at + NEXT_CUSTOMER_S - now
        if left <= 0:
            self.language, self.is_low, self.entered = next(iter(LANGUAGES)), False, ""
            return None
        return left

    def press(self, key: str) -> str:
        """A key of the keypad.

        Returns:
            The selection when it is complete (a letter and a number), else an empty text.
        """
        if key.isalpha():
            self.entered = key.upper()[:1]
            return ""
        if not self.entered or not key.isdigit():
            return ""
        selection, self.entered = self.entered + key[:2], ""
        return selection

    # --- what is shown -------------------------------------------------------------------------
    def view(self, state: MachineState, *, online: bool, now: float, idle_left_s: float | None = None) -> CustomerView:
        """The screen for this state at this moment.

        Args:
            state: of the machine.
            online: is the cloud there?
            now: monotonic seconds.
            idle_left_s: until forgotten credit is returned; None while nothing is counted.
        """
        said = self._said if self._said and now < self._said.until else None
        language = self.language
        credit = state.due_to_customer
        is_leaving = idle_left_s is not None and idle_left_s <= IDLE_WARNING_S
        screen, cart = _screen(state, said), cart_of(state, self._bought, language)
        lever = "return_coins" if cart is None else "finish"
        buttons = [
            Button("return_coins", text(language, lever), state.phase is Phase.CREDIT),
            Button("clear", text(language, "clear"), bool(state.chosen or self.entered)),
        ]
        if is_leaving:
            buttons.append(Button("stay", text(language, "stay"), enabled=True))
        return CustomerView(
            screen=screen,
            language=language,
            languages=[{"code": code, "label": label} for code, label in LANGUAGES.items()],
            credit={"minor": credit, "text": money_text(credit)},
            message=self._message(state, said, is_leaving=is_leaving, idle_left_s=idle_left_s or 0.0),
            tiles=[tile_of(state, row, language) for row in (state.planogram.slots if state.planogram else [])],
            keypad={"entered": self.entered},
            buttons=buttons,
            notice=notice(state, language, working(state, self._ways), online=online),
            labels=labels(language, "front."),
            detail=detail_of(state, language),
            code=self._code(said),
            is_low=self.is_low,
            attract=attract_of(state) if self._is_alone(state, said, now) else None,
            cart=cart,
            ways=ways_of(state, self._ways, language),
            stages=stages_of(state, is_delivered=screen == "delivered", language=language),
        )

    def _is_alone(self, state: MachineState, said: Said | None, now: float) -> bool:
        """Has nobody been here for a while, and is there something to sell?"""
        is_busy = state.due_to_customer or state.phase is not Phase.IDLE or state.chosen or said is not None
        is_open = state.planogram is not None and not state.blocked_by
        return is_open and not is_busy and now - self._touched_at >= NEXT_CUSTOMER_S

    def _code(self, said: Said | None) -> Code | None:
        """The claim that is on the screen, for a phone to take along."""
        claim = str(said.values.get("claim", "")).replace("\u2060", "") if said else ""
        if not claim:
            return None
        says = f"{self._phone_page}?claim={claim}" if self._phone_page else claim
        return qr_code(says, text(self.language, "claim_code", claim=unbroken(claim)))

    def _message(self, state: MachineState, said: Said | None, *, is_leaving: bool, idle_left_s: float) -> Message:
        language = self.language
        under_way = {Phase.DISPENSING: "vending", Phase.APPROVING: "approving"}.get(state.phase)
        if under_way is not None:
            return Message(under_way, text(language, under_way))
        if state.blocked_by or state.phase is Phase.SERVICING:
            return Message("blocked", blocked_text(state.blocked_by or "door", language), "warn")
        if said is not None:
            return Message(said.key, text(language, said.key, **said.values), said.tone)
        if is_leaving:
            values = {"seconds": max(0, math.ceil(idle_left_s)), "credit": money_text(state.spendable)}
            return Message("still_there", text(language, "still_there", **values), "warn")
        return invitation(state, language)


def _screen(
    state: MachineState, said: Said | None
) -> Literal["home", "credit", "vending", "delivered", "sorry", "out_of_service"]:
    if state.phase in {Phase.DISPENSING, Phase.APPROVING}:
        return "vending"
    if state.blocked_by or state.phase is Phase.SERVICING:
        return "out_of_service"
    if said is not None and said.tone == "sorry":
        return "sorry"
    if said is not None and said.key.startswith("delivered"):
        return "delivered"
    return "credit" if state.due_to_customer or state.payout or state.card else "home"
