"""Coins: customers throw them in, staff fill the hoppers, and the coin wire has bad luck.

The same words for a machine with a coin changer: `changer.py`.
"""

import asyncio
from typing import ClassVar, Final

from edge.vend import inputs as i
from hardware.wire.cctalk import Header
from tools.chaos.hands.hand import Hand
from tools.chaos.steps import FLOAT

BETWEEN_COINS_S: Final = 0.25
HEADERS: Final = {"order": Header.DISPENSE_COINS, "status": Header.HOPPER_STATUS, "credit": Header.READ_CREDIT}


class Coins(Hand):
    """Acceptor, sorter and hoppers."""

    ACTIONS: ClassVar = (
        "coin", "blind_coin", "hopper_jam", "hopper_empty", "hopper_refuse", "lose", "silent_hoppers",
        "acceptor_restart", "changer", "changer_key", "blind_key", "changer_line", "changer_power",
    )  # fmt: skip

    async def coin(self, value: int) -> None:
        """A coin of this value, any coin."""
        self._insert(value)
        await asyncio.sleep(BETWEEN_COINS_S)

    async def blind_coin(self, value: int) -> None:
        """A coin that falls while the controller is dead."""
        self._machine.while_dead.append(lambda: self._insert(value))

    def _insert(self, value: int) -> None:
        self._machine.watch.coin(value, self._machine.hardware.world.insert_coin)

    async def hopper_jam(self, kind: int) -> None:
        """A coin jams the exit."""
        self._machine.hardware.world.hopper_jam(kind)

    async def hopper_empty(self, kind: int) -> None:
        """Coins are gone that the machine believes in."""
        state = self._machine.world_state
        self._machine.watch.drained(kind)
        state.coins_taken[kind] = state.coins_taken.get(kind, 0) + self._machine.floats[kind].count
        self._machine.floats[kind].count = 0

    async def hopper_refuse(self, kind: int) -> None:
        """The next order is refused."""
        self._machine.hardware.hopper_peers[kind].refuse_next()

    async def lose(self, what: str, which: str) -> None:
        """One frame is lost on the wire."""
        self._machine.hardware.line.lose_next("request" if what == "request" else "reply", HEADERS[which])

    async def silent_hoppers(self, requests: int) -> None:
        """The hoppers hear nothing of the next requests for their status."""
        for _ in range(requests):
            self._machine.hardware.line.lose_next("request", Header.HOPPER_STATUS)

    async def acceptor_restart(self) -> None:
        """The acceptor loses its power for a moment."""
        self._machine.see("acceptor_restart")
        self._machine.hardware.acceptor_peer.power_cycle()

    async def changer(self) -> None:
        """The coin changer of the whole run, fitted before the first boot."""

    async def changer_key(self, kind: int) -> None:
        """Nothing: hoppers have no keys."""

    async def blind_key(self, kind: int) -> None:
        """Nothing: hoppers have no keys."""

    async def changer_line(self, fault: str, command: str, times: int) -> None:
        """Nothing: there is no changer."""

    async def changer_power(self, after_ms: int, off_ms: int, remembers: int) -> None:
        """Nothing: there is no changer."""

    async def serve(self) -> None:
        """Fill each hopper up, and say what was filled in."""
        for kind, wanted in FLOAT.items():
            await self._fill(kind, wanted)

    async def _fill(self, kind: int, wanted: int) -> None:
        machine = self._machine
        missing = wanted - machine.world_state.hoppers[kind].count
        if missing <= 0:
            return
        before = machine.runtime.state.hoppers.get(kind, 0)
        machine.hardware.world.load_hopper(kind, missing)
        await self.tell(
            lambda: self.wish(i.FloatLoaded(kind, missing)),
            lambda: machine.runtime.state.hoppers.get(kind, 0) != before,
        )
