"""Staff's work, replayed from the events alone: every unit that came into a slot left it again or stands there.

A count finds another number only where a unit fell unseen. Cash box and stacker are believed to hold what went there.
"""

from collections import Counter
from typing import Final

from tools.chaos.checks.goods import Window, doubtful_slots
from tools.chaos.checks.verdict import Event, Run, Verdict

MOVES: Final = frozenset({"slot.restocked", "slot.removed", "slot.counted", "vend.dispensed"})


def check_staff(run: Run, vends: list[Window], verdict: Verdict) -> None:
    """Goods by slot and product, visits, and cash."""
    _check_slots(run, doubtful_slots(run, vends), verdict)
    _check_visits(run, verdict)
    _check_cash(run, verdict)


def _check_slots(run: Run, doubtful: set[str], verdict: Verdict) -> None:
    units: Counter[str] = Counter()
    product: dict[str, str] = {}
    for event in run.events:
        if event["kind"] not in MOVES:
            continue
        body = event["d"]
        slot = body["slot"]
        if units[slot] and product[slot] != body["product_id"]:
            verdict.found("slot told", f"event {event['seq']} is of {body['product_id']}, {product[slot]} stands there")
        product[slot] = body["product_id"]
        if event["kind"] == "slot.counted" and body["counted"] != body["believed"] and slot not in doubtful:
            verdict.found("slot told", f"event {event['seq']} counts {body['counted']} of {body['believed']}, why?")
        units[slot] += _moved(event)
        if units[slot] != body["on_hand"]:
            verdict.found("slot told", f"event {event['seq']} has {body['on_hand']} left, it is {units[slot]}")
            units[slot] = body["on_hand"]
    for slot, believed in run.record.books.get("on_hand", {}).items():
        if believed != units[slot]:
            verdict.found("slot told", f"{slot}: believed {believed}, the events say {units[slot]}")


def _moved(event: Event) -> int:
    body = event["d"]
    match event["kind"]:
        case "slot.restocked":
            return int(body["added"])
        case "slot.removed":
            return -int(body["removed"])
        case "slot.counted":
            return int(body["counted"]) - int(body["believed"])
    return -1


def _check_visits(run: Run, verdict: Verdict) -> None:
    """One after the other, each with one end, and whatever staff did is of the visit that was open."""
    current = ""
    for event in run.events:
        kind, visit = event["kind"], event["d"].get("visit", "")
        if kind == "visit.started":
            if current:
                verdict.found("visit", f"event {event['seq']} starts one while {current} is open")
            current = visit
        elif visit and visit != current:
            verdict.found("visit", f"event {event['seq']} {kind} is of {visit}, open is {current or 'none'}")
        if kind == "visit.ended":
            current = ""
    if current or run.record.books.get("visit"):
        verdict.found("left open", f"visit {current}")


def _check_cash(run: Run, verdict: Verdict) -> None:
    """What the machine believes is what its events sent there; nobody collects in these runs."""
    sent = {"cash_box": Counter[str](), "stacker": Counter[str]()}
    for event in run.of_kind("coin.accepted", "bill.stacked"):
        body = event["d"]
        if event["kind"] == "bill.stacked":
            sent["stacker"][str(body["amount_minor"])] += 1
        elif body["routed_to"] != "hopper":
            sent["cash_box"][str(body["amount_minor"])] += 1
    for part, pieces in sent.items():
        believed = Counter[str](run.record.books.get(part, {}))
        if believed != pieces:
            verdict.found("cash books", f"{part}: believed {dict(believed)}, the events say {dict(pieces)}")
    there = Counter[str](run.world["cash_box"])
    if extra := sent["cash_box"] - there:
        verdict.found("cash books", f"cash box: {dict(extra)} were sent there and are not in it")
