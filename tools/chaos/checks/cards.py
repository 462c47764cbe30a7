"""Cards: what is charged on the cards is what was delivered, less and plus the claims that are recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.chaos.checks.goods import Window
from tools.chaos.checks.verdict import Event, Run, Verdict
from tools.chaos.record import Seen


@dataclass(slots=True)
class Payment:
    """One reference, as the world and the events know it."""

    reference: str
    amount: int = 0
    reserved: int = -1
    """Newest event when the money was reserved; -1: never."""
    ended: Seen | None = None
    """How and when the reservation ended."""
    vend: Window | None = None
    settled: list[Event] = field(default_factory=list)

    @property
    def is_charged(self) -> bool:
        """The card has paid."""
        return self.ended is not None and self.ended.what == "charged"


def check_cards(run: Run, vends: Sequence[Window], verdict: Verdict) -> None:
    """Judge every payment."""
    payments = _payments(run, vends, verdict)
    charges = {ref: yen for card in run.world["cards"].values() for ref, yen in card["charges"].items()}
    if charges != {it.reference: it.amount for it in payments.values() if it.is_charged}:
        verdict.found("world", "the charges on the cards are not those that were seen: the watch is wrong")
    for payment in payments.values():
        _check_payment(run, payment, verdict)
    for name, card in run.world["cards"].items():
        if card["reserved"]:
            verdict.found("left reserved", f"{card['reserved']} on {name}, long after everybody left")


def _payments(run: Run, vends: Sequence[Window], verdict: Verdict) -> dict[str, Payment]:
    payments: dict[str, Payment] = {}
    for seen in run.seen("reserved", "charged", "released"):
        payment = payments.setdefault(seen.where, Payment(seen.where))
        if seen.what == "reserved":
            payment.reserved, payment.amount = seen.seq, seen.count
        else:
            payment.ended = seen
    for vend in vends:
        if vend.tender != "card":
            continue
        payment = payments.setdefault(vend.payment, Payment(vend.payment))
        if payment.vend is not None:
            verdict.found("card charged twice", f"{vend.payment} pays {payment.vend.vend_id} and {vend.vend_id}")
        payment.vend = vend
    for event in run.of_kind("payment.settled"):
        reference = event["d"]["payment"]
        payments.setdefault(reference, Payment(reference)).settled.append(event)
    return payments


def _check_payment(run: Run, payment: Payment, verdict: Verdict) -> None:
    name, vend = payment.reference, payment.vend
    if payment.reserved < 0:
        verdict.found("payment invented", f"{name} was never reserved")
        return
    if len(payment.settled) > 1:
        verdict.found("payment settled twice", f"{name} in events {[event['seq'] for event in payment.settled]}")
    if vend is not None:
        _check_vend(payment, vend, verdict)
    if payment.settled:
        _check_settled(run, payment, payment.settled[0], verdict)
    elif vend is not None:
        verdict.found("left open", f"{name} paid for {vend.vend_id} and was never settled")
    elif payment.is_charged:
        _check_unasked(run, payment, verdict)


def _check_vend(payment: Payment, vend: Window, verdict: Verdict) -> None:
    if payment.reserved >= vend.start:
        verdict.found("delivered unpaid", f"{vend.vend_id} began before {payment.reference} was reserved")
    if payment.amount != vend.price:
        verdict.found("price", f"{vend.vend_id} costs {vend.price}, {payment.amount} is reserved for it")


def _check_settled(run: Run, payment: Payment, event: Event, verdict: Verdict) -> None:
    body, seq, name = event["d"], event["seq"], payment.reference
    is_sold = payment.vend is not None and payment.vend.outcome == "vend.dispensed"
    ended = payment.ended if payment.ended is not None and payment.ended.seq < seq else None
    if body["amount_minor"] != payment.amount:
        verdict.found("price", f"event {seq} settles {body['amount_minor']} of {name}, reserved is {payment.amount}")
    if body["outcome"] == "claim":
        _check_claim(run, payment, event, verdict, is_sold=is_sold)
        return
    if body["outcome"] != ("charged" if is_sold else "released"):
        verdict.found("card", f"event {seq}: {name} is {body['outcome']}, sold: {is_sold}")
    if ended is None or ended.what != body["outcome"]:
        truth = ended.what if ended else "reserved"
        verdict.found("settled in words only", f"event {seq}: {name} is {body['outcome']}, on the card it is {truth}")
    if is_sold:
        _check_charged_late(run, payment, verdict)


def _check_charged_late(run: Run, payment: Payment, verdict: Verdict) -> None:
    """The goods first, then the charge; unless the reader lost its power and charged by itself."""
    vend, ended = payment.vend, payment.ended
    if vend is None or ended is None or ended.seq >= vend.end:
        return
    if not run.has_trouble("reader", payment.reserved, vend.end):
        verdict.found("charged before the drop", f"{payment.reference}: charged before {vend.vend_id} was decided")


def _check_claim(run: Run, payment: Payment, event: Event, verdict: Verdict, *, is_sold: bool) -> None:
    body, seq, name = event["d"], event["seq"], payment.reference
    owed_to = "machine" if is_sold else "customer"
    if body["owed_to"] != owed_to or bool(body["claim"]) != (owed_to == "customer"):
        verdict.found("card", f"event {seq}: {name} is owed to {body['owed_to']}, it should be {owed_to}: {body}")
    if not run.has_trouble("reader", payment.reserved, seq):
        verdict.found("claim without cause", f"event {seq}: {name}, and nothing was wrong with the reader")
    is_lost = payment.is_charged != is_sold
    verdict.losses[f"yen of card claims owed to the {owed_to}" + ("" if is_lost else ", settled after all")] += (
        payment.amount
    )


def _check_unasked(run: Run, payment: Payment, verdict: Verdict) -> None:
    """Charged, and the machine never wrote the approval down: only a reader without power does that by itself."""
    ended = payment.ended
    if ended is not None and run.has_trouble("reader", payment.reserved, ended.seq + 1):
        verdict.losses["yen a reader charged by itself before the approval was written down"] += payment.amount
    else:
        verdict.found("charged without a sale", f"{payment.reference}: {payment.amount} yen and no event")
