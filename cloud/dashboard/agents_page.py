"""`/dashboard/agents`: what agents do at this moment, what they cost, what was said in each run; have one work now."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from cloud.agents.house import House
from cloud.agents.loop import rules
from cloud.agents.loop import service as agent_runs
from cloud.agents.loop.service import AgentDay, NoSuchRunError, RunView, TurnView, yen_text
from cloud.agents.mind import Reply, Told
from cloud.agents.tools import AGENTS
from cloud.dashboard.agents_words import AGENT_NAMES, CHANNELS, OUTCOMES, STATUSES, STEPS, TONES, WHYS
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.jobs import service as jobs
from cloud.jobs.endpoints import TaskBody, asked, cancelled
from cloud.jobs.rules import ENDED
from cloud.jobs.service import TaskView
from cloud.kit.http import DatabaseDep, ProblemError
from cloud.machines import service as machines

router = APIRouter(prefix="/dashboard/agents", include_in_schema=False)

RUNS_SHOWN: Final = 30
TASKS_SHOWN: Final = 10
TEXT_SHOWN: Final = 80
"""Characters of a result in the list; the run has all of it."""

SeesAgents = Annotated[CurrentUser, Depends(PageLock(Permission.AGENTS_READ))]
Asks = Annotated[Writer, Depends(PageWrites(Permission.AGENTS_RUN, "task.asked"))]
Cancels = Annotated[Writer, Depends(PageWrites(Permission.AGENTS_RUN, "task.cancelled"))]
RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.get("")
async def agents(
    request: Request,
    user: SeesAgents,
    database: DatabaseDep,
    agent: Annotated[str, Query(max_length=16)] = "",
    before: Annotated[str, Query(max_length=64, pattern=r"^([0-9]{1,18}-[0-9a-f]{32})?$")] = "",
) -> HTMLResponse:
    """エージェントの動き."""
    return await _page(request, user, database, agent if agent in AGENTS else "", before)


@router.post("/tasks")
async def ask(
    request: Request,
    writer: Asks,
    database: DatabaseDep,
    agent_type: Annotated[str, Form(max_length=16)],
    machine_id: Annotated[str, Form(max_length=40)] = "",
    instructions: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Have an agent work now."""
    configuration = {"machine_id": machine_id.strip(), "instructions": instructions.strip()}
    try:
        body = TaskBody.model_validate({"agent_type": agent_type, "priority": "high", "configuration": configuration})
        async with writer.write(agent=agent_type) as db_session:
            await asked(db_session, body, writer)
    except (ValidationError, ProblemError):
        error = "依頼できませんでした。エージェントと自販機をもう一度お選びください。"
        return with_status(await _page(request, writer.user, database, error=error), 422)
    return RedirectResponse("/dashboard/agents#tasks", status_code=303)


@router.post("/tasks/{task_id}/cancel")
async def cancel(task_id: RunId, request: Request, writer: Cancels, database: DatabaseDep) -> Response:
    """Stop a task."""
    try:
        await cancelled(task_id, writer)
    except ProblemError as error:
        words = "この依頼はすでに終わっています。" if error.status == 409 else "この依頼は見つかりません。"
        return with_status(await _page(request, writer.user, database, error=words), error.status)
    return RedirectResponse("/dashboard/agents#tasks", status_code=303)


@router.get("/runs/{run_id}")
async def run_page(run_id: RunId, request: Request, user: SeesAgents, database: DatabaseDep) -> HTMLResponse:
    """One run with its transcript."""
    house: House = request.app.state.house

    async def build(contexts: Contexts) -> dict[str, Any]:
        found = await agent_runs.run(contexts.db_session, run_id)
        turns = await agent_runs.turns(contexts.db_session, house.secrecy, run_id)
        linked = await agent_runs.followers(contexts.db_session, run_id)
        before = [await agent_runs.run(contexts.db_session, found.follows)] if found.follows else []
        return {
            "run": _run(contexts, found),
            "difference": _difference(found),
            "linked": [_run(contexts, row) for row in (*before, *linked)],
            "turns": _turns(contexts, turns),
            "is_erased": not turns,
        }

    try:
        return await show(request, database, user, "agent_run", "エージェントの実行", build)
    except NoSuchRunError as error:
        raise ProblemError(404, "no_such_run", str(error)) from error


async def _page(
    request: Request, user: CurrentUser, database: Database, agent: str = "", before: str = "", error: str = ""
) -> HTMLResponse:
    house: House = request.app.state.house
    at, _, last = before.partition("-")

    async def build(contexts: Contexts) -> dict[str, Any]:
        db_session, now_ms = contexts.db_session, request.app.state.clock()
        days = await agent_runs.today(db_session, now_ms, request.app.state.settings.timezone)
        key = (int(at), last) if before else None
        rows = await agent_runs.runs(db_session, limit=RUNS_SHOWN + 1, agent=agent, before=key)
        shown = rows[:RUNS_SHOWN]
        tasks = await jobs.tasks(db_session, limit=TASKS_SHOWN)
        return {
            "error": error,
            "mind": house.model.name if house.model else "",
            "agents": [_agent(contexts, day, house) for day in days],
            "runs": [_run(contexts, row) for row in shown],
            "agent": agent,
            "older": f"{shown[-1].started_at_ms}-{shown[-1].id}" if len(rows) > RUNS_SHOWN else "",
            "is_first": not before,
            "tasks": [_task(contexts, row) for row in tasks],
            "schedules": [
                {"agent": AGENT_NAMES.get(row.kind, row.kind), "when": row.when, "next": contexts.moment(row.due_at_ms)}
                for row in await jobs.schedules(db_session, say)
            ],
            "choices": [(name, AGENT_NAMES[name]) for name in AGENTS if name != "customer"],
            "machines": [row.id for row in await machines.machines(db_session)],
            "may_run": user.may(Permission.AGENTS_RUN),
        }

    return await show(request, database, user, "agents", "エージェントの動き", build)


