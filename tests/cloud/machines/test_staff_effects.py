"""What staff do at a machine moves goods and cash once, and the books say where it went."""

from typing import Any

import pytest

from cloud.accounting import counting
from cloud.accounting import service as accounting
from cloud.db.database import Database
from cloud.inventory import movements
from cloud.inventory import service as inventory
from cloud.machines import service as machines
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.staff_tasks import service as staff_tasks
from cloud.visits import service as visits
from cloud.visits.repository import Wanted

VISIT = "5" * 32
WHO = {"visit": VISIT, "staff": "7"}
TEA = {"slot": "A1", "product_id": "green-tea"}
UNIT = 84
"""Yen a bottle cost, by the seed."""

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def told(database: Database, clock: Any, script: Any, **options: Any) -> None:
    receiver, interpreter = Receiver(database, clock), Interpreter(database, clock=clock, **options)
    await receiver.handle(script.messages(per_frame=20))
    while await interpreter.run_once():
        pass


async def balances(database: Database) -> dict[str, int]:
    async with database.read() as db_session:
        trial = await accounting.trial_balance(db_session)
    return {line.code: line.debit - line.credit for line in trial.lines}


async def changed(database: Database, before: dict[str, int]) -> dict[str, int]:
    after = await balances(database)
    return {code: after[code] - before.get(code, 0) for code in after if after[code] != before.get(code, 0)}


async def in_slot(database: Database, machine_id: str) -> int:
    async with database.read() as db_session:
        return (await inventory.stock_of_machine(db_session, machine_id)).get(("A1", "green-tea"), 0)


async def stored(database: Database) -> int:
    async with database.read() as db_session:
        (found,) = await inventory.stock_of_products(db_session, ["green-tea"])
    return found.storage_stock


async def kinds(database: Database) -> list[str]:
    async with database.read() as db_session:
        return [row.kind for row in await movements.listing(db_session, limit=10, product_id="green-tea")]


@pytest.mark.parametrize("why", ["expired", "damaged"])
async def test_removed_when_it_is_no_good_any_more_then_it_leaves_the_stock_as_spoilage(
    seeded: Database, clock: Any, script: Any, machine_id: str, why: str
) -> None:
    script.restock()
    script.add("slot.removed", WHO | TEA | {"removed": 2, "why": why, "on_hand": 4})
    before = await balances(seeded)
    await told(seeded, clock, script)
    assert await changed(seeded, before) == {"1101": -2 * UNIT, "5101": 2 * UNIT}
    assert await in_slot(seeded, machine_id) == 4
    assert (await kinds(seeded))[:2] == ["spoilage", "restock"]


@pytest.mark.parametrize("why", ["changeover", "test", "other", "from the future"])
async def test_removed_when_it_is_still_good_then_it_goes_back_to_where_goods_come_from(
    seeded: Database, clock: Any, script: Any, machine_id: str, why: str
) -> None:
    script.restock()
    script.add("slot.removed", WHO | TEA | {"removed": 2, "why": why, "on_hand": 4, "lot": "nobody knows it"})
    before = (await balances(seeded), await stored(seeded))
    await told(seeded, clock, script)
    assert await changed(seeded, before[0]) == {}
    assert (await in_slot(seeded, machine_id), await stored(seeded)) == (4, before[1] - 6 + 2)


@pytest.mark.parametrize("per_batch", [1, 3000])
@pytest.mark.parametrize(("found", "booked"), [(3, {"1101": -2, "5102": 2}), (5, {}), (7, {"1101": 2, "5102": -2})])
async def test_counted_when_a_slot_has_other_units_than_the_books_then_they_follow_in_the_order_of_the_events(
    seeded: Database, clock: Any, script: Any, machine_id: str, found: int, booked: dict[str, int], per_batch: int
) -> None:
    script.restock()
    script.sale()
    script.add("slot.counted", WHO | TEA | {"counted": found, "believed": 5, "on_hand": found})
    script.restock(added=1)
    before = await balances(seeded)
    await told(seeded, clock, script, events_per_batch=per_batch)
    sold = {"1001": 160, "1101": -UNIT, "2050": -11, "4001": -149, "5002": UNIT}
    expected = sold | {code: units * UNIT + sold.get(code, 0) for code, units in booked.items()}
    assert await changed(seeded, before) == expected
    assert await in_slot(seeded, machine_id) == found + 1


async def test_changed_over_when_the_books_have_old_goods_left_there_then_they_are_missing(
    seeded: Database, clock: Any, script: Any, machine_id: str
) -> None:
    script.restock()
    script.add("slot.removed", WHO | TEA | {"removed": 5, "why": "changeover", "on_hand": 1})
    over = {"slot": "A1", "old_product_id": "green-tea", "new_product_id": "cola", "planogram_rev": 2}
    script.add("slot.changed_over", WHO | over)
    script.add("slot.changed_over", WHO | over | {"old_product_id": "", "slot": "A2"})
    before = await balances(seeded)
    await told(seeded, clock, script)
    assert await changed(seeded, before) == {"1101": -UNIT, "5102": UNIT}
    assert await in_slot(seeded, machine_id) == 0
    assert (await kinds(seeded))[0] == "count"


