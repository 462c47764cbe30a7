"""Lots: first expired, first out; what is left follows from what is on hand, and adds up with it."""

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.db.database import Database
from cloud.inventory import lots, repository, service
from cloud.inventory.lot_book import LotDateError
from cloud.inventory.lots import LotShare
from cloud.inventory.service import WAREHOUSE, Movement

DAY = date(2026, 12, 1)
DATES = {"a": DAY, "b": DAY + timedelta(days=1), "c": None}
SLOT = "vm-test-0001/A1"


def test_lots_when_units_left_without_saying_which_then_the_first_to_expire_are_gone() -> None:
    assert lots.settled({"b": 3, "a": 2, "c": 1}, 4, DATES) == {"b": 3, "c": 1}
    assert lots.settled({"b": 3, "a": 2, "c": 1}, 1, DATES) == {"c": 1}
    assert lots.settled({"b": 3}, -2, DATES) == {}


def test_lots_when_some_units_carry_none_then_those_are_gone_first() -> None:
    assert lots.settled({"a": 2}, 5, DATES) == {"a": 2}
    assert lots.picked({"a": 2}, 5, 3, DATES) == {}
    assert lots.picked({"a": 2, "b": 2}, 5, 4, DATES) == {"a": 2, "b": 1}


levels = st.dictionaries(st.sampled_from("abc"), st.integers(1, 9))


@given(levels, st.integers(0, 30), st.lists(st.integers(1, 4), max_size=6))
def test_lots_when_units_leave_in_several_steps_then_it_is_the_same_as_at_once(
    start: dict[str, int], unlotted: int, steps: list[int]
) -> None:
    on_hand = sum(start.values()) + unlotted
    at_once = lots.settled(start, on_hand - sum(steps), DATES)
    for step in steps:
        on_hand -= step
        start = lots.settled(start, on_hand, DATES)
    assert start == at_once


@given(levels, st.integers(0, 5), st.integers(1, 30))
def test_lots_when_picked_then_no_later_lot_is_used_while_an_earlier_one_is_left(
    here: dict[str, int], unlotted: int, quantity: int
) -> None:
    on_hand = sum(here.values()) + unlotted
    taken = lots.picked(here, on_hand, quantity, DATES)
    left = lots.without(here, taken)
    last_taken = max((list(DATES).index(code) for code in taken), default=-1)
    assert all(list(DATES).index(code) >= last_taken for code in left)
    assert sum(taken.values()) == max(0, min(quantity, on_hand) - unlotted)


def move(number: int, quantity: int, start: str | None, end: str | None, **more: Any) -> Movement:
    return Movement(f"m/{number}", "green-tea", quantity, number, from_place=start, to_place=end, **more)


async def run(database: Database, *rows: Movement) -> None:
    async with database.write() as db_session:
        await service.move(db_session, rows)


async def left(database: Database, place: str) -> dict[str, int]:
    async with database.read() as db_session:
        return {
            share.code: share.quantity
            for share in (await service.lots_at(db_session, [place])).get((place, "green-tea"), ())
        }


async def test_lots_when_goods_come_in_are_carried_and_sold_then_the_first_to_expire_is_sold_first(
    database: Database,
) -> None:
    first, second = LotShare("x1", 6, DAY), LotShare("x2", 6, DAY + timedelta(days=9))
    await run(database, move(1, 6, None, WAREHOUSE, cost_minor=60, lots=(second,)))
    await run(database, move(2, 6, None, WAREHOUSE, cost_minor=60, lots=(first,)))
    await run(database, move(3, 8, WAREHOUSE, SLOT), *(move(10 + n, 1, SLOT, None) for n in range(3)))
    assert await left(database, SLOT) == {"x1": 3, "x2": 2}
    assert await left(database, WAREHOUSE) == {"x2": 4}
    await run(
        database, move(4, 2, SLOT, WAREHOUSE, lots=(LotShare("x2", 2),)), *(move(20 + n, 1, SLOT, None) for n in (1, 2))
    )
    assert await left(database, SLOT) == {"x1": 1}
    assert await left(database, WAREHOUSE) == {"x2": 6}


async def test_lot_when_it_comes_again_with_another_day_then_it_is_refused_and_nothing_moved(
    database: Database,
) -> None:
    await run(database, move(1, 6, None, WAREHOUSE, cost_minor=60, lots=(LotShare("x1", 6, DAY),)))
    with pytest.raises(LotDateError, match="known with the best-before date 2026-12-01"):
        await run(database, move(2, 6, None, WAREHOUSE, cost_minor=60, lots=(LotShare("x1", 6, None),)))
    async with database.read() as db_session:
        assert await repository.on_hand_at(db_session, [(WAREHOUSE, "green-tea")]) == {(WAREHOUSE, "green-tea"): 6}


PLACES = (WAREHOUSE, SLOT, "vm-test-0001/A2")
KINDS = ("in", "carry", "sell", "sell")


def stream(seed: int) -> list[Movement]:
    """Goods that come in with and without lots, are carried about and sold, also where there are none."""
    chance = random.Random(seed)  # noqa: S311 - a test's
    rows = []
    for number in range(40):
        kind, quantity = chance.choice(KINDS), chance.randint(1, 6)
        start, end, lot = chance.choice(PLACES), chance.choice(PLACES), chance.randint(0, 3)
        if kind == "in":
            shares = (LotShare(f"l{lot}", quantity, DAY + timedelta(days=lot)),) if lot else None
            rows.append(move(number, quantity, None, start, cost_minor=7 * quantity, lots=shares))
        else:
            rows.append(move(number, quantity, start, end if kind == "carry" and end != start else None))
    return rows


@pytest.mark.parametrize("seed", range(8))
async def test_lots_when_goods_move_at_random_then_they_add_up_and_do_not_depend_on_how_batches_are_cut(
    database: Database, seed: int
) -> None:
    rows = stream(seed)
    found = []
    for product, size in (("whole", len(rows)), ("cut", 1 + seed % 5)):
        mine = [row._replace(source=f"{product}/{row.source}", product_id=product) for row in rows]
        for at in range(0, len(mine), size):
            await run(database, *mine[at : at + size])
        async with database.read() as db_session:
            shares = await service.lots_at(db_session, PLACES)
            have = await repository.on_hand_at(db_session, [(place, product) for place in PLACES])
        found.append({place: shares.get((place, product), ()) for place in PLACES})
        for place in PLACES:
            assert sum(share.quantity for share in found[-1][place]) <= max(0, have.get((place, product), 0))
    assert found[0] == found[1]
    received = Counter({share.code: 0 for row in rows for share in row.lots or ()})
    for row in rows:
        received.update({share.code: share.quantity for share in row.lots or ()})
    left = Counter({share.code: 0 for shares in found[0].values() for share in shares})
    for shares in found[0].values():
        left.update({share.code: share.quantity for share in shares})
    assert all(left[code] <= received[code] for code in left)
