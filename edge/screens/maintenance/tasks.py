"""The rows of the desk's menu for goods and cash, in order."""

from dataclasses import dataclass

from edge.screens.maintenance.changing import ChangeOver
from edge.screens.maintenance.coins import FillCoins
from edge.screens.maintenance.collecting import Collect
from edge.screens.maintenance.counting import Count
from edge.screens.maintenance.restock import Restock, slots_left
from edge.screens.maintenance.task import Machine, TaskKind
from edge.service.memory import CashPart


@dataclass(frozen=True, slots=True)
class Fittings:
    """What this machine has for cash."""

    kinds: tuple[int, ...]
    """Denominations of coins that have a hopper or a tube to be paid from."""
    has_bills: bool = True
    counts_coins: bool = False
    """A coin changer counts its tubes itself: nobody else needs to."""

    def has_part(self, part: CashPart) -> bool:
        """Is there a part of the cash that a person can count?"""
        return {"cash_box": True, "stacker": self.has_bills, "hopper": not self.counts_coins}[part]


def goods_and_cash(machine: Machine, fittings: Fittings) -> tuple[TaskKind, ...]:
    """What staff come for: goods in, cash out."""

    def changing() -> str:
        return str(len(machine.state.changing) or "")

    return (
        TaskKind("restock", lambda _: Restock(machine), lambda: slots_left(machine.state), right="restock"),
        TaskKind("changeover", lambda _: ChangeOver(machine), changing, right="restock"),
        TaskKind("count", lambda _: Count(machine), right="restock"),
        TaskKind("cash", lambda _: Collect(machine, fittings.has_part, fittings.kinds), right="cash"),
        TaskKind(
            "float", lambda _: FillCoins(machine, fittings.kinds), is_here=lambda: bool(fittings.kinds), right="cash"
        ),
    )
