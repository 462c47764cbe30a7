"""The loop whose clock jumps."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tools.simulator.virtual_time import VirtualTimeLoop

T = TypeVar("T")


def run(work: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    """The result of `work` and the virtual seconds it took."""

    async def main() -> T:
        return await work()

    loop = VirtualTimeLoop()
    try:
        return loop.run_until_complete(main()), loop.time()
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_clock_when_everything_waits_then_jumps_to_the_next_timer() -> None:
    started = time.monotonic()
    _, seconds = run(lambda: asyncio.sleep(365 * 86400))
    assert seconds == 365 * 86400
    assert time.monotonic() - started < 60


def test_timers_of_two_tasks_when_interleaved_then_fire_in_order_of_time() -> None:
    heard: list[tuple[str, float]] = []

    async def tick(name: str, period_s: float) -> None:
        for _ in range(3):
            await asyncio.sleep(period_s)
            heard.append((name, asyncio.get_running_loop().time()))

    async def both() -> None:
        await asyncio.gather(tick("slow", 2.0), tick("fast", 0.75))

    run(both)
    assert heard == [("fast", 0.75), ("fast", 1.5), ("slow", 2.0), ("fast", 2.25), ("slow", 4.0), ("slow", 6.0)]


def test_timeout_when_nothing_comes_then_ends_at_its_time() -> None:
    async def wait() -> bool:
        try:
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        except TimeoutError:
            return True
        return False

    assert run(wait) == (True, 30.0)


def test_clock_when_a_thread_works_then_stands_still() -> None:
    async def work() -> float:
        loop = asyncio.get_running_loop()
        may_end = threading.Event()
        ended = loop.run_in_executor(None, may_end.wait, 10)
        alarm = loop.call_later(5, lambda: None)
        loop.call_soon(may_end.set)
        await ended
        alarm.cancel()
        return loop.time()

    assert run(work)[0] == 0.0
