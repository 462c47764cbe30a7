"""What is odd: signals in, insights out. Pure; each insight carries the number it was judged by.

Source of the thresholds: our own, chosen so that a quiet machine makes about one false alarm a year per detector
(chance below 1 in 1,000 for what is looked at daily, 1 in 10,000 for what is looked at hourly).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import exp
from statistics import median
from typing import Any, Final, Literal

from cloud.analytics import words
from cloud.analytics.chance import binomial_at_least, poisson_at_least, poisson_at_most, robust_z

Severity = Literal["notice", "warning", "alarm"]

DAILY: Final = 1e-3
HOURLY: Final = 1e-4
FAR_Z: Final = -3.5
"""Iglewicz and Hoaglin's limit."""
USUAL_ERRORS: Final = 0.01
"""Share of vends that fail in a machine that is in order, at least."""
CASH_RUN_YEN: Final = 500
"""Cash that is missing over several counts in a row, together."""
CASH_ONCE_YEN: Final = 1_000
WARM_FAULTS: Final = ("temperature.", "cooler.", "thermometer.")


@dataclass(frozen=True, slots=True)
class Insight:
    """Something a person should know."""

    detector: str
    severity: Severity
    text: str
    """In Japanese, with its figures."""
    machine_id: str = ""
    slot: str = ""
    product_id: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What its sentence needs, and the numbers it was judged by."""
    href: str = ""

    @property
    def key(self) -> str:
        """The same thing seen again has the same key."""
        return f"{self.detector}/{self.machine_id}/{self.slot}/{self.product_id}"[:160]


@dataclass(frozen=True, slots=True)
class DayUnits:
    """What a machine sold on a whole day, beside the same weekdays before it."""

    machine_id: str
    name: str
    day: date
    units: int
    same_weekdays: tuple[int, ...]
    """Units of the same weekday in the weeks before, the newest first, at most 8."""


def sales_drop(row: DayUnits) -> Insight | None:
    """A day on which far less was sold than on such a weekday."""
    if len(row.same_weekdays) < 4:
        return None
    usual = median(row.same_weekdays)
    z = robust_z(row.units, row.same_weekdays)
    chance = poisson_at_most(row.units, usual)
    is_far = chance < DAILY and (z is None or z < FAR_Z)
    if not is_far or row.units > 0.6 * usual:
        return None
    return _insight(
        "sales_drop",
        "warning",
        machine_id=row.machine_id,
        figures={
            "name": row.name,
            "day": row.day.isoformat(),
            "units": row.units,
            "usual": usual,
            "z": None if z is None else round(z, 1),
            "chance": _short(chance),
        },
        href=f"/dashboard/earnings/machine?name={row.machine_id}&start={row.day}&end={row.day}",
    )


@dataclass(frozen=True, slots=True)
class Quiet:
    """A machine that has not sold anything for a while."""

    machine_id: str
    name: str
    hours: int
    expected: float
    """Vends usual in these very hours of the week."""


def silent_machine(row: Quiet) -> Insight | None:
    """Nothing sold for so long that chance does not explain it."""
    chance = exp(-row.expected)
    if chance >= HOURLY:
        return None
    return _insight(
        "silent_machine",
        "alarm",
        machine_id=row.machine_id,
        figures={"name": row.name, "hours": row.hours, "expected": round(row.expected, 1), "chance": _short(chance)},
        href=f"/dashboard/machines/{row.machine_id}",
    )


@dataclass(frozen=True, slots=True)
class SlotSilence:
    """A slot that sells nothing while its machine sells."""

    machine_id: str
    slot: str
    product_id: str
    name: str
    on_hand: int
    share: float
    """Of the machine's sales in the weeks before that were this slot's."""
    others: int
    """Units the machine sold since this slot last sold."""


def stuck_slot(row: SlotSilence) -> Insight | None:
    """There is stock, the machine sells, this slot does not: a jam nobody noticed, or the books are wrong."""
    chance = (1 - row.share) ** row.others if row.share < 1 else 0.0
    if row.on_hand < 1 or row.others < 1 or chance >= DAILY:
        return None
    return _insight(
        "stuck_slot",
        "warning",
        machine_id=row.machine_id,
        slot=row.slot,
        product_id=row.product_id,
        figures={
            "name": row.name,
            "others": row.others,
            "share_percent": round(100 * row.share),
            "on_hand": row.on_hand,
            "chance": _short(chance),
        },
        href=f"/dashboard/machines/{row.machine_id}",
    )


@dataclass(frozen=True, slots=True)
class CashCounts:
    """The differences of a machine's last counts, the newest first. Yen, missing is negative."""

    machine_id: str
    name: str
    differences: tuple[int, ...]


def cash_difference(row: CashCounts) -> Insight | None:
    """Much missing or too much at once, or little missing again and again (a one-sided running sum)."""
    if not row.differences:
        return None
    newest, run, counts = row.differences[0], 0, 0
    for difference in row.differences:
        if difference >= 0:
            break
        run, counts = run - difference, counts + 1
    is_run = counts >= 3 and run >= CASH_RUN_YEN
    if abs(newest) < CASH_ONCE_YEN and not is_run:
        return None
    return _insight(
        "cash_difference",
        "alarm" if is_run else "warning",
        machine_id=row.machine_id,
        figures={"name": row.name, "newest_yen": newest, "run_yen": run, "counts": counts, "is_run": is_run},
        href=f"/dashboard/cash/{row.machine_id}",
    )


