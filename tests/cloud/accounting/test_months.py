"""Closed months: nothing gets into them, by any path; what comes late is dated to the first open day."""

from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cloud.accounting import months, service
from cloud.accounting.closing import Closing, Facts, closed_upto, findings
from cloud.accounting.months import NotInOrderError, Person, WrongMonthError
from cloud.accounting.reports import Moved
from cloud.accounting.rules import Draft, Leg
from cloud.db.database import Database

OCTOBER = date(2026, 10, 31)
NOVEMBER = date(2026, 11, 30)
TODAY = date(2026, 12, 5)
OWNER = Person("owner@example.com", 5)


def draft(source: str, day: date, amount: int = 100) -> Draft:
    return Draft(source, day, 7, "sale", (Leg("1001", amount, "safe"), Leg("4001", -amount)))


async def post(database: Database, *drafts: Draft) -> list[int]:
    async with database.write() as db_session:
        return await service.post(db_session, drafts)


async def close(database: Database, last_day: date, found: Any = (), despite: Any = ()) -> Any:
    async with database.write() as db_session:
        return await months.close(db_session, last_day, found, despite=despite, today=TODAY, by=OWNER)


async def reopen(database: Database, last_day: date) -> Any:
    async with database.write() as db_session:
        return await months.reopen(db_session, last_day, "an invoice was forgotten", OWNER)


async def entry(database: Database, number: int) -> Draft:
    async with database.read() as db_session:
        assert await service.verify(db_session) + await months.verify(db_session) == []
        return (await service.entry(db_session, number)).draft


async def test_post_when_the_month_is_closed_then_the_entry_is_dated_to_the_first_open_day_and_says_the_true_one(
    database: Database,
) -> None:
    await post(database, draft("a", date(2026, 10, 30)))
    await close(database, OCTOBER)
    await post(database, draft("late", date(2026, 10, 31)), draft("older", date(2026, 9, 1)), draft("b", NOVEMBER))
    late = await entry(database, 2)
    assert (late.entry_date, late.occurred_at_ms, late.description) == (
        date(2026, 11, 1),
        7,
        "sale (発生日 2026-10-31)",
    )
    assert (await entry(database, 3)).entry_date == date(2026, 11, 1)
    assert (await entry(database, 4)).entry_date == NOVEMBER
    async with database.read() as db_session:
        october = await service.income_statement(db_session, date(2026, 10, 1), OCTOBER)
    assert october.sales_revenue == 100


async def test_post_when_the_month_was_reopened_then_it_takes_entries_again_and_can_be_closed_again(
    database: Database,
) -> None:
    await post(database, draft("a", date(2026, 10, 30)))
    first = await close(database, OCTOBER)
    await post(database, draft("late", OCTOBER))
    await reopen(database, OCTOBER)
    await post(database, draft("forgotten", OCTOBER))
    assert (await entry(database, 2)).entry_date == date(2026, 11, 1)
    assert (await entry(database, 3)).entry_date == OCTOBER
    second = await close(database, OCTOBER)
    assert second.trial_sha256 != first.trial_sha256
    async with database.read() as db_session:
        assert [row.is_closed for row in await months.listing(db_session)] == [True, False]
    await post(database, draft("again", OCTOBER))
    assert (await entry(database, 4)).entry_date == date(2026, 11, 1)


async def test_ledger_when_the_closings_are_known_before_a_replay_then_every_entry_is_dated_as_the_first_time() -> None:
    closings = [Closing(OCTOBER, 10, 20), Closing(OCTOBER, 25)]
    found = [closed_upto(closings, number) for number in (10, 11, 20, 21, 25, 26)]
    assert found == [None, OCTOBER, OCTOBER, None, None, OCTOBER]


def sql(number: int, day: str) -> list[str]:
    """An entry past all of our Python, with the right number and hash."""
    columns = "entry_number, line, account_code, amount_minor"
    legs = [
        f"INSERT INTO postings ({columns}) VALUES ({number}, {line}, '{account}', {amount})"  # noqa: S608 - our own
        for line, (account, amount) in enumerate((("1001", 5), ("4001", -5)), start=1)
    ]
    columns = "number, entry_date, occurred_at_ms, description, source, previous_hash, hash"
    before = f"(SELECT hash FROM journal_entries WHERE number = {number - 1})"  # noqa: S608 - our own number
    values = f"{number}, '{day}', 0, 'x', 'by hand', {before}, 'h'"
    entry = f"INSERT INTO journal_entries ({columns}) VALUES ({values})"  # noqa: S608 - our own
    return [*legs, entry]


async def run(database: Database, statements: list[str]) -> None:
    async with database.write() as db_session:
        for statement in statements:
            await db_session.execute(text(statement))


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        (sql(2, "2026-10-31"), "the month is closed"),
        (sql(2, "2025-01-01"), "the month is closed"),
        (["DELETE FROM month_closings"], "stays on record"),
        (["UPDATE month_closings SET last_day = '2026-09-30'"], "stays on record"),
        (["UPDATE month_closings SET head_number = 99"], "stays on record"),
        (["UPDATE month_closings SET reopened_at_ms = 1, closed_by = 'nobody'"], "stays on record"),
    ],
)
async def test_closed_month_when_attacked_with_sql_then_it_refuses(
    database: Database,
    statements: list[str],
    why: str,
) -> None:
    await post(database, draft("a", date(2026, 10, 30)))
    await close(database, OCTOBER)
    with pytest.raises(IntegrityError, match=why):
        await run(database, statements)
    assert (await entry(database, 1)).source == "a"


