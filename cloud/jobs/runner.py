"""The worker of the tasks: makes those that are due, takes the next one, carries it out, looks after those of the dead.

Any number of workers may run at the same time on one database.
"""

import asyncio
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

import structlog
from sqlalchemy.exc import OperationalError

from cloud.agents.loop import service as agent_runs
from cloud.agents.loop.loop import StoppedByPersonError
from cloud.db.database import Database
from cloud.jobs import repository, rules, service
from cloud.jobs.kinds import Kind, Outcome, Work
from cloud.jobs.rules import SCHEDULES, Schedule
from cloud.kit.clock import Clock, system_clock

log = structlog.get_logger()

POLL_S: Final = 1.0
PLAN_S: Final = 10.0
"""How late a schedule may be."""


def _name() -> str:
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{uuid4().hex[:8]}"


class Runner:
    """One worker. `work` is for ever; `plan`, `recover` and `run_next` are its pieces."""

    def __init__(
        self,
        database: Database,
        kinds: Mapping[str, Kind],
        *,
        timezone: str,
        clock: Clock = system_clock,
        schedules: Sequence[Schedule] = SCHEDULES,
        name: str = "",
    ) -> None:
        """Work on a database.

        Args:
            database: with the queue.
            kinds: what this worker can do; other tasks it leaves alone.
            timezone: of the schedules.
            clock: now, ms since 1970 UTC.
            schedules: none for a worker that only does what it is asked.
            name: tells it from other workers; made up when empty.
        """
        self._database = database
        self._kinds = dict(kinds)
        self._timezone = timezone
        self._clock = clock
        self._schedules = {one.name: one for one in schedules if one.kind in self._kinds}
        self.name = name or _name()

    async def work(self) -> None:
        """Carry out what there is, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_planning())
            for _ in range(service.LANES):
                group.create_task(self._keep_running())

    async def _keep_planning(self) -> None:
        while True:
            with _unless_busy():
                await self.plan()
                await self.recover()
            await asyncio.sleep(PLAN_S)

    async def _keep_running(self) -> None:
        while True:
            done = False
            with _unless_busy():
                done = await self.run_next()
            if not done:
                await asyncio.sleep(POLL_S)

    async def plan(self) -> int:
        """Make the tasks whose time has come; how many."""
        if not self._schedules:
            return 0
        now_ms = self._clock()
        async with self._database.read() as db_session:
            rows = {row.name: row.due_at_ms for row in await repository.schedules(db_session)}
        if all(name in rows and rows[name] > now_ms for name in self._schedules):
            return 0
        async with self._database.write() as db_session:
            for name, one in self._schedules.items():
                await repository.ensure_schedule(db_session, name, one.following(now_ms, self._timezone))
            made = 0
            for row in await repository.due(db_session, now_ms):
                if (schedule := self._schedules.get(row.name)) is None:
                    continue
                source = f"schedule:{row.name}:{row.due_at_ms}"
                asked: dict[str, Any] = {"configuration": dict(schedule.configuration or {}), "source": source}
                row.last_task_id = await service.ask(
                    db_session, schedule.kind, asked_by="schedule", now_ms=now_ms, **asked
                )
                row.due_at_ms = schedule.following(now_ms, self._timezone)
                made += 1
        return made

    async def recover(self) -> int:
        """Look after tasks whose worker died; how many."""
        async with self._database.read() as db_session:
            if not await repository.is_any_lost(db_session, self._clock()):
                return 0
        async with self._database.write() as db_session:
            now_ms = self._clock()
            rows = await repository.lost(db_session, now_ms)
            for row in rows:
                await agent_runs.close_lost(db_session, now_ms, row.id)
                may_have_acted = await agent_runs.may_have_acted(db_session, row.id)
                row.status = rules.after_death(row.attempts, may_have_acted=may_have_acted)
                row.worker, row.current_step = "", ""
                if row.status == "interrupted":
                    row.ended_at_ms = now_ms
                    row.error = "its worker died after it may have changed something; look at its run's decisions"
                log.warning("a task's worker died", task=row.id, now=row.status)
        return len(rows)

    async def run_next(self) -> bool:
        """Take a task and carry it out; False when there is none."""
        async with self._database.write() as db_session:
            row = await repository.next_queued(db_session, self._kinds)
            if row is None:
                return False
            now_ms = self._clock()
            row.status, row.worker, row.started_at_ms = "running", self.name, now_ms
            row.lease_until_ms, row.attempts, row.progress = now_ms + rules.LEASE_MS, row.attempts + 1, 1
            work = Work(row.id, row.kind, dict(row.configuration), row.asked_by)
        outcome = await self._carried_out(work)
        await self._end(work, outcome)
        return True

    async def _carried_out(self, work: Work) -> Outcome:
        heartbeat = asyncio.create_task(self._keep_alive(work.task_id))
        try:
            return await self._kinds[work.kind](work, _Told(self, work.task_id))
        except StoppedByPersonError:
            return Outcome("cancelled")
        except Exception as error:
            log.exception("a task failed", task=work.task_id, kind=work.kind)
            return Outcome("failed", error=f"{type(error).__name__}: {error}"[:300])
        finally:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)

    async def _keep_alive(self, task_id: str) -> None:
        while True:
            await asyncio.sleep(rules.RENEW_S)
            with _unless_busy():
                await self.tell(task_id)

    async def tell(self, task_id: str, **values: Any) -> None:
        """Write how far a task is, and that this worker lives.

        Raises:
            StoppedByPersonError: somebody wants it stopped, or it is no longer this worker's.
        """
        async with self._database.write() as db_session:
            lease = self._clock() + rules.LEASE_MS
            is_mine = await repository.change_mine(db_session, task_id, self.name, lease_until_ms=lease, **values)
            row = await repository.task(db_session, task_id)
            if not is_mine or row is None or row.is_stop_asked:
                raise StoppedByPersonError

    async def _end(self, work: Work, outcome: Outcome) -> None:
        values: dict[str, Any] = {
            "status": outcome.status,
            "result": outcome.result,
            "run_id": outcome.run_id,
            "error": outcome.error,
            "current_step": "",
            "ended_at_ms": self._clock(),
        }
        if outcome.status == "done":
            values["progress"] = 100
        async with self._database.write() as db_session:
            if not await repository.change_mine(db_session, work.task_id, self.name, **values):
                log.warning("a task ended that others believed lost", task=work.task_id)


class _Told:
    """Writes the steps of one task into the queue."""

    def __init__(self, runner: Runner, task_id: str) -> None:
        self._runner, self._task_id = runner, task_id

    async def step(self, what: str, replies: int, most_replies: int) -> None:
        """See `Steps.step`."""
        progress = rules.percent(replies, most_replies)
        await self._runner.tell(self._task_id, progress=progress, current_step=what[:80])


class _unless_busy(suppress):  # noqa: N801 - used like a function, as `suppress` is
    """The database is busy or gone: the next round tries again."""

    def __init__(self) -> None:
        super().__init__(OperationalError, StoppedByPersonError)
