"""`/api/v1/monitoring/tasks`: what waits for a person, and their answer."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from cloud.identity.access import OperatorDep
from cloud.kit.http import DatabaseDep, Problem, ProblemError
from cloud.staff_tasks import service
from cloud.staff_tasks.rules import WrongResolutionError
from cloud.staff_tasks.service import Answer, TaskView

router = APIRouter(prefix="/api/v1/monitoring/tasks", tags=["monitoring"])

NOTE_LENGTH = 500


class Page(BaseModel):
    """A page of tasks, oldest first."""

    items: list[TaskView]
    next: str | None
    """Pass it as `after` for the following page; null on the last one."""


class Resolution(BaseModel):
    """What was found out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"resolution": "paid_out", "note": "Paid in cash at the counter."}]},
    )

    resolution: str = Field(max_length=32)
    """One of the task's `resolutions`."""
    note: str = Field(default="", max_length=NOTE_LENGTH)


@router.get("")
async def list_tasks(
    database: DatabaseDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: Annotated[str | None, Query(pattern=r"^\d{1,18}-\d{1,18}$")] = None,
    state: Literal["open", "resolved"] | None = None,
    kind: Annotated[str | None, Query(max_length=32)] = None,
    machine_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Page:
    """Tasks only a person can resolve, oldest first."""
    cursor = None
    if after:
        at_ms, task_id = after.split("-")
        cursor = (int(at_ms), int(task_id))
    async with database.read() as db_session:
        rows = await service.listing(
            db_session, limit=limit + 1, after=cursor, state=state, kind=kind, machine_id=machine_id
        )
    items, more = rows[:limit], len(rows) > limit
    return Page(items=items, next=f"{items[-1].opened_at_ms}-{items[-1].id}" if more else None)


@router.get("/{task_id}", responses={404: {"model": Problem}})
async def get_task(task_id: int, database: DatabaseDep) -> TaskView:
    """One task."""
    async with database.read() as db_session:
        found = await service.get(db_session, task_id)
    if found is None:
        raise ProblemError(404, "no_such_task", f"There is no task {task_id}.")
    return found


@router.post(
    "/{task_id}/resolve", responses={404: {"model": Problem}, 409: {"model": Problem}, 422: {"model": Problem}}
)
async def resolve_task(
    task_id: int, body: Resolution, operator: OperatorDep, database: DatabaseDep, request: Request
) -> TaskView:
    """Resolve a task. The same answer by the same operator again gives the same; any other one is a 409."""
    return await resolved(request, database, task_id, Answer(body.resolution, body.note, operator.email))


async def resolved(request: Request, database: DatabaseDep, task_id: int, answer: Answer) -> TaskView:
    """Resolve a task for a request, of the API or of the page.

    Raises:
        ProblemError: 404 for no such task, 422 for a resolution it does not have, 409 when it was resolved before.
    """
    clock, timezone = request.app.state.clock, request.app.state.settings.timezone
    try:
        async with database.write() as db_session:
            return await service.resolve(db_session, task_id, answer, now_ms=clock(), timezone=timezone)
    except service.NoSuchTaskError as error:
        raise ProblemError(404, "no_such_task", str(error)) from error
    except WrongResolutionError as error:
        raise ProblemError(422, "wrong_resolution", str(error)) from error
    except service.AlreadyResolvedError as error:
        raise ProblemError(409, "already_resolved", str(error)) from error
