"""The customer's screen as plain data: each state of the machine gives one immutable view.

Not responsible for drawing: the browser front and the Kivy screen render the same view. Amounts are whole
yen texts; prices include tax.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

import segno

from edge.screens.clerk import ClerkView
from edge.screens.maintenance.view import MaintenanceView
from edge.screens.texts import LANGUAGES, allergen, labels, text
from edge.vend.state import MachineState, Phase
from edge.vend.step import Step
from protocol import events
from protocol.desired import PlanogramSlot
from protocol.faults import Severity, fault

MESSAGE_S: Final = 6.0
"""How long a result stays on an idle screen."""
CLAIM_S: Final = 60.0
"""How long a claim code stays: long enough to write it down or take a picture."""
NEXT_CUSTOMER_S: Final = 60.0
"""An untouched screen without money goes back to the first language and the high position."""
IDLE_WARNING_S: Final = 10.0
"""So long before forgotten credit is returned, the screen asks."""

Tone = Literal["neutral", "ok", "warn", "sorry"]
TileState = Literal["available", "affordable", "chosen", "sold_out", "locked"]


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence to the customer."""

    key: str
    text: str
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True)
class Tile:
    """One selection."""

    slot: str
    product_id: str
    name: str
    price_minor: int
    price_text: str
    list_price_text: str
    """The price without the coupon, to be shown struck out; empty without one."""
    temperature: str
    temperature_text: str
    state: TileState
    state_text: str
    picture: str


