"""An asyncio loop whose clock jumps to the next timer as soon as nothing is left to do.

Programs that wait only through the loop run unchanged and as fast as they can compute. Real files and sockets work,
but their bytes take real time that this clock does not see: use it where wires are in memory.
"""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, TypeVarTuple

Ts = TypeVarTuple("Ts")

ROUNDS_PER_LOOK: Final = 64


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of sleeping until the next timer, moves the clock there."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._rounds = 0
        self._files = 0
        self.threads_running = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Real files that are ready; without any, the clock has moved on by `timeout`."""
        ready = self._look() if self._must_look(timeout) else []
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self.threads_running:
            # Nothing but a thread or a file can go on, or a thread is still at work: only real waiting helps.
            return super().select(None)
        self.now += timeout
        return ready

    def register(self, *args: Any) -> selectors.SelectorKey:
        """As every selector."""
        self._files += 1
        return super().register(*args)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """As every selector."""
        self._files -= 1
        return super().unregister(fileobj)

    def _must_look(self, timeout: float | None) -> bool:
        """A system call costs more than most callbacks, so the loop's own wake-up pipe is looked at now and then."""
        self._rounds += 1
        return (self._files > 1 and timeout != 0) or self._rounds % ROUNDS_PER_LOOK == 0

    def _look(self) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Its clock starts at 0 and counts seconds. While a thread of its executors works, the clock stands still."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        # asyncio runs timers due before now + resolution. The kernel's nanosecond is lost in rounding after a few
        # months of virtual seconds, and a timer of exactly now would never run.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds of virtual time since the loop was made."""
        return self._jumping.now

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], Any], *args: *Ts) -> asyncio.Future[Any]:
        """As asyncio, with the clock stopped until the result is back."""
        self._jumping.threads_running += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _future: asyncio.Future[Any]) -> None:
        self._jumping.threads_running -= 1
