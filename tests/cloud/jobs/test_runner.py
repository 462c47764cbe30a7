"""Workers: due times, the queue, and workers that die."""

import asyncio
from typing import Any

import pytest

from cloud.agents.house import open_house
from cloud.agents.loop import repository as agent_runs
from cloud.conversations.opening import open_conversations
from cloud.db.database import Database
from cloud.jobs import rules, service
from cloud.jobs.kinds import Outcome, Work
from cloud.jobs.rules import Schedule
from cloud.jobs.runner import Runner
from cloud.worker import runner_of

HOUR_MS = 3_600_000
HOURLY = (Schedule("vending-hourly", "vending", minute=5),)
ONE = pytest.mark.parametrize("database_kind", ["sqlite"])


class Noting:
    """A kind of task that writes down what it carried out."""

    def __init__(self) -> None:
        self.done: list[Work] = []
        self.error: Exception | None = None
        self.meanwhile: Any = None

    async def __call__(self, work: Work, steps: Any) -> Outcome:
        self.done.append(work)
        if self.error is not None:
            raise self.error
        await steps.step("looking", 1, 4)
        if self.meanwhile is not None:
            await self.meanwhile(work)
        await steps.step("set_price", 2, 4)
        return Outcome("done", {"text": "終わり"}, "r" * 32)


@pytest.fixture
def kind() -> Noting:
    return Noting()


@pytest.fixture
def new_runner(database: Database, clock: Any, kind: Noting) -> Any:
    def make(**changes: Any) -> Runner:
        given: dict[str, Any] = {"timezone": "Asia/Tokyo", "clock": clock, "schedules": HOURLY}
        return Runner(database, {"vending": kind}, **given | changes)

    return make


async def asked(database: Database, clock: Any, **changes: Any) -> str:
    clock.now_ms += 1
    async with database.write() as db_session:
        return await service.ask(db_session, "vending", asked_by="op@example.com", now_ms=clock(), **changes)


async def shown(database: Database, task_id: str) -> service.TaskView:
    async with database.read() as db_session:
        return await service.task(db_session, task_id)


async def every(database: Database) -> list[service.TaskView]:
    async with database.read() as db_session:
        return await service.tasks(db_session, limit=99)


async def test_plan_when_two_workers_find_a_due_time_then_it_makes_one_task(
    database: Database, clock: Any, new_runner: Any
) -> None:
    first, second = new_runner(), new_runner()
    assert await first.plan() == 0
    clock.now_ms += HOUR_MS
    made = await asyncio.gather(first.plan(), second.plan())
    assert sorted(made) == [0, 1]
    (task,) = await every(database)
    assert (task.asked_by, task.agent_type, task.status) == ("schedule", "vending", "queued")


@ONE
async def test_plan_when_times_were_missed_then_they_make_one_task_and_the_next_is_in_the_future(
    database: Database, clock: Any, new_runner: Any
) -> None:
    runner = new_runner()
    await runner.plan()
    clock.now_ms += 30 * HOUR_MS
    assert await runner.plan() == 1
    assert await runner.plan() == 0
    async with database.read() as db_session:
        due = {row.name: row.due_at_ms for row in await service.schedules(db_session)}
    assert clock() < due["vending-hourly"] <= clock() + HOUR_MS
    assert due["procurement-daily"] == 0


async def test_run_when_several_wait_then_the_highest_priority_and_then_the_oldest_is_taken(
    database: Database, clock: Any, new_runner: Any, kind: Noting
) -> None:
    names = ("low", "normal", "high", "normal", "high")
    ids = [await asked(database, clock, priority=name) for name in names]
    first, second = new_runner(), new_runner()
    while any(await asyncio.gather(first.run_next(), second.run_next())):
        pass
    assert sorted(work.task_id for work in kind.done) == sorted(ids)
    assert {work.task_id for work in kind.done[:2]} == {ids[2], ids[4]}
    assert kind.done[-1].task_id == ids[0]


@ONE
async def test_run_when_it_ends_then_its_result_and_progress_are_told(
    database: Database, clock: Any, new_runner: Any, kind: Noting
) -> None:
    task_id = await asked(database, clock, configuration={"machine_id": "vm-1"})
    seen = []

    async def meanwhile(work: Work) -> None:
        seen.append(await shown(database, work.task_id))

    kind.meanwhile = meanwhile
    assert await new_runner().run_next()
    (during,) = seen
    assert (during.status, during.progress, during.current_step) == ("running", 27, "looking")
    after = await shown(database, task_id)
    assert (after.status, after.progress, after.run_id) == ("done", 100, "r" * 32)
    assert after.result == {"text": "終わり"}
    assert kind.done[0].configuration == {"machine_id": "vm-1"}
    assert kind.done[0].channel == "operator"
    assert not await new_runner().run_next()


