"""Time and visits: customers who wait or leave, and staff who open the door and see to everything."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Final

from protocol.desired import Planogram, PlanogramSlot
from tools.chaos.hands.hand import Hand
from tools.chaos.machine import IDLE_RETURN_S, ChaosMachine
from tools.chaos.steps import PRICES, STOCK

DOOR_S: Final = 0.5


class Staff(Hand):
    """Whoever stands in front of the machine."""

    ACTIONS: ClassVar = ("pause", "settle", "leave", "door", "staff")

    def __init__(self, machine: ChaosMachine, others: Sequence[Hand]) -> None:
        """`others`: who does what while the door is open."""
        super().__init__(machine)
        self._others = others

    async def pause(self, milliseconds: int) -> None:
        """Do nothing for a while."""
        await asyncio.sleep(milliseconds / 1000)

    async def settle(self) -> None:
        """Wait until nothing moves any more."""
        await self._machine.settle()

    async def leave(self) -> None:
        """Walk away; the machine gives credit back by itself."""
        await asyncio.sleep(IDLE_RETURN_S + 3)
        await self.settle()

    async def door(self) -> None:
        """Somebody opens the door for a moment."""
        self._machine.hardware.world.open_door()
        await asyncio.sleep(0.3)
        self._machine.hardware.world.close_door()
        await asyncio.sleep(0.3)

    async def staff(self) -> None:
        """Open, repair, fill, close; tell the machine exactly what was filled in."""
        machine = self._machine
        await self.settle()
        machine.hardware.world.open_door()
        await asyncio.sleep(DOOR_S)
        await machine.settle_power()
        if machine.runtime.state.planogram is None:
            await self.tell(
                lambda: machine.runtime.offer_planogram(_planogram()),
                lambda: machine.runtime.state.planogram is not None,
            )
        for hand in self._others:
            await hand.serve()
        machine.hardware.world.close_door()
        await asyncio.sleep(DOOR_S)


def _planogram() -> Planogram:
    return Planogram(
        rev=1,
        slots=[
            PlanogramSlot(
                slot=slot,
                product_id=f"p-{slot}",
                name_ja="茶",
                name_en="tea",
                price_minor=price,
                capacity=STOCK,
                par_level=4,
            )
            for slot, price in PRICES.items()
        ],
    )
