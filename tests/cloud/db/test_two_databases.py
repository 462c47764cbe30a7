"""Where two databases could differ: several writers at once, what passes, extreme values, the view of a reader."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.backup.rebuild import rebuild
from cloud.db import locks
from cloud.db.database import Database, open_database
from cloud.db.locks import Lock
from cloud.inventory import service as inventory
from cloud.inventory.service import WAREHOUSE, Movement
from cloud.kit.clock import local_day
from cloud.machines import service as machines
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Inbound, Receiver
from cloud.sales import service as sales
from cloud.staff_tasks import service as tasks
from cloud.staff_tasks.service import Answer
from protocol.topics import Channel, Topic


@pytest.fixture
async def others(database_url: str, seeded: Database) -> AsyncIterator[list[Database]]:
    """The same database as other processes see it."""
    found = [open_database(database_url, busy_timeout_ms=30_000) for _ in range(4)]  # SQLite lets nobody queue
    yield found
    for database in found:
        await database.close()


async def drained(database: Database, clock: Any) -> None:
    interpreter = Interpreter(database, clock=clock, events_per_batch=7)
    while await interpreter.run_once():
        pass


# --- several writers --------------------------------------------------------------------------------------


async def buy_and_resolve(database: Database, clock: Any, number: int) -> None:
    """What people do at their desks: a purchase, and a task that books something."""
    event = entries.Event(f"purchase:{number}", local_day(clock(), "Asia/Tokyo"), clock())
    move = Movement(event.source, "green-tea", 2, clock(), to_place=WAREHOUSE, cost_minor=170)
    async with database.write() as db_session:
        (cost,) = await inventory.move(db_session, [move])
        settled = cost.uncovered_minor
        drafts = entries.purchase(event, "緑茶", net_minor=170, tax_minor=13, settled_minor=settled)
        await accounting.post(db_session, drafts)
    async with database.write() as db_session:
        for task in await tasks.listing(db_session, limit=1, state="open"):
            answer = Answer("unit_missing", "", "op@example.com")
            await tasks.resolve(db_session, task.id, answer, now_ms=clock(), timezone="Asia/Tokyo")


async def store(database: Database, clock: Any, scripts: list[Any]) -> None:
    receiver = Receiver(database, clock)
    for script in scripts:
        for message in script.messages(per_frame=3):
            await receiver.handle([message])


async def test_writers_when_intakes_workers_and_people_work_at_once_then_nothing_is_lost_or_done_twice(
    seeded: Database, others: list[Database], clock: Any, new_script: Any
) -> None:
    scripts = [new_script(f"vm-test-000{number}", f"{number:x}" * 32) for number in range(1, 4)]
    uncertain = {"slot": "A1", "product_id": "green-tea", "price_minor": 160, "reason": "uncertain"}
    for script in scripts:
        script.restock(added=10)
        for number in range(6):
            script.sale()
            script.add("vend.failed", uncertain | {"vend_id": f"u-{number}", "credit_minor": 0, "on_hand": 4})
    is_over = asyncio.Event()

    async def worker(database: Database) -> None:
        while not is_over.is_set():
            await drained(database, clock)
            await asyncio.sleep(0)

    async def people() -> None:
        for number in range(12):
            await buy_and_resolve(others[3], clock, number)
        is_over.set()

    intakes = (store(others[0], clock, scripts[:2]), store(others[1], clock, scripts[2:]))
    await asyncio.gather(*intakes, worker(others[1]), worker(others[2]), people())
    await drained(seeded, clock)
    async with seeded.read() as db_session:
        assert await accounting.verify(db_session) == []
        completed = await sales.listing(db_session, limit=100, status="completed")
        assert len(completed) == len(scripts) * 6
        balance = await accounting.trial_balance(db_session)
        (goods,) = (line for line in balance.lines if line.code == "1101")
        assert goods.debit == await inventory.total_value(db_session)
    assert (await rebuild(seeded)).differences == []


async def test_machines_when_two_people_publish_the_same_revision_then_one_is_told_to_read_again(
    seeded: Database, others: list[Database], clock: Any, machine_id: str
) -> None:
    met = asyncio.Barrier(2)

    async def publish(database: Database) -> bool:
        async with database.read() as db_session:
            newest = await machines.planogram(db_session, machine_id)
        assert newest is not None
        following = newest.model_copy(update={"rev": 2})
        await met.wait()
        async with database.write() as db_session:
            try:
                await machines.publish_planogram(db_session, machine_id, following, by="op", now_ms=clock())
            except machines.StaleRevisionError:
                return False
            return True

    assert sorted(await asyncio.gather(publish(others[0]), publish(others[1]))) == [False, True]


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_lock_when_somebody_holds_it_too_long_then_the_waiting_one_may_try_again(
    database: Database, database_url: str
) -> None:
    impatient = open_database(database_url, busy_timeout_ms=20)
    async with database.write() as db_session:
        await locks.take(db_session, Lock.BOOKS)
        with pytest.raises(OperationalError, match="lock timeout"):
            async with impatient.write() as other:
                await locks.take(other, Lock.BOOKS)
    async with impatient.write() as other:
        await locks.take(other, Lock.BOOKS)
    await impatient.close()


# --- what passes, and what does not ------------------------------------------------------------------------


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_connection_when_the_server_ends_it_then_the_work_may_be_done_again(
    database: Database, others: list[Database]
) -> None:
    kill = text("SELECT pg_terminate_backend(:pid)")

    async def work() -> None:
        async with database.write() as db_session:
            pid = await db_session.scalar(text("SELECT pg_backend_pid()"))
            async with others[0].write() as other:
                await other.execute(kill, {"pid": pid})
            await db_session.execute(text("SELECT 1"))

    with pytest.raises(OperationalError):
        await work()
    async with database.write() as db_session:
        assert await db_session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_deadlock_when_it_happens_then_one_of_the_two_may_try_again(
    seeded: Database, others: list[Database]
) -> None:
    """Ours cannot wait for each other in a circle; another program's could."""
    rename = text("UPDATE products SET name_en = name_en WHERE id = :id")
    met = asyncio.Barrier(2)

    async def cross(database: Database, first: str, second: str) -> str:
        try:
            async with database.write() as db_session:
                await db_session.execute(rename, {"id": first})
                await met.wait()
                await db_session.execute(rename, {"id": second})
        except OperationalError:
            return "again"
        return "done"

    results = await asyncio.gather(cross(others[0], "cider", "yokan"), cross(others[1], "yokan", "cider"))
    assert "done" in results
    assert "again" in results


