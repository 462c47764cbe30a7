"""What can go wrong between the machine and a device that is simulated at port depth: no wire, but the same trouble.

Not responsible for what a command does. A device calls `exchange` around each command; the faults wait here until a
command meets them, so a scenario repeats exactly. Faults of this wire are not saved: they end with the process.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar

from hardware.errors import DeviceOfflineError, DeviceRefusedError

T = TypeVar("T")

COMMAND_S: Final = 0.01
"""From order to answer: a short MDB block at 9600 baud."""
TIMEOUT_S: Final = 0.5
"""How long the machine waits for an answer, retries included, before it calls the device offline."""


class Fault(StrEnum):
    """What happens to one command."""

    SILENCE = "silence"
    """It does not arrive, and nothing answers."""
    LOST_REPLY = "lost reply"
    """It is carried out, and the answer does not arrive."""
    REFUSAL = "refusal"
    """It is answered with no, and nothing moves. Meets only orders: a question cannot be refused."""


class FaultyLine:
    """The way to one device and back.

    Args:
        device: its name, for errors.
        is_powered: whether the device can answer at all, asked when the command arrives.
    """

    def __init__(self, device: str, is_powered: Callable[[], bool]) -> None:
        self._device = device
        self._is_powered = is_powered
        self._faults: list[tuple[Fault, str | None]] = []

    def fail_next(self, fault: Fault, command: str | None = None) -> None:
        """Let the next command meet a fault. Several wait in line.

        Args:
            fault: what happens to it.
            command: name of the port's method to wait for, such as "stack"; None for whichever comes next.
        """
        self._faults.append((fault, command))

    def repair(self) -> None:
        """Whatever still waits for a command meets none any more."""
        self._faults.clear()

    async def ask(self, command: str, act: Callable[[], T]) -> T:
        """Send a question, which the device always answers if it can.

        Raises:
            DeviceOfflineError: no answer.
        """
        return await self._exchange(command, act, self._meet(command, is_order=False))

    async def order(self, command: str, act: Callable[[], T]) -> T:
        """Send an order; `act` carries it out, or raises DeviceRefusedError.

        Raises:
            DeviceOfflineError: no answer; `act` may have been carried out.
            DeviceRefusedError: the device said no.
        """
        return await self._exchange(command, act, self._meet(command, is_order=True))

    async def _exchange(self, command: str, act: Callable[[], T], fault: Fault | None) -> T:
        await asyncio.sleep(COMMAND_S)
        if fault is Fault.REFUSAL:
            raise DeviceRefusedError(self._device, f"{command} was refused")
        if fault is Fault.SILENCE or not self._is_powered():
            await self._wait_in_vain(command)
        try:
            return act()
        finally:
            # A lost "no" is lost as well: the error of the line takes the place of the device's.
            if fault is Fault.LOST_REPLY:
                await self._wait_in_vain(command)

    async def _wait_in_vain(self, command: str) -> None:
        await asyncio.sleep(TIMEOUT_S)
        raise DeviceOfflineError(self._device, f"no answer to {command}")

    def _meet(self, command: str, *, is_order: bool) -> Fault | None:
        for place, (fault, wanted) in enumerate(self._faults):
            if wanted in {None, command} and (is_order or fault is not Fault.REFUSAL):
                del self._faults[place]
                return fault
        return None
