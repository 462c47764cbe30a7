import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from cloud.accounting import service as accounting
from cloud.db.database import Database, open_database
from cloud.inventory import service as inventory
from cloud.machines import service
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.sales import service as sales
from cloud.seed import seed_demo

HOUR_MS = 3_600_000


async def interpret(database: Database, **options: Any) -> int:
    interpreter = Interpreter(database, **options)
    total = 0
    while done := await interpreter.run_once():
        total += done
    return total


async def take_in(database: Database, clock: Any, *scripts: Any, **options: Any) -> int:
    receiver = Receiver(database, clock)
    for script in scripts:
        await receiver.handle(script.messages(per_frame=20))
    return await interpret(database, clock=clock, **options)


async def balances(database: Database) -> dict[str, int]:
    async with database.read() as db_session:
        trial = await accounting.trial_balance(db_session)
    return {line.code: line.debit - line.credit for line in trial.lines}


async def all_sales(database: Database) -> Any:
    async with database.read() as db_session:
        return list(reversed(await sales.listing(db_session, limit=500)))


async def categories(database: Database) -> Any:
    async with database.read() as db_session:
        return [(row.category, row.seq) for row in await service.quarantined(db_session, 100)]


async def test_interpreter_when_a_bottle_is_sold_then_sale_stock_and_books_say_so(
    seeded: Database, clock: Any, script: Any, machine_id: str
) -> None:
    script.restock()
    before = await balances(seeded)
    script.sale()
    assert await take_in(seeded, clock, script) == 5
    (sale,) = await all_sales(seeded)
    assert (sale.status, sale.gross_minor, sale.tax_percent, sale.tax_minor, sale.net_minor, sale.cost_minor) == (
        "completed",
        160,
        8,
        11,
        149,
        84,
    )
    assert (sale.machine_id, sale.slot, sale.product_id, sale.planogram_rev) == (machine_id, "A1", "green-tea", 1)
    after = await balances(seeded)
    changed = {code: after[code] - before.get(code, 0) for code in after if after[code] != before.get(code, 0)}
    assert changed == {"1001": 160, "1101": -84, "2050": -11, "4001": -149, "5002": 84}
    async with seeded.read() as db_session:
        (stock,) = await inventory.stock_of_products(db_session, ["green-tea"])
    assert (stock.vending_machine_stock, stock.storage_stock, stock.total_stock) == (5, 42, 47)