@ONE
async def test_run_when_it_fails_then_the_task_says_why_and_the_worker_lives(
    database: Database, clock: Any, new_runner: Any, kind: Noting
) -> None:
    task_id = await asked(database, clock)
    kind.error = ValueError("no such shelf")
    assert await new_runner().run_next()
    after = await shown(database, task_id)
    assert (after.status, after.error) == ("failed", "ValueError: no such shelf")


@ONE
async def test_stop_when_it_waits_then_it_never_begins_and_when_it_runs_then_its_next_step_does_not(
    database: Database, clock: Any, new_runner: Any, kind: Noting
) -> None:
    waiting, running = await asked(database, clock, priority="low"), await asked(database, clock)

    async def stop(task_id: str) -> None:
        async with database.write() as db_session:
            await service.stop(db_session, task_id, clock())

    kind.meanwhile = lambda work: stop(work.task_id)
    await stop(waiting)
    assert await new_runner().run_next()
    assert not await new_runner().run_next()
    assert [(await shown(database, one)).status for one in (waiting, running)] == ["cancelled", "cancelled"]
    with pytest.raises(service.TaskEndedError):
        await stop(waiting)


@pytest.mark.parametrize(("effects", "status"), [(0, "queued"), (1, "interrupted")])
@ONE
async def test_recover_when_a_worker_died_then_a_task_without_effect_is_queued_again_and_others_are_reported(
    database: Database, clock: Any, new_runner: Any, kind: Noting, effects: int, status: str
) -> None:
    task_id = await asked(database, clock)

    async def power_cut(work: Work) -> None:
        async with database.write() as db_session:
            run = {"id": "r" * 32, "agent": "vending", "channel": "operator", "mind": "rules", "prompt_hash": ""}
            await agent_runs.add_run(db_session, **run, task_id=task_id, started_at_ms=clock(), effects=effects)
        raise asyncio.CancelledError

    kind.meanwhile = power_cut
    with pytest.raises(asyncio.CancelledError):
        await new_runner().run_next()
    other = new_runner()
    assert await other.recover() == 0
    clock.now_ms += rules.LEASE_MS + 1
    assert await other.recover() == 1
    after = await shown(database, task_id)
    assert after.status == status
    async with database.read() as db_session:
        (run,) = await agent_runs.runs(db_session, limit=9)
    assert run.outcome == "abandoned"
    kind.meanwhile = None
    assert await other.run_next() is (effects == 0)


@ONE
async def test_work_when_somebody_else_took_the_task_over_then_the_late_worker_changes_nothing(
    database: Database, clock: Any, new_runner: Any, kind: Noting
) -> None:
    task_id = await asked(database, clock)
    other = new_runner()

    async def sleep_too_long(work: Work) -> None:
        kind.meanwhile = None
        clock.now_ms += rules.LEASE_MS + 1
        await other.recover()
        assert await other.run_next()

    kind.meanwhile = sleep_too_long
    assert await new_runner().run_next()
    after = await shown(database, task_id)
    assert (after.status, after.attempts, len(kind.done)) == ("done", 2, 2)


@ONE
async def test_retention_when_its_time_comes_then_old_conversations_go_and_runs_without_an_end_get_one(
    database: Database, clock: Any, new_settings: Any
) -> None:
    settings = new_settings(ai_schedules=False)
    conversations, house = open_conversations(settings, database), open_house(settings, database, clock)
    runner = runner_of(settings, database, house, conversations, clock)
    await runner.plan()
    async with database.write() as db_session:
        run = {"id": "r" * 32, "agent": "vending", "channel": "operator", "mind": "rules", "prompt_hash": ""}
        await agent_runs.add_run(db_session, **run, started_at_ms=clock())
    clock.now_ms += 24 * HOUR_MS
    await runner.plan()
    while await runner.run_next():
        pass
    (task,) = [task for task in await every(database) if task.agent_type == "retention"]
    assert (task.status, task.error) == ("done", "")
    assert "終わりのない実行 1 件" in str(task.result)
    await conversations.close()
