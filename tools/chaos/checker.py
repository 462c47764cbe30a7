"""Judge a run from outside: count coins and goods in the world, read the events, and compare.

Independent on purpose: it knows nothing of the runtime, the vend or the payout, only JSON. Losses that no
controller can prevent are not findings; they are counted as `Losses`, each with its own bound (README.md).
Source: rules 1 to 4 and 7 of the architecture; docs/decisions/0004.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tools.chaos.record import Record, Seen

Event = dict[str, Any]
GENESIS: Final = "0" * 64
PAYOUTS: Final = frozenset({"change.paid", "credit.returned"})
NO_MAINS: Final = frozenset({"mains", "amnesia"})
READ_WITHIN_S: Final = 5.0
"""A running controller has journaled every coin by then, on a bad wire too."""
OUTCOMES: Final = frozenset({"vend.dispensed", "vend.failed"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must never happen."""

    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


@dataclass(slots=True)
class Verdict:
    """The outcome of one check."""

    findings: list[Finding] = field(default_factory=list)
    losses: Counter[str] = field(default_factory=Counter)
    """What the hardware, not the controller, lost: yen and units by reason."""

    def found(self, rule: str, what: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(rule, what))

    @property
    def rules(self) -> set[str]:
        """Names of the rules that were broken."""
        return {finding.rule for finding in self.findings}


@dataclass(slots=True)
class Window:
    """One vend, from its intent to its outcome."""

    vend_id: str
    slot: str
    price: int
    start: int
    end: int
    outcome: str
    reason: str


def check(record: Record) -> Verdict:
    """Judge one run."""
    verdict = Verdict()
    events: list[Event] = [json.loads(raw) for raw in record.events]
    _check_end(record, verdict)
    _check_chain(record.events, events, verdict)
    _check_credit(record, events, verdict)
    unread = _check_coins(record, events, verdict)
    unsure = _check_payouts(record, events, verdict)
    windows = _windows(record, events, verdict)
    doubtful = _check_goods(record, windows, verdict)
    _check_hopper_books(record, unread, unsure, verdict)
    _check_slot_books(record, doubtful, verdict)
    _check_world(record, verdict)
    return verdict


# --- the end of a run and the chain ------------------------------------------------------------
def _check_end(record: Record, verdict: Verdict) -> None:
    for crash in record.crashes:
        verdict.found("controller ended", crash)
    books = record.books
    if books.get("phase") != "idle" or books.get("vend") or books.get("payout"):
        verdict.found(
            "left open", f"phase {books.get('phase')}, vend {books.get('vend')}, payout {books.get('payout')}"
        )


def _check_chain(raws: list[str], events: list[Event], verdict: Verdict) -> None:
    previous = GENESIS
    for position, (raw, event) in enumerate(zip(raws, events, strict=True), start=1):
        if event["seq"] != position:
            verdict.found("chain", f"event {position} has seq {event['seq']}")
        if event["h"] != previous:
            verdict.found("chain", f"event {position} does not name the digest of the one before")
        if event["ep"] != events[0]["ep"]:
            verdict.found("chain", f"event {position} is of another epoch")
        previous = hashlib.sha256(raw.encode()).hexdigest()


# --- money -------------------------------------------------------------------------------------
def _check_credit(record: Record, events: list[Event], verdict: Verdict) -> None:
    """Replay the customer's account from the events alone."""
    credit = 0
    for event in events:
        body, kind = event["d"], event["kind"]
        if kind == "coin.accepted":
            credit += body["amount_minor"]
        elif kind == "vend.dispensed":
            credit -= body["price_minor"]
        elif kind in PAYOUTS:
            credit -= body["owed_minor"]
            _check_report(event, verdict)
        told = body.get("credit_minor")
        # While coins are on their way out, the credit told is without them; the payout's event follows.
        if credit < 0 or (kind in OUTCOMES | {"coin.accepted"} and told is not None and told > credit):
            verdict.found("credit", f"event {event['seq']} {kind} tells {told}, the events before add up to {credit}")
    if credit != record.books.get("credit"):
        verdict.found("credit", f"the machine holds {record.books.get('credit')}, its events add up to {credit}")


def _check_report(event: Event, verdict: Verdict) -> None:
    body = event["d"]
    coins = sum(int(kind) * count for kind, count in body["coins"].items())
    if coins != body["paid_minor"] or body["owed_minor"] - body["paid_minor"] != body["short_minor"]:
        verdict.found("payout report", f"event {event['seq']} does not add up: {body}")
    if body["uncertain_minor"] > body["short_minor"]:
        verdict.found("payout report", f"event {event['seq']} is unsure of more than it is short of")


