"""The end of a run, the chain of events, time, and the simulated world itself."""

import hashlib
from collections import Counter
from typing import Any, Final

from tools.chaos.checks.verdict import Run, Verdict

GENESIS: Final = "0" * 64


def check_end(run: Run, verdict: Verdict) -> None:
    """Nothing is left open, and the controller never ended by itself."""
    for crash in run.record.crashes:
        verdict.found("controller ended", crash)
    books = run.record.books
    left = {what: books[what] for what in ("vend", "payout", "bill", "card") if books.get(what)}
    if books.get("phase") != "idle" or left:
        verdict.found("left open", f"phase {books.get('phase')}, {left}")


def check_chain(run: Run, verdict: Verdict) -> None:
    """Every event names the digest of the one before; the wall clock has no say in the order."""
    previous, boot, mono = GENESIS, 0, 0
    for position, (raw, event) in enumerate(zip(run.record.events, run.events, strict=True), start=1):
        if event["seq"] != position:
            verdict.found("chain", f"event {position} has seq {event['seq']}")
        if event["h"] != previous:
            verdict.found("chain", f"event {position} does not name the digest of the one before")
        if event["ep"] != run.events[0]["ep"]:
            verdict.found("chain", f"event {position} is of another epoch")
        if (event["boot"]["n"], event["mono"]) < (boot, mono):
            verdict.found("clock", f"event {position} is of an earlier moment than the one before")
        boot, mono = event["boot"]["n"], event["mono"]
        previous = hashlib.sha256(raw.encode()).hexdigest()


def check_link(run: Run, verdict: Verdict) -> None:
    """The cloud has, byte for byte, what the machine has; nothing was acknowledged before it was committed."""
    cloud = run.record.cloud
    if cloud is None:
        return
    if cloud.ahead:
        verdict.found("link", f"{cloud.ahead} acknowledgements of events that were not committed")
    if cloud.forks:
        verdict.found("link", f"{cloud.forks} events came again with other bytes")
    if cloud.log != run.record.events:
        verdict.found(
            "link", f"the cloud has {len(cloud.log)} events, the machine {len(run.events)}, not the same ones"
        )
    if cloud.acknowledged != len(run.events):
        verdict.found("link", f"{cloud.acknowledged} of {len(run.events)} events are acknowledged at the end")


def check_disk(run: Run, verdict: Verdict) -> None:
    """On a disk that is low nothing new is sold, except what was begun before anybody looked; then it goes on."""
    is_low, is_told, late = False, False, 0
    lines = iter(run.seen("disk_low", "disk_ok", "disk_end"))
    line = next(lines, None)
    for event in run.events:
        while line is not None and line.seq < event["seq"]:
            if line.what != "disk_end":
                is_low, late = line.what == "disk_low", 0
            line = next(lines, None)
        kind, is_full = event["kind"], event["d"].get("code") == "store.full"
        if is_full:
            is_told = kind == "fault.raised"
        if kind == "vend.started":
            late += is_low
            if is_told or late > 1:
                verdict.found("sold on a full disk", f"event {event['seq']}: {event['d']['vend_id']}")
    if any(fault["code"] == "store.full" for fault in run.record.books.get("faults", ())):
        verdict.found("left open", "there is room on the disk again, and the machine does not sell")


def check_world(run: Run, verdict: Verdict) -> None:
    """The simulated world itself loses nothing."""
    world = run.world
    coins = _sum(world["cash_box"], world["return_cup"], world["coins_taken"])
    coins.update({kind: hopper["count"] for kind, hopper in world["hoppers"].items()})
    coins.update({kind: tube["count"] for kind, tube in world["changer"]["tubes"].items()})
    units = Counter[str](world["tray"]) + Counter[str](world["falling"]) + Counter[str](world["units_taken"])
    for spiral in world["spirals"].values():
        units.update(spiral["units"])
    validator = world["validator"]
    bills = _sum(validator["stacker"], world["bill_mouth"], world["bills_taken"], world["bills_collected"])
    bills.update([str(validator["escrow"])] if validator["escrow"] is not None else [])
    for what, found in (("coins", coins), ("units", units), ("bills", bills)):
        if +found != +Counter[str](world[f"{what}_brought"]):
            verdict.found("world", f"{what} appeared or vanished: the simulation is wrong")
    for name, card in world["cards"].items():
        if card["brought"] != card["balance"] + _worth(card, "reserved", "charges") - _worth(card, "refunds"):
            verdict.found("world", f"money on {name} appeared or vanished: the simulation is wrong")


def _sum(*piles: dict[str, int]) -> Counter[str]:
    total = Counter[str]()
    for pile in piles:
        total.update(pile)
    return total


def _worth(card: dict[str, Any], *piles: str) -> int:
    return sum(sum(card[pile].values()) for pile in piles)
