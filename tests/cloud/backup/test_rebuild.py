"""A replay of the events gives the same books, whatever people booked in between."""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Date, bindparam, text

from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.accounting import years
from cloud.accounting.months import Person
from cloud.accounting.years import Wanted
from cloud.backup.rebuild import rebuild
from cloud.backup.restore import NotEmptyError
from cloud.catalogue import service as catalogue
from cloud.catalogue.service import ProductView
from cloud.catalogue.views import TaxChange
from cloud.db.database import Database, open_database
from cloud.inventory import service as inventory
from cloud.inventory.service import WAREHOUSE, Movement
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.seed import seed_demo
from cloud.staff_tasks import service as tasks
from cloud.staff_tasks.service import Answer

DAY = date(2026, 11, 20)


async def head(database: Database) -> tuple[int, str]:
    async with database.read() as db_session:
        return await accounting.head(db_session)


@pytest.mark.parametrize(
    ("database_kind", "into"),
    [("sqlite", ""), ("sqlite", "postgres"), ("postgres", ""), ("postgres", "sqlite"), ("postgres", "postgres")],
)
async def test_rebuild_when_the_books_are_sound_then_they_come_out_byte_for_byte_and_work_goes_on(
    busy: Database, new_url: Callable[..., str], into: str, clock: Any, script: Any
) -> None:
    target = open_database(new_url(into, is_blank=True)) if into else None
    found = await rebuild(busy, target)
    assert found.differences == []
    assert (found.entries, found.head) == await head(busy)
    assert (found.events, found.sales) == (len(script.events), 5)
    if target is None:
        return
    for database in (busy, target):
        known = len(script.events)
        receiver = Receiver(database, clock)
        if database is busy:
            script.sale()
            known = len(script.events)
        await receiver.handle(script.messages())
        assert len(script.events) == known
        await Interpreter(database, clock=clock).run_once()
    assert await head(target) == await head(busy)
    assert (await rebuild(target)).differences == []
    await target.close()


@pytest.mark.parametrize(
    ("tampering", "difference"),
    [
        ("UPDATE sales SET gross_minor = 161 WHERE seq = 4", "sales: .*gross_minor 161 was kept, 160 was replayed"),
        ("DELETE FROM sales WHERE seq = 4", "sales: "),
        ("UPDATE stock_on_hand SET quantity = 0 WHERE place_id = 'vm-test-0001/A1'", "stock_on_hand: .*0 was kept"),
        ("UPDATE stock_pools SET value_minor = 1 WHERE product_id = 'green-tea'", "stock_pools: .*1 was kept"),
        (
            "UPDATE product_revisions SET after_entry = 1000 WHERE product_id = 'green-tea'",
            "sales: .*tax_percent 8 was kept, 10 was replayed",
        ),
    ],
)
async def test_rebuild_when_something_was_changed_then_it_says_the_first_difference(
    busy: Database, tampering: str, difference: str
) -> None:
    async with busy.write() as db_session:
        await db_session.execute(text(tampering))
    found = await rebuild(busy)
    assert found.differences
    with pytest.raises(AssertionError, match=difference):
        raise AssertionError(found.differences[0])


async def test_rebuild_when_the_target_holds_something_then_it_is_refused(busy: Database) -> None:
    with pytest.raises(NotEmptyError):
        await rebuild(busy, busy)


# --- anything that can happen, in any order ---------------------------------------------------------------

HAPPENINGS = ("sale", "short", "failed", "restock", "unrestock", "uncertain", "unknown", "odd")
WORK = ("send", "interpret", "one", "purchase", "reverse", "resolve", "transfer", "rename", "reclass")
STEPS = st.sampled_from([*HAPPENINGS, *WORK])


