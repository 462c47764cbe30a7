"""`/api/v1/ai/tasks`: ask an agent to work, look at its tasks, stop one; `/ws/tasks/{task_id}`: their progress."""

import asyncio
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, WebSocket
from pydantic import BaseModel, ConfigDict, Field
from starlette.websockets import WebSocketState

from cloud.db.database import Database
from cloud.identity.access import Creates, Creator, Guest, SocketLock, Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.identity.sockets import close_refused, while_open
from cloud.jobs import rules, service
from cloud.jobs.service import NoSuchTaskError, ScheduleView, TaskEndedError, TaskView
from cloud.kit.http import DatabaseDep, ProblemError, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.machines import service as machines

router = APIRouter(prefix="/api/v1/ai", tags=["agents"])
sockets = APIRouter(tags=["agents"])

LOOK_S: Final = 0.25
NO_SUCH_TASK: Final = 4404
"""Close code of the WebSocket, one of those in `cloud/identity/sockets.py`."""

AgentType = Literal["vending", "procurement", "analytics"]
TaskId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_READ: Final = [needs(Permission.AGENTS_READ)]


class Configuration(BaseModel):
    """What the task is about. Words are a wish: what may be done follows from the guard, not from them."""

    model_config = ConfigDict(extra="forbid")

    machine_id: str = Field(default="", max_length=40, examples=["vm-tokyo-0001"])
    """Of one machine only; empty for the whole fleet."""
    instructions: str = Field(default="", max_length=2_000, examples=["夏向けに値段を見直してください"])
    period: Literal["", "day", "week"] = ""
    """For a report: of what it is; empty leaves it to the agent."""


class TaskBody(BaseModel):
    """What an agent is asked to do."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"agent_type": "vending", "priority": "high", "configuration": {"machine_id": "vm-tokyo-0001"}}
            ]
        },
    )

    agent_type: AgentType
    priority: rules.Priority = "normal"
    configuration: Configuration = Configuration()


class TaskProgress(BaseModel):
    """What the WebSocket sends whenever it changes."""

    task_id: str
    progress: int
    """Percent."""
    status: str
    current_step: str


@router.post("/tasks", status_code=201, responses=refusals(http_404="no_such_machine", http_409="key_reused"))
async def ask_for_task(
    body: TaskBody, creator: Annotated[Creator, Depends(Creates(Permission.AGENTS_RUN, "task.asked"))]
) -> TaskView:
    """Have an agent work: it begins as soon as a worker is free."""
    async with creator.once(body, agent=body.agent_type) as work:
        if work.is_new:
            work.made = await asked(work.db_session, body, creator)
        return await service.task(work.db_session, work.made)


async def asked(db_session: Any, body: TaskBody, writer: Writer) -> str:
    """Put the task into the queue; its id.

    Raises:
        ProblemError: 404, there is no such machine.
    """
    if body.configuration.machine_id:
        try:
            await machines.machine(db_session, body.configuration.machine_id)
        except machines.NoSuchMachineError as error:
            raise ProblemError(404, "no_such_machine", str(error)) from error
    return await service.ask(
        db_session,
        body.agent_type,
        asked_by=writer.user.email,
        now_ms=writer.now_ms,
        priority=body.priority,
        configuration=body.configuration.model_dump(exclude_defaults=True),
    )


@router.get("/tasks", dependencies=_READ)
async def list_tasks(
    database: DatabaseDep,
    asked_page: AskedDep,
    agent_type: Annotated[AgentType | None, Query()] = None,
    status: Annotated[rules.Status | None, Query()] = None,
) -> Page[TaskView]:
    """Tasks, newest first."""
    before = asked_page.after(int, str)
    async with database.read() as db_session:
        rows = await service.tasks(
            db_session, limit=asked_page.one_more, kind=agent_type or "", status=status or "", before=before
        )
    return asked_page.page(rows, lambda row: (row.created_at_ms, row.task_id))


@router.get("/tasks/{task_id}", dependencies=_READ, responses=refusals(http_404="no_such_task"))
async def read_task(task_id: TaskId, database: DatabaseDep) -> TaskView:
    """One task."""
    async with database.read() as db_session:
        try:
            return await service.task(db_session, task_id)
        except NoSuchTaskError as error:
            raise ProblemError(404, "no_such_task", str(error)) from error


@router.post(
    "/tasks/{task_id}/cancel", responses=refusals(http_404="no_such_task", http_409="task_ended"), status_code=200
)
async def cancel_task(
    task_id: TaskId, writer: Annotated[Writer, Depends(Writes(Permission.AGENTS_RUN, "task.cancelled"))]
) -> TaskView:
    """Stop a task: one that waits at once, one that runs before its next step. What it did stays done."""
    return await cancelled(task_id, writer)


async def cancelled(task_id: str, writer: Writer) -> TaskView:
    """Stop a task.

    Raises:
        ProblemError: 404, there is none; 409, it has ended.
    """
    try:
        async with writer.write(task=task_id) as db_session:
            return await service.stop(db_session, task_id, writer.now_ms)
    except NoSuchTaskError as error:
        raise ProblemError(404, "no_such_task", str(error)) from error
    except TaskEndedError as error:
        raise ProblemError(409, "task_ended", str(error)) from error


@router.get("/schedules", dependencies=_READ)
async def list_schedules(database: DatabaseDep) -> list[ScheduleView]:
    """When agents work by themselves."""
    async with database.read() as db_session:
        return await service.schedules(db_session)


PROGRESS_LOCK: Final = SocketLock(Permission.AGENTS_READ)


@sockets.websocket("/ws/tasks/{task_id}")
async def task_socket(task_id: str, socket: WebSocket, guest: Annotated[Guest, Depends(PROGRESS_LOCK)]) -> None:
    """Progress of a task whenever it changes, until it has ended."""
    await socket.accept()
    if guest.refusal is not None:
        await close_refused(socket, guest.refusal)
        return
    await while_open(socket, _send(socket, task_id))


async def _send(socket: WebSocket, task_id: str) -> None:
    database: Database = socket.app.state.database
    known = ""
    while socket.client_state is WebSocketState.CONNECTED:
        async with database.read() as db_session:
            try:
                row = await service.task(db_session, task_id)
            except NoSuchTaskError:
                await socket.close(NO_SUCH_TASK, "no_such_task")
                return
        told = TaskProgress.model_validate(row, from_attributes=True).model_dump_json()
        if told != known:
            # Who was logged out meanwhile gets nothing more.
            if (refusal := (await PROGRESS_LOCK(socket)).refusal) is not None:
                await close_refused(socket, refusal)
                return
            await socket.send_text(told)
            known = told
        if row.status in rules.ENDED:
            await socket.close(1000, row.status)
            return
        await asyncio.sleep(LOOK_S)
