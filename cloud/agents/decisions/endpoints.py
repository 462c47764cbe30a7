"""`/api/v1/ai`: decisions with their reasons, proposals that wait for a person, limits, stop switches."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from cloud.agents.decisions import explain, proposals, service
from cloud.agents.decisions.asked import Approver, Asked
from cloud.agents.decisions.explain import DecisionView, Explained, NoSuchDecisionError
from cloud.agents.decisions.log_book import Moment
from cloud.agents.decisions.proposals import NoSuchProposalError, ProposalOverError, ProposalView, ToolMissingError
from cloud.agents.decisions.service import NoSuchSwitchError, Spent, SwitchView
from cloud.agents.decisions.wanted import Wanted
from cloud.agents.guard.limits import ACTIONS, Limits
from cloud.agents.house import House
from cloud.agents.tools import AGENTS
from cloud.db.database import Database
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, Refusals, RowId, TodayDep, refusals, refusing
from cloud.kit.pages import AskedDep, Page

router = APIRouter(prefix="/api/v1/ai", tags=["agents"])

_READ = [needs(Permission.AGENTS_READ)]

REFUSALS: Final[Refusals] = {
    NoSuchDecisionError: (404, "no_such_decision"),
    NoSuchProposalError: (404, "no_such_proposal"),
    NoSuchSwitchError: (404, "no_such_agent"),
    ProposalOverError: (409, "proposal_over"),
    ToolMissingError: (409, "no_such_tool"),
}

AGENT_NAMES = Literal["vending", "procurement", "customer", "analytics"]
OUTCOMES = Literal["done", "proposed", "denied", "refused", "failed", "shadow"]
STATES = Literal["waiting", "approved", "refused", "expired"]


class NoteBody(BaseModel):
    """Why, for the record."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "the receipt was shown"}]})

    note: str = Field(default="", max_length=500)


class SwitchBody(BaseModel):
    """Stop, or let go on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"is_stopped": True, "why": "odd refunds since noon"}]}
    )

    is_stopped: bool
    why: str = Field(default="", max_length=500)


class LimitsView(BaseModel):
    """What agents may do by themselves, and what of it is spent today."""

    limits: Limits
    actions: Mapping[str, list[str]]
    """Agent to the actions on its allow-list."""
    day: date
    lost: int
    """Yen given away today by all agents."""
    left: int
    """Yen of the day's loss budget."""
    by_agent: list[Spent]


class ChainView(BaseModel):
    """Whether the log is whole."""

    decisions: int
    findings: list[str]


def limits_of(request: Request) -> Limits:
    """The limits of all agents."""
    house: House = request.app.state.house
    return house.desk.limits


def moment_of(request: Request) -> Moment:
    """Now, in the operator's time zone."""
    return Moment(request.app.state.clock(), request.app.state.settings.timezone)


def wanted(
    agent: AGENT_NAMES | None = None,
    outcome: OUTCOMES | None = None,
    run_id: Annotated[str | None, Query(max_length=64)] = None,
    conversation_id: Annotated[str | None, Query(max_length=64)] = None,
    day: Annotated[date | None, Query(description="in the operator's time zone")] = None,
    costly: Annotated[bool | None, Query(description="only what took something from the loss budget")] = None,
) -> Wanted:
    """The filters of a request."""
    return Wanted(agent, outcome, run_id, conversation_id, day, costly)


@router.get("/decisions", dependencies=_READ)
async def list_decisions(
    database: DatabaseDep, asked: AskedDep, chosen: Annotated[Wanted, Depends(wanted)]
) -> Page[DecisionView]:
    """Every call of every agent and what became of it, newest first. Nothing is ever changed or deleted here."""
    async with database.read() as db_session:
        rows = await explain.listing(db_session, limit=asked.one_more, before=asked.after(int), wanted=chosen)
    return asked.page(rows, lambda row: row.number)


@router.get("/decisions/verification", dependencies=_READ)
async def verify_decisions(database: DatabaseDep) -> ChainView:
    """Check the hash chain of the whole log. Reads everything."""
    async with database.read() as db_session:
        count, findings = await service.verify(db_session)
    return ChainView(decisions=count, findings=findings)


@router.get("/decisions/{number}", dependencies=_READ, responses=refusals(http_404="no_such_decision"))
async def get_decision(number: RowId, request: Request, database: DatabaseDep) -> Explained:
    """One decision explained: inputs, rules and verdicts, who approved it, what it moved in the ledger."""
    with refusing(REFUSALS):
        async with database.read() as db_session:
            return await explain.explained(db_session, number, moment_of(request).now_ms)


@router.get("/limits", dependencies=_READ)
async def get_limits(request: Request, database: DatabaseDep, today: TodayDep) -> LimitsView:
    """What agents may do by themselves, and what of the day's loss budget is left."""
    limits = limits_of(request)
    async with database.read() as db_session:
        by_agent = await service.lost_by_agent(db_session, today)
    lost = sum(row.loss for row in by_agent)
    return LimitsView(
        limits=limits,
        actions={agent: sorted(ACTIONS[agent]) for agent in AGENTS},
        day=today,
        lost=lost,
        left=max(limits.loss_budget_minor - lost, 0),
        by_agent=by_agent,
    )


@router.get("/proposals", dependencies=_READ)
async def list_proposals(
    request: Request, database: DatabaseDep, asked: AskedDep, state: STATES | None = None
) -> Page[ProposalView]:
    """What agents wanted and a person decides about, newest first."""
    now_ms = moment_of(request).now_ms
    async with database.read() as db_session:
        rows = await proposals.listing(
            db_session, now_ms=now_ms, limit=asked.one_more, before=asked.after(int), state=state
        )
    return asked.page(rows, lambda row: row.id)


