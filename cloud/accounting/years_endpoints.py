"""`/api/v1/accounting/years`: closing a fiscal year, and opening it again."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from cloud.accounting import years
from cloud.accounting.months import NotInOrderError, Person, WrongMonthError
from cloud.accounting.months_endpoints import findings_of, last_day_of
from cloud.accounting.years import TaxDue, Wanted, WrongYearError, YearView
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep, refusals

router = APIRouter(prefix="/api/v1/accounting/years", tags=["accounting"])

MOST_YEN = 10**12
LastMonth = Annotated[
    str,
    Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2027-03"], description="The last month of the year."),
]


class YearCloseBody(BaseModel):
    """What is accepted, and the consumption tax as it is declared."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"declared_tax": 450000, "despite": ["tasks_open"]}]},
    )

    declared_tax: int | None = Field(default=None, ge=-MOST_YEN, le=MOST_YEN)
    """消費税 of the tax return, negative for a refund; null: as the books say. A difference is 雑収入 or 雑損失."""
    despite: list[Annotated[str, Field(max_length=32)]] = Field(default_factory=list, max_length=32)
    """Findings of the last month that are accepted."""


class YearUndoBody(BaseModel):
    """Why a closed year is opened again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "the return was corrected"}]})

    why: str = Field(min_length=1, max_length=500)


async def close_year(writer: Writer, last_day: date, body: YearCloseBody, today: date) -> YearView:
    """Close a year for a user.

    Raises:
        ProblemError: 409, it cannot be closed now; the detail says why.
    """
    timezone = writer.request.app.state.settings.timezone
    try:
        async with writer.write(declared=body.declared_tax, despite=", ".join(body.despite)) as db_session:
            found = await findings_of(db_session, last_day, timezone)
            wanted = Wanted(last_day, body.declared_tax, found, body.despite)
            return await years.close(db_session, wanted, today=today, by=Person(writer.user.email, writer.now_ms))
    except (WrongYearError, WrongMonthError) as error:
        raise ProblemError(409, "wrong_year", str(error)) from error
    except NotInOrderError as error:
        words = " ".join(f"{row.code}: {row.text}" for row in error.findings)
        raise ProblemError(409, "not_in_order", words) from error


@router.get("", dependencies=[needs(Permission.BOOKS_READ)])
async def get_years(database: DatabaseDep) -> list[YearView]:
    """Every closing of a fiscal year, the newest first."""
    async with database.read() as db_session:
        return await years.listing(db_session)


@router.get("/{month}/tax", dependencies=[needs(Permission.BOOKS_READ)])
async def get_tax(month: LastMonth, database: DatabaseDep) -> TaxDue:
    """Consumption tax that the books have up to the end of a month and that is not settled."""
    async with database.read() as db_session:
        return await years.tax_due(db_session, last_day_of(month))


@router.post("/{month}/close", responses=refusals(http_409="wrong_year, not_in_order"))
async def close(
    month: LastMonth,
    body: YearCloseBody,
    writer: Annotated[Writer, Depends(Writes(Permission.BOOKS_CLOSE, "year.closed"))],
    today: TodayDep,
) -> YearView:
    """Close a year with its last month: tax is settled, profit goes to 繰越利益剰余金."""
    return await close_year(writer, last_day_of(month), body, today)


@router.post("/{number}/undo", responses=refusals(http_409="wrong_year"))
async def undo(
    number: RowId,
    body: YearUndoBody,
    writer: Annotated[Writer, Depends(Writes(Permission.BOOKS_REOPEN, "year.reopened"))],
) -> YearView:
    """Open the newest closed year again with its last month; a reason stays on record."""
    return await undo_year(writer, number, body.why)


async def undo_year(writer: Writer, number: int, why: str) -> YearView:
    """Open a year again for a user.

    Raises:
        ProblemError: 409, it is not the newest closed one.
    """
    try:
        async with writer.write(why=why) as db_session:
            return await years.undo(db_session, number, why, Person(writer.user.email, writer.now_ms))
    except WrongYearError as error:
        raise ProblemError(409, "wrong_year", str(error)) from error
