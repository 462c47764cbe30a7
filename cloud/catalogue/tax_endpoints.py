"""`/api/v1/accounting/tax-rates`: which goods are taxed at how much, from which day on."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cloud.catalogue import service
from cloud.catalogue.rules import TaxClass
from cloud.catalogue.service import PastRateError, RateView
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep, refusals

router = APIRouter(prefix="/api/v1/accounting/tax-rates", tags=["accounting"])


class RateBody(BaseModel):
    """A rate of consumption tax from a day to come."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"tax_class": "food", "valid_from": "2027-04-01", "percent": 0}]},
    )

    tax_class: TaxClass
    valid_from: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
    percent: Annotated[int, Field(ge=0, le=100)]
    """Whole per cent on the price without tax; 0 is a rate as any other."""


@router.get("", dependencies=[needs(Permission.BOOKS_READ)])
async def list_rates(database: DatabaseDep, today: TodayDep) -> list[RateView]:
    """Every rate with its first day."""
    async with database.read() as db_session:
        return await service.tax_rates(db_session, today)


@router.put("", responses=refusals(http_409="past_day"))
async def set_rate(
    body: RateBody,
    writer: Annotated[Writer, Depends(Writes(Permission.TAX_RATES_WRITE, "tax_rate.set"))],
    today: TodayDep,
) -> list[RateView]:
    """Enter a rate from a day to come, or change one that has not begun. Sales before that day keep their tax."""
    return await rate_set(writer, body, today)


async def rate_set(writer: Writer, body: RateBody, today: date) -> list[RateView]:
    """Set a rate for a request, of the API or of the page.

    Raises:
        ProblemError: 409, the day has come.
    """
    try:
        async with writer.write(**body.model_dump(mode="json")) as db_session:
            await service.set_rate(db_session, body.tax_class, body.valid_from, body.percent, today)
            return await service.tax_rates(db_session, today)
    except PastRateError as error:
        raise ProblemError(409, "past_day", f"{error}.".capitalize()) from error
