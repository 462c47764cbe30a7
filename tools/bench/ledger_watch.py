"""How the processes of the ledger comparison time themselves, and what they answer."""

import statistics
import time
from typing import Any, Final, Self

BATCH: Final = 2_500
"""Entries in one transaction while loading."""

Answer = dict[str, Any]


class Watch:
    """Medians of what is done in its `with` blocks: by the clock, and of this process's own work."""

    def __init__(self) -> None:
        self._runs: list[tuple[float, float]] = []
        self._begun = (0.0, 0.0)

    def __enter__(self) -> Self:
        self._begun = (time.perf_counter(), time.process_time())
        return self

    def __exit__(self, *_: object) -> None:
        self._runs.append((time.perf_counter() - self._begun[0], time.process_time() - self._begun[1]))

    @property
    def wall(self) -> float:
        """Seconds by the clock."""
        return statistics.median(run[0] for run in self._runs)

    @property
    def cpu(self) -> float:
        """CPU seconds."""
        return statistics.median(run[1] for run in self._runs)


def asked(posts: Watch, months: Watch, balances: dict[str, int]) -> Answer:
    """What `ask` prints."""
    return {
        "post_s": posts.wall,
        "post_cpu_s": posts.cpu,
        "month_s": months.wall,
        "month_cpu_s": months.cpu,
        "balances": balances,
    }
