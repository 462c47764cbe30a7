"""The tubes of a coin changer: what the machine believes in them is what the changer counts there.

Not responsible for payouts: they count their own coins, and nothing is counted while one is open.
"""

from collections.abc import Awaitable, Callable, Mapping

import structlog

from edge.money_in.poller import Machine
from edge.vend import inputs as i
from edge.vend.state import hopper_name
from hardware.coin_changer.port import CoinChanger, Tube

_log = structlog.get_logger(__name__)


class Tubes:
    """The tubes of one changer that the machine pays from."""

    def __init__(self, machine: Machine, changer: CoinChanger, kinds: frozenset[int]) -> None:
        """Wire it up.

        Args:
            machine: gets the inputs.
            changer: started by others.
            kinds: denominations in minor units of the tubes that are used.
        """
        self._machine = machine
        self._changer = changer
        self._kinds = kinds
        self._is_count_due = True
        self._was_visited = False
        self._is_lost = False

    def count_again(self) -> None:
        """Something may have happened to the coins unseen."""
        self._is_count_due = True

    def visited(self) -> None:
        """Somebody was inside: count, and let tubes pay again that were found short."""
        self._is_count_due = self._was_visited = True

    def lost(self, why: str) -> None:
        """The changer does not answer: no change can be promised. A payout under way finds out by itself."""
        if self._machine.state.payout is None:
            self._is_lost = True
            for kind in sorted(self._kinds):
                self._machine.apply(i.FaultSeen("coin_hopper.offline", hopper_name(kind), why))

    async def settle(self, poll: Callable[[], Awaitable[bool]]) -> None:
        """The changer has just answered: bring books and faults in line with it, as far as it is time for that.

        Args:
            poll: takes what the changer has to tell, and says whether there was anything.

        Raises:
            DeviceOfflineError: it answers no more.
        """
        if self._is_lost and self._machine.state.payout is None:
            self._is_lost = False
            self._clear("coin_hopper.offline")
        while self._is_count_due and self._may_count:
            books = self._machine.state.hoppers
            counted = await self._changer.tubes()
            # A coin between two looks is in the one and not in the other; only what nothing disturbed is compared.
            if not await poll() and self._may_count and self._machine.state.hoppers == books:
                self._is_count_due = False
                self._reconcile(counted)

    @property
    def _may_count(self) -> bool:
        return self._machine.state.payout is None and not self._machine.state.door_open

    def _reconcile(self, counted: Mapping[int, Tube]) -> None:
        for kind in sorted(self._kinds):
            count = counted[kind].count if kind in counted else 0
            missed = count - self._machine.state.hoppers.get(kind, 0)
            if missed:
                _log.warning("the changer counts other coins than the books", tube=kind, missed=missed)
                self._machine.apply(i.FloatLoaded(kind, missed, staff="changer"))
        if self._was_visited:
            self._was_visited = False
            self._clear("coin_hopper.short")
            self._clear("payout.uncertain")

    def _clear(self, code: str) -> None:
        for kind in sorted(self._kinds):
            self._machine.apply_if_raised(code, hopper_name(kind))
