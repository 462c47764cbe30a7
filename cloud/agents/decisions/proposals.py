"""Proposals: what an agent wants and a person decides about. Commits nothing; the request does.

Who approves needs the role for the action itself. The facts of that moment are judged again: what is denied then does
not happen, whoever wants it. The day's loss budget binds people too, unless their role may exceed it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.decisions import chain, deciding, repository
from cloud.agents.decisions.asked import Approver, Asked, Run, ask
from cloud.agents.decisions.log_book import Moment
from cloud.agents.decisions.models import Proposal
from cloud.agents.guard.limits import Limits
from cloud.agents.tools import Action, AnyTool, Call
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.identity.permissions import Permission

NEEDED: Final[Mapping[Action, Permission]] = {
    Action.CHANGE_PRICE: Permission.PLANOGRAMS_PUBLISH,
    Action.CHANGE_PLANOGRAM: Permission.PLANOGRAMS_PUBLISH,
    Action.ORDER_GOODS: Permission.ORDERS_WRITE,
    Action.COMPARE_OFFERS: Permission.SUPPLIERS_WRITE,
    Action.GRANT_COUPON: Permission.COMMANDS_ISSUE,
    Action.DISPENSE_PRODUCT: Permission.COMMANDS_ISSUE,
    Action.REFUND_SALE: Permission.SALES_REFUND,
    Action.GIVE_CREDIT: Permission.SALES_REFUND,
    Action.GIVE_GOODS: Permission.INVENTORY_MOVE,
    Action.REQUEST_RESTOCK: Permission.INVENTORY_MOVE,
}
"""What a person's role needs to approve an action, beside `agents.decide`: the same as for doing it."""


class NoSuchProposalError(LookupError):
    """A proposal nobody made."""

    def __init__(self, proposal_id: int) -> None:
        super().__init__(f"there is no proposal {proposal_id}")


class ProposalOverError(ValueError):
    """It was decided already, or its time is over."""

    def __init__(self, proposal_id: int, state: str) -> None:
        self.state = state
        super().__init__(f"proposal {proposal_id} is {state}")


class ToolMissingError(LookupError):
    """The agent has no tool of that name any more."""

    def __init__(self, tool: str) -> None:
        super().__init__(f"no agent has a tool {tool!r} now; refuse the proposal")


class ProposalView(BaseModel):
    """Something an agent wants to do."""

    id: int
    state: str
    """waiting, approved, refused, expired."""
    agent: str
    tool: str
    action: str
    arguments: Any
    """Without secrets, addresses and account numbers; empty when it is over."""
    machine_id: str
    customer_id: str
    why: str
    """The rules that asked for a person."""
    loss: int
    """Yen it takes from the day's loss budget."""
    decision: int
    """Number of the decision that made it: its facts and verdicts are there."""
    made_at_ms: int
    expires_at_ms: int
    decided_at_ms: int
    """0 while it waits."""
    decided_by: str
    note: str
    tries: int
    result: int
    """Number of the decision that carried it out; 0 for none."""
    needs: str
    """The permission for the action itself."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of an approval."""

    proposal: ProposalView
    outcome: str
    """done, or denied, refused, failed: then it still waits."""
    why: str


def needed(action: str) -> Permission:
    """What a person's role needs to approve an action."""
    return NEEDED.get(Action(action), Permission.AGENTS_DECIDE)


def view_of(row: Proposal, now_ms: int) -> ProposalView:
    """A proposal as others see it."""
    is_over = row.state == "waiting" and row.expires_at_ms <= now_ms
    return ProposalView(
        id=row.id,
        state="expired" if is_over else row.state,
        agent=row.agent,
        tool=row.tool,
        action=row.action,
        arguments=chain.clean(row.arguments),
        machine_id=row.machine_id,
        customer_id=row.customer_id,
        why=row.why,
        loss=row.loss_minor,
        decision=row.decision_number,
        made_at_ms=row.made_at_ms,
        expires_at_ms=row.expires_at_ms,
        decided_at_ms=row.decided_at_ms,
        decided_by=row.decided_by,
        note=row.note,
        tries=row.tries,
        result=row.result_number,
        needs=needed(row.action),
    )