class Business:
    """Two machines, people, and a cloud that interprets when it gets to it."""

    def __init__(self, database: Database, scripts: list[Any], clock: Any) -> None:
        self.database = database
        self.scripts = scripts
        self.clock = clock
        self.receiver = Receiver(database, clock)
        self.sent = [0 for _ in scripts]
        self.number = 0

    async def step(self, what: str, which: int) -> None:
        self.number += 1
        self.clock.now_ms += 7
        if what in WORK:
            await getattr(self, what)(which)
        else:
            self.happen(self.scripts[which], what)

    def happen(self, script: Any, what: str) -> None:
        match what:
            case "sale":
                script.sale()
            case "short":
                script.sale(slot="A2", product="oolong-tea", short=40)
            case "failed":
                script.failed_vend()
            case "restock":
                script.restock(added=3)
            case "unrestock":
                script.restock(added=-1)
            case "unknown":
                script.sale(slot="B1", product="never-heard-of")
            case "odd":
                script.add("future.kind", {"n": self.number})
            case "uncertain":
                vend = {"vend_id": f"u-{self.number}", "slot": "A1", "product_id": "green-tea", "price_minor": 160}
                script.add("vend.failed", vend | {"reason": "uncertain", "credit_minor": 0, "on_hand": 4})

    async def send(self, which: int) -> None:
        """The newest half first: what is behind a gap waits."""
        script = self.scripts[which]
        fresh = script.events[self.sent[which] :]
        self.sent[which] = len(script.events)
        middle = len(fresh) // 2
        for part in (fresh[middle:], fresh[:middle]):
            if part:
                await self.receiver.handle(script.messages(part, per_frame=7))
                self.clock.now_ms += 3

    async def interpret(self, which: int, size: int = 5) -> None:
        interpreter = Interpreter(self.database, clock=self.clock, events_per_batch=size + which)
        while await interpreter.run_once():
            pass

    async def one(self, which: int) -> None:
        await Interpreter(self.database, clock=self.clock, events_per_batch=1 + which).run_once()

    async def purchase(self, which: int) -> None:
        product = ("green-tea", "never-heard-of")[which]
        event = entries.Event(f"purchase:{self.number}", DAY, self.clock())
        move = Movement(event.source, product, 5, self.clock(), to_place=WAREHOUSE, cost_minor=397)
        async with self.database.write() as db_session:
            (cost,) = await inventory.move(db_session, [move])
            drafts = entries.purchase(event, product, net_minor=397, tax_minor=31, settled_minor=cost.uncovered_minor)
            await accounting.post(db_session, drafts)

    async def transfer(self, _which: int) -> None:
        event = entries.Event(f"manual:{self.number}", DAY, self.clock())
        draft = entries.transfer(event, "振替", debit="1001", credit="1010", amount_minor=self.number)
        async with self.database.write() as db_session:
            await accounting.post(db_session, [draft])

    async def rename(self, which: int) -> None:
        """A known product gets another name, an unknown one its first."""
        await self.describe(("green-tea", "never-heard-of")[which], name_ja=f"品物{self.number}")

    async def reclass(self, which: int) -> None:
        """From the day of the sales on, or from before."""
        change = TaxChange(valid_from=date(2026, 11, 19 + which), tax_class="standard")
        await self.describe(("green-tea", "never-heard-of")[which], tax_changes=[change])

    async def describe(self, product_id: str, **changes: Any) -> None:
        async with self.database.write() as db_session:
            known = await catalogue.product(db_session, product_id)
            first = ProductView(id=product_id, name_ja="品物", name_en="Thing", tax_class="food")
            product = (known or first).model_copy(update=changes)
            await catalogue.save(db_session, [product], by="op@example.com", now_ms=self.clock())

    async def reverse(self, _which: int) -> None:
        async with self.database.write() as db_session:
            number, _ = await accounting.head(db_session)
            await accounting.reverse(db_session, number, on=DAY, at_ms=self.clock(), why="誤り")

    async def resolve(self, _which: int) -> None:
        async with self.database.write() as db_session:
            for task in await tasks.listing(db_session, limit=1, state="open", kind="vend_uncertain"):
                answer = Answer("unit_missing", "", "staff@example.com")
                await tasks.resolve(db_session, task.id, answer, now_ms=self.clock(), timezone="Asia/Tokyo")


async def played(url: str, steps: list[tuple[str, int]], new_script: Any, new_clock: Any) -> None:
    database = open_database(url)
    clock = new_clock()
    async with database.write() as db_session:
        await seed_demo(db_session, "vm-test-0001", "s" * 40, now_ms=clock())
    scripts = [new_script("vm-test-0001", "a" * 32), new_script("vm-test-0002", "b" * 32)]
    business = Business(database, scripts, clock)
    for what, which in steps:
        await business.step(what, which)
    found = await rebuild(database)
    assert found.differences == []
    assert (found.entries, found.head) == await head(database)
    await database.close()


@pytest.mark.parametrize(("database_kind", "examples"), [("sqlite", 8), ("postgres", 2)])
def test_rebuild_when_anything_happened_in_any_order_then_the_books_come_out_byte_for_byte(
    new_url: Callable[..., str], database_kind: str, examples: int, new_script: Any, clock: Any, tmp_path: Path
) -> None:
    @settings(max_examples=examples, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(STEPS, st.integers(0, 1)), min_size=10, max_size=40))
    def play(steps: list[tuple[str, int]]) -> None:
        asyncio.run(played(new_url(database_kind), steps, new_script, type(clock)))

    play()


async def test_rebuild_when_a_month_was_closed_and_something_came_late_then_it_is_dated_as_it_was(
    busy: Database, clock: Any, script: Any
) -> None:
    async with busy.write() as db_session:
        number, newest = await accounting.head(db_session)
        closing = {"day": date(2026, 11, 30), "number": number, "hash": newest}
        await db_session.execute(CLOSE.bindparams(**closing))
    script.sale()
    await Receiver(busy, clock).handle(script.messages())
    await Interpreter(busy, clock=clock).run_once()
    async with busy.read() as db_session:
        late = await accounting.entry(db_session, (await accounting.head(db_session))[0])
    assert late.draft.entry_date == date(2026, 12, 1)
    assert (await rebuild(busy)).differences == []


async def test_rebuild_when_a_year_was_closed_and_opened_and_closed_again_then_the_books_come_out_byte_for_byte(
    busy: Database,
) -> None:
    owner, last_day, today = Person("owner@example.com", 1), date(2026, 11, 30), date(2026, 12, 5)
    wanted = Wanted(last_day, None, [], [])
    async with busy.write() as db_session:
        year = await years.close(db_session, wanted, today=today, by=owner)
        await years.undo(db_session, year.id, "forgotten", owner)
    async with busy.write() as db_session:
        await years.close(db_session, wanted, today=today, by=owner)
    assert (await rebuild(busy)).differences == []


CLOSE = text(
    "INSERT INTO month_closings (last_day, closed_at_ms, closed_by, head_number, head_hash, trial_sha256, despite, "
    "reopened_at_ms, reopened_by, reopened_why, reopened_head) "
    "VALUES (:day, 1, 'op@example.com', :number, :hash, '', '[]', 0, '', '', 0)"
).bindparams(bindparam("day", type_=Date))
