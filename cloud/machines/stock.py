"""What each slot should hold beside what it holds: planogram and inventory in one view."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.inventory import service as inventory
from cloud.machines import service
from protocol.desired import PlanogramSlot

Tone = Literal["ok", "low", "out"]


@dataclass(frozen=True, slots=True)
class SlotLevel:
    """One slot of a machine's newest planogram."""

    machine_id: str
    slot: PlanogramSlot
    on_hand: int
    tone: Tone


def tone_of(on_hand: int, par_level: int) -> Tone:
    """`out` with nothing left, `low` below half of the par level, else `ok`."""
    if on_hand <= 0:
        return "out"
    return "low" if 2 * on_hand < par_level else "ok"


async def slot_levels(db_session: AsyncSession) -> list[SlotLevel]:
    """Every slot of every machine that has a planogram, by machine and slot."""
    units = await inventory.stock_in_slots(db_session)
    levels = []
    for machine_id, document in sorted((await service.planograms(db_session)).items()):
        for row in document.slots:
            on_hand = units.get((machine_id, row.slot, row.product_id), 0)
            levels.append(SlotLevel(machine_id, row, on_hand, tone_of(on_hand, row.par_level)))
    return levels
