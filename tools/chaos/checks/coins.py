"""Coins: every coin inside is credited once, and every coin that left a hopper is in a payout's event.

Losses that no controller can prevent are counted, each with its own bound (README.md).
"""

import math
from collections import Counter, deque
from collections.abc import Iterator
from typing import Final

from tools.chaos.checks.tubes import check_tubes
from tools.chaos.checks.unread import READ_WITHIN_S, forgotten
from tools.chaos.checks.verdict import NO_MAINS, PAYOUTS, Run, Verdict
from tools.chaos.record import Seen

REMEMBERED: Final = 5
"""Events an acceptor keeps until they are read."""


def check_coins(run: Run, verdict: Verdict) -> None:
    """Coins in, coins out, and what the machine believes to be in its hoppers."""
    unread = _check_in(run, verdict)
    unsure = _check_out(run, verdict)
    if run.has_changer:
        check_tubes(run, unread, verdict)
    else:
        _check_books(run, unread, unsure, verdict)


def _check_in(run: Run, verdict: Verdict) -> Counter[int]:
    """Returns the coins that the acceptor forgot before they were read."""
    inside = Counter(int(seen.where) for seen in run.seen("coin"))
    credited = Counter(kind for _, kind in _credited(run))
    missing = inside - credited
    for kind, count in (credited - inside).items():
        verdict.found("credit invented", f"{count} coins of {kind} were credited and never came in")
    unexcused = missing - forgotten(run, "coin", _credited(run))
    dropped = 0 if run.has_changer else _overflowed(run)
    if unexcused.total() > dropped:
        verdict.found("coin lost", f"inside and not credited: {dict(unexcused)}; the acceptor forgot none of them")
    coins, events = _told_lost(run)
    lost = 0 if run.has_changer else missing.total()  # a changer counts what is inside, not what came in
    if not coins <= lost <= coins + events or events > dropped:
        told = f"{coins} coins and {events} events that may have been coins"
        verdict.found("coins untold", f"{dict(missing)} were never credited, the machine tells of {told}")
    if missing:
        device = "changer" if run.has_changer else "acceptor"
        verdict.losses[f"yen the {device} forgot unread"] += sum(kind * count for kind, count in missing.items())
    return missing


def _overflowed(run: Run) -> int:
    """Events that an acceptor which remembers five may have dropped, because no controller had read them.

    A refused coin leaves no event of the machine, so it counts as unread until a controller has run long enough.
    """
    heard, refused = deque(seq for seq, _ in _credited(run)), deque[float]()
    unread = dropped = 0
    for seen, up_s in _with_uptime(run):
        while heard and heard[0] <= seen.seq:
            heard.popleft()
            unread -= 1
        while refused and refused[0] < up_s - READ_WITHIN_S:
            refused.popleft()
        if seen.what == "coin":
            unread += 1
        else:
            refused.append(up_s)
        dropped += unread + len(refused) > REMEMBERED
    return dropped


def _with_uptime(run: Run) -> Iterator[tuple[Seen, float]]:
    """Coins at the slot, each with the seconds that controllers had run by then."""
    up_s, up_since = 0.0, math.inf
    for seen in run.log:
        if seen.what in {"boot", "kill"} | NO_MAINS:
            up_s += max(0.0, seen.at - up_since)
            up_since = seen.at if seen.what == "boot" else math.inf
        elif seen.what in {"coin", "refused"}:
            yield seen, up_s + max(0.0, seen.at - up_since)


def _credited(run: Run) -> list[tuple[int, int]]:
    return [(event["seq"], event["d"]["amount_minor"]) for event in run.of_kind("coin.accepted")]


def _told_lost(run: Run) -> tuple[int, int]:
    """Coins, and events that may have been coins: a machine that has never read the lifetime count cannot tell."""
    coins = events = 0
    for fault in run.of_kind("fault.raised"):
        if fault["d"]["code"] == "coin_acceptor.lost_events":
            number, what = fault["d"]["detail"].split(" ", 1)
            if what == "lost":
                events += int(number)
            else:
                coins += int(number)
    return coins, events


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