def _check_coins(record: Record, events: list[Event], verdict: Verdict) -> Counter[int]:
    """Every coin inside is credited once; returns the coins that the acceptor forgot before they were read."""
    inside = Counter(int(seen.where) for seen in record.log if seen.what == "coin")
    credited = Counter(kind for _, kind in _coins_by_seq(events))
    excused = _forgotten(record, events)
    missing = inside - credited
    overflow = sum(_lost(event) for event in events if event["kind"] == "fault.raised")
    for kind, count in (credited - inside).items():
        verdict.found("credit invented", f"{count} coins of {kind} were credited and never came in")
    unexcused = missing - excused
    if unexcused.total() > overflow:
        verdict.found("coin lost", f"inside and not credited: {dict(unexcused)}; the acceptor forgot none of them")
    if missing:
        verdict.losses["yen the acceptor forgot unread"] += sum(kind * count for kind, count in missing.items())
    return missing


def _forgotten(record: Record, events: list[Event]) -> Counter[int]:
    """Coins that fell shortly before the acceptor lost its memory and were not on the disk by then, by kind."""
    heard = _coins_by_seq(events)
    inside, fresh, forgotten = Counter[int](), list[tuple[float, int]](), Counter[int]()
    is_up, booted, fresh_from = False, 0.0, 0.0
    for seen in record.log:
        if seen.what == "boot":
            is_up, booted = True, seen.at
        elif seen.what == "coin":
            inside[int(seen.where)] += 1
            fresh.append((seen.at, int(seen.where)))
        elif seen.what in {"kill", "acceptor_restart"} | NO_MAINS:
            if is_up and seen.at - booted >= READ_WITHIN_S:
                fresh_from = seen.at - READ_WITHIN_S  # what fell before had time enough to be read
            if seen.what != "kill":
                credited = Counter(kind for seq, kind in heard if seq <= seen.seq)
                newest = Counter(kind for at, kind in fresh if at >= fresh_from)
                forgotten |= (inside - credited) & (newest + forgotten)
            is_up = is_up and seen.what == "acceptor_restart"
    return forgotten


def _coins_by_seq(events: list[Event]) -> list[tuple[int, int]]:
    return [(event["seq"], event["d"]["amount_minor"]) for event in events if event["kind"] == "coin.accepted"]


def _lost(event: Event) -> int:
    if event["d"]["code"] != "coin_acceptor.lost_events":
        return 0
    return int(event["d"]["detail"].split()[0])


def _check_payouts(record: Record, events: list[Event], verdict: Verdict) -> int:
    """Every coin that left a hopper is in a payout's event; returns the yen of legs nobody was sure of."""
    told, unsure = Counter[int](), 0
    for event in events:
        if event["kind"] in PAYOUTS:
            told.update({int(kind): count for kind, count in event["d"]["coins"].items()})
            unsure += event["d"]["uncertain_minor"]
    out = Counter[int]()
    for seen in record.log:
        if seen.what == "paid":
            out[int(seen.where)] += seen.count
    for kind, count in (told - out).items():
        verdict.found("payout invented", f"{count} coins of {kind} are in the events and never came out")
    extra = sum(kind * count for kind, count in (out - told).items())
    if extra > unsure:
        verdict.found("double payout", f"{dict(out - told)} came out beyond the events, {unsure} yen were uncertain")
    if unsure:
        verdict.losses["yen of uncertain payouts"] += unsure
    return unsure


# --- goods -------------------------------------------------------------------------------------
def _windows(record: Record, events: list[Event], verdict: Verdict) -> list[Window]:
    """Each vend has one intent and one outcome, in this order, at the price shown."""
    opened: dict[str, Window] = {}
    for event in events:
        body, vend_id = event["d"], event["d"].get("vend_id", "")
        if event["kind"] == "vend.started":
            if vend_id in opened:
                verdict.found("vend twice", f"{vend_id} was started again in event {event['seq']}")
            opened[vend_id] = Window(vend_id, body["slot"], body["price_minor"], event["seq"], 0, "", "")
            if body["price_minor"] != record.prices[body["slot"]]:
                verdict.found("price", f"{vend_id} at {body['price_minor']}, shown {record.prices[body['slot']]}")
        elif event["kind"] in OUTCOMES:
            window = opened.get(vend_id)
            if window is None or window.end or (window.slot, window.price) != (body["slot"], body["price_minor"]):
                verdict.found("vend twice", f"event {event['seq']} ends {vend_id}, which is not open like that")
                continue
            window.end, window.outcome, window.reason = event["seq"], event["kind"], body.get("reason", "")
    for window in opened.values():
        if not window.end:
            verdict.found("left open", f"{window.vend_id} has no outcome")
            window.end = len(events) + 1
    return list(opened.values())