async def test_server_when_it_is_not_there_then_the_work_may_be_done_again(tmp_path: Any) -> None:
    database = open_database(f"postgresql+asyncpg://postgres@/nobody?host={tmp_path}")
    with pytest.raises(OperationalError):
        async with database.read() as db_session:
            await db_session.execute(text("SELECT 1"))
    await database.close()


async def test_mistake_when_it_is_ours_then_it_does_not_pass_as_a_busy_database(
    database: Database, database_kind: str
) -> None:
    if database_kind == "postgres":
        with pytest.raises(ProgrammingError):
            async with database.write() as db_session:
                await db_session.execute(text("SELECT nonsense"))
    with pytest.raises(IntegrityError):
        async with database.write() as db_session:
            await db_session.execute(text("INSERT INTO accounts SELECT * FROM accounts"))


# --- readers -----------------------------------------------------------------------------------------------


async def test_reader_when_others_write_meanwhile_then_it_sees_one_state_to_its_end(
    seeded: Database, others: list[Database]
) -> None:
    count = text("SELECT COUNT(*) FROM machines")
    async with seeded.read() as db_session:
        assert await db_session.scalar(count) == 1
        async with others[0].write() as other:
            await machines.register(other, "vm-test-0009", secret="s" * 40, now_ms=1)
        assert await db_session.scalar(count) == 1
    async with seeded.read() as db_session:
        assert await db_session.scalar(count) == 2


# --- extreme values: the same on both ------------------------------------------------------------------------

LONG = "長" * 200


