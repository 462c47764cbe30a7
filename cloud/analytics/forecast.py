"""How much will be sold: level, weekday, and a band that means what it says. Pure; units, never money.

Simple exponential smoothing with a shrunk weekday index; TSB for what sells on few days. A day on which the slot was
sold out is not a day without demand: it counts only for the part of it on which there was something to buy. The band is
a negative binomial whose variance is learnt from the forecast's own errors, because a Poisson band is too narrow.

Source: Teunter, Syntetos, Babai (2011) for TSB; what was measured: README.md of this folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from cloud.analytics.chance import quantile

Method = Literal["none", "level", "seasonal", "intermittent"]

ALPHA: Final = 0.1
START_DAYS: Final = 14
"""Days whose mean is the first level."""
SHRINK_WEEKS: Final = 8
"""So many weeks of a weekday count as much as the assumption that weekdays are alike."""
RARE_SHARE: Final = 0.7
"""With nothing sold on more than this share of days, demand is intermittent."""
SEASONAL_DAYS: Final = 28
"""With less history weekdays are not told apart."""
LOW: Final = 0.10
HIGH: Final = 0.90
CHECKED_WEEKS: Final = 8
UNKNOWN_RATIO: Final = 1.5
"""Variance over mean before there is history to learn it from. # unverified: between the demo's products"""


