"""Where time comes from. Waiting is done by the event loop; this only says what time it is."""

import asyncio
import time
from pathlib import Path
from typing import Protocol

from protocol.envelope import ClockQuality


class Clock(Protocol):
    """Wall time for records, monotonic time for everything else."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 UTC; as good as `quality` says."""
        ...

    def mono_ms(self) -> int:
        """Milliseconds since this clock was made; never goes back."""
        ...

    @property
    def quality(self) -> ClockQuality:
        """Where wall time comes from."""
        ...


def host_boot() -> str:
    """Changes whenever the computer was started, and so whenever its supply failed; empty where the system is silent.

    Source: Linux, `Documentation/admin-guide/sysctl/kernel.rst`, random/boot_id.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except FileNotFoundError:
        return ""


class SystemClock:
    """The computer's own clocks."""

    def __init__(self, quality: ClockQuality = "ntp") -> None:
        self._start = time.monotonic()
        self._quality: ClockQuality = quality

    def wall_ms(self) -> int:
        """See `Clock`."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """See `Clock`."""
        return int((time.monotonic() - self._start) * 1000)

    @property
    def quality(self) -> ClockQuality:
        """See `Clock`."""
        return self._quality


class LoopClock:
    """The event loop's time, as wall and monotonic: for a machine that runs in virtual time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start_wall_ms: int) -> None:
        self._loop = loop
        self._start_wall_ms = start_wall_ms
        self._start = loop.time()

    def wall_ms(self) -> int:
        """See `Clock`."""
        return self._start_wall_ms + self.mono_ms()

    def mono_ms(self) -> int:
        """See `Clock`."""
        return int((self._loop.time() - self._start) * 1000)

    @property
    def quality(self) -> ClockQuality:
        """See `Clock`."""
        return "ntp"
