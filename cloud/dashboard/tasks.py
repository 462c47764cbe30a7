"""`/dashboard/tasks`: what waits for a person, oldest first, and the form for what they found out."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.catalogue.service import Catalogue
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.task_wording import resolution_text, task_lines
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.endpoints import NOTE_LENGTH, paid, resolved
from cloud.staff_tasks.service import TaskView

router = APIRouter(prefix="/dashboard/tasks", include_in_schema=False)

TASKS_SHOWN: Final = 100
RESOLVED_SHOWN: Final = 20
REFUSED_SHOWN: Final = 100

SeesTasks = Annotated[CurrentUser, Depends(PageLock(Permission.TASKS_READ))]
Resolves = Annotated[Writer, Depends(PageWrites(Permission.TASKS_RESOLVE, "task.resolved"))]
Pays = Annotated[Writer, Depends(PageWrites(Permission.TASKS_RESOLVE, "debt.paid_after_all"))]


async def _context(contexts: Contexts) -> dict[str, Any]:
    names = await contexts.catalogue()
    waiting = await staff_tasks.listing(contexts.db_session, limit=TASKS_SHOWN, state="open")
    done = await staff_tasks.recently_resolved(contexts.db_session, RESOLVED_SHOWN)
    refused = await staff_tasks.refused_debts(contexts.db_session, limit=REFUSED_SHOWN)
    return {
        "tasks": [_row(contexts, task, names) for task in waiting],
        "resolved": [_row(contexts, task, names) for task in done],
        "refused_debts": [_row(contexts, task, names) for task in refused],
        "note_length": NOTE_LENGTH,
    }


def _row(contexts: Contexts, task: TaskView, names: Catalogue) -> dict[str, Any]:
    what, todo = task_lines(task, names.name(task.product_id))
    return {
        "id": task.id,
        "what": what,
        "todo": todo,
        "machine": task.machine_id,
        "claim": task.claim,
        "detail": task.detail,
        "since": contexts.moment(task.opened_at_ms),
        "href": task.source_path,
        "choices": [(name, resolution_text(task.kind, name)) for name in task.resolutions],
        "resolution": resolution_text(task.kind, task.resolution),
        "resolved_by": task.resolved_by,
        "resolved_at": contexts.moment(task.resolved_at_ms),
        "note": task.note,
    }


@router.get("")
async def tasks(request: Request, user: SeesTasks, database: DatabaseDep) -> Response:
    """作業."""
    return await _page(request, user, database)


async def _page(request: Request, user: CurrentUser, database: Database, error: str = "") -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        may_resolve = user.may(Permission.TASKS_RESOLVE)
        return await _context(contexts) | {"error": error, "may_resolve": may_resolve}

    return await show(request, database, user, "tasks", "作業", build)


@router.post("/{task_id}/resolve")
async def resolve(
    task_id: RowId,
    request: Request,
    writer: Resolves,
    database: DatabaseDep,
    resolution: Annotated[str, Form(max_length=32)],
    note: Annotated[str, Form(max_length=NOTE_LENGTH)] = "",
) -> Response:
    """Record the form, and show what is left; a refusal is said on the page."""
    try:
        await resolved(writer, task_id, resolution, note.strip())
    except ProblemError as error:
        return with_status(await _page(request, writer.user, database, _refusal(error)), error.status)
    return RedirectResponse("/dashboard/tasks", status_code=303)


@router.post("/{task_id}/payment")
async def pay(
    task_id: RowId,
    request: Request,
    writer: Pays,
    database: DatabaseDep,
    note: Annotated[str, Form(max_length=NOTE_LENGTH)] = "",
) -> Response:
    """A customer came for what they were refused: record that it was paid."""
    try:
        await paid(writer, task_id, note.strip())
    except ProblemError as error:
        return with_status(await _page(request, writer.user, database, _refusal(error)), error.status)
    return RedirectResponse("/dashboard/tasks#refused_debts", status_code=303)


def _refusal(error: ProblemError) -> str:
    if error.code == "already_resolved":
        return "この作業は、ほかの方が先に記録しました。下の「最近の記録」をご覧ください。"
    return "記録できませんでした。もう一度お選びください。"