@dataclass(frozen=True, slots=True)
class Detail:
    """The chosen product, while it is being paid."""

    slot: str
    name: str
    price_text: str
    """As it is agreed to: tax included, in words."""
    missing_text: str
    """What is still needed."""
    temperature: str
    temperature_text: str
    size: str
    allergens: str
    """What it contains, in words, or where that is written."""
    picture: str


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: what it says, and its modules row by row, `1` is dark; four light ones belong around it."""

    says: str
    rows: tuple[str, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press; `intent` is what it sends."""

    intent: str
    text: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class CustomerView:
    """Everything a renderer needs. Field names are the renderers' contract."""

    screen: Literal["home", "credit", "vending", "delivered", "sorry", "out_of_service"]
    language: str
    languages: list[dict[str, str]]
    credit: dict[str, Any]
    message: Message
    tiles: list[Tile]
    keypad: dict[str, str]
    buttons: list[Button]
    notice: str
    labels: dict[str, str] = field(default_factory=dict)
    detail: Detail | None = None
    """The product that is chosen and not yet paid."""
    code: Code | None = None
    """To be taken along on a phone: the claim, when there is one."""
    is_low: bool = False
    """All controls within reach of somebody who sits."""
    clerk: ClerkView | None = None
    """The talk with the clerk; None on a machine that has none."""
    maintenance: MaintenanceView | None = None
    """Staff are at the machine: this is drawn instead of everything else."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def money_text(minor: int) -> str:
    """`¥1,600`."""
    return f"¥{minor:,}"


@dataclass(frozen=True, slots=True)
class _Said:
    """A message that stays for a while: key, values and tone, in no language yet."""

    key: str
    values: dict[str, object]
    tone: Tone
    until: float


class CustomerPresenter:
    """Turns the machine's state and what just happened into views. Knows the chosen language and key presses."""

    def __init__(self, phone_page: str = "") -> None:
        """Begin with the first language.

        Args:
            phone_page: address of this machine's page for customers' phones; empty for none.
        """
        self.language = next(iter(LANGUAGES))
        self.is_low = False
        self.entered = ""
        self._phone_page = phone_page
        self._touched_at = 0.0
        self._said: _Said | None = None

    # --- what happened -------------------------------------------------------------------------
    def stepped(self, step: Step, now: float) -> None:
        """Remember what the customer should be told about a step; `now` in monotonic seconds."""
        for event in step.events:
            told = _tell(event)
            if told is not None:
                key, values, tone = told
                self._said = _Said(key, values, tone, now + (CLAIM_S if "claim" in values else MESSAGE_S))
            elif isinstance(event, events.CoinAccepted | events.VendStarted):
                self._said = None

    def set_language(self, code: str) -> None:
        """Switch; an unknown code is ignored (an old page may send one)."""
        if code in LANGUAGES:
            self.language = code

    def touched(self, now: float) -> None:
        """Somebody is there; `now` in monotonic seconds."""
        self._touched_at = now

    def next_customer_in(self, state: MachineState, now: float) -> float | None:
        """Seconds until the screen is made ready for the next customer; None while it is, or while one is served."""
        is_ready = self.language == next(iter(LANGUAGES)) and not self.is_low
        if is_ready or state.due_to_customer or state.phase is not Phase.IDLE:
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
        buttons = [
            Button("return_coins", text(language, "return_coins"), state.phase is Phase.CREDIT),
            Button("clear", text(language, "clear"), bool(state.chosen or self.entered)),
        ]
        if is_leaving:
            buttons.append(Button("stay", text(language, "stay"), enabled=True))
        return CustomerView(
            screen=_screen(state, said),
            language=language,
            languages=[{"code": code, "label": label} for code, label in LANGUAGES.items()],
            credit={"minor": credit, "text": money_text(credit)},
            message=self._message(state, said, is_leaving=is_leaving, idle_left_s=idle_left_s or 0.0),
            tiles=[_tile(state, row, language) for row in (state.planogram.slots if state.planogram else [])],
            keypad={"entered": self.entered},
            buttons=buttons,
            notice=_notice(state, language, online=online),
            labels=labels(language, "front."),
            detail=_detail(state, language),
            code=self._code(said),
            is_low=self.is_low,
        )

    def _code(self, said: _Said | None) -> Code | None:
        """The claim that is on the screen, for a phone to take along."""
        claim = str(said.values.get("claim", "")).replace("\u2060", "") if said else ""
        if not claim:
            return None
        says = f"{self._phone_page}?claim={claim}" if self._phone_page else claim
        matrix = segno.make(says, error="m", micro=False).matrix
        rows = tuple("".join("1" if module else "0" for module in row) for row in matrix)
        return Code(says, rows, text(self.language, "claim_code", claim=_unbroken(claim)))

    def _message(self, state: MachineState, said: _Said | None, *, is_leaving: bool, idle_left_s: float) -> Message:
        language = self.language
        under_way = {Phase.DISPENSING: "vending", Phase.APPROVING: "approving"}.get(state.phase)
        if under_way is not None:
            return Message(under_way, text(language, under_way))
        if state.blocked_by:
            return Message("blocked", _blocked_text(state.blocked_by, language), "warn")
        if said is not None:
            return Message(said.key, text(language, said.key, **said.values), said.tone)
        if is_leaving:
            values = {"seconds": max(0, math.ceil(idle_left_s)), "credit": money_text(state.spendable)}
            return Message("still_there", text(language, "still_there", **values), "warn")
        return _invitation(state, language)


def _invitation(state: MachineState, language: str) -> Message:
    """What the customer can do next."""
    chosen = state.slot(state.chosen)
    if chosen is not None:
        missing = money_text(state.price_of(chosen) - state.spendable)
        values = {"product": _name(chosen, language), "missing": missing}
        return Message("still_needed", text(language, "still_needed", **values))
    if state.phase is Phase.SETTLING:
        return Message("paying_out", text(language, "paying_out"))
    offered = next((row for row in state.planogram.slots if state.offer_for(row)), None) if state.planogram else None
    if offered is not None:
        values = {"product": _name(offered, language), "price": money_text(state.price_of(offered))}
        return Message("coupon_price", text(language, "coupon_price", **values), "ok")
    key = "choose" if state.spendable else "card_ready" if state.card else "insert_coins"
    return Message(key, text(language, key))


def _detail(state: MachineState, language: str) -> Detail | None:
    row = state.slot(state.chosen)
    if row is None:
        return None
    price = state.price_of(row)
    named = [allergen(language, code) for code in row.allergens]
    allergens = text(language, "front.list_separator").join(named) or text(language, "allergens_on_label")
    return Detail(
        slot=row.slot,
        name=_name(row, language),
        price_text=text(language, "price_with_tax", price=f"{price:,}"),
        missing_text=money_text(price - state.spendable),
        temperature=row.temperature,
        temperature_text=text(language, f"temperature.{row.temperature}"),
        size=row.size,
        allergens=allergens,
        picture=row.picture,
    )