async def test_interpreter_when_change_is_short_then_the_debt_to_the_customer_is_booked(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.sale(short=40)
    script.add("coin.accepted", {"amount_minor": 100, "credit_minor": 100, "routed_to": "hopper", "counter": 2})
    script.add(
        "credit.returned", {"reason": "lever", "owed_minor": 100, "paid_minor": 90, "coins": {}, "short_minor": 10}
    )
    await take_in(seeded, clock, script)
    found = await balances(seeded)
    assert found["2110"] == -50
    assert found["1001"] == 20_000 + 160 + 50


async def test_interpreter_when_a_bill_that_was_to_pay_is_gone_then_the_loss_is_booked_and_the_sale_stands(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.restock()
    before = await balances(seeded)
    script.add("coin.accepted", {"amount_minor": 100, "credit_minor": 100, "routed_to": "cash_box", "counter": 1})
    script.add("bill.held", {"amount_minor": 1000, "credit_minor": 1100})
    body = {"vend_id": "v", "slot": "A1", "product_id": "green-tea", "price_minor": 160, "planogram_rev": 1}
    script.add("vend.dispensed", body | {"credit_minor": 940, "on_hand": 5})
    script.add("bill.returned", {"amount_minor": 1000, "credit_minor": 0, "unpaid_minor": 60})
    script.add("bill.held", {"amount_minor": 1000, "credit_minor": 1000})
    script.add("bill.returned", {"amount_minor": 1000, "credit_minor": 0})
    await take_in(seeded, clock, script)
    after = await balances(seeded)
    assert after["8001"] == 60
    assert after["4001"] == -149
    assert after["1001"] == before["1001"] + 100
    assert after["2110"] == 0


async def test_interpreter_when_a_vend_fails_then_it_is_recorded_and_no_money_moves(
    seeded: Database, clock: Any, script: Any
) -> None:
    before = await balances(seeded)
    script.failed_vend()
    await take_in(seeded, clock, script)
    (sale,) = await all_sales(seeded)
    assert (sale.status, sale.reason, sale.gross_minor) == ("failed", "jammed", 0)
    assert await balances(seeded) == before


async def test_interpreter_when_events_wait_behind_a_gap_then_they_are_held_back_until_it_is_filled(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.sale()
    script.sale()
    receiver = Receiver(seeded, clock)
    await receiver.handle(script.messages(script.events[:5] + script.events[6:]))
    assert await interpret(seeded) == 5
    assert len(await all_sales(seeded)) == 1
    await receiver.handle(script.messages(script.events[5:6]))
    assert await interpret(seeded) == 3
    assert len(await all_sales(seeded)) == 2


async def test_interpreter_when_a_kind_is_from_the_future_then_it_is_shown_and_the_line_goes_on(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.add("hologram.shown", {})
    script.add("hologram.shown", {})
    script.sale()
    assert await take_in(seeded, clock, script) == 6
    async with seeded.read() as db_session:
        (row,) = await service.quarantined(db_session, 10)
    assert (row.category, row.times, row.seq) == ("unknown_kind", 2, 1)
    assert "未知のイベント" in row.why
    assert len(await all_sales(seeded)) == 1


async def test_interpreter_when_a_body_is_broken_then_it_is_quarantined_with_the_field_and_the_line_goes_on(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.add("vend.dispensed", {"vend_id": "x", "slot": "A1", "price_minor": "160"})
    script.sale()
    await take_in(seeded, clock, script)
    async with seeded.read() as db_session:
        (row,) = await service.quarantined(db_session, 10)
    assert row.category == "broken_body"
    assert "price_minor" in row.why
    assert "product_id" in row.why
    assert len(await all_sales(seeded)) == 1


async def test_interpreter_when_the_money_is_foreign_then_it_is_not_booked_as_yen(
    seeded: Database, clock: Any, script: Any
) -> None:
    before = await balances(seeded)
    body = {
        "vend_id": "x",
        "slot": "A1",
        "product_id": "green-tea",
        "price_minor": 160,
        "planogram_rev": 1,
        "credit_minor": 0,
        "on_hand": 1,
        "currency": "USD",
    }
    script.add("vend.dispensed", body)
    await take_in(seeded, clock, script)
    assert await categories(seeded) == [("broken_body", 1)]
    assert await balances(seeded) == before


async def test_interpreter_when_a_product_is_unknown_then_the_sale_is_kept_at_the_standard_rate(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.sale(product="mystery")
    await take_in(seeded, clock, script)
    (sale,) = await all_sales(seeded)
    assert (sale.tax_percent, sale.tax_minor, sale.cost_minor) == (10, 14, 0)
    assert await categories(seeded) == [("unknown_product", 3)]


async def test_interpreter_when_history_was_changed_then_the_broken_chain_is_shown(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.restock()
    script.add("door.opened", {}, h="f" * 64)
    await take_in(seeded, clock, script)
    assert await categories(seeded) == [("broken_chain", 2)]


async def test_interpreter_when_one_event_breaks_the_code_then_only_it_is_put_aside(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.sale()
    # Without a rate the sale can be read but not booked.
    async with seeded.write() as db_session:
        await db_session.execute(text("DELETE FROM tax_rates WHERE tax_class = 'standard'"))
    script.sale(product="mystery")
    script.sale()
    assert await take_in(seeded, clock, script) == 12
    assert [sale.product_id for sale in await all_sales(seeded)] == ["green-tea", "green-tea"]
    assert await categories(seeded) == [("failed", 7)]


async def test_interpreter_when_faults_and_doors_change_then_the_machine_shows_the_present(
    seeded: Database, clock: Any, script: Any, machine_id: str
) -> None:
    script.add("fault.raised", {"code": "slot.jammed", "where": "B2", "detail": ""})
    script.add("fault.raised", {"code": "coin_acceptor.offline"})
    script.add("fault.cleared", {"code": "coin_acceptor.offline"})
    script.add("door.opened", {})
    script.add("settings.applied", {"name": "planogram", "rev": 1, "ok": True})
    await take_in(seeded, clock, script)
    async with seeded.read() as db_session:
        machine = await service.machine(db_session, machine_id)
        faults = await service.faults(db_session, machine_id)
    assert (machine.is_door_open, machine.applied_planogram_rev, machine.faults) == (True, 1, 1)
    assert [(row.code, row.where) for row in faults] == [("slot.jammed", "B2")]


@pytest.mark.parametrize("at_once", [9, 1])
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_fault_when_it_is_told_again_then_its_first_time_stays_in_one_batch_or_many_and_after_an_end_it_is_new(
    seeded: Database, clock: Any, script: Any, machine_id: str, at_once: int
) -> None:
    for kind, where in (("raised", "B2"), ("raised", "B2"), ("raised", "C1"), ("cleared", "C1"), ("raised", "C1")):
        script.add(f"fault.{kind}", {"code": "slot.jammed", "where": where})
    began_ms = clock() + 1000
    await Receiver(seeded, clock).handle(script.messages())
    interpreter = Interpreter(seeded, clock=clock, events_per_batch=at_once)
    while await interpreter.run_once():
        pass
    async with seeded.read() as db_session:
        faults = await service.faults(db_session, machine_id)
    assert {row.where: row.since_ms - began_ms for row in faults} == {"B2": 0, "C1": 4000}


async def test_interpreter_when_a_clock_is_wrong_then_the_sale_still_lands_on_a_day_we_had(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.add("machine.booted", {"software": "0", "devices": {}}, t=5, clk="free")
    script.add("door.closed", {})
    body = {
        "vend_id": "x",
        "slot": "A1",
        "product_id": "green-tea",
        "price_minor": 160,
        "planogram_rev": 1,
        "credit_minor": 0,
        "on_hand": 1,
    }
    script.add("vend.dispensed", body, t=7000, clk="free")
    await take_in(seeded, clock, script)
    (sale,) = await all_sales(seeded)
    # One second of monotonic time after the trusted event before it.
    assert sale.occurred_at_ms == clock.now_ms + 2000 + 1000


async def test_interpreter_when_run_again_from_the_start_then_every_effect_happens_once(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.restock()
    script.sale(short=10)
    script.failed_vend()
    await take_in(seeded, clock, script)
    found = await books(seeded)
    async with seeded.write() as db_session:
        await db_session.execute(text("UPDATE streams SET interpreted_upto = 0, interpreted_digest = ''"))
    await interpret(seeded)
    assert await books(seeded) == found


async def books(database: Database) -> Any:
    """Everything that must be equal after a faithful replay."""
    async with database.read() as db_session:
        head = await accounting.head(db_session)
        assert await accounting.verify(db_session) == []
        pools = (await db_session.execute(text("SELECT * FROM stock_pools ORDER BY product_id"))).all()
        units = (await db_session.execute(text("SELECT * FROM stock_on_hand ORDER BY place_id, product_id"))).all()
    rows = [sale.model_dump(exclude={"id"}) for sale in await all_sales(database)]
    return head, [tuple(row) for row in pools], [tuple(row) for row in units], rows


actions = st.lists(
    st.tuples(
        st.sampled_from(["sale", "sale", "sale", "short", "restock", "remove", "fail", "future"]),
        st.sampled_from([("A1", "green-tea", 160), ("B4", "corn-soup", 150), ("C2", "potato-chips", 180)]),
        st.integers(1, 9),
    ),
    max_size=25,
)


def play(script: Any, steps: Any) -> None:
    for action, (slot, product, price), number in steps:
        match action:
            case "sale":
                script.sale(slot, product, price)
            case "short":
                script.sale(slot, product, price, short=number)
            case "restock" | "remove":
                script.restock(slot, product, number if action == "restock" else -number)
            case "fail":
                script.failed_vend(slot, product, price)
            case _:
                script.add("from.the_future", {"number": number})


@settings(max_examples=15, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=actions, second=actions, cut=st.integers(1, 40), batch=st.integers(1, 20))
async def test_books_when_two_machines_do_anything_then_they_balance_and_replay_byte_for_byte(
    empty_database: Path,
    tmp_path: Path,
    clock: Any,
    new_script: Any,
    machine_id: str,
    first: Any,
    second: Any,
    cut: int,
    batch: int,
) -> None:
    one, two = new_script(epoch="1" * 32), new_script("vm-test-0002", epoch="2" * 32)
    play(one, first)
    play(two, second)
    piecewise, at_once = [await fresh(empty_database, tmp_path / name, clock, machine_id) for name in ("a.db", "b.db")]
    try:
        clock.now_ms = start = clock.now_ms
        for is_piecewise, database in ((True, piecewise), (False, at_once)):
            clock.now_ms = start
            receiver = Receiver(database, clock)
            for script in (one, two):
                for events in (script.events[:cut], script.events[cut:]):
                    clock.now_ms += HOUR_MS // 60
                    if events:
                        await receiver.handle(script.messages(events))
                    if is_piecewise:
                        await interpret(database, clock=clock, events_per_batch=batch)
            await interpret(database, clock=clock)
        assert await books(piecewise) == await books(at_once)
        found = await balances(at_once)
        assert sum(found.values()) == 0
        async with at_once.read() as db_session:
            assert found["1101"] == await inventory.total_value(db_session)
        rows = await all_sales(at_once)
        assert -found.get("4001", 0) == sum(row.net_minor for row in rows)
        assert -found.get("2050", 0) == sum(row.tax_minor for row in rows)
        assert found.get("5002", 0) == sum(row.cost_minor for row in rows)
    finally:
        await piecewise.close()
        await at_once.close()


async def fresh(template: Path, path: Path, clock: Any, machine_id: str) -> Any:
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    shutil.copy(template, path)
    database = open_database(f"sqlite+aiosqlite:///{path}")
    async with database.write() as db_session:
        await seed_demo(db_session, machine_id, "s" * 43, now_ms=clock.now_ms)
    return database


async def test_seed_when_run_twice_then_nothing_doubles(seeded: Database, clock: Any, machine_id: str) -> None:
    found = await books(seeded)
    async with seeded.write() as db_session:
        await seed_demo(db_session, machine_id, "another-secret", now_ms=clock.now_ms + 5)
    assert await books(seeded) == found


@pytest.mark.parametrize("events_per_batch", [1, 7])
async def test_interpreter_when_batches_are_small_then_all_is_worked_through(
    seeded: Database, clock: Any, script: Any, events_per_batch: int
) -> None:
    for _ in range(5):
        script.sale()
    assert await take_in(seeded, clock, script, events_per_batch=events_per_batch) == 20
    assert len(await all_sales(seeded)) == 5
