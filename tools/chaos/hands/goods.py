"""Goods: customers choose and take, staff repair and fill the coils, and coils and beam have bad luck."""

import asyncio
from typing import ClassVar

from edge.service.inputs import SlotChangedOver, SlotServiced
from edge.vend import inputs as i
from hardware.world_staff import take_units
from tools.chaos.hands.hand import Hand
from tools.chaos.steps import PRICES, STOCK


class Goods(Hand):
    """Coils, drop beam, tray and buttons."""

    ACTIONS: ClassVar = ("choose", "clear", "lever", "take", "jam", "stuck_home", "empty_turn", "beam")

    async def choose(self, slot: str) -> None:
        """Press the button of a slot."""
        self.wish(i.Select(slot))

    async def clear(self) -> None:
        """Take the choice back."""
        self.wish(i.Clear())

    async def lever(self) -> None:
        """Ask for the money back."""
        self.wish(i.ReturnCredit("lever"))

    async def take(self) -> None:
        """Empty tray and return cup."""
        self._machine.hardware.world.take_products()
        self._machine.hardware.world.take_coins()

    async def jam(self, slot: str) -> None:
        """The motor stalls until staff come."""
        self._machine.jammed.add(slot)
        self._machine.hardware.world.jam(slot)

    async def stuck_home(self, slot: str) -> None:
        """The home contact stays closed until staff come."""
        self._machine.stuck.add(slot)
        self._machine.hardware.world.stuck_home(slot)

    async def empty_turn(self, slot: str, turns: int) -> None:
        """The next turns let nothing fall."""
        self._machine.hardware.world.empty_turn(slot, turns)

    async def beam(self, for_ms: int, after_ms: int) -> None:
        """Something hangs in the beam for a while."""
        loop = asyncio.get_running_loop()
        loop.call_later(after_ms / 1000, self._block_beam)
        loop.call_later((after_ms + for_ms) / 1000, self._free_beam)

    def _block_beam(self) -> None:
        self._machine.is_beam_blocked = True
        self._machine.see("beam")
        self._machine.hardware.world.block_beam()

    def _free_beam(self) -> None:
        if self._machine.is_beam_blocked:
            self._machine.is_beam_blocked = False
            self._machine.see("beam")
            self._machine.hardware.world.block_beam(blocked=False)

    async def end(self) -> None:
        """The beam is free."""
        self._free_beam()

    async def serve(self) -> None:
        """Repair every coil, turn it home, and fill it up; say what was filled in."""
        machine = self._machine
        machine.jammed.clear()
        machine.stuck.clear()
        self._free_beam()
        for slot, spiral in machine.world_state.spirals.items():
            spiral.angle = 0.0  # turned home by hand
            machine.hardware.world.repair(slot)
        for slot in PRICES:
            await self._fill(slot)

    async def _fill(self, slot: str) -> None:
        """Fill up; what stands there for another product comes out first. Staff count when it cannot be as believed."""
        machine = self._machine
        if machine.runtime.state.vend is not None:  # a cut just now has left it to be judged
            await machine.settle()
        coil, state = machine.world_state.spirals[slot], machine.runtime.state
        if slot in state.changing:
            await self._change_over(slot)
            return
        there, believed = len(coil.units), state.on_hand.get(slot, 0)
        missing = STOCK - there
        if missing <= 0:
            return
        found = there if believed + missing > STOCK else None
        machine.hardware.world.load(slot, state.product_in(slot), missing)
        await self.tell(
            lambda: self.wish(SlotServiced(slot, found, (), missing)),
            lambda: self._is_filled(slot),
        )

    async def _change_over(self, slot: str) -> None:
        machine = self._machine
        world, row = machine.hardware.world, machine.runtime.state.slot(slot)
        units = len(machine.world_state.spirals[slot].units)
        machine.watch.taken_out(slot, lambda: take_units(world, slot, units))
        world.load(slot, row.product_id if row else "", STOCK)
        await self.tell(
            lambda: self.wish(SlotChangedOver(slot, units, STOCK)),
            lambda: self._is_filled(slot),
        )

    def _is_filled(self, slot: str) -> bool:
        visit = self._machine.runtime.state.visit
        return visit is not None and slot in visit.slots
