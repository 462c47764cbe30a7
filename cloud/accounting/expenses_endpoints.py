"""`/api/v1/accounting/expenses`, `/payables`, `/equipment`: what an owner books by hand, guided."""

from datetime import date
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cloud.accounting import closing, equipment_rules, expense_rules, expenses, service
from cloud.accounting.endpoints import EntryView, entry_view
from cloud.accounting.expense_rules import Expense, PaidBy
from cloud.accounting.expenses import (
    AlreadyDisposedError,
    EquipmentView,
    NoSuchEquipmentError,
    NotOwedError,
    Owed,
    Purchase,
)
from cloud.accounting.months_endpoints import MonthName, last_day_of
from cloud.identity.access import Creates, Creator, Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep, refusals

router = APIRouter(prefix="/api/v1/accounting", tags=["accounting"])

_READ = [needs(Permission.BOOKS_READ)]
MOST_YEN: Final = 10**11
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
Yen = Annotated[int, Field(ge=1, le=MOST_YEN)]
Account = Annotated[str, Field(pattern="^(" + "|".join(row.code for row in expense_rules.EXPENSES) + ")$")]
Percent = Literal[0, 8, 10]


class ExpenseBody(BaseModel):
    """One expense, tax included."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "account": "6004",
                    "gross": 33000,
                    "tax_percent": 10,
                    "is_registered": True,
                    "paid_by": "payable",
                    "payee": "緑ビル",
                    "day": "2026-11-05",
                    "text": "11月分 場所代",
                }
            ]
        },
    )

    account: Account
    """6001 to 6014 without depreciation, or 8201 for income tax."""
    gross: Yen
    """Tax included."""
    tax_percent: Percent
    """0 for what is outside consumption tax or exempt."""
    is_registered: bool = True
    """Whoever is paid has a registration number; else only a share of the tax is deductible."""
    paid_by: PaidBy
    """`payable`: not yet, it is owed."""
    payee: str = Field(min_length=1, max_length=64)
    day: Day
    text: str = Field(default="", max_length=200)


class PaymentBody(BaseModel):
    """What was owed and is paid now."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"payee": "緑ビル", "amount": 33000, "paid_by": "bank", "day": "2026-11-30"}],
        },
    )

    payee: str = Field(min_length=1, max_length=64)
    amount: Yen
    paid_by: Literal["bank", "safe"]
    day: Day


class EquipmentBody(BaseModel):
    """A thing that is written off over years."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "自販機 1号",
                    "machine_id": "vm-tokyo-0001",
                    "acquired_on": "2026-11-05",
                    "used_from": "2026-11-20",
                    "cost": 700000,
                    "tax": 70000,
                    "life_years": 5,
                    "paid_by": "bank",
                    "payee": "メーカー",
                }
            ]
        },
    )

    name: str = Field(min_length=1, max_length=120)
    machine_id: str = Field(default="", max_length=40)
    acquired_on: Day
    used_from: Day
    cost: Yen
    """Without tax."""
    tax: int = Field(ge=0, le=MOST_YEN)
    """Deductible consumption tax."""
    life_years: Literal[2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20] = 5
    """耐用年数; a vending machine has 5."""
    paid_by: PaidBy
    payee: str = Field(min_length=1, max_length=64)


class DisposalBody(BaseModel):
    """When a thing went out of use."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"day": "2027-01-10"}]})

    day: Day


class Depreciated(BaseModel):
    """What was written off."""

    last_day: date
    booked: int
    """Months of things; 0 when all had been booked."""


assert set(equipment_rules.RATES) == {2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20}  # noqa: S101 - what the API offers


def expense_of(body: ExpenseBody) -> Expense:
    """What was sent, for the books."""
    return Expense(
        account=body.account,
        gross_minor=body.gross,
        tax_percent=body.tax_percent,
        is_registered=body.is_registered,
        paid_by=body.paid_by,
        payee=body.payee,
        day=body.day,
        text=body.text,
    )


def purchase_of(body: EquipmentBody, by: str) -> Purchase:
    """What was sent, for the register."""
    return Purchase(
        name=body.name,
        machine_id=body.machine_id,
        acquired_on=body.acquired_on,
        used_from=body.used_from,
        cost_minor=body.cost,
        tax_minor=body.tax,
        life_years=body.life_years,
        paid_by=body.paid_by,
        payee=body.payee,
        by=by,
    )


