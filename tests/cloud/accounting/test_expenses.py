"""Expenses, what is owed for them, and equipment written off to the yen."""

from datetime import date

import pytest
from httpx import AsyncClient

from cloud.accounting import expenses, service
from cloud.accounting.equipment_rules import RATES, Asset, accumulated, depreciation, month_of_use
from cloud.accounting.expense_rules import Expense, deductible_tax
from cloud.accounting.expenses import AlreadyDisposedError, NoSuchEquipmentError, NotOwedError, Purchase
from cloud.db.database import Database

DAY = date(2026, 11, 5)
MACHINE = Asset(1, "自販機", 700_000, 5, date(2026, 11, 20))


def rent(**changes: object) -> Expense:
    values = {
        "account": "6004",
        "gross_minor": 33_000,
        "tax_percent": 10,
        "is_registered": True,
        "paid_by": "payable",
        "payee": "緑ビル",
        "day": DAY,
        "text": "11月分",
    }
    return Expense(**(values | changes))  # type: ignore[arg-type]


def purchase(**changes: object) -> Purchase:
    values = {
        "name": "自販機",
        "machine_id": "vm-1",
        "acquired_on": DAY,
        "used_from": date(2026, 11, 20),
        "cost_minor": 700_000,
        "tax_minor": 70_000,
        "life_years": 5,
        "paid_by": "bank",
        "payee": "",
        "by": "owner@example.com",
    }
    return Purchase(**(values | changes))  # type: ignore[arg-type]


async def balances(database: Database) -> dict[str, int]:
    async with database.read() as db_session:
        trial = await service.trial_balance(db_session)
    return {line.code: line.debit - line.credit for line in trial.lines if line.debit or line.credit}


async def test_expense_when_owed_and_paid_later_then_tax_is_deducted_once_and_nothing_is_left(
    database: Database,
) -> None:
    async with database.write() as db_session:
        await expenses.enter(db_session, rent(), now_ms=1)
        await expenses.enter(db_session, rent(), now_ms=1)
        assert [(row.payee, row.amount) for row in await expenses.owed(db_session)] == [("緑ビル", 66_000)]
        await expenses.pay(db_session, "緑ビル", 66_000, "bank", on=DAY, now_ms=2)
        assert await expenses.owed(db_session) == []
        with pytest.raises(NotOwedError):
            await expenses.pay(db_session, "緑ビル", 1, "bank", on=DAY, now_ms=3)
    assert await balances(database) == {"6004": 60_000, "1150": 6000, "1010": -66_000}


@pytest.mark.parametrize(
    ("day", "share"),
    [
        (date(2023, 9, 30), 200),
        (date(2026, 9, 30), 160),
        (date(2026, 10, 1), 140),
        (date(2028, 10, 1), 100),
        (date(2030, 10, 1), 60),
        (date(2031, 10, 1), 0),
    ],
)
def test_tax_when_the_payee_has_no_number_then_the_share_of_that_day_is_deductible(day: date, share: int) -> None:
    assert deductible_tax(2200, 10, day, is_registered=False) == share
    assert deductible_tax(2200, 10, day, is_registered=True) == 200
    assert deductible_tax(2200, 0, day, is_registered=True) == 0


def test_depreciation_when_a_machine_is_written_off_then_months_are_as_in_the_textbook_and_one_yen_stays() -> None:
    drafts = [depreciation(MACHINE, number, 0) for number in range(1, 64)]
    amounts = [draft.legs[0].amount_minor if draft else 0 for draft in drafts]
    assert amounts[:3] == [11_666, 11_667, 11_667]
    assert sum(amounts[:12]) == 140_000
    assert (sum(amounts), amounts[60:]) == (699_999, [0, 0, 0])
    assert month_of_use(MACHINE, 1) == date(2026, 11, 30)
    assert month_of_use(MACHINE, 3) == date(2027, 1, 31)


@pytest.mark.parametrize("life", RATES)
def test_depreciation_when_the_life_is_over_then_only_the_memo_value_is_left(life: int) -> None:
    asset = Asset(1, "x", 123_457, life, DAY)
    assert accumulated(asset, life * 12 + 12) == 123_456
    assert accumulated(asset, 0) == 0