async def test_reversal_when_the_entry_is_in_a_closed_month_then_it_is_dated_today_and_the_month_stays(
    database: Database,
) -> None:
    await post(database, draft("a", date(2026, 10, 30)))
    await close(database, OCTOBER)
    async with database.write() as db_session:
        await service.reverse(db_session, 1, on=TODAY, at_ms=1, why="wrong")
    assert (await entry(database, 2)).entry_date == TODAY


async def test_close_when_it_is_not_its_turn_then_it_is_refused(database: Database) -> None:
    with pytest.raises(WrongMonthError, match="not over yet"):
        await close(database, date(2026, 12, 31))
    await close(database, date(2026, 9, 30))
    for last_day, why in ((date(2026, 9, 30), "closed already"), (NOVEMBER, "close 2026-10 first")):
        with pytest.raises(WrongMonthError, match=why):
            await close(database, last_day)
    await close(database, OCTOBER)
    with pytest.raises(WrongMonthError, match="not the newest"):
        await reopen(database, date(2026, 9, 30))


ORDER = Facts((), 0, 0, 0, 0, (), (), (), ())


@pytest.mark.parametrize(
    ("change", "code", "is_blocking"),
    [
        ({"moved": [Moved("1001", 5, 0)]}, "unbalanced", True),
        ({"moved": [Moved("5001", 5, 0), Moved("1001", 0, 5)]}, "purchases_left", True),
        ({"goods_minor": 5}, "goods_differ", True),
        ({"moved": [Moved("1160", 5, 0), Moved("1001", 0, 5)]}, "cash_difference", False),
        ({"unplaced_cash_minor": 5}, "cash_unplaced", False),
        ({"open_tasks": 1}, "tasks_open", False),
        ({"silent_machines": ["vm"]}, "machines_silent", False),
        ({"gaps": ["vm"]}, "events_missing", False),
        ({"uncounted_machines": ["vm"]}, "cash_uncounted", False),
        ({"negative_products": ["tea"]}, "stock_negative", False),
    ],
)
async def test_close_when_something_is_not_in_order_then_only_what_a_person_may_accept_can_be_accepted(
    database: Database,
    change: dict[str, Any],
    code: str,
    is_blocking: Any,
) -> None:
    values = {name: getattr(ORDER, name) for name in Facts.__slots__}
    assert findings(ORDER) == []
    found = findings(Facts(**values | change))
    assert [(row.code, row.is_blocking) for row in found] == [(code, is_blocking)]
    assert found[0].text_en.replace("¥", "").isascii()
    with pytest.raises(NotInOrderError):
        await close(database, OCTOBER, found)
    if is_blocking:
        with pytest.raises(NotInOrderError):
            await close(database, OCTOBER, found, [code])
    else:
        assert (await close(database, OCTOBER, found, [code])).despite == [code]


async def test_month_when_closed_over_http_then_checks_say_what_is_missing_and_late_sales_go_to_the_next_month(
    client: AsyncClient,
    seeded: Database,
    clock: Any,
    new_script: Any,
    book: Any,
    machine_id: str,
) -> None:
    october = new_script(start_ms=clock.now_ms - 25 * 86_400_000)
    october.restock()
    october.sale()
    await book(seeded, machine_id, october.events[:3])
    checks = (await client.get("/api/v1/accounting/months/2026-10/checks")).json()
    codes = [row["code"] for row in checks["findings"]]
    assert codes == ["cash_uncounted", "stock_negative"]  # the goods were received in November
    refused = await client.post("/api/v1/accounting/months/2026-10/close", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_order")
    closed = await client.post("/api/v1/accounting/months/2026-10/close", json={"despite": codes})
    assert (closed.status_code, closed.json()["closed_by"]) == (200, "op@example.com")
    await book(seeded, machine_id, october.events)
    late = (await client.get("/api/v1/accounting/journal?account=4001")).json()["items"][0]
    assert (late["entry_date"], "発生日 2026-10-26" in late["description"]) == ("2026-11-01", True)
    sound = (await client.get("/api/v1/accounting/verification")).json()
    assert sound["is_sound"]
    opened = await client.post("/api/v1/accounting/months/2026-10/reopen", json={"why": "late sales"})
    assert (opened.status_code, opened.json()["reopened_why"]) == (200, "late sales")
    again = await client.post("/api/v1/accounting/months/2026-10/reopen", json={"why": "late sales"})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_month")
    activity = (await client.get("/api/v1/admin/activity")).json()["items"]
    assert [row["action"] for row in activity[:2]] == ["month.reopened", "month.closed"]


async def test_page_when_a_month_is_closed_by_form_then_findings_must_be_ticked_and_it_can_be_reopened(
    client: AsyncClient,
    seeded: Database,
    clock: Any,
) -> None:
    clock.now_ms += 12 * 86_400_000
    page = (await client.get("/dashboard/months")).text
    assert "2026年11月を締める" in page
    codes = ["machines_silent"]
    assert [code for code in codes if f'value="{code}"' not in page] == []
    refused = await client.post("/dashboard/months/2026-11/close")
    assert (refused.status_code, "確認していない項目" in refused.text) == (409, True)
    assert (await client.post("/dashboard/months/2026-11/close", data={"despite": codes})).status_code == 303
    page = (await client.get("/dashboard/months")).text
    assert "締め済み" in page
    assert "この月はまだ終わっていません" in page
    assert (await client.post("/dashboard/months/2026-11/reopen", data={"why": "領収書"})).status_code == 303
    assert "領収書" in (await client.get("/dashboard/months")).text
