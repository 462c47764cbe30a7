from datetime import date
from typing import Any

import pytest

from cloud.accounting import service
from cloud.accounting.rules import BadEntryError, Draft, Leg
from cloud.db.database import Database

DAY = date(2026, 11, 20)


def draft(source: str, *legs: tuple[str, int], day: date = DAY) -> Draft:
    return Draft(source, day, 0, "test", tuple(Leg(*leg) for leg in legs))


async def test_post_when_the_same_source_comes_again_then_it_is_posted_once(database: Database) -> None:
    one = draft("a", ("1001", 160), ("4001", -160))
    async with database.write() as db_session:
        assert await service.post(db_session, [one, one]) == [1, 1]
    async with database.write() as db_session:
        assert await service.post(db_session, [one, draft("b", ("1001", 5), ("4001", -5))]) == [1, 2]
    async with database.read() as db_session:
        assert await service.entry_count(db_session) == 2


@pytest.mark.parametrize(
    "legs",
    [
        [("1001", 160), ("4001", -159)],
        [("1001", 160)],
        [("1001", 0), ("4001", 0)],
        [("1001", 1.5), ("4001", -1.5)],
        [("1234", 1), ("4001", -1)],
    ],
)
async def test_post_when_one_draft_is_no_entry_then_nothing_of_the_batch_is_posted(
    database: Database,
    legs: Any,
) -> None:
    good = draft("good", ("1001", 1), ("4001", -1))
    with pytest.raises(BadEntryError):
        async with database.write() as db_session:
            await service.post(db_session, [good, draft("bad", *legs)])
    async with database.read() as db_session:
        assert await service.entry_count(db_session) == 0


async def test_reverse_when_done_then_every_balance_is_as_before(database: Database) -> None:
    async with database.write() as db_session:
        await service.post(db_session, [draft("a", ("1001", 160), ("4001", -149), ("2050", -11))])
        await service.reverse(db_session, 1, on=DAY, at_ms=1, why="test")
    async with database.read() as db_session:
        trial = await service.trial_balance(db_session)
    assert [(line.debit, line.credit) for line in trial.lines] == [(0, 0)] * 3
    assert trial.lines[0].debit_turnover == trial.lines[0].credit_turnover == 160


async def test_reverse_when_done_twice_or_for_nothing_then_it_is_refused(database: Database) -> None:
    async with database.write() as db_session:
        await service.post(db_session, [draft("a", ("1001", 1), ("4001", -1))])
        await service.reverse(db_session, 1, on=DAY, at_ms=1, why="")
        with pytest.raises(service.AlreadyReversedError):
            await service.reverse(db_session, 1, on=DAY, at_ms=1, why="")
        with pytest.raises(service.NoSuchEntryError):
            await service.reverse(db_session, 99, on=DAY, at_ms=1, why="")


async def test_statements_when_one_bottle_was_bought_and_sold_then_they_read_as_in_the_textbook(
    database: Database,
) -> None:
    async with database.write() as db_session:
        await service.post(
            db_session,
            [
                draft("buy", ("5001", 2016), ("1150", 161), ("2001", -2177), day=date(2026, 10, 31)),
                draft("stock", ("1101", 2016), ("5001", -2016), day=date(2026, 10, 31)),
                draft("sale", ("1001", 160), ("4001", -149), ("2050", -11)),
                draft("cost", ("5002", 84), ("1101", -84)),
            ],
        )
    async with database.read() as db_session:
        income = await service.income_statement(db_session, date(2026, 11, 1), DAY)
        sheet = await service.balance_sheet(db_session, DAY)
        before = await service.balance_sheet(db_session, date(2026, 10, 31))
    assert (income.sales_revenue, income.cost_of_goods_sold, income.gross_profit) == (149, 84, 65)
    assert income.gross_profit_margin == "43.62"
    assert income.operating_profit == income.net_income == 65
    assert sheet.is_balanced
    assert (sheet.assets.total, sheet.liabilities.total, sheet.equity.total) == (160 + 1932 + 161, 2177 + 11, 65)
    assert before.assets.total == before.liabilities.total == 2177


async def test_income_statement_when_nothing_was_sold_then_margins_are_absent_not_zero(database: Database) -> None:
    async with database.read() as db_session:
        income = await service.income_statement(db_session, DAY, DAY)
    assert income.gross_profit_margin is None
    assert income.net_income == 0
