"""Coins for change: how many were put into each hopper or tube, or taken out. All of it is one write."""

from collections.abc import Sequence
from typing import Final

from edge.screens.maintenance.task import Machine, RefusedEntryError, StillTask
from edge.screens.maintenance.view import Block, Fact, Note, Page, Stepper
from edge.screens.maintenance.words import back_key, main_key, moved_text, number_of
from edge.screens.texts import text
from edge.screens.tiles import money_text
from edge.service.cash import worth
from edge.service.inputs import FloatFilled

MOST_COINS: Final = 2_000
"""More go into no hopper."""


class FillCoins(StillTask):
    """One page: a row for each kind of coin that the machine pays."""

    def __init__(self, machine: Machine, kinds: Sequence[int]) -> None:
        """Wire it up.

        Args:
            machine: gives the state, takes what was put in.
            kinds: denominations that the machine has a hopper or a tube for.
        """
        self._machine = machine
        self._kinds = sorted(kinds, reverse=True)
        self._added: dict[int, int] = {}

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - the same at every moment
        """See `Task`."""
        hoppers = self._machine.state.hoppers
        unit = text(language, "maintenance.cash.unit")
        blocks: list[Block] = [Note(text(language, "maintenance.float.how"))]
        for kind in self._kinds:
            coins, added = hoppers.get(kind, 0), self._added.get(kind, 0)
            here = text(language, "maintenance.float.here", coins=coins)
            blocks.append(Stepper(f"kind-{kind}", money_text(kind), added, -coins, MOST_COINS, 10, unit, here))
        moved = worth(self._added)
        said = moved_text(moved)
        blocks.append(Fact(text(language, "maintenance.float.total"), said))
        keys = (back_key(language), main_key("save", language))
        return Page("float", text(language, "maintenance.float"), tuple(blocks), keys)

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if action == "save":
            added = tuple((kind, coins) for kind, coins in self._added.items() if coins)
            if not added:
                raise RefusedEntryError(text(language, "maintenance.refused.nothing"))
            if any(self._machine.state.hoppers.get(kind, 0) + coins < 0 for kind, coins in added):
                raise RefusedEntryError(text(language, "maintenance.refused.coins_too_many"))
            self._machine.apply(FloatFilled(added))
        return action not in {"save", "back"}

    def enter(self, field: str, value: str, language: str, now: float) -> None:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        kind = field.removeprefix("kind-")
        if kind.isdigit() and int(kind) in self._kinds:
            least = -self._machine.state.hoppers.get(int(kind), 0)
            self._added[int(kind)] = number_of(value, MOST_COINS, language, least)
