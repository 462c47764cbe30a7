"""損益計算書, 貸借対照表, キャッシュ・フロー計算書: they tie to each other and to the ledger, whatever was posted."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from cloud.accounting import chart, periods, service, years
from cloud.accounting.months import Person
from cloud.accounting.rules import Draft, Leg
from cloud.accounting.statements import Statement
from cloud.accounting.years import Wanted
from cloud.db.database import Database

OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


def draft(source: str, day: date, *legs: tuple[str, int]) -> Draft:
    return Draft(source, day, 0, "test", tuple(Leg(*leg) for leg in legs))


def business() -> list[Draft]:
    """Two months by hand: capital, a machine, goods, sales, spoilage, rent, a loss."""
    first, second = OCTOBER[0], NOVEMBER[0]
    return [
        draft("capital", first, ("1010", 900_000), ("3001", -900_000)),
        draft("machine", first, ("1201", 700_000), ("1150", 70_000), ("1010", -770_000)),
        draft("buy", first, ("5001", 2016), ("1150", 161), ("2001", -2177)),
        draft("stock", first, ("1101", 2016), ("5001", -2016)),
        draft("sale", OCTOBER[1], ("1001", 160), ("4001", -149), ("2050", -11)),
        draft("cost", OCTOBER[1], ("5002", 84), ("1101", -84)),
        draft("depreciation", OCTOBER[1], ("6003", 11_666), ("1209", -11_666)),
        draft("spoilt", second, ("5101", 168), ("1101", -168)),
        draft("return", second, ("2001", 181), ("5001", -168), ("1150", -13)),
        draft("returned", second, ("5001", 168), ("1101", -168)),
        draft("sample", second, ("6012", 84), ("1101", -84)),
        draft("rent", second, ("6004", 3000), ("1150", 300), ("2010", -3300)),
        draft("short", second, ("8001", 50), ("1001", -50)),
        draft("card", second, ("1020", 320), ("4001", -298), ("2050", -22)),
    ]


async def post(database: Database, drafts: list[Draft]) -> None:
    async with database.write() as db_session:
        await service.post(db_session, drafts)


async def statement(database: Database, name: Any, months: tuple[date, date]) -> Statement:
    async with database.read() as db_session:
        return await periods.statement(db_session, name, *months)


def shown(found: Statement) -> dict[str, tuple[int, int | None]]:
    return {line.key: (line.amount, line.before) for line in found.lines if not line.is_heading}


async def test_profit_and_loss_when_read_then_it_has_the_japanese_form_with_the_month_before(
    database: Database,
) -> None:
    await post(database, business())
    found = await statement(database, "profit-and-loss", NOVEMBER)
    assert shown(found) == {
        "4001": (298, 149),
        "sales_revenue": (298, 149),
        "opening_goods": (1932, 0),
        "purchases": (-168, 2016),
        "other_transfers": (-84, 0),
        "closing_goods": (-1512, -1932),
        "cost_of_goods_sold": (168, 84),
        "5002": (0, 84),
        "5101": (168, 0),
        "gross_profit": (130, 65),
        "6003": (0, 11_666),
        "6004": (3000, 0),
        "6012": (84, 0),
        "operating_expenses": (3084, 11_666),
        "operating_profit": (-2954, -11_601),
        "8001": (50, 0),
        "ordinary_profit": (-3004, -11_601),
        "profit_before_tax": (-3004, -11_601),
        "net_income": (-3004, -11_601),
    }
    names = [line.name_ja for line in found.lines]
    assert names.index("期首商品棚卸高") < names.index("売上総利益") < names.index("経常利益")


async def test_balance_sheet_when_read_then_equipment_is_less_its_depreciation_and_both_sides_agree(
    database: Database,
) -> None:
    await post(database, business())
    found = shown(await statement(database, "balance-sheet", NOVEMBER))
    assert found["1209"] == (-11_666, -11_666)
    assert found["fixed_assets"] == (688_334, 688_334)
    assert found["assets"] == found["liabilities_and_equity"]
    assert found["current_earnings"] == (-14_605, -11_601)


async def test_cash_flow_when_read_then_buying_a_machine_is_an_investment_and_cash_ties_to_the_ledger(
    database: Database,
) -> None:
    await post(database, business())
    found = shown(await statement(database, "cash-flow", NOVEMBER))
    assert found["equipment"] == (0, -700_000)
    assert found["financing_cash_flow"] == (0, 900_000)
    assert found["closing_cash"] == (130_110, 130_160)
    assert found["net_change"] == (-50, 130_160)
    assert found["operating_cash_flow"] == (-50, -69_840)


@pytest.mark.parametrize("seed", range(5))
async def test_statements_when_anything_was_posted_then_they_tie(database: Database, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a seeded game
    codes = [row.code for row in chart.CHART]
    drafts = []
    for number in range(60):
        debit, credit = dice.sample(codes, 2)
        amount = dice.randint(1, 9999)
        day = OCTOBER[0] + timedelta(days=dice.randrange(61))
        drafts.append(draft(str(number), day, (debit, amount), (credit, -amount)))
    await post(database, drafts)
    async with database.read() as db_session:
        income = await service.income_statement(db_session, *NOVEMBER)
        sheet = await service.balance_sheet(db_session, NOVEMBER[1])
        cash = sum(line.amount for line in sheet.assets.lines if line.code in {"1001", "1010"})
    profit = await statement(database, "profit-and-loss", NOVEMBER)
    assert profit.amount("net_income") == income.net_income
    assert profit.amount("cost_of_goods_sold") == income.cost_of_goods_sold
    goods = ("opening_goods", "purchases", "other_transfers", "closing_goods")
    assert sum(profit.amount(key) for key in goods) == income.cost_of_goods_sold
    balance = await statement(database, "balance-sheet", NOVEMBER)
    assert balance.amount("assets") == balance.amount("liabilities_and_equity") == sheet.assets.total
    flow = await statement(database, "cash-flow", NOVEMBER)
    assert flow.amount("closing_cash") == cash
    assert flow.amount("net_income") == income.net_income


@pytest.mark.parametrize(
    ("start", "end", "before"),
    [
        (date(2026, 1, 1), date(2026, 1, 31), (date(2025, 12, 1), date(2025, 12, 31))),
        (date(2026, 4, 1), date(2027, 3, 31), (date(2025, 4, 1), date(2026, 3, 31))),
        (date(2026, 3, 5), date(2026, 3, 6), (date(2026, 3, 3), date(2026, 3, 4))),
        (date(1900, 1, 1), date(9999, 12, 31), (date.min, date(1899, 12, 31))),
    ],
)
def test_before_that_when_months_are_whole_then_months_are_compared(
    start: date, end: date, before: tuple[date, date]
) -> None:
    assert periods.before_that(start, end) == before


def owed(source: str, day: date, supplier: int, amount: int) -> Draft:
    """Goods on credit (positive), or a credit note."""
    legs = (Leg("5002", amount), Leg("2001", -amount, f"supplier:{supplier}"))
    return Draft(source, day, 0, "test", legs)


async def test_balance_sheet_when_a_supplier_owes_us_then_that_is_an_asset_and_no_smaller_debt_to_the_others(
    database: Database,
) -> None:
    await post(database, [draft("capital", OCTOBER[0], ("1010", 5_000), ("3001", -5_000))])
    await post(database, [owed("a", OCTOBER[1], 1, 3_000), owed("b", OCTOBER[1], 2, 1_000)])
    await post(database, [owed("note", NOVEMBER[0], 2, -1_500)])
    found = await statement(database, "balance-sheet", NOVEMBER)
    assert shown(found)["2001_overpaid"] == (500, 0)
    assert (shown(found)["2001"], found.amount("current_assets")) == ((3_000, 4_000), 5_500)
    assert found.amount("assets") == found.amount("liabilities_and_equity") == 5_500
    assert {line.account for line in found.lines if line.name_ja == "未収入金(仕入先)"} == {"2001"}
    async with database.read() as db_session:
        sheet = await service.balance_sheet(db_session, NOVEMBER[1])
    assert [(line.name_ja, line.amount) for line in sheet.assets.lines] == [("普通預金", 5_000), ("未収入金", 500)]
    assert [(line.name_ja, line.amount) for line in sheet.liabilities.lines] == [("買掛金", 3_000)]
    assert sheet.is_balanced


async def test_balance_sheet_when_a_year_is_closed_with_a_supplier_who_owes_us_then_no_debt_is_negative(
    database: Database,
) -> None:
    end = date(2026, 12, 31)
    await post(database, [draft("capital", OCTOBER[0], ("1010", 5_000), ("3001", -5_000))])
    await post(database, [owed("a", end, 1, 1_000), owed("note", end, 1, -1_500)])
    by = Person("owner@example.com", 0)
    async with database.write() as db_session:
        await years.close(db_session, Wanted(end, None, [], []), today=end + timedelta(days=1), by=by)
    found = await statement(database, "balance-sheet", (date(2026, 12, 1), end))
    assert {line.key: line.amount for line in found.lines if line.account} == {
        "1010": 5_000,
        "2001_overpaid": 500,
        "3001": 5_000,
        "3100": 500,
    }
    await post(database, [owed("next", end + timedelta(days=1), 1, 700)])
    january = await statement(database, "balance-sheet", (date(2027, 1, 1), date(2027, 1, 31)))
    assert (shown(january)["2001"], shown(january)["2001_overpaid"]) == ((200, 0), (0, 500))
