"""Tubes of a coin changer: it counts its coins, so the books are the world's without slack, and each count has a cause.

A count that differs from the books (`float.loaded` by staff `changer`) must be explained, coin by coin, by what
somebody did unseen: filled in, taken out, let out with a key; or by a loss that no controller can prevent.
"""

from collections import Counter
from dataclasses import dataclass, field

from tools.chaos.checks.unread import forgotten
from tools.chaos.checks.verdict import PAYOUTS, Event, Run, Verdict

BY_COUNT = "changer"
BY_KEY = "changer key"


@dataclass(slots=True)
class Told:
    """What the events say of each tube, coins by denomination."""

    believed: Counter[int] = field(default_factory=Counter)
    accepted: Counter[int] = field(default_factory=Counter)
    paid: Counter[int] = field(default_factory=Counter)
    keyed: list[tuple[int, int]] = field(default_factory=list)
    """Event and denomination of each coin that was let out by hand."""
    ahead: Counter[int] = field(default_factory=Counter)
    """Coins of an open payout that are out of the books before its event tells of them."""
    corrected: Counter[int] = field(default_factory=Counter)
    """Coins that counts found more or fewer than the books had."""


def check_tubes(run: Run, unread: Counter[int], verdict: Verdict) -> None:
    """Compare events, log and world. `unread`: coins that the changer forgot before they were read."""
    told = _told(run, verdict)
    _check_keys(run, told, verdict)
    for name, tube in run.world["changer"]["tubes"].items():
        _check_tube(run, int(name), tube["count"], (told, unread), verdict)
    _check_causes(run, verdict)


def _told(run: Run, verdict: Verdict) -> Told:
    told = Told()
    for event in run.of_kind("coin.accepted", "float.loaded", *PAYOUTS):
        body = event["d"]
        if event["kind"] == "float.loaded":
            _load(told, event, verdict)
        elif event["kind"] != "coin.accepted":
            coins = Counter({int(kind): count for kind, count in body["coins"].items()})
            if told.ahead - coins:
                verdict.found("tube books", f"event {event['seq']} pays {body['coins']}, gone before: {told.ahead}")
            told.ahead.clear()
            told.paid += coins
            told.believed.subtract(coins)
        elif body["routed_to"] == "hopper":
            told.accepted[body["amount_minor"]] += 1
            told.believed[body["amount_minor"]] += 1
    if +told.ahead:
        verdict.found("tube books", f"coins left the books and no event tells of them: {told.ahead}")
    return told


def _load(told: Told, event: Event, verdict: Verdict) -> None:
    body = event["d"]
    kind, added, staff = body["denomination_minor"], body["added"], body["staff"]
    expected = max(0, told.believed[kind] + added)
    ahead = expected - body["in_hopper"]
    if ahead < 0 or (ahead and staff != BY_KEY):  # nothing is counted while a payout is open, but keys are pressed
        verdict.found("tube books", f"event {event['seq']} does not add up: {told.believed[kind]} before, {body}")
    told.believed[kind] = expected
    told.ahead[kind] = max(told.ahead[kind], ahead)
    if staff == BY_COUNT:
        told.corrected[kind] += abs(added)
    elif staff == BY_KEY and added == -1:
        told.keyed.append((event["seq"], kind))
    else:
        verdict.found("tube books", f"event {event['seq']}: nobody told the machine of {added} coins of {kind}")


def _check_keys(run: Run, told: Told, verdict: Verdict) -> None:
    """Each coin let out by hand is told, unless the changer lost its power before anybody read of it."""
    known = Counter(kind for _, kind in told.keyed)
    pressed = Counter[int]()
    for seen in run.seen("keyed"):
        pressed[int(seen.where)] += seen.count
    if known - pressed:
        verdict.found("key invented", f"{dict(known - pressed)} let out by hand in the events, not in the world")
    if untold := pressed - known - forgotten(run, "keyed", told.keyed):
        verdict.found("key untold", f"{dict(untold)} let out by hand and not told; the changer forgot none of them")


def _check_tube(run: Run, kind: int, there: int, words: tuple[Told, Counter[int]], verdict: Verdict) -> None:
    told, unread = words
    loaded, paid, keyed, drained = (_seen(run, what, kind) for what in ("loaded", "paid", "keyed", "drained"))
    believed = run.record.books["hoppers"].get(str(kind), 0)
    if not believed == there == told.believed[kind]:
        verdict.found("tube books", f"{kind}: believed {believed}, told {told.believed[kind]}, there are {there}")
    untold = there - loaded + paid + keyed + drained - told.accepted[kind]
    if not 0 <= untold <= unread[kind]:
        verdict.found("tube books", f"{kind}: {untold} coins fell into the tube and are told otherwise")
    known = sum(told_kind == kind for _, told_kind in told.keyed)
    unseen = loaded + drained + untold + abs(paid - told.paid[kind]) + abs(keyed - known)
    if told.corrected[kind] > unseen:
        verdict.found("tube books", f"{kind}: counts moved the books by {told.corrected[kind]}, {unseen} have a cause")


def _seen(run: Run, what: str, kind: int) -> int:
    return sum(seen.count for seen in run.seen(what) if seen.where == str(kind))


def _check_causes(run: Run, verdict: Verdict) -> None:
    """A changer knows what it paid, over cuts too: nobody is unsure unless it was in trouble or lost its power."""
    begun = 0
    for event in run.of_kind("fault.raised", *PAYOUTS):
        if event["kind"] in PAYOUTS:
            begun = event["seq"]
        elif event["d"]["code"] == "payout.uncertain" and not run.has_trouble("changer", begun, event["seq"]):
            verdict.found("payout given up", f"event {event['seq']}: nothing was wrong with the changer")
