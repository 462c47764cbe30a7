"""Why something happened: a decision with its inputs, rules, verdicts, approver, and what it moved in the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import service as accounting
from cloud.accounting.chart import BY_CODE
from cloud.agents.decisions import repository
from cloud.agents.decisions.proposals import ProposalView, view_of
from cloud.agents.decisions.wanted import Wanted
from cloud.agents.guard.wording import in_english, in_japanese

MOST_ENTRIES = 50
"""Journal entries shown of one decision."""


class NoSuchDecisionError(LookupError):
    """A decision nobody made."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no decision {number}")


class VerdictView(BaseModel):
    """One rule's word."""

    rule: str
    ruling: str
    """allow, propose or deny."""
    why: str
    figures: dict[str, int | str] = {}

    def in_japanese(self, words: Mapping[str, str] | None = None) -> tuple[str, str]:
        """Name and sentence for the dashboard; `words` has words for figures, by `name:value` or `value`."""
        return in_japanese(self.rule, self._figures(words or {}), self.why)

    def in_english(self, words: Mapping[str, str] | None = None) -> tuple[str, str]:
        """The same in English."""
        return in_english(self.rule, self._figures(words or {}), self.why)

    def _figures(self, known: Mapping[str, str]) -> dict[str, int | str]:
        return {
            name: known.get(f"{name}:{value}", known.get(value, value) if isinstance(value, str) else value)
            for name, value in self.figures.items()
        }


class DecisionView(BaseModel):
    """What was ruled about one call of an agent, and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    at_ms: int
    run_id: str
    call_id: str
    agent: str
    channel: str
    machine_id: str
    customer_id: str
    conversation_id: str
    model: str
    """The model's id, or `rules`."""
    prompt_sha256: str
    tool: str
    action: str
    arguments: Any
    """Without secrets, addresses and account numbers."""
    facts: dict[str, Any]
    verdicts: list[VerdictView]
    ruling: str
    outcome: str
    """done, proposed, denied, refused (by a service), failed, shadow."""
    why: str
    answer: dict[str, Any]
    loss_minor: int
    """Yen taken from the day's loss budget."""
    posted: list[int]
    """Journal entries."""
    proposal_id: int
    """0 for none."""
    approver: str
    took_us: int
    """Microseconds of the guard."""
    hash: str


class LegView(BaseModel):
    """One leg of a journal entry."""

    account: str
    name: str
    amount: int
    """Yen; debit positive."""


class EntryView(BaseModel):
    """What the ledger says about it."""

    number: int
    day: str
    description: str
    source: str
    legs: list[LegView]


class Explained(BaseModel):
    """One decision with everything that belongs to it."""

    decision: DecisionView
    proposal: ProposalView | None
    entries: list[EntryView]


async def listing(
    db_session: AsyncSession, *, limit: int, before: int | None = None, wanted: Wanted | None = None
) -> list[DecisionView]:
    """A page of the log, newest first."""
    rows = await repository.decisions(db_session, limit=limit, before=before, wanted=wanted)
    return [DecisionView.model_validate(row) for row in rows]


async def explained(db_session: AsyncSession, number: int, now_ms: int) -> Explained:
    """One decision with everything that belongs to it.

    Raises:
        NoSuchDecisionError: there is none of that number.
    """
    row = await repository.decision(db_session, number)
    if row is None:
        raise NoSuchDecisionError(number)
    proposal = await repository.proposal(db_session, row.proposal_id) if row.proposal_id else None
    return Explained(
        decision=DecisionView.model_validate(row),
        proposal=view_of(proposal, now_ms) if proposal else None,
        entries=[await _entry(db_session, entry) for entry in row.posted[:MOST_ENTRIES]],
    )


async def _entry(db_session: AsyncSession, number: int) -> EntryView:
    entry = await accounting.entry(db_session, number)
    legs = [
        LegView(account=leg.account, name=BY_CODE[leg.account].name_ja, amount=leg.amount_minor)
        for leg in entry.draft.legs
    ]
    day = entry.draft.entry_date.isoformat()
    return EntryView(number=number, day=day, description=entry.draft.description, source=entry.draft.source, legs=legs)


def lines(found: Explained, at: str) -> Sequence[str]:
    """The explanation as lines of text, for a terminal.

    Args:
        found: the decision.
        at: its time, in words.
    """
    row = found.decision
    text = [
        f"decision {row.number}: {row.agent} agent, {row.tool} ({row.action or 'no action'}) -> {row.outcome}",
        f"  when      {at}",
        f"  asked by  channel {row.channel}, run {row.run_id}, call {row.call_id}",
        f"  mind      {row.model}, prompt {row.prompt_sha256[:16] or '-'}",
    ]
    places = {"machine": row.machine_id, "customer": row.customer_id, "conversation": row.conversation_id}
    text += [f"  {name:<9} {value}" for name, value in places.items() if value]
    text += [f"  arguments {row.arguments}", f"  facts     {row.facts.get('is', '-')}", "  rules"]
    marks = {"allow": "+", "propose": "?", "deny": "-"}
    text += [f"    {marks.get(one.ruling, ' ')} {one.rule:<18} {one.why}" for one in row.verdicts]
    text.append(f"  ruling    {row.ruling}{f': {row.why}' if row.why else ''}")
    if found.proposal is not None:
        text.append(f"  proposal  {found.proposal.id}, {found.proposal.state}")
    text.append(f"  approver  {row.approver or 'nobody, the agent acted by itself'}")
    text.append(f"  loss      {row.loss_minor:,} yen of the day's budget; the guard took {row.took_us:,} us")
    for entry in found.entries:
        text.append(f"  ledger    #{entry.number} {entry.day} {entry.description} ({entry.source})")
        text += [f"              {leg.account} {leg.name} {leg.amount:+,}" for leg in entry.legs]
    if not found.entries:
        text.append("  ledger    nothing was posted")
    return [*text, f"  hash      {row.hash}"]
