"""A coin changer instead of acceptor and hoppers: the same words mean the same trouble, and it has some of its own."""

import asyncio
from typing import Final

from hardware.coin_changer.simulated import SimulatedCoinChanger
from hardware.port_faults import Fault
from tools.chaos.hands.coins import Coins
from tools.chaos.steps import FLOAT

COMMANDS: Final = {"order": "pay", "status": "status", "credit": "poll"}
"""What the coin wire of hoppers calls a frame -> command of the changer's port."""
KEY_S: Final = 0.3
"""From the door to the key, and back."""


class Changer(Coins):
    """Coin slot, tubes and keys."""

    @property
    def _changer(self) -> SimulatedCoinChanger:
        changer = self._machine.changer
        if changer is None:
            raise RuntimeError("this machine has hoppers")
        return changer

    async def hopper_jam(self, kind: int) -> None:
        """No coin leaves this tube, until staff come."""
        self._machine.hardware.world.tube_jam(kind)

    async def hopper_refuse(self, kind: int) -> None:
        """The next order is refused, whichever tube it is for."""
        del kind
        self._fail(Fault.REFUSAL, "pay", 1)

    async def lose(self, what: str, which: str) -> None:
        """One frame is lost."""
        self._fail(Fault.SILENCE if what == "request" else Fault.LOST_REPLY, COMMANDS[which], 1)

    async def silent_hoppers(self, requests: int) -> None:
        """The changer hears nothing of the next requests for its status."""
        self._fail(Fault.SILENCE, "status", requests)

    async def acceptor_restart(self) -> None:
        """It loses its power for a moment."""
        if self._machine.has_mains:
            self._machine.see("acceptor_restart")
            self._changer.power_cycle()

    async def changer_key(self, kind: int) -> None:
        """Somebody opens the door and lets a coin out of a tube."""
        self._machine.hardware.world.open_door()
        await asyncio.sleep(KEY_S)
        self._press(kind)
        await asyncio.sleep(KEY_S)
        self._machine.hardware.world.close_door()
        await asyncio.sleep(KEY_S)

    async def blind_key(self, kind: int) -> None:
        """The same while the controller is dead: it sees no door, and learns of the coin later."""
        self._machine.while_dead.append(lambda: self._press(kind))

    def _press(self, kind: int) -> None:
        self._machine.watch.keyed(kind, self._changer.press_key)

    async def changer_line(self, fault: str, command: str, times: int) -> None:
        """The line fails the next commands of this name."""
        self._fail(Fault(fault), command, times)

    def _fail(self, fault: Fault, command: str, times: int) -> None:
        self.trouble("changer", line=True, count=times)
        for _ in range(times):
            self._changer.fail_next(fault, command)

    async def changer_power(self, after_ms: int, off_ms: int, remembers: int) -> None:
        """It alone loses its power for a while."""
        self.later(after_ms, lambda: self._lose_power(off_ms, remembers=bool(remembers)))

    def _lose_power(self, off_ms: int, *, remembers: bool) -> None:
        if self._machine.has_mains:
            self.trouble("changer")
            self._machine.see("acceptor_restart")
            self._changer.power_off()
            self.later(off_ms, lambda: self._get_power(remembers=remembers))

    def _get_power(self, *, remembers: bool) -> None:
        if self._machine.has_mains and not self._machine.world_state.changer.is_powered:
            self._changer.power_on(remembers=remembers)

    async def end(self) -> None:
        """Nothing of the line lies in wait any more."""
        self._changer.repair_line()

    async def serve(self) -> None:
        """Plug it in, free the tubes and fill them up; it counts them itself when the door is closed."""
        self._get_power(remembers=True)
        for kind, wanted in FLOAT.items():
            self._machine.hardware.world.tube_jam(kind, jammed=False)
            missing = wanted - self._machine.floats[kind].count
            if missing > 0:
                self._machine.hardware.world.load_tube(kind, missing)
        self.well("changer")
