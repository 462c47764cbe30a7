"""Run a process: one event loop, a clean end on SIGTERM and SIGINT, a loud end when any task dies."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()


class TaskEndedError(RuntimeError):
    """A task that should run as long as the process returned without being asked to."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"background task {name!r} ended although the process is running")


async def run_together(stop: asyncio.Event, **tasks: Awaitable[None]) -> None:
    """Run named tasks until `stop` is set; then cancel them and wait for their clean-up.

    Raises:
        TaskEndedError: a task returned early.
        Exception: whatever a task died of; the other tasks are cancelled first.
    """
    named = {name: asyncio.ensure_future(task) for name, task in tasks.items()}
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([stopping, *named.values()], return_when=asyncio.FIRST_COMPLETED)
        for name, task in named.items():
            if task.done() and not stop.is_set():
                task.result()
                raise TaskEndedError(name)
    finally:
        stopping.cancel()
        for task in named.values():
            task.cancel()
        await asyncio.gather(*named.values(), stopping, return_exceptions=True)


def run_process(name: str, main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `main(stop)` in a new event loop; SIGTERM and SIGINT set `stop`.

    Raises:
        SystemExit: with code 1 when `main` fails; the reason is logged.
    """

    async def supervised() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await main(stop)

    try:
        asyncio.run(supervised())
    except Exception as error:
        log.exception("process failed", process=name, reason=str(error))
        raise SystemExit(1) from error
    log.info("process ended", process=name)
