"""Coins: every coin inside is credited once, and every coin that left a hopper is in a payout's event.

Losses that no controller can prevent are counted, each with its own bound (README.md).
"""

from collections import Counter, deque
from typing import Final

from tools.chaos.checks.verdict import NO_MAINS, PAYOUTS, Event, Run, Verdict

READ_WITHIN_S: Final = 5.0
"""A running controller has journaled every coin by then, on a bad wire too."""


REMEMBERED: Final = 5
"""Events an acceptor keeps until they are read."""


def check_coins(run: Run, verdict: Verdict) -> None:
    """Coins in, coins out, and what the machine believes to be in its hoppers."""
    unread = _check_in(run, verdict)
    unsure = _check_out(run, verdict)
    _check_books(run, unread, unsure, verdict)


def _check_in(run: Run, verdict: Verdict) -> Counter[int]:
    """Returns the coins that the acceptor forgot before they were read."""
    inside = Counter(int(seen.where) for seen in run.seen("coin"))
    credited = Counter(kind for _, kind in _credited(run))
    missing = inside - credited
    for kind, count in (credited - inside).items():
        verdict.found("credit invented", f"{count} coins of {kind} were credited and never came in")
    unexcused = missing - _forgotten(run)
    if unexcused.total() > _overflowed(run):
        verdict.found("coin lost", f"inside and not credited: {dict(unexcused)}; the acceptor forgot none of them")
    told = sum(_lost(event) for event in run.of_kind("fault.raised"))
    if told != missing.total():
        verdict.found("coins untold", f"{dict(missing)} were never credited, the events tell of {told} coins")
    if missing:
        verdict.losses["yen the acceptor forgot unread"] += sum(kind * count for kind, count in missing.items())
    return missing


def _overflowed(run: Run) -> int:
    """Events that an acceptor which remembers five may have dropped, because no controller had read them."""
    heard = deque(seq for seq, _ in _credited(run))
    unread, refused, dropped = 0, Counter[int](), 0
    for seen in run.seen("coin", "refused"):
        while heard and heard[0] <= seen.seq:
            heard.popleft()
            unread -= 1
        unread += seen.what == "coin"
        refused[seen.seq] += seen.what == "refused"
        dropped += unread + refused[seen.seq] > REMEMBERED
    return dropped


def _forgotten(run: Run) -> Counter[int]:
    """Coins that fell shortly before the acceptor lost its memory and were not on the disk by then, by kind."""
    heard = _credited(run)
    inside, fresh, forgotten = Counter[int](), list[tuple[float, int]](), Counter[int]()
    is_up, booted, fresh_from = False, 0.0, 0.0
    for seen in run.log:
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


def _credited(run: Run) -> list[tuple[int, int]]:
    return [(event["seq"], event["d"]["amount_minor"]) for event in run.of_kind("coin.accepted")]


def _lost(event: Event) -> int:
    if event["d"]["code"] != "coin_acceptor.lost_events":
        return 0
    return int(event["d"]["detail"].split()[0])


def _check_out(run: Run, verdict: Verdict) -> int:
    """Returns the yen of orders nobody was sure of."""
    told, unsure, bills = Counter[int](), 0, verdict.losses["yen of bills that nobody could find"]
    for event in run.of_kind(*PAYOUTS):
        told.update({int(kind): count for kind, count in event["d"]["coins"].items()})
        unsure += event["d"]["uncertain_minor"]
    out = Counter[int]()
    for seen in run.seen("paid"):
        out[int(seen.where)] += seen.count
    for kind, count in (told - out).items():
        verdict.found("payout invented", f"{count} coins of {kind} are in the events and never came out")
    extra = sum(kind * count for kind, count in (out - told).items())
    if extra > unsure:
        verdict.found("double payout", f"{dict(out - told)} came out beyond the events, {unsure} yen were uncertain")
    if unsure > bills:
        verdict.losses["yen of uncertain payouts"] += unsure - bills
    return unsure


def _check_books(run: Run, unread: Counter[int], unsure: int, verdict: Verdict) -> None:
    drained = Counter[int]()
    for seen in run.seen("drained"):
        drained[int(seen.where)] += seen.count
    for kind, hopper in run.world["hoppers"].items():
        believed, there = run.record.books["hoppers"].get(kind, 0), hopper["count"]
        value = int(kind)
        slack = unread[value] + unsure // value
        if abs(believed - drained[value] - there) > slack:
            verdict.found("hopper books", f"{kind}: believed {believed}, drained {drained[value]}, there are {there}")
