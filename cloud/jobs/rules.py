"""When tasks are due, in which order they are taken, and what becomes of those whose worker died. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from cloud.kit.clock import local
from cloud.kit.saying import Say, in_japanese

Priority = Literal["low", "normal", "high"]
RANKS: Final[Mapping[str, int]] = {"high": 0, "normal": 1, "low": 2}

Status = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
ENDED: Final = frozenset({"done", "failed", "cancelled", "interrupted"})

LEASE_MS: Final = 60_000
"""A worker that was not heard for so long is dead."""
RENEW_S: Final = 15.0
MOST_ATTEMPTS: Final = 3
USUAL_MS: Final = 30_000
"""How long a task takes, as long as none of its kind has ended."""
WEEKLY: Final = (
    "毎週月曜 {hour:02d}:{minute:02d}",
    "毎週火曜 {hour:02d}:{minute:02d}",
    "毎週水曜 {hour:02d}:{minute:02d}",
    "毎週木曜 {hour:02d}:{minute:02d}",
    "毎週金曜 {hour:02d}:{minute:02d}",
    "毎週土曜 {hour:02d}:{minute:02d}",
    "毎週日曜 {hour:02d}:{minute:02d}",
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Local times at which a task is made."""

    name: str
    kind: str
    minute: int
    hour: int | None = None
    """None for every hour."""
    weekday: int | None = None
    """0 for Monday; None for every day."""
    configuration: Mapping[str, str] | None = None

    def following(self, after_ms: int, timezone: str) -> int:
        """The first due instant after another one, ms since 1970 UTC; a local time that a day lacks falls out."""
        at = local(after_ms, timezone).replace(minute=self.minute, second=0, microsecond=0)
        step = timedelta(hours=1)
        if self.hour is not None:
            at, step = at.replace(hour=self.hour), timedelta(days=1)
        while _ms(at) <= after_ms or (self.weekday is not None and at.weekday() != self.weekday):
            at += step
        return _ms(at)

    def text(self, say: Say = in_japanese) -> str:
        """When, for people."""
        if self.hour is None:
            return say("毎時 {minute:02d} 分", minute=self.minute)
        day = "毎日 {hour:02d}:{minute:02d}" if self.weekday is None else WEEKLY[self.weekday]
        return say(day, hour=self.hour, minute=self.minute)


SCHEDULES: Final = (
    Schedule("retention-daily", "retention", minute=20, hour=4),
    Schedule("anomalies-hourly", "anomalies", minute=50),
    Schedule("vending-hourly", "vending", minute=5),
    Schedule("analytics-daily", "analytics", minute=30, hour=5),
    Schedule("analytics-weekly", "analytics", minute=45, hour=5, weekday=0, configuration={"period": "week"}),
    Schedule("procurement-daily", "procurement", minute=0, hour=6),
)


def _ms(at: datetime) -> int:
    return int(at.timestamp()) * 1000


def after_death(attempts: int, *, may_have_acted: bool) -> Status:
    """What becomes of a task whose worker died."""
    return "interrupted" if may_have_acted or attempts >= MOST_ATTEMPTS else "queued"


def percent(replies: int, most_replies: int) -> int:
    """Progress of a run: nobody knows how many replies it will need, so it never reaches the end by itself."""
    return min(5 + 90 * replies // max(most_replies, 1), 95)


def estimated_s(ahead: int, lanes: int, durations_ms: Sequence[int]) -> int:
    """Seconds until a new task has ended.

    Args:
        ahead: tasks that are taken before it, and those that run.
        lanes: how many are carried out at a time.
        durations_ms: of the newest tasks that ended.
    """
    one = sum(durations_ms) // len(durations_ms) if durations_ms else USUAL_MS
    return max(-(-one * (ahead // max(lanes, 1) + 1) // 1000), 1)