@router.get("/proposals/{proposal_id}", dependencies=_READ, responses=refusals(http_404="no_such_proposal"))
async def get_proposal(proposal_id: RowId, request: Request, database: DatabaseDep) -> ProposalView:
    """One proposal; facts and verdicts are in its decision."""
    with refusing(REFUSALS):
        async with database.read() as db_session:
            return await proposals.proposal(db_session, proposal_id, moment_of(request).now_ms)


async def _prepared(writer: Writer, proposal_id: int) -> Asked:
    """Check the role for the action itself, and ask outside what the tool needs from there."""
    request = writer.request
    database: Database = request.app.state.database
    house: House = request.app.state.house
    limits = limits_of(request)
    async with database.read() as db_session:
        row = await proposals.proposal(db_session, proposal_id, writer.now_ms)
        _check_role(writer, row.action)
        agent = next((one for name, one in house.agents.items() if name == row.agent), None)
        asked = await proposals.prepare(db_session, proposal_id, agent.prompt.tools if agent else ())
    if asked.tool is None or asked.tool.outside is None or asked.arguments is None or row.state != "waiting":
        return asked
    try:
        async with asyncio.timeout(limits.outside_time_s):
            return replace(asked, found=await asked.tool.outside(asked.arguments))
    except TimeoutError as error:
        raise ProblemError(503, "too_slow", "Somebody outside did not answer in time; try again.") from error


def _check_role(writer: Writer, action: str) -> None:
    permission = proposals.needed(action)
    if not writer.user.may(permission):
        words = f"This needs the permission {permission} too, which your role {writer.user.role} does not have."
        raise ProblemError(403, "not_allowed", words)


async def approve_proposal(writer: Writer, proposal_id: int, note: str) -> ProposalView:
    """Approve a proposal for a user.

    Raises:
        ProblemError: 403, their role may not do the action itself; 404; 409, it is over, or is denied or refused now.
    """
    request = writer.request
    with refusing(REFUSALS):
        asked = await _prepared(writer, proposal_id)
        approver = Approver(writer.user.email, writer.user.may(Permission.AGENTS_EXCEED))
        async with writer.write(proposal=proposal_id, note=note) as db_session:
            tried = await proposals.approve(
                db_session, asked, approver, limits=limits_of(request), at=moment_of(request), note=note
            )
    if tried.outcome != "done":
        raise ProblemError(409, f"{tried.outcome}_now", f"It was {tried.outcome} now and still waits: {tried.why}")
    return tried.proposal


async def refuse_proposal(writer: Writer, proposal_id: int, note: str) -> ProposalView:
    """Refuse a proposal for a user.

    Raises:
        ProblemError: 404; 409, it is over.
    """
    with refusing(REFUSALS):
        async with writer.write(proposal=proposal_id, note=note) as db_session:
            approver = Approver(writer.user.email)
            return await proposals.refuse(db_session, proposal_id, approver, at=moment_of(writer.request), note=note)


async def switch_agent(writer: Writer, name: str, body: SwitchBody) -> SwitchView:
    """Stop an agent or let it go on, for a user.

    Raises:
        ProblemError: 404, there is no such agent.
    """
    with refusing(REFUSALS):
        async with writer.write(is_stopped=body.is_stopped, why=body.why) as db_session:
            return await service.set_switch(
                db_session,
                name,
                is_stopped=body.is_stopped,
                why=body.why,
                by=writer.user.email,
                now_ms=writer.now_ms,
            )


Decides = Annotated[Writer, Depends(Writes(Permission.AGENTS_DECIDE, "proposal.approved"))]
Refuses = Annotated[Writer, Depends(Writes(Permission.AGENTS_DECIDE, "proposal.refused"))]
Stops = Annotated[Writer, Depends(Writes(Permission.AGENTS_STOP, "agent.switched"))]


@router.post(
    "/proposals/{proposal_id}/approve",
    responses=refusals(
        http_403="not_allowed",
        http_404="no_such_proposal",
        http_409="proposal_over, no_such_tool, denied_now, refused_now, failed_now",
        http_503="too_slow",
    ),
)
async def approve(proposal_id: RowId, body: NoteBody, writer: Decides) -> ProposalView:
    """Do what was proposed; approving again changes nothing.

    The facts of this moment are judged again: what is denied now does not happen and waits on. Besides `agents.decide`
    it needs the permission the action itself needs (`needs`); beyond the day's loss budget, `agents.exceed`.
    """
    return await approve_proposal(writer, proposal_id, body.note)


@router.post(
    "/proposals/{proposal_id}/refuse", responses=refusals(http_404="no_such_proposal", http_409="proposal_over")
)
async def refuse(proposal_id: RowId, body: NoteBody, writer: Refuses) -> ProposalView:
    """Say no; refusing again changes nothing."""
    return await refuse_proposal(writer, proposal_id, body.note)


@router.get("/switches", dependencies=_READ)
async def list_switches(database: DatabaseDep) -> list[SwitchView]:
    """The stop switch of all agents, then each agent's."""
    async with database.read() as db_session:
        return await service.switches(db_session)


@router.put("/switches/{name}", responses=refusals(http_404="no_such_agent"))
async def put_switch(
    name: Annotated[str, Path(max_length=16, examples=["all"])], body: SwitchBody, writer: Stops
) -> SwitchView:
    """Stop an agent or `all`, at once and for every process, or let them go on. It survives restarts."""
    return await switch_agent(writer, name, body)
