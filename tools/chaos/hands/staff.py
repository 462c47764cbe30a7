"""Time and visits: customers who wait or leave, and staff who open the door and see to everything."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Final

from edge.service.inputs import StaffIn, VisitOver
from edge.vend.state import Phase
from protocol.desired import Planogram, PlanogramSlot
from tools.chaos.hands.hand import Hand
from tools.chaos.machine import IDLE_RETURN_S, ChaosMachine
from tools.chaos.steps import PRICES, STOCK

DOOR_S: Final = 0.5
EVERY: Final = 2
"""Each visit of this number brings a newer planogram."""


class Staff(Hand):
    """Whoever stands in front of the machine."""

    ACTIONS: ClassVar = ("pause", "settle", "leave", "door", "staff")

    def __init__(self, machine: ChaosMachine, others: Sequence[Hand]) -> None:
        """`others`: who does what while the door is open."""
        super().__init__(machine)
        self._others = others
        self._visits = 0

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
        await self._log_in()
        await self._bring_planogram()
        for hand in self._others:
            await hand.serve()
        await self.tell(
            lambda: self.wish(VisitOver(self._visits)),
            lambda: machine.runtime.state.visit is None,
        )
        machine.hardware.world.close_door()
        await asyncio.sleep(DOOR_S)

    async def _log_in(self) -> None:
        machine = self._machine
        self._visits += 1
        visit = f"{self._visits:032x}"

        def is_known() -> bool:
            state = machine.runtime.state
            return state.visit is not None and state.visit.visit == visit

        await self.tell(lambda: self.wish(StaffIn("st-1", visit, self._visits)), is_known)

    async def _bring_planogram(self) -> None:
        """The first one; now and then a newer one that has another product for a slot."""
        machine = self._machine
        state = machine.runtime.state
        rev = 1
        if state.planogram is not None:
            if self._visits % EVERY or state.phase is not Phase.IDLE:
                return
            rev = state.planogram.rev + 1
        planogram = _planogram(rev)
        await self.tell(
            lambda: machine.runtime.offer_planogram(planogram),
            lambda: machine.runtime.state.planogram is not None and machine.runtime.state.planogram.rev >= rev,
        )


def _planogram(rev: int) -> Planogram:
    """Each revision has another product for one slot than the one before."""
    changed = {slot: (rev + number) // len(PRICES) for number, slot in enumerate(PRICES)}
    return Planogram(
        rev=rev,
        slots=[
            PlanogramSlot(
                slot=slot,
                product_id=f"p-{slot}-{changed[slot]}",
                name_ja="茶",
                name_en="tea",
                price_minor=price,
                capacity=STOCK,
                par_level=4,
            )
            for slot, price in PRICES.items()
        ],
    )
