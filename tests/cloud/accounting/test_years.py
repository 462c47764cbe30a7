"""A fiscal year: tax settled, profit carried forward, statements of the year unchanged; undone without a trace."""

from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.accounting import months, periods, service, years
from cloud.accounting.months import Person, WrongMonthError
from cloud.accounting.rules import Draft, Leg
from cloud.accounting.years import Wanted, WrongYearError, first_day_of_year, last_day_of_year
from cloud.db.database import Database

YEAR = (date(2026, 4, 1), date(2027, 3, 31))
TODAY = date(2027, 4, 10)
OWNER = Person("owner@example.com", 9)


def draft(source: str, day: date, *legs: tuple[str, int]) -> Draft:
    return Draft(source, day, 0, "test", tuple(Leg(*leg) for leg in legs))


async def post(database: Database, *drafts: Draft) -> None:
    async with database.write() as db_session:
        await service.post(db_session, drafts)


@pytest.fixture
async def business(database: Database) -> Database:
    """A year of 1,000 yen of sales, 400 of cost, 150 of rent; more tax paid than received."""
    await post(
        database,
        draft("capital", YEAR[0], ("1010", 90_000), ("3001", -90_000)),
        draft("sales", date(2026, 7, 1), ("1001", 1080), ("4001", -1000), ("2050", -80)),
        draft("cost", date(2026, 7, 1), ("5002", 400), ("1101", -400)),
        draft("rent", date(2027, 3, 5), ("6004", 150), ("1150", 15), ("1010", -165)),
        draft("machine", date(2027, 3, 5), ("1201", 5000), ("1150", 500), ("1010", -5500)),
    )
    return database


async def closed(database: Database, last_day: date = YEAR[1], declared: int | None = None) -> years.YearView:
    async with database.write() as db_session:
        wanted = Wanted(last_day, declared, [], [])
        return await years.close(db_session, wanted, today=TODAY, by=OWNER)


async def balances(database: Database, at: date) -> dict[str, int]:
    async with database.read() as db_session:
        assert await service.verify(db_session) + await months.verify(db_session) == []
        trial = await service.trial_balance(db_session, at)
    return {line.code: line.debit - line.credit for line in trial.lines if line.debit or line.credit}


async def test_year_when_closed_then_profit_is_carried_forward_tax_is_settled_and_its_statements_stay(
    business: Database,
) -> None:
    async with business.read() as db_session:
        before = [await periods.statement(db_session, name, *YEAR) for name in ("profit-and-loss", "cash-flow")]
        income = await service.income_statement(db_session, *YEAR)
    view = await closed(business)
    assert (view.first_day, view.profit, view.tax, view.is_closed) == (YEAR[0], 450, 80 - 515, True)
    found = await balances(business, YEAR[1])
    assert {code: found.get(code, 0) for code in ("4001", "5002", "6004", "2050", "1150", "1155", "3100")} == {
        "4001": 0,
        "5002": 0,
        "6004": 0,
        "2050": 0,
        "1150": 0,
        "1155": 435,
        "3100": -450,
    }
    async with business.read() as db_session:
        after = [await periods.statement(db_session, name, *YEAR) for name in ("profit-and-loss", "cash-flow")]
        assert after[0] == before[0]
        assert after[1].amount("closing_cash") == before[1].amount("closing_cash")
        assert after[1].amount("net_income") == 450
        assert await service.income_statement(db_session, *YEAR) == income
        sheet = await periods.statement(db_session, "balance-sheet", *YEAR)
        assert sheet.amount("3100") == 450
        assert sheet.amount("assets") == sheet.amount("liabilities_and_equity")


async def test_year_when_the_next_one_begins_then_its_profit_starts_at_zero_and_late_entries_go_there(
    business: Database,
) -> None:
    await closed(business)
    await post(business, draft("late", date(2027, 3, 30), ("1001", 216), ("4001", -200), ("2050", -16)))
    async with business.read() as db_session:
        april = await service.income_statement(db_session, date(2027, 4, 1), date(2027, 4, 30))
        march = await service.income_statement(db_session, date(2027, 3, 1), date(2027, 3, 31))
    assert (april.sales_revenue, march.sales_revenue) == (200, 0)


