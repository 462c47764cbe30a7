"""Write decisions into the log, and check it. Commits nothing."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.decisions import chain, repository
from cloud.agents.decisions.asked import Asked
from cloud.agents.guard.facts import Facts, Looks
from cloud.agents.guard.rules import is_suspicious
from cloud.agents.guard.verdict import Judgement
from cloud.kit.clock import local_day

PAGE: Final = 500
"""Decisions read at a time while verifying."""

Outcome = Literal["done", "proposed", "denied", "refused", "failed", "shadow"]


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is."""

    now_ms: int
    timezone: str


@dataclass(slots=True)
class Entry:
    """What became of a call."""

    outcome: Outcome
    judged: Judgement
    answer: dict[str, Any]
    why: str = ""
    facts: Facts | None = None
    posted: list[int] = field(default_factory=list)
    proposal_id: int = 0
    is_outside: bool = False
    took_us: int = 0


async def write(db_session: AsyncSession, asked: Asked, entry: Entry, at: Moment) -> int:
    """Append a decision; its number. The caller holds the lock of the agents."""
    number, previous = await repository.head(db_session)
    run, tool = asked.run, asked.tool
    day = local_day(at.now_ms, at.timezone)
    # What was read is not kept: it may be a customer's, and they may have it deleted.
    is_reading = entry.outcome == "done" and isinstance(entry.facts, Looks)
    words = chain.words_of(chain.clean(asked.call.arguments)) if run.customer_id else set()
    values: dict[str, Any] = {
        "number": number + 1,
        "at_ms": at.now_ms,
        "day": day.isoformat(),
        "run_id": run.run_id[:64],
        "call_id": asked.call.id,
        "call_sha256": chain.call_digest(asked.call.name, asked.call.arguments),
        "agent": run.agent,
        "channel": run.channel,
        "machine_id": run.machine_id[:40],
        "customer_id": run.customer_id[:64],
        "conversation_id": run.together[:64],
        "model": run.model[:80],
        "prompt_sha256": run.prompt_hash[:64],
        "tool": chain.clean(asked.call.name)[:64],
        "action": str(tool.action) if tool else "",
        "arguments": chain.without_words(chain.clean(asked.call.arguments), words),
        "facts": chain.without_words(_facts(entry), words),
        "verdicts": chain.without_words(chain.clean(entry.judged.to_json()), words),
        "ruling": entry.judged.ruling.name.lower(),
        "outcome": entry.outcome,
        "why": chain.without_words(chain.clean(entry.why), words),
        "answer": {"outcome": "done"} if is_reading else chain.without_words(chain.clean(entry.answer), words),
        "loss_minor": entry.judged.loss_minor if entry.outcome == "done" else 0,
        "posted": entry.posted,
        "proposal_id": entry.proposal_id or asked.proposal_id,
        "approver": asked.approver.email if asked.approver else "",
        "is_suspicious": is_suspicious(entry.judged),
        "is_outside": entry.is_outside,
        "took_us": entry.took_us,
    }
    sealed = values | {"previous_hash": previous, "hash": chain.hash_of(previous, values), "day": day}
    await repository.add_decision(db_session, sealed)
    return number + 1


def _facts(entry: Entry) -> Any:
    return chain.clean({"kind": type(entry.facts).__name__, "is": entry.facts}) if entry.facts else {}


async def verify(db_session: AsyncSession) -> tuple[int, list[str]]:
    """Check the whole log against itself.

    Returns:
        How many decisions there are, and one sentence per finding; no sentence means that the chain is whole.
    """
    findings: list[str] = []
    expected, last_hash = 1, chain.GENESIS
    while page := await repository.decisions_after(db_session, expected - 1, PAGE):
        for row in page:
            said = {name: getattr(row, name) for name in chain.HASHED} | {"day": row.day.isoformat()}
            if row.number != expected:
                findings.append(f"decision {expected} is missing; {row.number} stands in its place")
            elif row.previous_hash != last_hash:
                findings.append(f"decision {row.number} does not name the hash of the one before it")
            elif chain.hash_of(row.previous_hash, said) != row.hash:
                findings.append(f"decision {row.number} does not say what its hash says")
            expected, last_hash = row.number + 1, row.hash
        db_session.expunge_all()
    return expected - 1, findings
