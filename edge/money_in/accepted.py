"""Coins that were accepted and never read: the acceptor's lifetime count tells how many, after every interruption.

Its events are lost with its power, its lifetime count is not. So a coin that fell in the moment before a power cut is
missed and recorded for a person, instead of vanishing. Not responsible for what such coins are worth: nobody knows.
Source: ccTalk part 2, header 225.
"""

from collections.abc import Awaitable, Callable

from edge.money_in.poller import Machine
from edge.vend import inputs as i
from hardware.coin_acceptor.port import CoinAcceptor


class AcceptedCoins:
    """Compares the acceptor's lifetime count with the coins that were credited."""

    def __init__(self, machine: Machine, acceptor: CoinAcceptor) -> None:
        self._machine = machine
        self._acceptor = acceptor
        self._is_due = True
        self.are_counted = machine.state.coins_ever is not None
        """The device keeps such a count, or did before the restart."""

    def count_again(self) -> None:
        """Something may have been missed."""
        self._is_due = True

    async def settle(self, poll_once_more: Callable[[], Awaitable[bool]]) -> None:
        """Compare, if something may have been missed.

        Args:
            poll_once_more: takes the events that came before the count was read, so that none is taken for missed.

        Raises:
            DeviceOfflineError: no answer; it will be tried again.
        """
        if not self._is_due:
            return
        total = await self._acceptor.accepted_ever()
        self.are_counted = total is not None
        if total is not None:
            await poll_once_more()
            if total != self._machine.state.coins_ever:
                self._machine.apply(i.CoinsCounted(total))
        self._is_due = False
