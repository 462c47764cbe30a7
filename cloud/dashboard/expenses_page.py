"""`/dashboard/expenses`: expenses, who is owed for them, and the register of equipment."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from cloud.accounting import equipment_rules, expenses
from cloud.accounting.expenses import AlreadyDisposedError, NoSuchEquipmentError, NotOwedError
from cloud.accounting.expenses_endpoints import (
    DisposalBody,
    EquipmentBody,
    ExpenseBody,
    PaymentBody,
    expense_of,
    purchase_of,
)
from cloud.accounting.month_report import last_day_of_month_before
from cloud.dashboard.cash_page import place_href
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.forms import beside_fields
from cloud.dashboard.language import named, say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep, today_of

router = APIRouter(prefix="/dashboard/expenses", include_in_schema=False)
HOME: Final = "/dashboard/expenses"

PAID_BY: Final = {"bank": "普通預金", "safe": "現金(金庫)", "payable": "あとで払う(未払金)"}
PERCENTS: Final = {"10": "10%", "8": "8%(軽減)", "0": "対象外・非課税"}
PROBLEMS: Final = {
    "account": "科目をお選びください。",
    "gross": "金額を、1円以上の整数でご記入ください。",
    "amount": "金額を、1円以上の整数でご記入ください。",
    "cost": "取得価額を、1円以上の整数でご記入ください。",
    "tax": "消費税を、円単位の整数でご記入ください。なければ 0 です。",
    "payee": "相手の名前を、64 文字までで、ご記入ください。",
    "name": "名前を、120 文字までで、ご記入ください。",
    "text": "メモは 200 文字までです。",
    "machine_id": "自販機の番号は 40 文字までです。",
    "life_years": "耐用年数をお選びください。",
    "tax_percent": "税率をお選びください。",
    "paid_by": "支払い方法をお選びください。",
}
DAY_PROBLEM: Final = "日付を、2000年以降でお選びください。"

SeesExpenses = Annotated[CurrentUser, Depends(PageLock(Permission.BOOKS_READ))]
Number = Annotated[int, Path(ge=1, lt=2**63)]


def _writes(action: str) -> Any:
    return Depends(PageWrites(Permission.BOOKS_CORRECT, action))


@router.get("")
async def all_expenses(request: Request, user: SeesExpenses, database: DatabaseDep) -> Response:
    """経費."""
    return await _page(request, user, database)


async def _sent(request: Request, body: type[BaseModel], numbers: tuple[str, ...]) -> tuple[dict[str, str], Any]:
    """What was typed, and the body it makes; None where it makes none."""
    form = await request.form()
    values = {name: str(form.get(name, "")).strip() for name in body.model_fields if name in form}
    typed: dict[str, Any] = dict(values)
    for name in numbers:
        if typed.get(name, "").isdecimal():
            typed[name] = int(typed[name])
    return values, typed


@router.post("")
async def enter(request: Request, writer: Annotated[Writer, _writes("expense.entered")]) -> Response:
    """Book the expense that was typed."""
    values, typed = await _sent(request, ExpenseBody, ("gross", "tax_percent"))
    try:
        body = ExpenseBody.model_validate(typed | {"is_registered": values.get("is_registered") == "yes"})
        async with writer.write(account=body.account, gross=body.gross) as db_session:
            await expenses.enter(db_session, expense_of(body), now_ms=writer.now_ms)
    except ValidationError as error:
        return await _refused(request, writer, "expense", values, _problems(error))
    return RedirectResponse(HOME, status_code=303)


@router.post("/payments")
async def pay(request: Request, writer: Annotated[Writer, _writes("payable.paid")]) -> Response:
    """Book that somebody was paid."""
    values, typed = await _sent(request, PaymentBody, ("amount",))
    try:
        body = PaymentBody.model_validate(typed)
        async with writer.write(payee=body.payee, amount=body.amount) as db_session:
            await expenses.pay(db_session, body.payee, body.amount, body.paid_by, on=body.day, now_ms=writer.now_ms)
    except ValidationError as error:
        return await _refused(request, writer, "payment", values, _problems(error))
    except NotOwedError:
        words = {"amount": "未払いの金額より多くは払えません。"}
        return await _refused(request, writer, "payment", values, words)
    return RedirectResponse(HOME, status_code=303)


@router.post("/equipment")
async def buy(request: Request, writer: Annotated[Writer, _writes("equipment.bought")]) -> Response:
    """Enter a thing into the register."""
    values, typed = await _sent(request, EquipmentBody, ("cost", "tax", "life_years"))
    try:
        body = EquipmentBody.model_validate(typed)
        async with writer.write(name=body.name, cost=body.cost) as db_session:
            await expenses.buy(db_session, purchase_of(body, writer.user.email), now_ms=writer.now_ms)
    except ValidationError as error:
        return await _refused(request, writer, "equipment", values, _problems(error))
    return RedirectResponse(HOME, status_code=303)


@router.post("/equipment/{number}/disposal")
async def dispose(
    number: Number, request: Request, writer: Annotated[Writer, _writes("equipment.disposed")]
) -> Response:
    """Take a thing out of use."""
    values, typed = await _sent(request, DisposalBody, ())
    try:
        body = DisposalBody.model_validate(typed)
        async with writer.write(equipment=number, day=str(body.day)) as db_session:
            await expenses.dispose(db_session, number, body.day, now_ms=writer.now_ms)
    except ValidationError as error:
        return await _refused(request, writer, f"disposal-{number}", values, _problems(error))
    except AlreadyDisposedError:
        words = {"day": "使い始めた日より後の日をお選びください。除却済みのものは、もう除却できません。"}
        return await _refused(request, writer, f"disposal-{number}", values, words)
    except NoSuchEquipmentError as error:
        raise ProblemError(404, "no_such_equipment", str(error)) from error
    return RedirectResponse(HOME, status_code=303)


@router.post("/depreciation")
async def depreciate(today: TodayDep, writer: Annotated[Writer, _writes("equipment.depreciated")]) -> Response:
    """Write off everything up to the newest month that is over."""
    last_day = last_day_of_month_before(today)
    async with writer.write(month=f"{last_day:%Y-%m}") as db_session:
        await expenses.depreciate(db_session, last_day, now_ms=writer.now_ms)
    return RedirectResponse(HOME, status_code=303)


def _problems(error: ValidationError) -> dict[str, str]:
    return beside_fields(error, PROBLEMS, DAY_PROBLEM)


async def _refused(
    request: Request, writer: Writer, form: str, values: dict[str, str], problems: dict[str, str]
) -> Response:
    database: Database = request.app.state.database
    return with_status(await _page(request, writer.user, database, {form: values}, {form: problems}), 422)


async def _page(
    request: Request,
    user: CurrentUser,
    database: Database,
    values: dict[str, dict[str, str]] | None = None,
    problems: dict[str, dict[str, str]] | None = None,
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        today = today_of(request)
        owed = await expenses.owed(contexts.db_session)
        return {
            "today": today.isoformat(),
            "accounts": [(row.code, named(row)) for row in expenses.choices()],
            "paid_by": PAID_BY,
            "percents": PERCENTS,
            "lives": [(str(life), say("{years} 年", years=life)) for life in equipment_rules.RATES],
            "owed": [row.model_dump() | {"href": place_href(expenses.place_of(row.payee))} for row in owed],
            "equipment": await expenses.register(contexts.db_session, today),
            "may_book": user.may(Permission.BOOKS_CORRECT),
            "values": values or {},
            "problems": problems or {},
        }

    return await show(request, database, user, "expenses", "経費", build)