_Told = tuple[str, dict[str, object], Tone]


def _tell(event: events.Event) -> _Told | None:
    """What a fact means to the customer: text key, values, tone. None when there is nothing to say."""
    match event:
        case events.SelectionMade(refused=why) if why and why != "too_little_credit":
            return f"refused.{why}", {}, "warn"
        case events.PaymentDenied():
            return "card_denied", {}, "warn"
        case events.VendDispensed():
            return "delivered", {}, "ok"
        case events.VendFailed(tender=tender) if tender != "cash":
            return "sorry_not_cash", {}, "sorry"
        case events.VendFailed():
            return "sorry", {"credit": money_text(event.credit_minor)}, "sorry"
    return _tell_money(event)


def _tell_money(event: events.Event) -> _Told | None:
    """The same for money on its way back."""
    match event:
        case events.ChangePaid() | events.CreditReturned() if event.short_minor:
            return "short", {"short": money_text(event.short_minor), "claim": _unbroken(event.claim)}, "sorry"
        case events.ChangePaid():
            return "delivered_with_change", {"change": money_text(event.paid_minor)}, "ok"
        case events.CreditReturned():
            return "returned", {"amount": money_text(event.paid_minor)}, "ok"
        case events.BillReturned() if not event.unpaid_minor:
            return "returned", {"amount": money_text(event.amount_minor)}, "ok"
        case events.PaymentSettled() if event.claim:
            return "card_claim", {"claim": _unbroken(event.claim)}, "sorry"
    return None


def _unbroken(code: str) -> str:
    """A code that no screen breaks over two lines: word joiners around its dash."""
    return code.replace("-", "\u2060-\u2060")


def _screen(
    state: MachineState, said: _Said | None
) -> Literal["home", "credit", "vending", "delivered", "sorry", "out_of_service"]:
    if state.phase in {Phase.DISPENSING, Phase.APPROVING}:
        return "vending"
    if state.blocked_by:
        return "out_of_service"
    if said is not None and said.tone == "sorry":
        return "sorry"
    if said is not None and said.key.startswith("delivered"):
        return "delivered"
    return "credit" if state.due_to_customer or state.payout or state.card else "home"


def _name(row: PlanogramSlot, language: str) -> str:
    return row.name_ja if language == "ja" else row.name_en


def _tile_state(state: MachineState, row: PlanogramSlot) -> TileState:
    if state.slot_fault(row.slot):
        return "locked"
    if state.on_hand.get(row.slot, 0) < 1:
        return "sold_out"
    if row.slot == state.chosen or (state.vend and state.vend.slot == row.slot):
        return "chosen"
    price = state.price_of(row)
    return "affordable" if state.spendable >= price or state.card_covers(price) else "available"


def _tile(state: MachineState, row: PlanogramSlot, language: str) -> Tile:
    condition, price = _tile_state(state, row), state.price_of(row)
    return Tile(
        slot=row.slot,
        product_id=row.product_id,
        name=_name(row, language),
        price_minor=price,
        price_text=money_text(price),
        list_price_text=money_text(row.price_minor) if state.offer_for(row) else "",
        temperature=row.temperature,
        temperature_text=text(language, f"temperature.{row.temperature}"),
        state=condition,
        state_text=text(language, f"tile.{condition}") if condition in {"sold_out", "locked"} else "",
        picture=row.picture,
    )


def _blocked_text(blocked: str, language: str) -> str:
    if blocked == "door":
        return text(language, "door_open")
    row = fault(blocked)
    return row.customer_ja if language == "ja" else row.customer_en


def _notice(state: MachineState, language: str, *, online: bool) -> str:
    """What does not work now and what still does, in one line."""
    said: Sequence[str] = [
        row.customer_ja if language == "ja" else row.customer_en
        for row in {f.code: fault(f.code) for f in state.faults}.values()
        if row.severity is Severity.MONEY
    ]
    offline = [] if online else [text(language, "offline")]
    return " ".join([*said, *offline])