async def test_year_when_undone_then_every_balance_is_as_before_and_it_can_be_closed_again(
    business: Database,
) -> None:
    before = await balances(business, YEAR[1])
    view = await closed(business)
    async with business.write() as db_session:
        with pytest.raises(WrongMonthError, match="closed year"):
            await months.reopen(db_session, YEAR[1], "no", OWNER)
    async with business.write() as db_session:
        undone = await years.undo(db_session, view.id, "an invoice was forgotten", OWNER)
    assert (undone.is_closed, await balances(business, YEAR[1])) == (False, before)
    async with business.read() as db_session:
        assert (await service.income_statement(db_session, *YEAR)).net_income == 450
    again = await closed(business)
    assert (again.profit, again.first_day) == (450, YEAR[0])
    async with business.read() as db_session:
        assert (await service.income_statement(db_session, *YEAR)).net_income == 450
        assert [row.is_closed for row in await years.listing(db_session)] == [True, False]


@pytest.mark.parametrize(
    ("output", "paid", "declared", "expected"),
    [
        (3_500_000, 3_100_000, 450_000, {"2060": -450_000, "8001": 50_000}),
        (3_500_000, 3_100_000, 399_900, {"2060": -399_900, "7001": -100}),
        (21_900, 74_300, None, {"1155": 52_400}),
    ],
)
async def test_tax_when_declared_otherwise_than_booked_then_the_difference_is_a_loss_or_an_income(
    database: Database, output: int, paid: int, declared: int | None, expected: dict[str, int]
) -> None:
    await post(
        database,
        draft("out", YEAR[1], ("1001", output), ("2050", -output)),
        draft("in", YEAR[1], ("1150", paid), ("1001", -paid)),
    )
    await closed(database, declared=declared)
    async with database.read() as db_session:
        rows = await service.journal(db_session, limit=10)
    (entry,) = (row for row in rows if row.draft.source.startswith("taxyear:"))
    legs = {leg.account: leg.amount_minor for leg in entry.draft.legs}
    assert legs == {"2050": output, "1150": -paid} | expected


async def test_year_when_closed_twice_or_its_month_is_closed_then_it_is_refused(business: Database) -> None:
    view = await closed(business)
    with pytest.raises(WrongYearError):
        await closed(business)
    async with business.write() as db_session:
        with pytest.raises(WrongYearError):
            await years.undo(db_session, view.id + 1, "why", OWNER)
        await months.close(db_session, date(2027, 4, 30), [], despite=[], today=date(2027, 5, 2), by=OWNER)
        with pytest.raises(WrongYearError, match="months after"):
            await years.undo(db_session, view.id, "why", OWNER)


def test_year_when_it_ends_in_any_month_then_it_has_twelve() -> None:
    assert first_day_of_year(date(2028, 2, 29)) == date(2027, 3, 1)
    assert first_day_of_year(YEAR[1]) == YEAR[0]
    assert last_day_of_year(date(2026, 11, 21), 3) == YEAR[1]
    assert last_day_of_year(date(2026, 3, 31), 3) == date(2026, 3, 31)
    assert last_day_of_year(date(2026, 11, 21), 12) == date(2026, 12, 31)


async def test_page_when_the_month_ends_the_year_then_both_are_closed_by_form_and_opened_again(
    client: AsyncClient, seeded: Database, clock: Any
) -> None:
    clock.now_ms += 45 * 86_400_000
    despite = {"despite": ["machines_silent"]}
    assert (await client.post("/dashboard/months/2026-11/close", data=despite)).status_code == 303
    page = (await client.get("/dashboard/months")).text
    assert "2026年12月期を締める" in page
    refused = await client.post("/dashboard/months/2026-12/close-year", data=despite | {"declared_tax": "たくさん"})
    assert (refused.status_code, "整数でご記入ください" in refused.text) == (422, True)
    sent = await client.post("/dashboard/months/2026-12/close-year", data=despite | {"declared_tax": "-2,000"})
    assert sent.status_code == 303
    (year,) = (await client.get("/api/v1/accounting/years")).json()
    assert (year["last_day"], year["tax"], year["is_closed"]) == ("2026-12-31", -2000, True)
    assert (await client.get("/api/v1/accounting/years/2026-12/tax")).json()["due"] == 0
    again = await client.post("/api/v1/accounting/months/2026-12/reopen", json={"why": "no"})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_month")
    opened = await client.post(f"/dashboard/months/years/{year['id']}/undo", data={"why": "申告を訂正"})
    assert opened.status_code == 303
    assert "申告を訂正" in (await client.get("/dashboard/months")).text
    assert (await client.get("/api/v1/accounting/verification")).json()["is_sound"]