async def listing(
    db_session: AsyncSession, *, now_ms: int, limit: int, before: int | None = None, state: str | None = None
) -> list[ProposalView]:
    """A page of proposals, newest first; of one state, if named."""
    rows = await repository.proposals(db_session, now_ms=now_ms, limit=limit, before=before, state=state)
    return [view_of(row, now_ms) for row in rows]


async def proposal(db_session: AsyncSession, proposal_id: int, now_ms: int) -> ProposalView:
    """One proposal.

    Raises:
        NoSuchProposalError: there is none.
    """
    return view_of(await _found(db_session, proposal_id), now_ms)


async def prepare(db_session: AsyncSession, proposal_id: int, tools: Sequence[AnyTool]) -> Asked:
    """What is to be approved, as the desk would get it. Ask its tool's `outside` before `approve`.

    Raises:
        NoSuchProposalError: there is none.
        ToolMissingError: nobody can do it any more.
    """
    row = await _found(db_session, proposal_id)
    run = Run(
        run_id=f"approval-{row.id}",
        agent=row.agent,  # type: ignore[arg-type] # written from a run's own
        channel=row.channel,  # type: ignore[arg-type]
        machine_id=row.machine_id,
        customer_id=row.customer_id,
        conversation_id=row.conversation_id,
        model=row.model,
        prompt_hash=row.prompt_sha256,
    )
    asked = ask(run, Call(f"try-{row.tries + 1}", row.tool, row.arguments), tools)
    if asked.tool is None and row.state == "waiting":
        raise ToolMissingError(row.tool)
    return replace(asked, proposal_id=row.id)


async def approve(
    db_session: AsyncSession, asked: Asked, approver: Approver, *, limits: Limits, at: Moment, note: str = ""
) -> Tried:
    """Do what was proposed, if it is not denied now. Approving twice does it once.

    Args:
        db_session: a writing session.
        asked: from `prepare`.
        approver: a person whose role was checked; never an agent.
        limits: of all agents.
        at: now.
        note: for the record.

    Raises:
        NoSuchProposalError: there is none.
        ProposalOverError: it was refused, or its time is over.
    """
    await locks.take(db_session, Lock.AGENTS)
    row = await _found(db_session, asked.proposal_id, for_update=True)
    if row.state == "approved":
        return Tried(view_of(row, at.now_ms), "done", "")
    _check_waiting(row, at.now_ms)
    row.tries += 1
    call = Call(f"try-{row.tries}", asked.call.name, asked.call.arguments)
    decided = await deciding.decide(db_session, replace(asked, call=call, approver=approver), limits, at)
    if decided.outcome == "done":
        _close(row, "approved", approver, note, at)
        row.result_number = decided.number
    await db_session.flush()
    return Tried(view_of(row, at.now_ms), decided.outcome, str(decided.answer.content.get("why", "")))


async def refuse(
    db_session: AsyncSession, proposal_id: int, approver: Approver, *, at: Moment, note: str = ""
) -> ProposalView:
    """Say no. Refusing twice is refusing once.

    Raises:
        NoSuchProposalError: there is none.
        ProposalOverError: it was approved, or its time is over.
    """
    await locks.take(db_session, Lock.AGENTS)
    row = await _found(db_session, proposal_id, for_update=True)
    if row.state != "refused":
        _check_waiting(row, at.now_ms)
        _close(row, "refused", approver, note, at)
        await db_session.flush()
    return view_of(row, at.now_ms)


def _check_waiting(row: Proposal, now_ms: int) -> None:
    if row.state != "waiting":
        raise ProposalOverError(row.id, row.state)
    if row.expires_at_ms <= now_ms:
        raise ProposalOverError(row.id, "expired")


def _close(row: Proposal, state: str, by: Approver, note: str, at: Moment) -> None:
    row.state, row.decided_by, row.decided_at_ms, row.note = state, by.email, at.now_ms, note[:500]
    row.arguments = {}  # nobody needs them any more, and they may be a customer's words


async def _found(db_session: AsyncSession, proposal_id: int, *, for_update: bool = False) -> Proposal:
    row = await repository.proposal(db_session, proposal_id, for_update=for_update)
    if row is None:
        raise NoSuchProposalError(proposal_id)
    return row