def _agent(contexts: Contexts, day: AgentDay, house: House) -> dict[str, Any]:
    terms = house.loop.terms
    used = max(
        100 * day.tokens // max(terms.daily_tokens, 1), 100 * day.microyen // max(terms.daily_yen * rules.MICRO, 1)
    )
    return {
        "name": AGENT_NAMES[day.agent],
        "key": day.agent,
        "now": _now(day.newest),
        "newest": _run(contexts, day.newest) if day.newest else None,
        "runs": day.runs,
        "calls": day.calls,
        "tokens": day.tokens,
        "tokens_budget": terms.daily_tokens,
        "yen": yen_text(day.microyen),
        "yen_budget": terms.daily_yen,
        "used_percent": min(used, 100),
        "used_tone": "out" if used >= 100 else "low" if used >= 80 else "ok",
        "fell_back": day.fell_back,
        "failed": day.failed,
        "error": _run(contexts, day.last_error) if day.last_error else None,
    }


def _now(newest: RunView | None) -> str:
    if newest is None or newest.outcome != "running":
        return "待機中"
    return say("{number}回目: {step}", number=newest.replies + 1, step=STEPS.get(newest.step, newest.step))


def _run(contexts: Contexts, row: RunView) -> dict[str, Any]:
    return {
        "id": row.id,
        "href": f"/dashboard/agents/runs/{row.id}",
        "agent": AGENT_NAMES.get(row.agent, row.agent),
        "at": contexts.moment(row.started_at_ms),
        "seconds": max(row.ended_at_ms - row.started_at_ms, 0) / 1000 if row.ended_at_ms else None,
        "channel": CHANNELS.get(row.channel, row.channel),
        "machine": row.machine_id,
        "mind": "規則" if row.mind == "rules" else row.mind,
        "outcome": "影(実行なし)" if row.is_dry else OUTCOMES.get(row.outcome, row.outcome),
        "tone": TONES.get(row.outcome, "ok"),
        "why": WHYS.get(row.why, row.why),
        "detail": row.detail,
        "replies": row.replies,
        "calls": row.calls,
        "tokens": row.tokens,
        "yen": yen_text(row.microyen),
    }


def _task(contexts: Contexts, row: TaskView) -> dict[str, Any]:
    return {
        "id": row.task_id,
        "agent": AGENT_NAMES.get(row.agent_type, row.agent_type),
        "at": contexts.moment(row.created_at_ms),
        "asked_by": "定期実行" if row.asked_by == "schedule" else row.asked_by,
        "status": STATUSES[row.status],
        "tone": {"failed": "danger", "interrupted": "danger", "running": "low"}.get(row.status, "ok"),
        "progress": row.progress,
        "step": STEPS.get(row.current_step, row.current_step),
        "error": row.error,
        "text": _short(str((row.result or {}).get("text", ""))),
        "run_href": f"/dashboard/agents/runs/{row.run_id}" if row.run_id else "",
        "may_stop": row.status not in ENDED and not row.is_stop_asked,
        "is_stopping": row.status not in ENDED and row.is_stop_asked,
    }


def _difference(row: RunView) -> dict[str, Any] | None:
    if row.difference is None:
        return None
    return {
        "both": row.difference["both"],
        "only_model": [_call_text(name, arguments) for name, arguments in row.difference["only_model"]],
        "only_rules": [_call_text(name, arguments) for name, arguments in row.difference["only_rules"]],
    }


def _turns(contexts: Contexts, rows: Sequence[TurnView]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for row in rows:
        shown: dict[str, Any] = {"number": row.number, "at": contexts.moment(row.at_ms), "kind": "closed"}
        if isinstance(row.turn, Told):
            shown |= {
                "kind": "told",
                "situation": _json(row.turn.situation) if row.turn.situation else "",
                "words": row.turn.words,
                "answers": [
                    {
                        "outcome": OUTCOMES.get(str(one.content.get("outcome")), str(one.content.get("outcome"))),
                        "tone": TONES.get(str(one.content.get("outcome")), "ok"),
                        "content": _json({name: value for name, value in one.content.items() if name != "outcome"}),
                        "decision": one.decision_id,
                    }
                    for one in row.turn.answers
                ],
            }
        elif isinstance(row.turn, Reply):
            calls = [_call_text(call.name, call.arguments) for call in row.turn.calls]
            shown |= {"kind": "replied", "text": row.turn.text, "calls": calls, "stop": row.turn.stop}
        found.append(shown)
    return found


def _call_text(name: str, arguments: Any) -> str:
    return f"{name} {json.dumps(arguments, ensure_ascii=False)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _short(text: str) -> str:
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}…"