@pytest.mark.parametrize("per_batch", [1, 3000])
async def test_cash_counted_when_something_is_missing_then_the_count_knows_what_was_there_at_that_event(
    seeded: Database, clock: Any, script: Any, machine_id: str, per_batch: int
) -> None:
    loaded = {"denomination_minor": 100, "added": 20, "in_hopper": 20, "staff": "7"}
    script.add("float.loaded", loaded)
    counted = {"part": "hopper", "believed_minor": 2000, "counted_minor": 1900, "collected_minor": 900}
    script.add("cash.counted", WHO | counted | {"pieces": {"100": 19}, "bag": "B-17"})
    script.add("float.loaded", loaded)
    before = await balances(seeded)
    await told(seeded, clock, script, events_per_batch=per_batch)
    assert await changed(seeded, before) == {"1001": -100, "1160": 100}
    async with seeded.read() as db_session:
        (count,) = await counting.counts(db_session, limit=5, visit=VISIT)
        now = await counting.cash_now(db_session, [machine_id])
    assert (count.expected, count.counted, count.difference, count.collected) == (2000, 1900, -100, 900)
    assert (count.bag, count.counted_by, count.lines[0].pieces) == ("B-17", "staff:7", {"100": 19})
    (machine,) = (row for row in now.machines if row.machine_id == machine_id)
    assert machine.hopper == 1000 + 2000


async def test_cash_counted_when_more_is_taken_than_counted_then_so_much_is_booked_and_somebody_hears_of_it(
    seeded: Database, clock: Any, script: Any
) -> None:
    counted = {"part": "vault", "believed_minor": 0, "counted_minor": 500, "collected_minor": 700}
    script.add("cash.counted", WHO | counted)
    await told(seeded, clock, script)
    async with seeded.read() as db_session:
        (count,) = await counting.counts(db_session, limit=5, visit=VISIT)
        (odd,) = await machines.quarantined(db_session, 5, category="odd_count")
    assert (count.lines[0].part, count.collected) == ("cash_box", 500)
    assert "700 yen taken along, 500 counted" in odd.why


async def test_coin_tested_when_staff_try_a_coin_then_it_is_in_the_machine_and_nobodys_credit(
    seeded: Database, clock: Any, script: Any, machine_id: str
) -> None:
    before = await balances(seeded)
    script.add("coin.tested", WHO | {"amount_minor": 100, "routed_to": "cash_box", "counter": 4})
    await told(seeded, clock, script)
    assert await changed(seeded, before) == {}
    async with seeded.read() as db_session:
        (machine,) = (await counting.cash_now(db_session, [machine_id])).machines
    assert (machine.cash_box, machine.customer_credit) == (100, 0)


async def test_visit_when_it_began_and_ended_then_it_says_who_when_and_what_and_has_its_events(
    seeded: Database, clock: Any, script: Any, machine_id: str
) -> None:
    script.sale()
    script.add("visit.started", WHO | {"how": "pin"})
    script.restock()
    script.add("device.tested", WHO | {"test": "motor", "where": "A1", "ok": True})
    sums = {"minutes": 14, "slots_filled": 1, "units_added": 6, "cash_collected_minor": 900, "open_tasks": ["slot:B2"]}
    script.add("visit.ended", WHO | sums)
    script.add("visit.started", {"visit": "6" * 32, "staff": "9", "how": "pin"})
    await told(seeded, clock, script)
    async with seeded.read() as db_session:
        later, found = await visits.listing(db_session, Wanted(machine_id=machine_id), limit=5)
        (mine,) = await visits.listing(db_session, Wanted(staff_id="7"), limit=5)
        events = await visits.events_of(db_session, machine_id, VISIT)
        assert await visits.events_of(db_session, machine_id, "7" * 32) == []
    assert found == mine
    assert (later.staff_id, later.ended_at_ms) == ("9", 0)
    assert (found.staff_id, found.minutes, found.units_added, found.open_tasks) == ("7", 14, 6, ["slot:B2"])
    assert found.ended_at_ms - found.started_at_ms == 3_000
    assert [event.seq for event in events] == [5, 6, 7, 8]


async def test_visit_when_only_its_end_came_then_it_is_kept_as_well_as_it_is_known(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.add("visit.ended", WHO | {"minutes": 2})
    await told(seeded, clock, script)
    async with seeded.read() as db_session:
        (found,) = await visits.listing(db_session, Wanted(), limit=5)
    assert found.ended_at_ms - found.started_at_ms == 120_000


async def test_refused_when_pins_are_tried_until_it_locks_then_a_person_is_told_once_for_each_lock(
    seeded: Database, clock: Any, script: Any
) -> None:
    for failures in range(1, 6):
        script.add("staff.refused", {"staff": "7", "why": "wrong_pin", "failures": failures})
    script.add("staff.refused", {"staff": "7", "why": "locked", "failures": 5})
    await told(seeded, clock, script)
    async with seeded.read() as db_session:
        tasks = await staff_tasks.listing(db_session, limit=5, state="open")
    assert [(task.kind, task.reference) for task in tasks] == [("staff_locked_out", "7")]
