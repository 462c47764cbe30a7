"""The desk: the one way from a tool call to the services.

Stop switch → is the tool this agent's? → are the arguments what they should be? → was this call answered before? → what
must be asked outside, before any transaction → then one transaction under `Lock.AGENTS`: facts, the guard's rules, the
act or a proposal, the decision in the log. What does not come to an end in time does not happen.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.decisions import chain, deciding, repository
from cloud.agents.decisions.asked import Asked, Run, ask
from cloud.agents.decisions.log_book import Entry, Moment
from cloud.agents.decisions.models import Decision
from cloud.agents.guard.limits import Limits
from cloud.agents.guard.verdict import Ruling
from cloud.agents.guard.wording import say
from cloud.agents.tools import Answer, AnyTool, Call, ToolRefusedError
from cloud.db import locks
from cloud.db.database import Database
from cloud.db.locks import Lock
from cloud.kit.clock import Clock, system_clock

__all__ = ["Desk", "Run"]

log = structlog.get_logger()


_REUSED: Final = "This call id belongs to another call of the run; use a new one."
_BUSY: Final = "The database is busy; nothing was changed. Try again."


class Desk:
    """Judges calls and carries them out. One for all agents."""

    def __init__(self, database: Database, limits: Limits, timezone: str, clock: Clock = system_clock) -> None:
        """Work on a database.

        Args:
            database: of the services.
            limits: of all agents.
            timezone: whose days the budgets follow.
            clock: now, ms since 1970 UTC.
        """
        self._database = database
        self.limits = limits
        self._timezone = timezone
        self._clock = clock

    async def carry_out(self, run: Run, call: Call, tools: Sequence[AnyTool], *, outside_seen: bool) -> Answer:
        """Judge a call and do it, propose it or refuse it; write down what became of it.

        The same call of the same run is answered as before and not done again.

        Args:
            run: on whose behalf.
            call: as the mind named it.
            tools: those of the agent.
            outside_seen: text of strangers was read in this run.

        Returns:
            What the mind is told: `outcome` done, proposed, denied, refused or failed, shadow in a dry run. What a
            call does never raises.
        """
        asked = ask(run, call, tools, outside_seen=outside_seen)
        try:
            return await self._answered(asked)
        except TimeoutError:
            verdict = say("time_limit", Ruling.DENY, seconds=int(self.limits.decision_time_s))
            return await self._failed(asked, deciding.refusal(verdict))
        except ToolRefusedError as error:
            return await self._failed(asked, deciding.failure(str(error)))
        except SQLAlchemyError as error:
            log.warning("a decision was not kept", reason=type(error).__name__)
            return await self._failed(asked, deciding.failure(_BUSY))
        except Exception:
            log.exception("a decision failed", agent=run.agent, tool=asked.call.name)
            return await self._failed(asked, deciding.failure())

    async def _answered(self, asked: Asked) -> Answer:
        tool = asked.tool
        if tool is not None and tool.outside is not None and asked.arguments is not None:
            async with self._database.read() as db_session:
                is_due = await _is_due(db_session, asked)
            if is_due:
                async with asyncio.timeout(self.limits.outside_time_s):
                    asked = replace(asked, found=await tool.outside(asked.arguments))
        async with asyncio.timeout(self.limits.decision_time_s), self._database.write() as db_session:
            return await self._decided(db_session, asked)

    async def _decided(self, db_session: AsyncSession, asked: Asked) -> Answer:
        await locks.take(db_session, Lock.AGENTS)
        at = Moment(self._clock(), self._timezone)
        known = await repository.decision_of(db_session, asked.run.run_id[:64], asked.call.id)
        if known is not None:
            return await deciding.read_again(db_session, known, asked, self.limits, at) or _as_before(known, asked)
        await repository.expire(db_session, at.now_ms)
        return (await deciding.decide(db_session, asked, self.limits, at)).answer

    async def _failed(self, asked: Asked, entry: Entry) -> Answer:
        """Write down that nothing came of it; when even that fails, say so."""
        try:
            async with self._database.write() as db_session:
                await locks.take(db_session, Lock.AGENTS)
                known = await repository.decision_of(db_session, asked.run.run_id[:64], asked.call.id)
                if known is not None:
                    return _as_before(known, asked)
                at = Moment(self._clock(), self._timezone)
                return (await deciding.keep(db_session, asked, entry, at, self.limits)).answer
        except SQLAlchemyError as error:
            log.warning("a failed decision was not kept", reason=type(error).__name__)
            return Answer(asked.call.id, entry.answer, is_error=True)


async def _is_due(db_session: AsyncSession, asked: Asked) -> bool:
    """Nobody is asked outside for a call that was answered before, or while a person has stopped the agent."""
    if await repository.stopped(db_session, asked.run.agent) is not None:
        return False
    return await repository.decision_of(db_session, asked.run.run_id[:64], asked.call.id) is None


def _as_before(known: Decision, asked: Asked) -> Answer:
    if known.call_sha256 != chain.call_digest(asked.call.name, asked.call.arguments):
        return Answer(asked.call.id, {"outcome": "denied", "why": _REUSED}, is_error=True)
    is_error = known.outcome in {"denied", "refused", "failed"}
    return Answer(asked.call.id, known.answer, is_error, str(known.number))
