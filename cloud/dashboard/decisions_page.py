"""`/dashboard/proposals`: what waits for a person, the loss budget, the stop buttons; `/dashboard/decisions`."""

import json
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from cloud.agents.decisions import explain, proposals, service
from cloud.agents.decisions.endpoints import (
    SwitchBody,
    approve_proposal,
    limits_of,
    refuse_proposal,
    switch_agent,
)
from cloud.agents.decisions.explain import DecisionView, NoSuchDecisionError, VerdictView
from cloud.agents.decisions.proposals import ProposalView
from cloud.agents.decisions.wanted import Wanted
from cloud.agents.tools import AGENTS as NAMES
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.decisions_words import (
    ACTIONS,
    AGENTS,
    CHANNELS,
    FACTS,
    OUTCOMES,
    REFUSALS,
    RULINGS,
    STATES,
    VALUES,
    YEN,
)
from cloud.dashboard.forms import words_of
from cloud.dashboard.language import language, listed, say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.clock import local_day
from cloud.kit.http import DatabaseDep, ProblemError, RowId
from cloud.procurement import service as procurement

router = APIRouter(prefix="/dashboard", include_in_schema=False)

PROPOSALS_SHOWN: Final = 50
DECIDED_SHOWN: Final = 10
DECISIONS_SHOWN: Final = 50
_HOUR_MS: Final = 3_600_000
VALUE_SHOWN: Final = 300
"""Characters of an argument or a fact."""

SeesAgents = Annotated[CurrentUser, Depends(PageLock(Permission.AGENTS_READ))]
Approves = Annotated[Writer, Depends(PageWrites(Permission.AGENTS_DECIDE, "proposal.approved"))]
Refuses = Annotated[Writer, Depends(PageWrites(Permission.AGENTS_DECIDE, "proposal.refused"))]
Stops = Annotated[Writer, Depends(PageWrites(Permission.AGENTS_STOP, "agent.switched"))]
Note = Annotated[str, Form(max_length=500)]

Suppliers = dict[int, str]
"""Supplier id to name."""


@router.get("/proposals")
async def waiting(request: Request, user: SeesAgents, database: DatabaseDep) -> Response:
    """承認待ち."""
    return await _page(request, user, database)


@router.post("/proposals/{proposal_id}/approve")
async def approve(proposal_id: RowId, request: Request, writer: Approves, note: Note = "") -> Response:
    """Do what was proposed."""
    try:
        await approve_proposal(writer, proposal_id, note)
    except ProblemError as error:
        return await _refused(request, writer, error)
    return RedirectResponse("/dashboard/proposals", status_code=303)


@router.post("/proposals/{proposal_id}/refuse")
async def refuse(proposal_id: RowId, request: Request, writer: Refuses, note: Note = "") -> Response:
    """Say no."""
    try:
        await refuse_proposal(writer, proposal_id, note)
    except ProblemError as error:
        return await _refused(request, writer, error)
    return RedirectResponse("/dashboard/proposals", status_code=303)


@router.post("/proposals/switches/{name}")
async def switch(
    name: Literal["all", "vending", "procurement", "customer", "analytics"],
    writer: Stops,
    stop: Annotated[Literal["yes", "no"], Form()],
    why: Note = "",
) -> Response:
    """Stop an agent, or let it go on."""
    await switch_agent(writer, name, SwitchBody(is_stopped=stop == "yes", why=why))
    return RedirectResponse("/dashboard/proposals#switches", status_code=303)


async def _refused(request: Request, writer: Writer, error: ProblemError) -> Response:
    words = words_of(error, REFUSALS)
    database: Database = request.app.state.database
    return with_status(await _page(request, writer.user, database, words), error.status)


