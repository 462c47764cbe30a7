"""The activity log: who did what, when, from where. Written in the transaction of what was done; never changed."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.identity import repository
from cloud.identity.models import Activity

DONE: Final = "done"
REFUSED: Final = "refused"
_TARGET_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from."""

    via: str
    """api, page or tool."""
    address: str = ""
    """Network address; empty for a tool."""
    agent: str = ""
    """What the program calls itself."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something somebody did, or was refused."""

    who: str
    action: str
    target: str
    origin: Origin
    role: str = ""
    outcome: str = DONE
    detail: dict[str, Any] = field(default_factory=dict)
    """Never a secret."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which activities to list; None lets every value through."""

    who: str | None = None
    action: str | None = None
    target: str | None = None
    outcome: str | None = None
    since_ms: int | None = None
    """Not before."""
    until_ms: int | None = None
    """Before."""


class ActivityView(BaseModel):
    """One thing somebody did, or was refused."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at_ms: int
    who: str
    """E-mail address of the user, or the name of a tool; empty for nobody we know."""
    role: str
    """The role they had then; empty for none."""
    action: str
    """What was done, e.g. `planogram.published`."""
    target: str
    """What it was done to."""
    outcome: str
    """done or refused."""
    via: str
    """api, page or tool."""
    address: str
    """Network address it came from; empty for a tool."""
    detail: dict[str, Any]


async def record(db_session: AsyncSession, deed: Deed, now_ms: int) -> None:
    """Write down a deed; it is kept if and only if the session commits."""
    row = Activity(
        at_ms=now_ms,
        who=deed.who,
        role=deed.role,
        action=deed.action,
        target=deed.target[:_TARGET_LENGTH],
        outcome=deed.outcome,
        via=deed.origin.via,
        address=deed.origin.address,
        detail=deed.detail,
    )
    repository.add_activity(db_session, row)
    await db_session.flush()


async def listing(
    db_session: AsyncSession, *, limit: int, before: int | None = None, wanted: Filter | None = None
) -> list[ActivityView]:
    """What was done, newest first.

    Args:
        db_session: open session.
        limit: at most so many.
        before: number of the last row of the page before.
        wanted: which; all when None.
    """
    rows = await repository.activities(db_session, asdict(wanted or Filter()), limit=limit, before=before)
    return [ActivityView.model_validate(row) for row in rows]