@dataclass(frozen=True, slots=True)
class Day:
    """What one product sold on one day."""

    day: date
    units: int
    open_share: float = 1.0
    """Share of the day on which there was something to buy, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is expected of one day."""

    day: date
    expected: float
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next days, and their sum with a band of its own: errors of single days partly cancel out."""

    method: Method
    days: tuple[Ahead, ...]
    total: float
    """Units of all days together."""
    total_low: int
    """With probability 10 % it is not more."""
    total_high: int
    """With probability 90 % it is not more."""
    ratio: float
    """Variance over mean that the band of the sum is made with."""

    def at_most(self, probability: float) -> int:
        """Units that will do with this probability for all days together."""
        return quantile(self.total, self.ratio, probability)


@dataclass(frozen=True, slots=True)
class Quality:
    """How the same method did on weeks that are over."""

    weeks: int
    wape_percent: int | None
    """Σ|error| over Σ sold, of weekly sums; None without sales."""
    bias_percent: int | None
    """Σ(forecast - sold) over Σ sold."""
    covered_percent: int | None
    """Weeks that were inside the band of 80 %."""


def forecast(history: Sequence[Day], days: int) -> Forecast:
    """The next days.

    Args:
        history: every day without a gap, the oldest first.
        days: how many, at least 1.
    """
    method, level, index = _fitted(history)
    if not history:
        return Forecast("none", (), 0.0, 0, 0, 1.0)
    last = history[-1].day
    of_days, ratio = _ratios(history, level, index)
    ahead = []
    for at in range(1, days + 1):
        day = last + timedelta(days=at)
        expected = max(level * index[day.weekday()], 0.0)
        ahead.append(Ahead(day, expected, quantile(expected, of_days, LOW), quantile(expected, of_days, HIGH)))
    total = sum(row.expected for row in ahead)
    return Forecast(method, tuple(ahead), total, quantile(total, ratio, LOW), quantile(total, ratio, HIGH), ratio)


def check(history: Sequence[Day], weeks: int = CHECKED_WEEKS) -> Quality:
    """Forecast weeks that are over from what was known before them, and compare.

    Args:
        history: every day without a gap, the oldest first.
        weeks: at most so many; each needs four weeks before it.
    """
    missed = more = sold = inside = done = 0.0
    for week in range(weeks):
        end = len(history) - 7 * week
        if end - 7 < SEASONAL_DAYS:
            break
        found = forecast(history[: end - 7], 7)
        true = sum(row.units for row in history[end - 7 : end])
        missed += abs(found.total - true)
        more += found.total - true
        sold += true
        inside += found.total_low <= true <= found.total_high
        done += 1
    return Quality(
        weeks=int(done),
        wape_percent=round(100 * missed / sold) if sold else None,
        bias_percent=round(100 * more / sold) if sold else None,
        covered_percent=round(100 * inside / done) if done else None,
    )


def _fitted(history: Sequence[Day]) -> tuple[Method, float, list[float]]:
    if not any(row.units for row in history):
        return "none", 0.0, [1.0] * 7
    seen = [row for row in history if row.open_share > 0]
    rare = sum(not row.units for row in seen) > RARE_SHARE * len(seen)
    if rare:
        return "intermittent", _tsb(seen), [1.0] * 7
    index = _weekdays(seen) if len(seen) >= SEASONAL_DAYS else [1.0] * 7
    level = _levels([(_demand(row) / index[row.day.weekday()], row.open_share) for row in seen])[-1]
    return ("seasonal" if len(seen) >= SEASONAL_DAYS else "level"), level, index


def _demand(row: Day) -> float:
    """What would have been sold on a whole day; at most four times what was, since little is known of a short one."""
    return row.units / max(row.open_share, 0.25)


def _levels(rows: Sequence[tuple[float, float]]) -> list[float]:
    """The level after the start, and after each day that follows."""
    first = rows[:START_DAYS]
    weight = sum(share for _, share in first)
    level = sum(units * share for units, share in first) / weight if weight else 0.0
    found = [level]
    for units, share in rows[START_DAYS:]:
        level += ALPHA * share * (units - level)
        found.append(level)
    return found


def _weekdays(rows: Sequence[Day]) -> list[float]:
    """Index per weekday, Monday first, shrunk towards 1 and with mean 1."""
    mean = sum(map(_demand, rows)) / len(rows)
    found = []
    for weekday in range(7):
        own = [_demand(row) for row in rows if row.day.weekday() == weekday]
        ratio = sum(own) / len(own) / mean if own and mean else 1.0
        found.append((len(own) * ratio + SHRINK_WEEKS) / (len(own) + SHRINK_WEEKS))
    middle = sum(found) / 7
    return [one / middle for one in found]


def _tsb(rows: Sequence[Day]) -> float:
    """How likely a day sells anything, times how much it then sells."""
    selling = [_demand(row) for row in rows if row.units]
    chance = len(selling) / len(rows)
    size = selling[0]
    for row in rows:
        chance += ALPHA * ((row.units > 0) - chance)
        if row.units:
            size += ALPHA * (_demand(row) - size)
    return chance * size


def _ratios(history: Sequence[Day], level: float, index: Sequence[float]) -> tuple[float, float]:
    """Variance over mean of what the method would have missed, of single days and of whole weeks; at least 1."""
    seen = [row for row in history[-182:] if row.open_share >= 0.5]
    if len(seen) < START_DAYS or level <= 0:
        return UNKNOWN_RATIO, UNKNOWN_RATIO
    errors = sum((row.units - level * index[row.day.weekday()]) ** 2 for row in seen)
    of_days = max(errors / max(sum(row.units for row in seen), 1), 1.0)
    weeks = _missed_weeks(history, index)[-26:]
    sold = sum(true for _, true in weeks)
    if len(weeks) < 3 or not sold:
        return of_days, of_days
    # Few weeks know their own spread badly: the band is widened by what that may hide.
    unsure = (len(weeks) + 1) / (len(weeks) - 1)
    return of_days, max(unsure * sum((ahead - true) ** 2 for ahead, true in weeks) / sold, 1.0)


def _missed_weeks(history: Sequence[Day], index: Sequence[float]) -> list[tuple[float, float]]:
    """(what the level of before would have said, what was wanted) of each whole week after the start."""
    rows = [(_demand(row) / index[row.day.weekday()], row.open_share) for row in history]
    levels, found = _levels(rows), []
    for end in range(len(rows), START_DAYS + 6, -7):
        week = rows[end - 7 : end]
        weight = sum(share for _, share in week)
        if weight >= 3.5:
            wanted = sum(units * share for units, share in week) * 7 / weight
            found.append((7 * levels[end - 7 - START_DAYS], wanted))
    return found[::-1]