async def _page(request: Request, user: CurrentUser, database: Database, error: str = "") -> Response:
    limits = limits_of(request)
    now_ms = int(request.app.state.clock())
    today = local_day(now_ms, request.app.state.settings.timezone)

    async def build(contexts: Contexts) -> dict[str, Any]:
        db_session = contexts.db_session
        rows = await proposals.listing(db_session, now_ms=now_ms, limit=PROPOSALS_SHOWN, state="waiting")
        decided = [
            row
            for row in await proposals.listing(db_session, now_ms=now_ms, limit=PROPOSALS_SHOWN)
            if row.state != "waiting"
        ]
        spent = await service.lost_by_agent(db_session, today)
        lost = sum(row.loss for row in spent)
        suppliers = await procurement.names(db_session)
        return {
            "waiting": [await _proposal_row(contexts, user, row, suppliers) for row in rows],
            "decided": [_decided_row(contexts, row) for row in decided[:DECIDED_SHOWN]],
            "budget": limits.loss_budget_minor,
            "lost": lost,
            "tone": _tone(lost, limits.loss_budget_minor),
            "spent": [
                {"agent": AGENTS[row.agent], "action": ACTIONS.get(row.action, row.action), "loss": row.loss}
                for row in spent
            ],
            "today": today,
            "switches": [
                row.model_dump() | {"words": AGENTS[row.name], "since": contexts.moment(row.since_ms)}
                for row in await service.switches(db_session)
            ],
            "may_stop": user.may(Permission.AGENTS_STOP),
            "error": error,
        }

    return await show(request, database, user, "proposals", "承認待ち", build)


def _tone(lost: int, budget: int) -> str:
    if lost >= budget:
        return "out"
    return "ok" if lost * 2 < budget else "low"


async def _proposal_row(
    contexts: Contexts, user: CurrentUser, row: ProposalView, suppliers: Suppliers
) -> dict[str, Any]:
    found = (await explain.explained(contexts.db_session, row.decision, 0)).decision
    words = _values(suppliers)
    return {
        "id": row.id,
        "agent": AGENTS.get(row.agent, row.agent),
        "action": ACTIONS.get(row.action, row.action),
        "tool": row.tool,
        "arguments": _pairs(row.arguments, suppliers),
        "facts": _fact_pairs(found.facts.get("is", {}), suppliers),
        "reasons": [_told(one, words) for one in found.verdicts if one.ruling == found.ruling],
        "loss": row.loss,
        "decision": row.decision,
        "made_at": contexts.moment(row.made_at_ms),
        "expires_at": contexts.moment(row.expires_at_ms),
        "tries": row.tries,
        "may_decide": user.may(Permission.AGENTS_DECIDE),
        "may_approve": user.may(Permission.AGENTS_DECIDE) and user.may(proposals.needed(row.action)),
    }


def _decided_row(contexts: Contexts, row: ProposalView) -> dict[str, Any]:
    words, tone = STATES[row.state]
    return {
        "id": row.id,
        "agent": AGENTS.get(row.agent, row.agent),
        "action": ACTIONS.get(row.action, row.action),
        "words": words,
        "tone": tone,
        "by": row.decided_by,
        "note": row.note,
        "at": contexts.moment(row.decided_at_ms or row.expires_at_ms),
        "decision": row.result or row.decision,
    }


