"""`/dashboard/tax-rates`: rates of consumption tax by class and day, and the form for one to come."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from cloud.catalogue import service as catalogue
from cloud.catalogue.tax_endpoints import RateBody, rate_set
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.forms import beside_fields
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.product_wording import CLASSES
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep

router = APIRouter(prefix="/dashboard/tax-rates", include_in_schema=False)

FIELDS: Final = ("tax_class", "valid_from", "percent")
PROBLEMS: Final = {
    "tax_class": "区分をお選びください。",
    "valid_from": "明日より後の日をお選びください。",
    "percent": "税率を 0 から 100 までの整数で、ご記入ください。",
}

SeesRates = Annotated[CurrentUser, Depends(PageLock(Permission.BOOKS_READ))]
SetsRates = Annotated[Writer, Depends(PageWrites(Permission.TAX_RATES_WRITE, "tax_rate.set"))]


@router.get("")
async def rates(request: Request, user: SeesRates, database: DatabaseDep, today: TodayDep) -> Response:
    """税率."""
    return await _page(request, user, database, today)


@router.post("")
async def set_rate(request: Request, writer: SetsRates, database: DatabaseDep, today: TodayDep) -> Response:
    """Enter what the form says."""
    sent = await request.form()
    values = {name: str(sent.get(name, "")).strip() for name in FIELDS}
    try:
        await rate_set(writer, RateBody.model_validate(values), today)
    except ValidationError as error:
        problems = beside_fields(error, PROBLEMS)
    except ProblemError:
        problems = {"valid_from": "その日はもう始まっているか、記帳があります。もっと後の日をお選びください。"}
    else:
        return RedirectResponse("/dashboard/tax-rates", status_code=303)
    return with_status(await _page(request, writer.user, database, today, values, problems), 422)


async def _page(
    request: Request,
    user: CurrentUser,
    database: Database,
    today: date,
    values: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        rows = await catalogue.tax_rates(contexts.db_session, today)
        return {
            "rates": [
                {
                    "name": CLASSES[row.tax_class],
                    "valid_from": row.valid_from,
                    "percent": row.percent,
                    "words": "今日" if row.is_current else "これから" if row.valid_from > today else "以前",
                    "tone": "ok" if row.is_current else "warn" if row.valid_from > today else "neutral",
                }
                for row in rows
            ],
            "classes": CLASSES,
            "may_write": user.may(Permission.TAX_RATES_WRITE),
            "values": values or {"tax_class": "food"},
            "problems": problems or {},
        }

    return await show(request, database, user, "tax_rates", "税率", build)
