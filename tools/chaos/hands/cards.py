"""Cards: customers hold them to the reader, and the reader has bad luck."""

import asyncio
from typing import ClassVar, Final

from hardware.cashless_reader.simulated import PowerLoss
from hardware.port_faults import Fault
from tools.chaos.hands.hand import CYCLE_MS, Hand
from tools.chaos.machine import ChaosMachine

READ_S: Final = 0.5
"""From a card on the reader to the next thing its customer does."""


class Cards(Hand):
    """The cashless reader, and a new card for each customer."""

    ACTIONS: ClassVar = (
        "card", "card_away", "card_denied", "card_amount", "card_ignored", "refund_lost", "reader_line",
        "reader_silent", "reader_power",
    )  # fmt: skip

    def __init__(self, machine: ChaosMachine) -> None:
        super().__init__(machine)
        self._issued = 0

    async def card(self, balance: int) -> None:
        """A card with so much money on it."""
        self._issued += 1
        world = self._machine.hardware.world
        world.issue_card(f"card-{self._issued}", balance)
        world.present_card(f"card-{self._issued}")
        await asyncio.sleep(READ_S)

    async def card_away(self) -> None:
        """Take the card, if there is one."""
        self._machine.hardware.world.remove_card()

    async def card_denied(self) -> None:
        """The next request is denied, whatever is on the card."""
        self._machine.reader.deny_next()

    async def card_amount(self, amount: int) -> None:
        """The next approval is for another amount than was asked for."""
        self._machine.reader.approve_next(amount)

    async def card_ignored(self) -> None:
        """The next request is never answered."""
        self._machine.reader.ignore_next()

    async def refund_lost(self) -> None:
        """The next release charges the card all the same."""
        self.trouble("reader", line=True)
        self._machine.reader.lose_next_refund()

    async def reader_line(self, fault: str, command: str, times: int) -> None:
        """The line fails the next commands of this name."""
        self.trouble("reader", line=True)
        for _ in range(times):
            self._machine.reader.fail_next(Fault(fault), command)

    async def reader_silent(self, after_ms: int, for_ms: int) -> None:
        """It is off the line for a while, but not without power."""
        self.later(after_ms, lambda: self._silence(for_ms))

    def _silence(self, for_ms: int) -> None:
        self.silent_until = asyncio.get_running_loop().time() + 2 * for_ms / 1000
        self.trouble("reader", line=True)
        for _ in range(max(1, for_ms // CYCLE_MS)):
            self._machine.reader.fail_next(Fault.SILENCE)

    async def reader_power(self, after_ms: int, off_ms: int, outcome: str) -> None:
        """It alone loses its power for a while; a reservation it keeps, charges, releases or forgets."""
        self.later(after_ms, lambda: self._lose_power(off_ms, outcome))

    def _lose_power(self, off_ms: int, outcome: str) -> None:
        if self._machine.has_mains:
            self.trouble("reader")
            self._machine.reader.power_off()
            self.later(off_ms, lambda: self._get_power(outcome))

    def _get_power(self, outcome: str) -> None:
        if not self._machine.has_mains or self._machine.world_state.reader.is_powered:
            return
        self.trouble("reader")
        remembers = outcome != "forgets"
        self._machine.reader.power_on(PowerLoss(outcome) if remembers else PowerLoss.RELEASES, remembers=remembers)

    async def serve(self) -> None:
        """Plug it in again."""
        self._get_power("keeps")
        self.well("reader")