@pytest.mark.parametrize(
    ("kind", "body", "is_sale"),
    [
        ("vend.dispensed", {}, True),
        ("vend.dispensed", {"product_id": "p" * 64, "vend_id": "v" * 64, "payment": "長" * 128}, True),
        ("vend.dispensed", {"product_id": LONG}, False),
        ("vend.dispensed", {"vend_id": LONG}, False),
        ("vend.dispensed", {"tender": LONG}, False),
        ("vend.dispensed", {"coupon": "nul \0"}, False),
        ("vend.dispensed", {"planogram_rev": 2**31}, False),
        ("vend.dispensed", {"price_minor": 2**63}, False),
        ("vend.dispensed", {"price_minor": 2**300}, False),
        ("fault.raised", {"code": LONG, "where": LONG, "detail": LONG}, False),
        ("fault.raised", {"code": "x", "detail": "nul \0 in the middle"}, False),
        ("command.done", {"command": "\0", "n": 2**70, "name": "vend.paid", "outcome": "odd\0"}, False),
    ],
)
async def test_event_when_its_values_are_extreme_then_both_databases_judge_it_alike_and_the_line_goes_on(
    seeded: Database, clock: Any, script: Any, kind: str, body: dict[str, Any], is_sale: bool
) -> None:
    sale = {
        "vend_id": "v-1", "slot": "A1", "product_id": "green-tea", "price_minor": 160, "planogram_rev": 1,
        "credit_minor": 0, "on_hand": 5,
    }  # fmt: skip
    script.add(kind, (sale if kind == "vend.dispensed" else {}) | body)
    script.restock()
    await Receiver(seeded, clock).handle(script.messages())
    await drained(seeded, clock)
    async with seeded.read() as db_session:
        assert len(await sales.listing(db_session, limit=5)) == int(is_sale)
        (stream,) = await machines.streams(db_session)
        assert stream.interpreted_upto == 2
        categories = {row.category for row in await machines.quarantined(db_session, 5)}
        assert categories <= {"unknown_product"} if is_sale else categories == {"broken_body"}


@pytest.mark.parametrize(
    ("envelope", "categories"),
    [
        ({"boot": {"n": 2**31, "id": "00000001"}}, {"broken_body"}),
        ({"mono": 2**70}, {"broken_body"}),
        ({"t": 2**70}, set()),
        ({"kind": "a\0b"}, {"broken_body"}),
    ],
)
async def test_envelope_when_its_values_are_extreme_then_it_is_stored_and_the_line_goes_on(
    seeded: Database, clock: Any, script: Any, envelope: dict[str, Any], categories: set[str]
) -> None:
    raw = script.add(envelope.get("kind", "door.opened"), {}, **{k: v for k, v in envelope.items() if k != "kind"})
    (ack,) = await Receiver(seeded, clock).handle(script.messages())
    assert b'"upto":1' in ack.payload
    await drained(seeded, clock)
    async with seeded.read() as db_session:
        (event,) = await machines.recent_events(db_session, 1)
        assert event.raw == raw
        assert {row.category for row in await machines.quarantined(db_session, 5)} == categories


@pytest.mark.parametrize(
    ("field", "value", "is_kept"),
    [
        ("software", "1.0\0" + LONG, True),
        ("boot", 2**31, False),
        ("boot", 2**80, False),
        ("applied", {"\0": 2**80}, True),
    ],
)
async def test_birth_when_its_values_are_extreme_then_the_intake_lives_on(
    seeded: Database, clock: Any, machine_id: str, field: str, value: Any, is_kept: bool
) -> None:
    state = {"online": True, "conn": "0" * 16, "ep": "a" * 32, "boot": 1, field: value}
    payload = _json(state)
    await Receiver(seeded, clock).handle([Inbound(str(Topic(machine_id, Channel.STATE)), payload)])
    async with seeded.read() as db_session:
        assert (machine_id in await machines.connections(db_session)) == is_kept
        kept = {row.raw for row in await machines.quarantined(db_session, 5)}
    assert kept == (set() if is_kept else {payload})


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


async def test_garbage_when_it_contains_every_byte_then_it_is_kept_as_it_came(
    seeded: Database, clock: Any, script: Any
) -> None:
    payload = bytes(byte for byte in range(256) if byte != 10)
    assert await Receiver(seeded, clock).handle([Inbound(script.topic, payload)]) == []
    async with seeded.read() as db_session:
        (row,) = await machines.quarantined(db_session, 5)
    assert (row.category, row.raw) == ("malformed", payload)


async def test_text_when_it_is_sorted_then_both_databases_use_the_order_of_its_code_points(
    database: Database,
) -> None:
    names = ["vm-b-0001", "vm-a-0001", "vm-0a-001", "vm-a0-001"]
    async with database.write() as db_session:
        for name in names:
            await machines.register(db_session, name, secret="s" * 40, now_ms=1)
    async with database.read() as db_session:
        assert [row.id for row in await machines.machines(db_session)] == sorted(names)
