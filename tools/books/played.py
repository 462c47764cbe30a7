"""A life that was played, and what happened in it that the checks look at afterwards."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from cloud.db.database import Database
from tools.books.life import Step
from tools.books.link import Link
from tools.books.machine import Teller
from tools.books.record import Entry
from tools.books.world import World

START_MS: Final = 1_795_143_600_000
"""2026-11-20 12:00 in Tokyo."""


@dataclass
class Reversal:
    """One reversal and the balances around it."""

    entry: Entry
    before: Counter[str]
    after: Counter[str]
    is_refused_again: bool


@dataclass
class Closed:
    """One closing: the balances of its days at that moment."""

    last_day: date
    balances: Counter[str]
    is_open_again: bool = False
    year_id: int = 0
    """Of the year that was closed with it; 0 for a month alone."""


@dataclass
class YearEnd:
    """The balances of a year's days around its closing, and after it was undone."""

    before: Counter[str]
    after: Counter[str]
    undone: Counter[str] | None = None


@dataclass
class Played:
    """A life that was played."""

    database: Database
    life: Sequence[Step]
    world: World
    tellers: list[Teller]
    link: Link
    clock: "Clock"
    unbalanced: list[str] = field(default_factory=list)
    """After which step debits and credits differed."""
    reversals: list[Reversal] = field(default_factory=list)
    closings: list[Closed] = field(default_factory=list)
    years: list[YearEnd] = field(default_factory=list)
    reversed: set[str] = field(default_factory=set)
    """Sources of entries that were undone."""

    @property
    def standing(self) -> list[Closed]:
        """Closings that were not undone."""
        return [row for row in self.closings if not row.is_open_again]

    @property
    def reversed_vends(self) -> set[str]:
        """Sources of vends whose sale was undone."""
        return {source.removesuffix("#sale") for source in self.reversed}


class Clock:
    """The office's time."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def __call__(self) -> int:
        """Now, ms since 1970 UTC."""
        return self.now_ms
