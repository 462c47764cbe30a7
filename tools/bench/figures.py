"""A measured figure with its spread and the target it is held against."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table."""

    what: str
    value: float
    unit: str
    low: float
    high: float
    target: str

    @property
    def text(self) -> str:
        """The figure with its unit."""
        return f"{_short(self.value)} {self.unit}"

    @property
    def spread(self) -> str:
        """Lowest to highest of the runs."""
        return f"{_short(self.low)} – {_short(self.high)}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def median(what: str, runs: Sequence[float], unit: str, target: str) -> Figure:
    """The median of several runs, with the lowest and highest."""
    return Figure(what, statistics.median(runs), unit, min(runs), max(runs), target)


def percentile(runs: Sequence[float], percent: int) -> float:
    """The value that `percent` of the runs do not exceed (nearest rank)."""
    ordered = sorted(runs)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")