def _check_goods(record: Record, windows: list[Window], verdict: Verdict) -> set[str]:
    """One unit per paid vend, none for a failed one; returns the slots whose books may be wrong."""
    doubtful: set[str] = set()
    used: set[int] = set()
    for window in windows:
        inside = [(n, seen) for n, seen in enumerate(record.log) if window.start <= seen.seq < window.end]
        fell = [n for n, seen in inside if seen.what == "unit" and seen.where == window.slot]
        used.update(fell)
        if len(fell) > 1:
            verdict.found("double vend", f"{window.vend_id}: {len(fell)} units fell from {window.slot}")
        if (window.outcome == "vend.dispensed") == bool(fell):
            continue
        doubtful.add(window.slot)
        what = {seen.what for _, seen in inside}
        _judge(window, what, verdict)
    for n, seen in enumerate(record.log):
        if seen.what == "unit" and n not in used:
            verdict.found(
                "unit without vend", f"a unit fell from {seen.where} after event {seen.seq}, nobody bought it"
            )
    return doubtful


def _judge(window: Window, what: set[str], verdict: Verdict) -> None:
    """Sensor and outcome disagree with the world: a lie of the hardware, or ours."""
    if window.outcome == "vend.dispensed":
        if "beam" in what:
            verdict.losses["vends decided by a beam that something else broke"] += 1
            return
        verdict.found("charge without goods", f"{window.vend_id}: {window.price} yen, nothing fell from {window.slot}")
    elif window.reason == "uncertain" and "beam" in what:
        verdict.losses["units fallen past a blind sensor"] += 1
    elif NO_MAINS & what:
        verdict.losses["units fallen while the drop latch lost its power"] += 1
    else:
        verdict.found("goods without charge", f"{window.vend_id}: {window.reason}, but a unit fell from {window.slot}")


# --- books -------------------------------------------------------------------------------------
def _check_hopper_books(record: Record, unread: Counter[int], unsure: int, verdict: Verdict) -> None:
    drained = Counter[int]()
    for seen in record.log:
        if seen.what == "drained":
            drained[int(seen.where)] += seen.count
    for kind, hopper in record.world["hoppers"].items():
        believed, there = record.books["hoppers"].get(kind, 0), hopper["count"]
        value = int(kind)
        slack = unread[value] + unsure // value
        if abs(believed - drained[value] - there) > slack:
            verdict.found("hopper books", f"{kind}: believed {believed}, drained {drained[value]}, there are {there}")


def _check_slot_books(record: Record, doubtful: set[str], verdict: Verdict) -> None:
    for slot, spiral in record.world["spirals"].items():
        believed, there = record.books["on_hand"].get(slot, 0), len(spiral["units"])
        if believed != there and slot not in doubtful:
            verdict.found("slot books", f"{slot}: believed {believed}, there are {there}")


def _check_world(record: Record, verdict: Verdict) -> None:
    """The simulated world itself loses nothing."""
    world = record.world
    coins = Counter[str]()
    for pile in (world["cash_box"], world["return_cup"], world["coins_taken"]):
        coins.update(pile)
    coins.update({kind: hopper["count"] for kind, hopper in world["hoppers"].items()})
    units = Counter[str](world["tray"]) + Counter[str](world["falling"]) + Counter[str](world["units_taken"])
    for spiral in world["spirals"].values():
        units.update(spiral["units"])
    if +coins != +Counter[str](world["coins_brought"]) or +units != +Counter[str](world["units_brought"]):
        verdict.found("world", "coins or goods appeared or vanished: the simulation is wrong")


def describe(record: Record) -> Iterator[str]:
    """World log and events of a run in the order they happened, for `--replay`."""
    log: list[Seen] = sorted(record.log, key=lambda seen: seen.seq)
    position = 0
    for raw in record.events:
        event = json.loads(raw)
        while position < len(log) and log[position].seq < event["seq"]:
            seen = log[position]
            yield f"        world: {seen.what} {seen.where} x{seen.count}"
            position += 1
        body = {key: value for key, value in event["d"].items() if key not in {"currency", "devices", "planogram_rev"}}
        yield f"{event['seq']:5}  boot {event['boot']['n']:<3} {event['kind']} {body}"
    for seen in log[position:]:
        yield f"        world: {seen.what} {seen.where} x{seen.count}"
