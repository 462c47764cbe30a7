"""What every pair of hands can do."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, Final

from edge.vend import inputs as i
from hardware.emulated import EmulatedMachine
from tools.chaos.machine import ChaosMachine
from tools.chaos.power import PowerCutError

TRIES: Final = 20
CYCLE_MS: Final = 1500
"""From one try to reach a silent device to the next."""


class Hand:
    """Hands that act on one machine. Each name in `ACTIONS` is a method, and a word of a scenario."""

    ACTIONS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, machine: ChaosMachine) -> None:
        self._machine = machine
        self._faulty_line: EmulatedMachine | None = None
        self.silent_until = 0.0
        """Moment at which a device that was off the line is surely back."""

    async def serve(self) -> None:
        """What staff do about it while the door is open: repair, empty, fill."""

    async def end(self) -> None:
        """No more bad luck of this kind, for good; a device that is off the line comes back."""
        await asyncio.sleep(max(0.0, self.silent_until - asyncio.get_running_loop().time()))

    def wish(self, wish: i.Input) -> None:
        """Something a person asks of the controller; a dead one hears nothing."""
        if not self._machine.power.is_on:
            return
        try:
            self._machine.runtime.apply(wish)
        except PowerCutError:
            return
        except Exception as error:  # noqa: BLE001 - an input that breaks the controller is a finding
            self._machine.crash(type(wish).__name__, error)

    async def tell(self, tell: Callable[[], None], is_known: Callable[[], bool]) -> None:
        """Tell the machine, and after a power cut look whether it knows before telling it again."""
        for _ in range(TRIES):
            if is_known():
                return
            with suppress(PowerCutError):
                tell()
            await self._machine.settle_power()
            if not is_known():
                await self._machine.settle()
        raise RuntimeError("the machine does not listen to staff")

    def trouble(self, device: str, *, line: bool = False, count: int = 1) -> None:
        """Note that this device is in trouble; `line`: it waits for so many commands, which may come late."""
        self._machine.see(device, count=count)
        if line:
            self._faulty_line = self._machine.hardware

    def well(self, device: str) -> None:
        """Note that nothing is wrong with this device any more, unless something still lies in wait."""
        if self._faulty_line is not self._machine.hardware:
            self._machine.see(f"{device}_ok")

    def later(self, delay_ms: int, act: Callable[[], None]) -> None:
        """Let something happen in a while, whatever the controller does meanwhile."""
        if delay_ms:
            asyncio.get_running_loop().call_later(delay_ms / 1000, act)
        else:
            act()
