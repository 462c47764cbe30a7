"""The books of a machine against what lies in it, after runs full of bad luck that `tools.chaos` recorded.

The world is the simulated machine as its own physics left it; it knows nothing of events or books.
"""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cloud.db.database import Database
from tools.chaos.checker import check
from tools.chaos.play import play
from tools.chaos.record import Record
from tools.chaos.scenario import Scenario

SEEDS = (1, 2, 3, 5, 6, 7, 14, 15, 20)
"""Chosen for what happens in them: changers, power cuts, coins stolen, forgotten and doubtful, bills lost."""


def worth(pile: Mapping[str, int]) -> int:
    return sum(int(kind) * count for kind, count in pile.items())


def world_of(record: Record) -> dict[str, int]:
    """Yen by place. What staff took from the stacker is counted with it: nobody has told the books."""
    world, validator = record.world, record.world["validator"]
    coins = {kind: pile["count"] for kind, pile in (world["hoppers"] | world["changer"]["tubes"]).items()}
    return {
        "hopper": worth(coins),
        "cash_box": worth(world["cash_box"]),
        "bills": worth(validator["stacker"]) + worth(world["bills_collected"]) + int(validator["escrow"] or 0),
    }


def events_of(record: Record, *kinds: str) -> list[dict[str, Any]]:
    return [event["d"] for event in map(json.loads, record.events) if event["kind"] in kinds]


def lost_to_books(record: Record) -> int:
    """Yen that left or came without any event: stolen from a hopper, or forgotten by an acceptor without power."""
    stolen = sum(int(seen.where) * seen.count for seen in record.log if seen.what == "drained")
    forgotten = sum(yen for why, yen in check(record).losses.items() if "forgot unread" in why)
    doubtful = sum(int(body["uncertain_minor"]) for body in events_of(record, "change.paid", "credit.returned"))
    return stolen + forgotten + doubtful


@pytest.mark.parametrize(("database_kind", "seed"), [("sqlite", seed) for seed in SEEDS])
async def test_cash_when_a_machine_had_a_bad_day_then_the_books_are_its_memory_and_the_world_as_far_as_events_know(
    seeded: Database,
    book: Any,
    seed: int,
) -> None:
    record = play_in_thread(seed)
    machine_id = json.loads(record.events[0])["m"]
    found = await book(seeded, machine_id, [raw.encode() for raw in record.events])
    here = inside(found, machine_id)
    # To the yen, whatever happened: the machine's own memory, its credit at rest, and what it owes.
    assert here["hopper"] == worth(record.books["hoppers"])
    assert found.get(("2110", f"{machine_id}/credit"), 0) == 0
    shorts = sum(body["short_minor"] for body in events_of(record, "change.paid", "credit.returned"))
    assert found.get(("2110", f"{machine_id}/claims"), 0) == -shorts
    # To the yen where the events know, else within what the world says was lost.
    world, unknown = world_of(record), lost_to_books(record)
    assert here["bills"] == world["bills"]
    assert abs(here["hopper"] - world["hopper"]) <= unknown
    assert abs(here["cash_box"] - world["cash_box"]) <= unknown


def inside(found: dict[tuple[str, str], int], machine_id: str) -> dict[str, int]:
    cash = {
        part: found.get(("1001", f"{machine_id}/{part}"), 0) for part in ("hopper", "cash_box", "stacker", "escrow")
    }
    return {"hopper": cash["hopper"], "cash_box": cash["cash_box"], "bills": cash["stacker"] + cash["escrow"]}


def play_in_thread(seed: int) -> Record:
    """A run has a loop of its own, with virtual time."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(play, Scenario.from_seed(seed)).result()
