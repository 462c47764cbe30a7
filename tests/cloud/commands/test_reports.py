"""What machines say of commands, through the interpreter: each word once, in order, and late ones too."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cloud.commands.rules import ANSWER_GRACE_MS, DONE_WITHIN_MS
from cloud.db.database import Database
from cloud.machines import service as machines
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.service import Answer

Replay = Callable[[], Awaitable[None]]


async def inbox(database: Database) -> Any:
    async with database.read() as db_session:
        return [(row.category, row.seq) for row in await machines.quarantined(db_session, 100)]


async def tasks(database: Database) -> Any:
    async with database.read() as db_session:
        return await staff_tasks.listing(db_session, limit=100)


async def resolve(database: Database, task_id: int, resolution: str, clock: Any) -> None:
    answer = Answer(resolution, "", "op@example.com")
    async with database.write() as db_session:
        await staff_tasks.resolve(db_session, task_id, answer, now_ms=clock(), timezone="Asia/Tokyo")


async def test_report_when_a_machine_takes_and_delivers_then_the_command_succeeds_with_its_vend(
    desk: Any, seeded: Database, script: Any
) -> None:
    command = await desk.vend()
    await desk.sent()
    script.taken(command.id)
    await desk.hear(script)
    assert await desk.state(command) == "taken"
    script.done(command.id, "succeeded")
    await desk.hear(script)
    found = await desk.now(command)
    assert (found.state, found.outcome, found.vend_id) == ("succeeded", "succeeded", "v-1")
    assert 0 < found.taken_at_ms < found.done_at_ms
    assert await tasks(seeded) == []
    assert await inbox(seeded) == []


@pytest.mark.parametrize("outcome", ["failed", "rejected", "expired"])
async def test_report_when_a_paid_vend_ends_badly_then_its_payment_is_a_task(
    desk: Any, seeded: Database, script: Any, outcome: str
) -> None:
    command = await desk.vend(paid=120)
    await desk.sent()
    script.done(command.id, outcome, why="door_open")
    await desk.hear(script)
    assert await desk.state(command) == outcome
    (task,) = await tasks(seeded)
    assert (task.kind, task.amount_minor, task.reference, task.state) == ("remote_refund", 120, "pay-1", "open")
    assert (task.slot, task.product_id, task.detail) == ("A1", "green-tea", f"{outcome}: door_open")
    assert task.source_path == f"/api/v1/vending/machines/vm-test-0001/commands/{command.id}"


async def test_report_when_a_gift_or_an_offer_ends_badly_then_nobody_has_to_refund_anything(
    desk: Any, seeded: Database, script: Any
) -> None:
    gift, offer = await desk.vend(paid=0), await desk.offer()
    script.done(gift.id, "rejected")
    script.done(offer.id, "expired", 2, name="coupon.offer")
    await desk.hear(script)
    assert [await desk.state(gift), await desk.state(offer)] == ["rejected", "expired"]
    assert await tasks(seeded) == []


async def test_report_when_a_taken_vend_is_silent_then_unknown_and_the_late_event_settles_it_and_its_task(
    desk: Any, seeded: Database, script: Any, clock: Any
) -> None:
    command = await desk.vend()
    await desk.sent()
    script.taken(command.id)
    await desk.hear(script)
    clock.now_ms += DONE_WITHIN_MS + 10_000
    await desk.sent()
    (task,) = await tasks(seeded)
    assert (await desk.state(command), task.state, task.detail) == ("unknown", "open", "unknown: no_answer")
    script.done(command.id, "succeeded")
    await desk.hear(script)
    (task,) = await tasks(seeded)
    found = await desk.now(command)
    assert (found.state, found.why) == ("succeeded", "")
    assert (task.state, task.resolution, task.resolved_by) == ("resolved", "settled_by_machine", "vm-test-0001")


async def test_report_when_unknown_becomes_failed_then_the_one_task_says_so(
    desk: Any, seeded: Database, script: Any, clock: Any
) -> None:
    command = await desk.vend()
    await desk.sent()
    clock.now_ms += 60_000 + ANSWER_GRACE_MS
    await desk.sent()
    script.taken(command.id)
    script.done(command.id, "failed", why="jammed")
    await desk.hear(script)
    (task,) = await tasks(seeded)
    assert (await desk.state(command), task.state, task.detail) == ("failed", "open", "failed: jammed")


async def test_report_when_it_was_refunded_and_then_delivered_then_somebody_is_told(
    desk: Any, seeded: Database, script: Any, clock: Any, replay: Replay
) -> None:
    command = await desk.vend()
    await desk.sent()
    clock.now_ms += 60_000 + ANSWER_GRACE_MS
    await desk.sent()
    await resolve(seeded, (await tasks(seeded))[0].id, "refunded", clock)
    script.done(command.id, "succeeded")
    await desk.hear(script)
    await replay()
    found = {task.kind: task for task in await tasks(seeded)}
    assert set(found) == {"remote_refund", "refunded_and_delivered"}
    assert found["remote_refund"].resolution == "refunded"
    assert found["refunded_and_delivered"].state == "open"
    assert "op@example.com" in found["refunded_and_delivered"].detail


@pytest.mark.parametrize(("resolution", "waiting"), [("delivered", 1), ("refunded", 0), ("refused", 0)])
async def test_report_when_somebody_believed_it_delivered_and_it_failed_then_the_refund_is_asked_for_again(
    desk: Any, seeded: Database, script: Any, clock: Any, replay: Replay, resolution: str, waiting: int
) -> None:
    command = await desk.vend()
    await desk.sent()
    clock.now_ms += 60_000 + ANSWER_GRACE_MS
    await desk.sent()
    await resolve(seeded, (await tasks(seeded))[0].id, resolution, clock)
    script.taken(command.id)
    script.done(command.id, "failed", why="jammed")
    await desk.hear(script)
    await replay()
    found = [(task.kind, task.detail) for task in await tasks(seeded) if task.state == "open"]
    assert found == [("remote_refund", "failed: jammed")] * waiting


async def test_report_when_a_failed_vend_was_found_delivered_then_a_replay_does_not_ask_again(
    desk: Any, seeded: Database, script: Any, clock: Any, replay: Replay
) -> None:
    command = await desk.vend()
    script.taken(command.id)
    script.done(command.id, "failed", why="no_drop")
    await desk.hear(script)
    await resolve(seeded, (await tasks(seeded))[0].id, "delivered", clock)
    await replay()
    assert [task.state for task in await tasks(seeded)] == ["resolved"]


async def test_report_when_the_log_is_replayed_then_nothing_changes(
    desk: Any, seeded: Database, script: Any, replay: Replay
) -> None:
    commands = [await desk.vend() for _ in range(4)]
    for n, (command, outcome) in enumerate(
        zip(commands, ["succeeded", "failed", "rejected", "expired"], strict=True), start=1
    ):
        script.taken(command.id, n)
        script.done(command.id, outcome, n, why=f"why {n}")
    script.failed_vend()
    await desk.hear(script)
    before = [await desk.now(command) for command in commands], await tasks(seeded)
    assert [row.state for row in before[0]] == ["succeeded", "failed", "rejected", "expired"]
    await replay()
    assert ([await desk.now(command) for command in commands], await tasks(seeded)) == before
    assert await inbox(seeded) == []


async def test_report_when_a_command_is_not_known_then_its_events_are_in_the_inbox_and_the_line_goes_on(
    desk: Any, seeded: Database, script: Any
) -> None:
    script.taken("f" * 32)
    script.done("f" * 32, "succeeded")
    script.sale()
    await desk.hear(script)
    assert await inbox(seeded) == [("unknown_command", 2), ("unknown_command", 1)]


@pytest.mark.parametrize(("machine", "n"), [("vm-test-0001", 7), ("vm-test-0002", 1)])
async def test_report_when_the_number_or_the_machine_is_another_then_it_moves_nothing(
    desk: Any, seeded: Database, new_script: Any, machine: str, n: int
) -> None:
    command = await desk.vend()
    other = new_script(machine)
    other.done(command.id, "failed", n)
    await desk.hear(other)
    assert await desk.state(command) == "created"
    assert await inbox(seeded) == [("unknown_command", 1)]


@pytest.mark.parametrize("outcome", ["failed", "postponed"])
async def test_report_when_the_machine_contradicts_itself_then_the_first_word_stands_and_the_second_is_kept(
    desk: Any, seeded: Database, script: Any, outcome: str
) -> None:
    command = await desk.vend()
    script.done(command.id, "succeeded")
    script.done(command.id, outcome, why="?")
    await desk.hear(script)
    found = await desk.now(command)
    assert (found.state, found.outcome, found.why) == ("succeeded", "succeeded", "")
    assert await inbox(seeded) == [("odd_command", 2)]
    assert await tasks(seeded) == []


async def test_report_when_an_old_copy_of_the_database_had_let_it_expire_then_the_machine_knows_better(
    desk: Any, seeded: Database, script: Any, clock: Any
) -> None:
    command = await desk.vend()
    await desk.receiver.handle([script.birth(online=False)])
    clock.now_ms += 60_000
    await desk.sent()
    script.taken(command.id)
    script.done(command.id, "succeeded")
    await desk.hear(script)
    (task,) = await tasks(seeded)
    assert (await desk.state(command), task.resolution) == ("succeeded", "settled_by_machine")
