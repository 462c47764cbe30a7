"""What the customer is told: by what just happened, by what can be done next, by what does not work now."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.screens.texts import text
from edge.screens.tiles import money_text, name_of
from edge.screens.views import Message, Tone, WayKind
from edge.vend.state import MachineState, Phase
from protocol import events
from protocol.faults import Severity, fault


@dataclass(frozen=True, slots=True)
class Said:
    """A message that stays for a while: key, values and tone, in no language yet."""

    key: str
    values: dict[str, object]
    tone: Tone
    until: float


_Told = tuple[str, dict[str, object], Tone]


def tell(event: events.Event) -> _Told | None:
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
            return "short", {"short": money_text(event.short_minor), "claim": unbroken(event.claim)}, "sorry"
        case events.ChangePaid():
            return "delivered_with_change", {"change": money_text(event.paid_minor)}, "ok"
        case events.CreditReturned():
            return "returned", {"amount": money_text(event.paid_minor)}, "ok"
        case events.BillReturned() if not event.unpaid_minor:
            return "returned", {"amount": money_text(event.amount_minor)}, "ok"
        case events.PaymentSettled() if event.claim:
            return "card_claim", {"claim": unbroken(event.claim)}, "sorry"
    return None


def unbroken(code: str) -> str:
    """A code that no screen breaks over two lines: word joiners around its dash."""
    return code.replace("-", "\u2060-\u2060")


def invitation(state: MachineState, language: str) -> Message:
    """What the customer can do next."""
    chosen = state.slot(state.chosen)
    if chosen is not None:
        missing = money_text(state.price_of(chosen) - state.spendable)
        values = {"product": name_of(chosen, language), "missing": missing}
        return Message("still_needed", text(language, "still_needed", **values))
    if state.phase is Phase.SETTLING:
        return Message("paying_out", text(language, "paying_out"))
    offered = next((row for row in state.planogram.slots if state.offer_for(row)), None) if state.planogram else None
    if offered is not None:
        values = {"product": name_of(offered, language), "price": money_text(state.price_of(offered))}
        return Message("coupon_price", text(language, "coupon_price", **values), "ok")
    key = "choose" if state.spendable else "card_ready" if state.card else "insert_coins"
    return Message(key, text(language, key))


def blocked_text(blocked: str, language: str) -> str:
    """Why nothing is sold, for a customer; `door`: staff are at work."""
    if blocked == "door":
        return text(language, "door_open")
    row = fault(blocked)
    return row.customer_ja if language == "ja" else row.customer_en


def notice(state: MachineState, language: str, ways: Sequence[WayKind], *, online: bool) -> str:
    """What does not work now and what still does, in one line; `ways` are those to pay that work."""
    said = [
        row.customer_ja if language == "ja" else row.customer_en
        for row in {f.code: fault(f.code) for f in state.faults}.values()
        if row.severity is Severity.MONEY
    ]
    if state.hoppers and not any(state.payable.values()):
        said.append(text(language, "no_change"))
    if not online:
        still = dict.fromkeys("card" if way == "card" else "cash" for way in ways)
        said.append(text(language, f"offline.{'_'.join(still) or 'nothing'}"))
    return " ".join(said)
