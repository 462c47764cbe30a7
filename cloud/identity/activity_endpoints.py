"""`/api/v1/admin/activity`: who did what, when, from where."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from cloud.identity import activity
from cloud.identity.access import needs
from cloud.identity.activity import ActivityView, Filter
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep
from cloud.kit.pages import AskedDep, Page

router = APIRouter(prefix="/api/v1/admin/activity", tags=["users"])


Instant = Annotated[int | None, Query(ge=0, lt=2**63, description="ms since 1970 UTC")]


def wanted(
    who: Annotated[str | None, Query(max_length=254, description="e-mail address")] = None,
    action: Annotated[str | None, Query(max_length=48, description="e.g. `planogram.published`")] = None,
    target: Annotated[str | None, Query(max_length=200)] = None,
    outcome: Literal["done", "refused"] | None = None,
    since_ms: Instant = None,
    until_ms: Instant = None,
) -> Filter:
    """The filters of a request."""
    return Filter(who, action, target, outcome, since_ms, until_ms)


@router.get("", dependencies=[needs(Permission.ACTIVITY_READ)])
async def list_activity(
    database: DatabaseDep, asked: AskedDep, chosen: Annotated[Filter, Depends(wanted)]
) -> Page[ActivityView]:
    """What users did and what they were refused, newest first. Nothing is ever changed or deleted here."""
    async with database.read() as db_session:
        rows = await activity.listing(db_session, limit=asked.one_more, before=asked.after(int), wanted=chosen)
    return asked.page(rows, lambda row: row.id)
