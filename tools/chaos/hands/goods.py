"""Goods: customers choose and take, staff repair and fill the coils, and coils and beam have bad luck."""

import asyncio
from typing import ClassVar

from edge.vend import inputs as i
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
        machine = self._machine
        missing = STOCK - len(machine.world_state.spirals[slot].units)
        if missing <= 0:
            return
        before = machine.runtime.state.on_hand.get(slot, 0)
        machine.hardware.world.load(slot, f"p-{slot}", missing)
        await self.tell(
            lambda: self.wish(i.Restocked(slot, missing)),
            lambda: machine.runtime.state.on_hand.get(slot, 0) != before,
        )