@router.get("/decisions")
async def decisions(
    request: Request,
    user: SeesAgents,
    database: DatabaseDep,
    agent: Annotated[str, Query(max_length=16)] = "",
    outcome: Annotated[str, Query(max_length=12)] = "",
    costly: Literal["", "1"] = "",
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """判断の記録."""
    wanted = Wanted(agent=agent or None, outcome=outcome or None, is_costly=bool(costly) or None)

    async def build(contexts: Contexts) -> dict[str, Any]:
        rows = await explain.listing(contexts.db_session, limit=DECISIONS_SHOWN + 1, before=before, wanted=wanted)
        shown = rows[:DECISIONS_SHOWN]
        suppliers = await procurement.names(contexts.db_session)
        return {
            "rows": [_row(contexts, row, suppliers) for row in shown],
            "wanted": {"agent": agent, "outcome": outcome, "costly": costly},
            "agents": {name: AGENTS[name] for name in NAMES},
            "outcomes": {name: words for name, (words, _) in OUTCOMES.items()},
            "older": shown[-1].number if len(rows) > DECISIONS_SHOWN else None,
            "is_first": before is None,
        }

    return await show(request, database, user, "decisions", "判断の記録", build)


@router.get("/decisions/{number}")
async def decision(number: RowId, request: Request, user: SeesAgents, database: DatabaseDep) -> Response:
    """一件の説明."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        now_ms = int(request.app.state.clock())
        try:
            found = await explain.explained(contexts.db_session, number, now_ms)
        except NoSuchDecisionError as error:
            raise ProblemError(404, "no_such_decision", f"{error}.".capitalize()) from error
        row = found.decision
        suppliers = await procurement.names(contexts.db_session)
        values = _values(suppliers)
        verdicts = [(one, *_told(one, values), *RULINGS.get(one.ruling, ("", "neutral"))) for one in row.verdicts]
        return {
            "row": _row(contexts, row, suppliers),
            "said": row,
            "channel": CHANNELS.get(row.channel, row.channel),
            "arguments": _pairs(row.arguments, suppliers),
            "facts": _fact_pairs(row.facts.get("is", {}), suppliers),
            "verdicts": [
                {"rule": one.rule, "name": name, "text": text, "words": words, "tone": tone}
                for one, name, text, words, tone in verdicts
            ],
            "proposal": _decided_row(contexts, found.proposal) if found.proposal else None,
            "entries": found.entries,
        }

    return await show(request, database, user, "decision", say("判断 {number}", number=number), build)


def _row(contexts: Contexts, row: DecisionView, suppliers: Suppliers) -> dict[str, Any]:
    words, tone = OUTCOMES.get(row.outcome, (row.outcome, "neutral"))
    values = _values(suppliers)
    deciding = [_told(one, values) for one in row.verdicts if one.ruling == row.ruling and row.ruling != "allow"]
    return {
        "number": row.number,
        "at": contexts.moment(row.at_ms),
        "agent": AGENTS.get(row.agent, row.agent),
        "action": ACTIONS.get(row.action, row.action) or "—",
        "tool": row.tool,
        "words": words,
        "tone": tone,
        "why": " · ".join(text for _, text in deciding) or ("" if row.outcome == "done" else row.why),
        "loss": row.loss_minor,
        "approver": row.approver,
    }


def _values(suppliers: Suppliers) -> dict[str, str]:
    """Figures of rules that are words, and suppliers by name."""
    words = {value: say("{words}", words=words) for value, words in VALUES.items()}
    agents = {f"agent:{name}": say("{name}エージェント", name=words) for name, words in AGENTS.items()}
    return words | agents | {f"supplier:{number}": name for number, name in suppliers.items()}


def _told(verdict: VerdictView, values: dict[str, str]) -> tuple[str, str]:
    """A rule's name and what it looked at."""
    return verdict.in_japanese(values) if language() == "ja" else verdict.in_english(values)


def _pairs(value: Any, suppliers: Suppliers) -> list[tuple[str, str]]:
    """What a mapping says, a line each; anything else on one line."""
    if not isinstance(value, dict):
        return [("", _short(value))] if value else []
    return [
        (str(name), _supplier(name, inner, suppliers) or _short(inner))
        for name, inner in value.items()
        if inner not in ("", None, [])
    ]


def _fact_pairs(found: dict[str, Any], suppliers: Suppliers) -> list[tuple[str, str]]:
    """Facts in words: amounts in yen, times in hours and days, suppliers by name."""
    return [
        (_name(name), _supplier(name, value, suppliers) or _said(name, value))
        for name, value in found.items()
        if value not in ("", [])
    ]


def _supplier(name: str, value: Any, suppliers: Suppliers) -> str:
    """A known supplier's name, leading to it; empty for anything else, whatever an agent wrote there."""
    if name != "supplier_id" or not isinstance(value, int) or value not in suppliers:
        return ""
    return Markup('<a href="/dashboard/suppliers/{}">{}</a>').format(value, suppliers[value])


def _name(fact: str) -> str:
    return YEN.get(fact) or FACTS.get(fact, fact)


def _said(fact: str, value: Any) -> str:
    if value is None:
        return VALUES["?"]
    if fact in YEN:
        return say("{yen:,}円", yen=value)
    if fact == "age_ms":
        hours = int(value) // _HOUR_MS
        return say("{hours} 時間", hours=hours) if hours < 48 else say("{days} 日", days=hours // 24)
    if isinstance(value, list):
        return listed(map(str, value))
    return _short(VALUES.get(str(value), str(value)))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}…"