@dataclass(frozen=True, slots=True)
class OpenFault:
    """A fault that was raised and not cleared."""

    machine_id: str
    name: str
    code: str
    where: str
    hours: int


def temperature(row: OpenFault) -> Insight | None:
    """What is sold may have become too warm or too cold."""
    if not row.code.startswith(WARM_FAULTS):
        return None
    return _insight(
        "temperature",
        "alarm" if row.hours >= 1 else "warning",
        machine_id=row.machine_id,
        figures={"name": row.name, "code": row.code, "hours": row.hours},
        href=f"/dashboard/machines/{row.machine_id}",
    )


@dataclass(frozen=True, slots=True)
class Vends:
    """How many vends a machine tried, and how many failed; today and in the weeks before."""

    machine_id: str
    name: str
    tried: int
    failed: int
    tried_before: int
    failed_before: int


def error_rate(row: Vends) -> Insight | None:
    """More vends fail than before, by more than chance."""
    usual = max((row.failed_before + 1) / (row.tried_before + 50), USUAL_ERRORS)
    chance = binomial_at_least(row.failed, row.tried, usual)
    if row.failed < 3 or chance >= DAILY:
        return None
    return _insight(
        "error_rate",
        "alarm",
        machine_id=row.machine_id,
        figures={
            "name": row.name,
            "tried": row.tried,
            "failed": row.failed,
            "usual_percent": round(100 * usual, 1),
            "chance": _short(chance),
        },
        href=f"/dashboard/machines/{row.machine_id}",
    )


@dataclass(frozen=True, slots=True)
class Refunds:
    """Money that went back or is claimed: of a day, and per day in the weeks before."""

    machine_id: str
    """Empty for all together."""
    name: str
    count: int
    yen: int
    per_day_before: float


def refund_pattern(row: Refunds) -> Insight | None:
    """Many refunds or claims on one day."""
    chance = poisson_at_least(row.count, max(row.per_day_before, 0.1))
    if row.count < 3 or chance >= DAILY:
        return None
    return _insight(
        "refund_pattern",
        "warning",
        machine_id=row.machine_id,
        figures={
            "name": row.name,
            "count": row.count,
            "yen": row.yen,
            "per_day_before": round(row.per_day_before, 2),
            "chance": _short(chance),
        },
        href="/dashboard/tasks",
    )


@dataclass(frozen=True, slots=True)
class Losses:
    """What agents gave away today, in yen, beside the budget and the days before."""

    yen: int
    budget: int
    before: tuple[int, ...]


def agent_losses(row: Losses) -> Insight | None:
    """Agents give away much of what they may, or far more than on other days."""
    usual = median(row.before) if row.before else 0
    is_much = bool(row.budget) and 2 * row.yen >= row.budget
    is_odd = len(row.before) >= 7 and row.yen > max(3 * usual, 300)
    if not row.yen or not (is_much or is_odd):
        return None
    return _insight(
        "agent_losses",
        "alarm" if row.budget and row.yen >= row.budget * 9 // 10 else "warning",
        figures={"yen": row.yen, "budget": row.budget, "usual": usual},
        href="/dashboard/agents",
    )


@dataclass(frozen=True, slots=True)
class Planograms:
    """The revision that was published, and the one the machine works with."""

    machine_id: str
    name: str
    published: int
    applied: int
    hours: int
    """Since it was published, or since the machine came back after it."""


def price_mismatch(row: Planograms) -> Insight | None:
    """A machine does not take the prices it was given."""
    if row.applied >= row.published or row.hours < 1:
        return None
    return _insight(
        "price_mismatch",
        "warning",
        machine_id=row.machine_id,
        figures={"name": row.name, "published": row.published, "applied": row.applied, "hours": row.hours},
        href=f"/dashboard/machines/{row.machine_id}/planogram",
    )


@dataclass(frozen=True, slots=True)
class Expired:
    """Units in a machine's slot whose last good day is over."""

    machine_id: str
    slot: str
    product_id: str
    name: str
    units: int
    days_over: int


def expired_goods(row: Expired) -> Insight | None:
    """Customers could buy what is past its date."""
    if row.units < 1 or row.days_over < 1:
        return None
    return _insight(
        "expired_goods",
        "alarm",
        machine_id=row.machine_id,
        slot=row.slot,
        product_id=row.product_id,
        figures={"name": row.name, "units": row.units, "days_over": row.days_over},
        href=f"/dashboard/machines/{row.machine_id}",
    )


def found(rows: Sequence[Insight | None]) -> list[Insight]:
    """Those that are something, the gravest first, each once."""
    order = ("alarm", "warning", "notice")
    once = {row.key: row for row in rows if row is not None}
    return sorted(once.values(), key=lambda row: (order.index(row.severity), row.key))


def _insight(detector: str, severity: Severity, *, figures: Mapping[str, Any], slot: str = "", **where: str) -> Insight:
    return Insight(detector, severity, words.sentence(detector, figures, slot), slot=slot, figures=figures, **where)


def _short(chance: float) -> str:
    """A small probability for people."""
    return f"{chance:.1e}"