async def test_equipment_when_written_off_twice_then_each_month_is_booked_once(database: Database) -> None:
    async with database.write() as db_session:
        await expenses.buy(db_session, purchase(), now_ms=1)
        assert [row.code for row in await expenses.findings(db_session, date(2026, 12, 31))] == ["depreciation_missing"]
        assert await expenses.depreciate(db_session, date(2026, 12, 31), now_ms=2) == 2
        assert await expenses.depreciate(db_session, date(2026, 12, 31), now_ms=3) == 0
        assert await expenses.depreciate(db_session, date(2027, 1, 31), now_ms=4) == 1
        assert await expenses.findings(db_session, date(2027, 1, 31)) == []
        (view,) = await expenses.register(db_session, date(2027, 1, 31))
    assert (view.written_off, view.book_value) == (35_000, 665_000)
    found = await balances(database)
    assert found == {"1010": -770_000, "1150": 70_000, "1201": 700_000, "1209": -35_000, "6003": 35_000}


async def test_equipment_when_scrapped_then_the_rest_is_a_loss_and_no_month_follows(database: Database) -> None:
    async with database.write() as db_session:
        number = await expenses.buy(db_session, purchase(paid_by="payable", payee="メーカー"), now_ms=1)
        await expenses.dispose(db_session, number, date(2027, 1, 10), now_ms=2)
        assert await expenses.depreciate(db_session, date(2030, 1, 31), now_ms=3) == 0
        with pytest.raises(AlreadyDisposedError):
            await expenses.dispose(db_session, number, date(2027, 1, 10), now_ms=4)
        with pytest.raises(NoSuchEquipmentError):
            await expenses.dispose(db_session, 99, DAY, now_ms=4)
        (view,) = await expenses.register(db_session, date(2027, 3, 1))
    assert (view.book_value, view.disposed_on) == (0, date(2027, 1, 10))
    assert await balances(database) == {"1150": 70_000, "2010": -770_000, "6003": 35_000, "8101": 665_000}


async def test_page_when_forms_are_sent_then_they_book_and_a_mistake_is_said_beside_the_field(
    client: AsyncClient,
) -> None:
    form = {"account": "6005", "gross": "11,000", "tax_percent": "10", "is_registered": "yes", "paid_by": "payable"}
    form |= {"payee": "電力会社", "day": "2026-11-10"}
    refused = await client.post("/dashboard/expenses", data=form)
    assert (refused.status_code, "expense-bad-gross" in refused.text, "電力会社" in refused.text) == (422, True, True)
    assert (await client.post("/dashboard/expenses", data=form | {"gross": "11000"})).status_code == 303
    payment = {"payee": "電力会社", "amount": "12000", "paid_by": "bank", "day": "2026-11-12"}
    refused = await client.post("/dashboard/expenses/payments", data=payment)
    assert (refused.status_code, "より多くは払えません" in refused.text) == (422, True)
    assert (await client.post("/dashboard/expenses/payments", data=payment | {"amount": "5000"})).status_code == 303
    assert (await client.get("/api/v1/accounting/payables")).json() == [{"payee": "電力会社", "amount": 6000}]
    machine = {"name": "自販機", "cost": "700000", "tax": "70000", "life_years": "5", "acquired_on": "2026-08-01"}
    machine |= {"used_from": "2026-08-01", "payee": "メーカー", "paid_by": "bank", "machine_id": ""}
    assert (await client.post("/dashboard/expenses/equipment", data=machine)).status_code == 303
    assert (await client.post("/dashboard/expenses/depreciation")).status_code == 303
    (row,) = (await client.get("/api/v1/accounting/equipment")).json()
    trial = {line["code"]: line for line in (await client.get("/api/v1/accounting/trial-balance")).json()["lines"]}
    assert (trial["6003"]["debit"], row["book_value"]) == (35_000, 700_000 - 46_666)
    early = await client.post(f"/dashboard/expenses/equipment/{row['id']}/disposal", data={"day": "2026-07-01"})
    assert (early.status_code, f"disposal-{row['id']}-bad-day" in early.text) == (422, True)
    gone = await client.post(f"/dashboard/expenses/equipment/{row['id']}/disposal", data={"day": "2026-11-15"})
    assert gone.status_code == 303
    assert "除却" in (await client.get("/dashboard/expenses")).text
