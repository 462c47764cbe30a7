"""The door to runs and transcripts for other rooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, Field
from sqlalchemy import true
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.loop import repository, rules, transcript
from cloud.agents.loop.models import AgentRun
from cloud.agents.mind import Turn
from cloud.agents.tools import AGENTS
from cloud.kit.clock import day_start_ms
from cloud.kit.secrecy import CannotOpenError, Secrecy

ABANDONED_MS: Final = 3_600_000
"""A run that is older and has no end lost its process."""


class NoSuchRunError(LookupError):
    """There is no run of this id."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"there is no run {run_id!r}")


class RunView(BaseModel):
    """One run of an agent, as others see it."""

    id: str
    agent: str
    channel: str
    machine_id: str
    customer_id: str
    task_id: str
    mind: str = Field(examples=["rules"])
    is_dry: bool
    """A shadow: judged, never carried out."""
    follows: str
    started_at_ms: int
    ended_at_ms: int
    """0 while it runs."""
    outcome: str = Field(examples=["done"])
    """running, done, fell_back, failed, cancelled or abandoned."""
    why: str
    detail: str
    step: str
    replies: int
    calls: int
    effects: int
    tokens: int
    microyen: int
    """Millionths of a yen."""
    difference: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class TurnView:
    """One turn of a transcript; `turn` is None when it cannot be opened."""

    number: int
    at_ms: int
    turn: Turn | None


@dataclass(slots=True)
class AgentDay:
    """An agent's day in figures."""

    agent: str
    runs: int = 0
    fell_back: int = 0
    failed: int = 0
    replies: int = 0
    calls: int = 0
    tokens: int = 0
    microyen: int = 0
    newest: RunView | None = None
    last_error: RunView | None = None


async def run(db_session: AsyncSession, run_id: str) -> RunView:
    """One run.

    Raises:
        NoSuchRunError: see there.
    """
    row = await repository.run(db_session, run_id)
    if row is None:
        raise NoSuchRunError(run_id)
    return _view(row)


async def runs(
    db_session: AsyncSession, *, limit: int, agent: str = "", before: tuple[int, str] | None = None, task_id: str = ""
) -> list[RunView]:
    """Runs, newest first.

    Args:
        db_session: reads.
        limit: at most so many.
        agent: of one agent only.
        before: start and id of the last run of the page before.
        task_id: of one task only.
    """
    rows = await repository.runs(db_session, limit=limit, agent=agent, before=before, task_id=task_id)
    return [_view(row) for row in rows]


async def followers(db_session: AsyncSession, run_id: str) -> list[RunView]:
    """The run that took over, and the shadow."""
    return [_view(row) for row in await repository.followers(db_session, run_id)]


async def turns(db_session: AsyncSession, secrecy: Secrecy, run_id: str) -> list[TurnView]:
    """The transcript of a run; empty when it was erased."""
    return [
        TurnView(row.number, row.at_ms, _opened(secrecy, row)) for row in await repository.turns(db_session, run_id)
    ]


def _opened(secrecy: Secrecy, row: Any) -> Turn | None:
    try:
        return transcript.opened(secrecy, row.run_id, row.number, row.sealed)
    except CannotOpenError:
        return None


async def today(db_session: AsyncSession, now_ms: int, timezone: str) -> list[AgentDay]:
    """The day of every agent."""
    found = {name: AgentDay(name) for name in AGENTS}
    for row in await repository.day(db_session, day_start_ms(now_ms, timezone)):
        mine = found.setdefault(row.agent, AgentDay(row.agent))
        mine.tokens += int(row.tokens)
        mine.microyen += int(row.microyen)
        if row.is_dry:
            continue
        mine.runs += row.runs
        mine.replies += int(row.replies)
        mine.calls += int(row.calls)
        mine.fell_back += row.runs if row.outcome == "fell_back" else 0
        mine.failed += row.runs if row.outcome in {"failed", "abandoned"} else 0
    for mine in found.values():
        newest = await repository.newest_of(db_session, mine.agent)
        error = await repository.newest_of(db_session, mine.agent, ("fell_back", "failed", "abandoned"))
        mine.newest = _view(newest) if newest else None
        mine.last_error = _view(error) if error else None
    return list(found.values())


async def reply_time_s(db_session: AsyncSession, since_ms: int) -> float | None:
    """Mean seconds per reply, with what it led to, of runs that began since an instant; None when none has ended."""
    spent_ms, replies = await repository.reply_time(db_session, since_ms)
    return round(spent_ms / replies / 1000, 3) if replies else None


async def may_have_acted(db_session: AsyncSession, task_id: str) -> bool:
    """Whether a run of a task began something that changes goods, money or words sent."""
    return await repository.effects_of_task(db_session, task_id) > 0


async def close_lost(db_session: AsyncSession, now_ms: int, task_id: str = "") -> int:
    """Write an end to runs whose process is gone: those of a task, else all that are too old. How many."""
    mine = AgentRun.task_id == task_id if task_id else AgentRun.started_at_ms < now_ms - ABANDONED_MS
    values = {"outcome": "abandoned", "why": "lost", "step": "", "ended_at_ms": now_ms}
    return await repository.close_runs(db_session, mine & true(), **values)


async def erase_customer(db_session: AsyncSession, customer_id: str) -> int:
    """Delete what was said in a customer's runs; what was decided stays in the decision log. How many turns."""
    return await repository.erase_turns(db_session, customer_id) if customer_id else 0


@dataclass(frozen=True, slots=True)
class Resealed:
    """One batch of turns."""

    last: tuple[str, int]
    """Where the next batch begins after."""
    sealed: int
    """How many were not sealed with the present key."""


async def reseal(
    db_session: AsyncSession, secrecy: Secrecy, after: tuple[str, int] = ("", 0), limit: int = 500
) -> Resealed | None:
    """Seal a batch of turns with the present key; None when there are no more.

    Raises:
        CannotOpenError: one was sealed with a key we do not have.
    """
    rows: Sequence[Any] = await repository.sealed_turns(db_session, after, limit)
    done = 0
    for row in rows:
        anew = transcript.resealed(secrecy, row.run_id, row.number, row.sealed)
        if anew is not None:
            row.sealed = anew
            done += 1
    return Resealed((rows[-1].run_id, rows[-1].number), done) if rows else None


def _view(row: AgentRun) -> RunView:
    tokens = row.input_tokens + row.output_tokens + row.cache_write_tokens + row.cache_read_tokens
    names = RunView.model_fields.keys() - {"tokens"}
    return RunView(tokens=tokens, **{name: getattr(row, name) for name in names})


def yen_text(microyen: int) -> str:
    """An amount for people: whole yen from ten yen on, hundredths of a yen below."""
    if microyen >= 10 * rules.MICRO:
        return f"¥{rules.in_yen(microyen):,}"
    hundredths = -(-microyen * 100 // rules.MICRO)
    return f"¥{hundredths // 100}.{hundredths % 100:02d}"
