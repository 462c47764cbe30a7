"""Running and ending a process: a clean stop, and a loud end when a part of it dies."""

import asyncio
import os
import signal

import pytest

from cloud.integrations.mqtt.mailbox import Mailbox
from protocol.kit.process import TaskEndedError, run_process, run_together


async def test_run_together_when_stopped_then_every_task_is_cancelled_and_cleans_up() -> None:
    stop, cleaned = asyncio.Event(), []

    async def task(name: str) -> None:
        try:
            if name == "two":
                stop.set()
            await asyncio.Event().wait()
        finally:
            cleaned.append(name)

    await run_together(stop, one=task("one"), two=task("two"))
    assert sorted(cleaned) == ["one", "two"]


async def test_run_together_when_a_task_dies_then_its_error_ends_all() -> None:
    async def dies() -> None:
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        await run_together(asyncio.Event(), dies=dies(), other=asyncio.Event().wait())


async def test_run_together_when_a_task_just_returns_then_that_is_an_error_too() -> None:
    async def returns() -> None:
        return

    with pytest.raises(TaskEndedError, match="'returns'"):
        await run_together(asyncio.Event(), returns=returns())


def test_run_process_when_terminated_then_it_ends_cleanly() -> None:
    async def main(stop: asyncio.Event) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await stop.wait()

    run_process("test", main)


def test_run_process_when_it_fails_then_the_exit_code_says_so() -> None:
    async def main(_stop: asyncio.Event) -> None:
        raise RuntimeError("no")

    with pytest.raises(SystemExit) as ended:
        run_process("test", main)
    assert ended.value.code == 1


async def test_mailbox_when_it_is_full_then_the_writer_waits_until_there_is_room() -> None:
    mailbox = Mailbox(limit=2)

    def write() -> None:
        for number in range(6):
            mailbox.put(number)

    writing = asyncio.create_task(asyncio.to_thread(write))
    taken = []
    while len(taken) < 6:
        part = await mailbox.take(10)
        assert len(part) <= 2
        taken += part
    await writing
    assert taken == list(range(6))


async def test_mailbox_when_closed_then_a_waiting_writer_goes_free() -> None:
    mailbox = Mailbox(limit=1)
    mailbox.put("first")
    writing = asyncio.create_task(asyncio.to_thread(mailbox.put, "second"))
    await asyncio.sleep(0)
    mailbox.close()
    await asyncio.wait_for(writing, 5)
    assert await mailbox.take(5) == ["first"]
