from typing import Any

import pytest

from cloud.commands.rules import ANSWER_GRACE_MS, RESEND_MS
from cloud.commands.sender import CommandSender
from cloud.machines import service as machines

CONN, NEXT_CONN = "0123456789abcdef", "fedcba9876543210"


async def test_sender_when_a_command_is_new_then_it_goes_out_once_with_the_connection_and_everything_asked(
    desk: Any, clock: Any, machine_id: str
) -> None:
    command = await desk.vend()
    (sent,) = await desk.sent()
    assert (sent.id, sent.n, sent.conn, sent.kind, sent.by) == (command.id, 1, CONN, "vend.paid", "op@example.com")
    assert (sent.issued_ms, sent.ttl_ms) == (clock.now_ms, 60_000)
    assert sent.args == {
        "slot": "A1",
        "product_id": "green-tea",
        "list_minor": 160,
        "paid_minor": 160,
        "currency": "JPY",
        "payment": "pay-1",
        "coupon": "",
    }
    assert await desk.state(command) == "sent"
    assert await desk.sent() == []


async def test_sender_when_the_intake_restarts_then_the_database_knows_what_was_sent(
    desk: Any, seeded: Any, clock: Any
) -> None:
    await desk.vend()
    await desk.sent()
    assert await CommandSender(seeded, clock).new_commands() == []


async def test_sender_when_a_machine_is_offline_then_it_gets_nothing_until_its_birth(desk: Any, script: Any) -> None:
    command = await desk.offer()
    await desk.receiver.handle([script.birth(online=False)])
    assert await desk.sent() == []
    assert await desk.state(command) == "created"
    await desk.receiver.handle([script.birth(NEXT_CONN)])
    assert [sent.conn for sent in await desk.sent()] == [NEXT_CONN]


async def test_sender_when_a_machine_is_born_again_then_the_command_comes_with_the_new_connection(
    desk: Any, script: Any, clock: Any
) -> None:
    command = await desk.vend()
    await desk.sent()
    clock.now_ms += 100
    await desk.receiver.handle([script.birth(NEXT_CONN)])
    assert [(sent.id, sent.conn) for sent in await desk.sent()] == [(command.id, NEXT_CONN)]
    assert await desk.sent() == []


async def test_sender_when_the_same_connection_is_born_again_then_the_command_comes_again(
    desk: Any, script: Any, clock: Any
) -> None:
    await desk.vend()
    await desk.sent()
    clock.now_ms += 100
    await desk.receiver.handle([script.birth()])
    assert len(await desk.sent()) == 1


async def test_sender_when_there_is_no_sign_for_a_while_then_the_command_is_sent_again(desk: Any, clock: Any) -> None:
    await desk.vend()
    await desk.sent()
    clock.now_ms += RESEND_MS - 1
    assert await desk.sent() == []
    clock.now_ms += 1
    assert len(await desk.sent()) == 1


async def test_sender_when_a_command_has_run_out_unsent_then_it_expires_and_is_never_sent(
    desk: Any, script: Any, clock: Any
) -> None:
    command = await desk.vend(ttl_ms=10_000)
    await desk.receiver.handle([script.birth(online=False)])
    clock.now_ms += 10_000
    await desk.receiver.handle([script.birth(NEXT_CONN)])
    assert await desk.sent() == []
    found = await desk.now(command)
    assert (found.state, found.why, found.outcome, found.sent_at_ms) == ("expired", "ran_out", "", 0)


async def test_sender_when_a_sent_command_runs_out_then_it_is_not_sent_again_and_unknown_after_the_grace(
    desk: Any, script: Any, clock: Any
) -> None:
    command = await desk.vend(ttl_ms=10_000)
    await desk.sent()
    clock.now_ms += 10_000
    await desk.receiver.handle([script.birth(NEXT_CONN)])
    assert await desk.sent() == []
    assert await desk.state(command) == "sent"
    clock.now_ms += ANSWER_GRACE_MS
    assert await desk.sent() == []
    assert await desk.state(command) == "unknown"


async def test_sender_when_two_commands_wait_then_the_second_goes_out_after_the_first_was_taken(
    desk: Any, script: Any
) -> None:
    first, second = await desk.vend(), await desk.vend()
    assert (first.n, second.n) == (1, 2)
    assert [sent.n for sent in await desk.sent()] == [1]
    assert await desk.sent() == []
    script.taken(first.id)
    await desk.hear(script)
    assert [sent.n for sent in await desk.sent()] == [2]


@pytest.mark.parametrize("was_sent", [True, False])
async def test_sender_when_the_first_of_two_runs_out_then_the_second_goes_out_in_the_same_moment(
    desk: Any, script: Any, clock: Any, was_sent: bool
) -> None:
    first, second = await desk.offer(ttl_ms=10_000), await desk.offer()
    if was_sent:
        await desk.sent()
        clock.now_ms += 10_000 + ANSWER_GRACE_MS
    else:
        clock.now_ms += 10_000
    assert [sent.id for sent in await desk.sent()] == [second.id]
    assert await desk.state(first) == ("unknown" if was_sent else "expired")


async def test_sender_when_machines_are_two_then_neither_waits_for_the_other(
    desk: Any, seeded: Any, new_script: Any, clock: Any
) -> None:
    other = new_script("vm-test-0002", epoch="b" * 32)
    async with seeded.write() as db_session:
        await machines.register(db_session, "vm-test-0002", secret="s" * 43, now_ms=clock.now_ms)
        document = await machines.planogram(db_session, "vm-test-0001")
        await machines.publish_planogram(db_session, "vm-test-0002", document, by="test", now_ms=clock.now_ms)
    await desk.receiver.handle([other.birth(NEXT_CONN)])
    commands = [await desk.vend(), await desk.vend("vm-test-0002")]
    assert [command.n for command in commands] == [1, 1]
    assert {sent.conn: sent.id for sent in await desk.sent()} == {CONN: commands[0].id, NEXT_CONN: commands[1].id}


async def test_sender_when_the_broker_was_reconnected_then_nothing_is_sent_to_machines_not_heard_since(
    desk: Any, script: Any, clock: Any
) -> None:
    await desk.vend()
    await desk.receiver.connected()
    assert await desk.sent() == []
    clock.now_ms += 1
    await desk.receiver.handle([script.birth()])
    assert len(await desk.sent()) == 1


async def test_sender_when_the_machines_store_was_replaced_then_a_sent_command_is_unknown_and_never_repeated(
    desk: Any, new_script: Any, clock: Any
) -> None:
    first, second = await desk.vend(), await desk.vend()
    await desk.sent()
    clock.now_ms += 100
    await desk.receiver.handle([new_script(epoch="d" * 32).birth(NEXT_CONN)])
    assert [sent.id for sent in await desk.sent()] == [second.id]
    found = await desk.now(first)
    assert (found.state, found.why) == ("unknown", "store_replaced")
