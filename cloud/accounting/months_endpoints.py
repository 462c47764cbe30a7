"""`/api/v1/accounting/months`: what is not in order yet, closing, reopening."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import closing, expenses, months
from cloud.accounting.closing import Finding
from cloud.accounting.months import ClosingView, NotInOrderError, Outside, Person, WrongMonthError
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.inventory import service as inventory
from cloud.kit.clock import zone
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep, refusals
from cloud.machines import service as machines
from cloud.staff_tasks import service as staff_tasks

router = APIRouter(prefix="/api/v1/accounting/months", tags=["accounting"])

MOST_TASKS = 500
"""Counted at most; more says nothing more."""

MonthName = Annotated[str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-10"])]


class Checks(BaseModel):
    """What is not in order in a month."""

    month: str
    last_day: date
    is_ready: bool
    """Nothing was found."""
    findings: list[Finding]


class CloseBody(BaseModel):
    """Which findings are accepted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"despite": ["tasks_open"]}]})

    despite: list[Annotated[str, Field(max_length=32)]] = Field(default_factory=list, max_length=32)


class ReopenBody(BaseModel):
    """Why a closed month is opened again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"why": "the invoice of the 28th was forgotten"}]},
    )

    why: str = Field(min_length=1, max_length=500)


def last_day_of(month: str) -> date:
    """The last day of `2026-10`."""
    year, number = (int(part) for part in month.split("-"))
    return closing.month_end(year, number)


def midnight_ms(day: date, timezone: str) -> int:
    """When a day begins, ms since 1970 UTC."""
    return int(datetime.combine(day, time(0), zone(timezone)).timestamp()) * 1000


async def findings_of(db_session: AsyncSession, last_day: date, timezone: str) -> list[Finding]:
    """What is not in order for closing a month, asked of everybody."""
    over_ms = midnight_ms(last_day + timedelta(days=1), timezone)
    tasks = await staff_tasks.listing(db_session, limit=MOST_TASKS, state="open")
    streams = await machines.streams(db_session)
    stock = await inventory.stock_before(db_session, over_ms)
    outside = Outside(
        pools_minor=await inventory.total_value(db_session),
        pools_at_end_minor=stock.value_minor,
        open_tasks=sum(task.opened_at_ms < over_ms for task in tasks),
        silent_machines=[row.id for row in await machines.machines(db_session) if row.last_seen_ms < over_ms],
        gaps=sorted({row.machine_id for row in streams if row.is_waiting or row.interpreted_upto < row.stored_upto}),
        negative_products=stock.negative_products,
    )
    begun_ms = midnight_ms(last_day.replace(day=1), timezone)
    found = await months.checks(db_session, last_day, outside, begun_ms, over_ms)
    return found + await expenses.findings(db_session, last_day)


async def close_month(writer: Writer, last_day: date, despite: list[str], today: date) -> ClosingView:
    """Close a month for a user.

    Raises:
        ProblemError: 409, it cannot be closed now; the detail says why.
    """
    timezone = writer.request.app.state.settings.timezone
    try:
        async with writer.write(despite=", ".join(despite)) as db_session:
            found = await findings_of(db_session, last_day, timezone)
            by = Person(writer.user.email, writer.now_ms)
            return await months.close(db_session, last_day, found, despite=despite, today=today, by=by)
    except WrongMonthError as error:
        raise ProblemError(409, "wrong_month", str(error)) from error
    except NotInOrderError as error:
        raise ProblemError(
            409,
            "not_in_order",
            " ".join(f"{row.code}: {row.text}" for row in error.findings),
        ) from error


async def reopen_month(writer: Writer, last_day: date, why: str) -> ClosingView:
    """Open a month again for a user.

    Raises:
        ProblemError: 409, it is not the newest closed month.
    """
    try:
        async with writer.write(why=why) as db_session:
            return await months.reopen(db_session, last_day, why, Person(writer.user.email, writer.now_ms))
    except WrongMonthError as error:
        raise ProblemError(409, "wrong_month", str(error)) from error


@router.get("", dependencies=[needs(Permission.BOOKS_READ)])
async def get_closings(database: DatabaseDep) -> list[ClosingView]:
    """Every closing there was, the newest first; months without one are open."""
    async with database.read() as db_session:
        return await months.listing(db_session)


@router.get("/{month}/checks", dependencies=[needs(Permission.BOOKS_READ)])
async def get_checks(month: MonthName, request: Request, database: DatabaseDep) -> Checks:
    """What is not in order for closing a month."""
    last_day = last_day_of(month)
    async with database.read() as db_session:
        found = await findings_of(db_session, last_day, request.app.state.settings.timezone)
    return Checks(month=month, last_day=last_day, is_ready=not found, findings=found)


@router.post("/{month}/close", responses=refusals(http_409="wrong_month, not_in_order"))
async def close(
    month: MonthName,
    body: CloseBody,
    writer: Annotated[Writer, Depends(Writes(Permission.BOOKS_CLOSE, "month.closed"))],
    today: TodayDep,
) -> ClosingView:
    """Close a month: nothing is dated into it any more. What a machine tells late is dated to the first open day."""
    return await close_month(writer, last_day_of(month), body.despite, today)


@router.post("/{month}/reopen", responses=refusals(http_409="wrong_month"))
async def reopen(
    month: MonthName,
    body: ReopenBody,
    writer: Annotated[Writer, Depends(Writes(Permission.BOOKS_REOPEN, "month.reopened"))],
) -> ClosingView:
    """Open the newest closed month again, with a reason that stays on record."""
    return await reopen_month(writer, last_day_of(month), body.why)
