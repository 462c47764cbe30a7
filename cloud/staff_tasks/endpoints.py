"""`/api/v1/monitoring/tasks`: what waits for a person, and their answer."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.staff_tasks import service
from cloud.staff_tasks.rules import WrongResolutionError
from cloud.staff_tasks.service import Answer, TaskView

router = APIRouter(prefix="/api/v1/monitoring/tasks", tags=["monitoring"])

NOTE_LENGTH = 500


_READ = [needs(Permission.TASKS_READ)]
ResolveDep = Annotated[Writer, Depends(Writes(Permission.TASKS_RESOLVE, "task.resolved"))]
REFUSALS = refusals(http_404="no_such_task", http_409="already_resolved", http_422="wrong_resolution")


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


@router.post("/{task_id}/resolve", responses=REFUSALS)
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
    try:
        async with writer.write(task=task_id, resolution=resolution) as db_session:
            return await service.resolve(db_session, task_id, answer, now_ms=writer.now_ms, timezone=timezone)
    except service.NoSuchTaskError as error:
        raise ProblemError(404, "no_such_task", str(error)) from error
    except WrongResolutionError as error:
        raise ProblemError(422, "wrong_resolution", str(error)) from error
    except service.AlreadyResolvedError as error:
        raise ProblemError(409, "already_resolved", str(error)) from error
