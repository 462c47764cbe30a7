"""Bills: customers hold them to the slot, staff empty the stacker, and the validator has bad luck."""

import asyncio
from typing import ClassVar, Final

from hardware.port_faults import Fault
from tools.chaos.hands.hand import CYCLE_MS, Hand

STACKER: Final = 300
"""Bills it holds when it is not full."""


class Bills(Hand):
    """The bill validator."""

    ACTIONS: ClassVar = (
        "bill", "blind_bill", "take_bills", "bill_refused", "bill_given_up", "bill_jam", "stacker_out", "stacker_full",
        "validator_line", "validator_silent", "validator_power",
    )  # fmt: skip

    async def bill(self, value: int, wait_ms: int) -> None:
        """A bill of this value, any bill; the customer goes on after so long."""
        self._machine.hardware.world.insert_bill(value)
        await asyncio.sleep(wait_ms / 1000)

    async def blind_bill(self, value: int) -> None:
        """A bill that is held to the slot while the controller is dead; one in escrow goes back just before."""

        def swap() -> None:
            self.trouble("validator")
            self._machine.validator.give_up()
            self.later(2000, lambda: self._machine.hardware.world.insert_bill(value))

        self._machine.while_dead.append(swap)

    async def take_bills(self) -> None:
        """Take what sticks out of the slot."""
        self._machine.hardware.world.take_bills()

    async def bill_refused(self, is_fraud: int) -> None:
        """The next bill is pushed out again."""
        self._machine.validator.refuse_next_bill(is_fraud_suspected=bool(is_fraud))

    async def bill_given_up(self, after_ms: int) -> None:
        """The validator gives the bill in escrow back by itself."""
        self.later(after_ms, self._give_up)

    def _give_up(self) -> None:
        if self._machine.has_mains:
            self.trouble("validator")
            self._machine.validator.give_up()

    async def bill_jam(self) -> None:
        """The next bill that moves sticks, until staff come."""
        self.trouble("validator")
        self._machine.hardware.world.bill_jam()

    async def stacker_out(self, after_ms: int) -> None:
        """Somebody takes the stacker out, until staff come."""
        self.later(after_ms, self._take_stacker)

    def _take_stacker(self) -> None:
        if self._machine.has_mains:
            self.trouble("validator")
            self._machine.validator.remove_stacker()

    async def stacker_full(self) -> None:
        """No bill more fits into the stacker, until staff come."""
        self.trouble("validator")
        memory = self._machine.world_state.validator
        memory.capacity = max(1, sum(memory.stacker.values()))

    async def validator_line(self, fault: str, command: str, times: int) -> None:
        """The line fails the next commands of this name."""
        self.trouble("validator", line=True)
        for _ in range(times):
            self._machine.validator.fail_next(Fault(fault), command)

    async def validator_silent(self, after_ms: int, for_ms: int) -> None:
        """It is off the line for a while, but not without power: whatever moves goes on."""
        self.later(after_ms, lambda: self._silence(for_ms))

    def _silence(self, for_ms: int) -> None:
        self.silent_until = asyncio.get_running_loop().time() + 2 * for_ms / 1000
        self.trouble("validator", line=True)
        for _ in range(max(1, for_ms // CYCLE_MS)):
            self._machine.validator.fail_next(Fault.SILENCE)

    async def validator_power(self, after_ms: int, off_ms: int, remembers: int) -> None:
        """It alone loses its power for a while."""
        self.later(after_ms, lambda: self._lose_power(off_ms, remembers=bool(remembers)))

    def _lose_power(self, off_ms: int, *, remembers: bool) -> None:
        if self._machine.has_mains:
            self.trouble("validator")
            self._machine.validator.power_off()
            self.later(off_ms, lambda: self._get_power(remembers=remembers))

    def _get_power(self, *, remembers: bool) -> None:
        if self._machine.has_mains and not self._machine.world_state.validator.is_powered:
            self.trouble("validator")
            self._machine.validator.power_on(remembers=remembers)

    async def serve(self) -> None:
        """Clear the bill path and empty the stacker; a bill the machine has lost is taken out by hand."""
        machine, memory = self._machine, self._machine.world_state.validator
        self._get_power(remembers=True)
        machine.validator.repair()
        if machine.runtime.state.has_fault("bill.uncertain") and memory.escrow is not None:
            self._take_out(memory.escrow)
        if not memory.is_stacker_out:
            machine.validator.remove_stacker()
        memory.capacity = STACKER
        machine.validator.insert_stacker()
        self.well("validator")

    def _take_out(self, value: int) -> None:
        memory, collected = self._machine.world_state.validator, self._machine.world_state.bills_collected
        if memory.movement != "rest":
            return
        memory.escrow = None
        collected[value] = collected.get(value, 0) + 1
        self._machine.watch.bill_removed()