@router.post("/expenses", status_code=201, responses=refusals(http_409="key_reused"))
async def enter_expense(
    body: ExpenseBody,
    creator: Annotated[Creator, Depends(Creates(Permission.BOOKS_CORRECT, "expense.entered"))],
) -> EntryView:
    """Book an expense: rent, electricity, repairs, a share of the sales for the owner of the place."""
    async with creator.once(body, account=body.account, gross=body.gross) as work:
        if work.is_new:
            work.made = str(await expenses.enter(work.db_session, expense_of(body), now_ms=creator.now_ms))
        return entry_view(await service.entry(work.db_session, int(work.made)))


@router.get("/payables", dependencies=_READ)
async def get_payables(database: DatabaseDep) -> list[Owed]:
    """Who is owed what for expenses and equipment (未払金)."""
    async with database.read() as db_session:
        return await expenses.owed(db_session)


@router.post("/payables/payments", status_code=201, responses=refusals(http_409="not_owed, key_reused"))
async def pay_payable(
    body: PaymentBody,
    creator: Annotated[Creator, Depends(Creates(Permission.BOOKS_CORRECT, "payable.paid"))],
) -> EntryView:
    """Book that what was owed is paid."""
    try:
        async with creator.once(body, payee=body.payee, amount=body.amount) as work:
            if work.is_new:
                made = await expenses.pay(
                    work.db_session, body.payee, body.amount, body.paid_by, on=body.day, now_ms=creator.now_ms
                )
                work.made = str(made)
            return entry_view(await service.entry(work.db_session, int(work.made)))
    except NotOwedError as error:
        raise ProblemError(409, "not_owed", str(error)) from error


@router.get("/equipment", dependencies=_READ)
async def get_equipment(database: DatabaseDep, today: TodayDep) -> list[EquipmentView]:
    """The register of equipment with what each thing is worth in the books."""
    async with database.read() as db_session:
        return await expenses.register(db_session, today)


@router.post("/equipment", status_code=201, responses=refusals(http_409="key_reused"))
async def buy_equipment(
    body: EquipmentBody,
    creator: Annotated[Creator, Depends(Creates(Permission.BOOKS_CORRECT, "equipment.bought"))],
    today: TodayDep,
) -> EquipmentView:
    """Enter a thing into the register and book its price."""
    async with creator.once(body, name=body.name, cost=body.cost) as work:
        if work.is_new:
            made = await expenses.buy(work.db_session, purchase_of(body, creator.user.email), now_ms=creator.now_ms)
            work.made = str(made)
        found = await expenses.register(work.db_session, today)
    return next(row for row in found if row.id == int(work.made))


@router.post("/equipment/{number}/disposal", responses=refusals(http_404="no_such_equipment", http_409="not_in_use"))
async def dispose_equipment(
    number: RowId,
    body: DisposalBody,
    writer: Annotated[Writer, Depends(Writes(Permission.BOOKS_CORRECT, "equipment.disposed"))],
    today: TodayDep,
) -> EquipmentView:
    """Take a thing out of use: what is not written off is a loss."""
    try:
        async with writer.write(equipment=number, day=str(body.day)) as db_session:
            await expenses.dispose(db_session, number, body.day, now_ms=writer.now_ms)
            found = await expenses.register(db_session, today)
    except NoSuchEquipmentError as error:
        raise ProblemError(404, "no_such_equipment", str(error)) from error
    except AlreadyDisposedError as error:
        raise ProblemError(409, "not_in_use", str(error)) from error
    return next(row for row in found if row.id == number)


@router.post("/months/{month}/depreciation")
async def depreciate(
    month: MonthName,
    writer: Annotated[Writer, Depends(Writes(Permission.BOOKS_CORRECT, "equipment.depreciated"))],
    today: TodayDep,
) -> Depreciated:
    """Write off all equipment up to a month; sent again it books nothing. Months to come are not booked."""
    last_day = min(last_day_of(month), closing.month_end(today.year, today.month))
    async with writer.write(month=month) as db_session:
        booked = await expenses.depreciate(db_session, last_day, now_ms=writer.now_ms)
    return Depreciated(last_day=last_day, booked=booked)
