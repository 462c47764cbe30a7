"""Goods: one intent, one outcome, and exactly one unit for every paid vend, whichever way it was paid."""

from dataclasses import dataclass

from tools.chaos.checks.verdict import NO_MAINS, OUTCOMES, Run, Verdict


@dataclass(slots=True)
class Window:
    """One vend, from its intent to its outcome."""

    vend_id: str
    slot: str
    price: int
    tender: str
    payment: str
    start: int
    end: int = 0
    outcome: str = ""
    reason: str = ""


def windows(run: Run, verdict: Verdict) -> list[Window]:
    """Each vend has one intent and one outcome, in this order, at the price shown."""
    opened: dict[str, Window] = {}
    for event in run.of_kind("vend.started", *OUTCOMES):
        body, vend_id, seq = event["d"], event["d"]["vend_id"], event["seq"]
        if event["kind"] == "vend.started":
            if vend_id in opened:
                verdict.found("vend twice", f"{vend_id} was started again in event {seq}")
            opened[vend_id] = Window(
                vend_id, body["slot"], body["price_minor"], body["tender"], body["payment"], start=seq
            )
            if not body["command"] and body["price_minor"] != run.record.prices[body["slot"]]:
                verdict.found("price", f"{vend_id} at {body['price_minor']}, shown {run.record.prices[body['slot']]}")
            continue
        window = opened.get(vend_id)
        if window is None or window.end or (window.slot, window.price) != (body["slot"], body["price_minor"]):
            verdict.found("vend twice", f"event {seq} ends {vend_id}, which is not open like that")
            continue
        window.end, window.outcome, window.reason = seq, event["kind"], body.get("reason", "")
    for window in opened.values():
        if not window.end:
            verdict.found("left open", f"{window.vend_id} has no outcome")
            window.end = len(run.events) + 1
    return list(opened.values())


def doubtful_slots(run: Run, vends: list[Window]) -> set[str]:
    """Slots of which a unit fell that no vend told of, or the other way round: a count finds another number there."""
    fell = [(seen.where, seen.seq) for seen in run.seen("unit")]
    return {
        window.slot
        for window in vends
        if (window.outcome == "vend.dispensed")
        != any(slot == window.slot and window.start <= seq < window.end for slot, seq in fell)
    }


def check_goods(run: Run, vends: list[Window], verdict: Verdict) -> None:
    """One unit per paid vend, none for a failed one, and the books of each slot."""
    doubtful: set[str] = set()
    used: set[int] = set()
    log = run.log
    for window in vends:
        inside = [(n, seen) for n, seen in enumerate(log) if window.start <= seen.seq < window.end]
        fell = [n for n, seen in inside if seen.what == "unit" and seen.where == window.slot]
        used.update(fell)
        if len(fell) > 1:
            verdict.found("double vend", f"{window.vend_id}: {len(fell)} units fell from {window.slot}")
        if (window.outcome == "vend.dispensed") == bool(fell):
            continue
        doubtful.add(window.slot)
        _judge(window, {seen.what for _, seen in inside}, verdict)
    for n, seen in enumerate(log):
        if seen.what == "unit" and n not in used:
            verdict.found(
                "unit without vend", f"a unit fell from {seen.where} after event {seen.seq}, nobody bought it"
            )
    _check_books(run, doubtful, verdict)


def _judge(window: Window, what: set[str], verdict: Verdict) -> None:
    """Sensor and outcome disagree with the world: a lie of the hardware, or ours."""
    if window.outcome == "vend.dispensed":
        if "beam" in what:
            verdict.losses["vends decided by a beam that something else broke"] += 1
            return
        verdict.found("charge without goods", f"{window.vend_id}: {window.price} yen, nothing fell from {window.slot}")
    elif window.reason == "uncertain" and "beam" in what:
        verdict.losses["units fallen past a blind sensor, told as uncertain"] += 1
    elif window.reason == "uncertain" and NO_MAINS & what:
        verdict.losses["units fallen while the drop latch lost its power, told as uncertain"] += 1
    else:
        verdict.found("goods without charge", f"{window.vend_id}: {window.reason}, but a unit fell from {window.slot}")


def _check_books(run: Run, doubtful: set[str], verdict: Verdict) -> None:
    for slot, spiral in run.world["spirals"].items():
        believed, there = run.record.books["on_hand"].get(slot, 0), len(spiral["units"])
        if believed != there and slot not in doubtful:
            verdict.found("slot books", f"{slot}: believed {believed}, there are {there}")
