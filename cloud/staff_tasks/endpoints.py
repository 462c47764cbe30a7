"""`/api/v1/monitoring/tasks`: what waits for a person, and their answer."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, Refusals, RowId, refusals, refusing
from cloud.kit.pages import AskedDep, Page
from cloud.staff_tasks import service
from cloud.staff_tasks.rules import WrongResolutionError
from cloud.staff_tasks.service import Answer, TaskView

router = APIRouter(prefix="/api/v1/monitoring/tasks", tags=["monitoring"])

NOTE_LENGTH = 500


_READ = [needs(Permission.TASKS_READ)]
ResolveDep = Annotated[Writer, Depends(Writes(Permission.TASKS_RESOLVE, "task.resolved"))]
PayDep = Annotated[Writer, Depends(Writes(Permission.TASKS_RESOLVE, "debt.paid_after_all"))]


class Resolution(BaseModel):
    """What was found out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"resolution": "paid_out", "note": "Paid in cash at the counter."}]},
    )

    resolution: str = Field(max_length=32)
    """One of the task's `resolutions`."""
    note: str = Field(default="", max_length=NOTE_LENGTH)


@router.get("", dependencies=_READ)
async def list_tasks(
    database: DatabaseDep,
    asked: AskedDep,
    state: Literal["open", "resolved"] | None = None,
    kind: Annotated[str | None, Query(max_length=32)] = None,
    machine_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Page[TaskView]:
    """Tasks only a person can resolve, oldest first."""
    after = asked.after(int, int)
    async with database.read() as db_session:
        rows = await service.listing(
            db_session, limit=asked.one_more, after=after, state=state, kind=kind, machine_id=machine_id
        )
    return asked.page(rows, lambda row: (row.opened_at_ms, row.id))


@router.get("/{task_id}", dependencies=_READ, responses=refusals(http_404="no_such_task"))
async def get_task(task_id: RowId, database: DatabaseDep) -> TaskView:
    """One task."""
    async with database.read() as db_session:
        found = await service.get(db_session, task_id)
    if found is None:
        raise ProblemError(404, "no_such_task", f"There is no task {task_id}.")
    return found


class Payment(BaseModel):
    """That a customer got what they were refused before."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "Came back with the code."}]})

    note: str = Field(default="", max_length=NOTE_LENGTH)


REFUSED: Final[Refusals] = {
    service.NoSuchTaskError: (404, "no_such_task"),
    service.AlreadyResolvedError: (409, "already_resolved"),
    service.NotRefusedError: (409, "not_refused"),
    WrongResolutionError: (422, "wrong_resolution"),
}
"""What is refused about tasks, for the API and for the page."""


@router.post(
    "/{task_id}/resolve",
    responses=refusals(http_404="no_such_task", http_409="already_resolved", http_422="wrong_resolution"),
)
async def resolve_task(task_id: RowId, body: Resolution, writer: ResolveDep) -> TaskView:
    """Resolve a task. The same answer by the same user again gives the same; any other one is a 409."""
    return await resolved(writer, task_id, body.resolution, body.note)


async def resolved(writer: Writer, task_id: int, resolution: str, note: str) -> TaskView:
    """Resolve a task for a request, of the API or of the page.

    Raises:
        ProblemError: 404 for no such task, 422 for a resolution it does not have, 409 when it was resolved before.
    """
    timezone = writer.request.app.state.settings.timezone
    answer = Answer(resolution, note, writer.user.email)
    with refusing(REFUSED):
        async with writer.write(task=task_id, resolution=resolution) as db_session:
            return await service.resolve(db_session, task_id, answer, now_ms=writer.now_ms, timezone=timezone)


@router.post(
    "/{task_id}/payment", responses=refusals(http_404="no_such_task", http_409="not_refused, already_resolved")
)
async def pay_refused_debt(task_id: RowId, body: Payment, writer: PayDep) -> TaskView:
    """Pay a debt that was refused after all: お客様預り金 / 現金 of the safe. The answer is the task of the payment."""
    return await paid(writer, task_id, body.note)


async def paid(writer: Writer, task_id: int, note: str) -> TaskView:
    """Pay a debt that was refused for a request, of the API or of the page.

    Raises:
        ProblemError: 404 for no such task, 409 when it was not refused, was paid before, or became income.
    """
    timezone = writer.request.app.state.settings.timezone
    with refusing(REFUSED):
        async with writer.write(task=task_id) as db_session:
            return await service.pay_after_all(
                db_session, task_id, note, writer.user.email, now_ms=writer.now_ms, timezone=timezone
            )
