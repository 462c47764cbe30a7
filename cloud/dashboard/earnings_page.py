"""`/dashboard/earnings`: what each machine and each product earned this month, and how fast the goods turn."""

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.accounting.earnings_endpoints import earnings_of, turnover_of
from cloud.accounting.endpoints import TodayDep
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.locks import PageLock
from cloud.dashboard.pages import show
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep

router = APIRouter(prefix="/dashboard/earnings", include_in_schema=False)

TONES: Final = {"A": "ok", "B": "ok", "C": "low", "D": "danger"}

SeesEarnings = Annotated[CurrentUser, Depends(PageLock(Permission.BOOKS_READ))]
Days = Annotated[int, Query(ge=1, le=366)]


@router.get("")
async def earnings(
    request: Request, user: SeesEarnings, database: DatabaseDep, today: TodayDep, days: Days = 30
) -> Response:
    """採算."""
    first = today - timedelta(days=days - 1)

    async def build(contexts: Contexts) -> dict[str, Any]:
        return {
            "days": days,
            "asked": f"start={first.isoformat()}&end={today.isoformat()}",
            "machines": await earnings_of(contexts.db_session, "machine", first, today),
            "products": await earnings_of(contexts.db_session, "product", first, today),
            "turnover": await turnover_of(contexts.db_session, first, today),
            "tones": TONES,
        }

    return await show(request, database, user, "earnings", "採算", build)
