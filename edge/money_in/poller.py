"""The loop every polled money device shares: start it, poll it, switch it, rest until there may be news."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

from edge.vend import inputs as i
from edge.vend.state import MachineState
from edge.vend.step import Step
from hardware.errors import DeviceError

RETRY_S: Final = 1.0
LONGEST_REST_S: Final = 3600.0
"""Between two polls of a wire that tells when there is news; the poll only proves that it still answers."""

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class Machine(Protocol):
    """What a money device needs of the runtime."""

    @property
    def state(self) -> MachineState:
        """As after the last step."""
        ...

    def apply(self, happened: i.Input) -> Step:
        """Decide, write, and start what is to be done."""
        ...

    def apply_if_raised(self, code: str, where: str = "") -> None:
        """Clear a fault that is raised."""
        ...


class Polled(Protocol[E_co]):
    """What the three ports have in common."""

    @property
    def poll_interval_s(self) -> float:
        """How often the device wants to be polled."""
        ...

    def on_news(self, listener: Callable[[], None]) -> bool:
        """Ask to be told; False on real wires."""
        ...

    async def poll(self) -> Sequence[E_co]:
        """What happened since the last poll."""
        ...

    async def set_accepting(self, *, accepting: bool) -> None:
        """Let money in, or not."""
        ...


class Poller(Generic[E]):
    """One device's loop."""

    def __init__(  # noqa: PLR0913 - one keyword per thing a device may want to know
        self,
        machine: Machine,
        device: Polled[E],
        *,
        fault: str,
        wish: Callable[[], bool],
        start: Callable[[], Awaitable[None]],
        take: Callable[[E], Awaitable[None]],
        polled: Callable[[], Awaitable[None]] | None = None,
        lost: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Wire it up.

        Args:
            machine: gets the inputs.
            device: not started.
            fault: raised while it does not answer.
            wish: should it accept money now?
            start: sets the device up; leaves it refusing.
            take: turns one of its events into inputs.
            polled: called after the events of a poll have been taken; may ask the device more.
            lost: told why, when it does not answer.
        """
        self._machine = machine
        self._device = device
        self._fault = fault
        self._wish = wish
        self._start = start
        self._take = take
        self._polled = polled
        self._lost = lost
        self._wake = asyncio.Event()
        self._is_ready = False
        self._accepting = False

    def stepped(self) -> None:
        """The state has changed: perhaps the device must be switched."""
        if self._wish() != self._accepting:
            self.wake()

    def wake(self) -> None:
        """There is a reason to poll now."""
        self._wake.set()

    def restarted(self) -> None:
        """The device was set up anew and refuses money."""
        self._accepting = False

    async def run(self) -> None:
        """Poll until cancelled."""
        is_told = self._device.on_news(self.wake)
        while True:
            self._wake.clear()
            try:
                await self._once()
            except DeviceError as error:
                self._machine.apply(i.FaultSeen(self._fault, detail=str(error)))
                self._lost(str(error))
                await asyncio.sleep(RETRY_S)
                continue
            self._machine.apply_if_raised(self._fault)
            if self._wish() != self._accepting:
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_REST_S if is_told else self._device.poll_interval_s):
                    await self._wake.wait()

    async def _once(self) -> None:
        if not self._is_ready:
            await self._start()
            self._is_ready, self._accepting = True, False
        for event in await self._device.poll():
            await self._take(event)
        if self._polled is not None:
            await self._polled()
        wish = self._wish()
        if wish != self._accepting:
            await self._device.set_accepting(accepting=wish)
            self._accepting = wish
