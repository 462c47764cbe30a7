"""Coins: the acceptor's events become credit. Its event counter is written down, so no coin is lost or doubled.

Where a coin changer takes the coins, its tubes are looked after in between (`tubes.py`).
"""

from typing import Final

import structlog

from edge.money_in.accepted import AcceptedCoins
from edge.money_in.poller import Machine, Poller
from edge.money_in.tubes import Tubes
from edge.vend import inputs as i
from hardware.coin_acceptor.port import (
    AcceptorRestarted,
    CoinAccepted,
    CoinAcceptor,
    CoinDispensedByHand,
    CoinEvent,
    CoinRejected,
    EventsLost,
)

JAM: Final = "coin_acceptor.jammed"
DOUBTS: Final = 2
"""Coins in a row for which the way through the acceptor was not free: then it is jammed."""

_log = structlog.get_logger(__name__)


class CoinsIn:
    """The acceptor of one machine."""

    def __init__(
        self, machine: Machine, acceptor: CoinAcceptor, hopper_paths: frozenset[int], tubes: Tubes | None = None
    ) -> None:
        """Wire it up.

        Args:
            machine: gets the inputs.
            acceptor: not started.
            hopper_paths: sorter paths that end in a hopper.
            tubes: of the changer that the acceptor is part of, if it is.
        """
        self._machine = machine
        self._acceptor = acceptor
        self._hopper_paths = hopper_paths
        self._tubes = tubes
        self._accepted = AcceptedCoins(machine, acceptor)
        self._doubts = 0
        self.poller = Poller(
            machine,
            acceptor,
            fault="coin_acceptor.offline",
            wish=lambda: machine.state.accepts_coins,
            start=self._start,
            take=self._take,
            polled=self._polled,
            lost=self._lost,
        )

    def visited(self) -> None:
        """Somebody was inside the cabinet: a jam may be gone, and the next coins tell."""
        self._path_is_free()
        if self._tubes is not None:
            self._tubes.visited()
            self.poller.wake()

    async def _start(self) -> None:
        device = await self._acceptor.start(self._machine.state.coin_counter)
        _log.info("coin acceptor ready", device=device)
        if self._machine.state.coin_counter is None:
            self._note_counter()

    async def _take(self, event: CoinEvent) -> None:
        match event:
            case CoinAccepted(value, path, counter):
                routed_to = "hopper" if path in self._hopper_paths else "cash_box"
                self._machine.apply(i.CoinIn(value.minor, routed_to, counter))
                self._path_is_free()
            case CoinRejected():
                self._rejected(event)
            case EventsLost(count, counter):
                if self._accepted.are_counted:
                    self._accepted.count_again()  # how many of them were coins
                else:
                    self._machine.apply_if_raised("coin_acceptor.lost_events")  # each loss is an event of its own
                    self._machine.apply(i.FaultSeen("coin_acceptor.lost_events", detail=f"{count} lost"))
                self._machine.apply(i.CoinCounterMoved(counter))
            case CoinDispensedByHand(value, counter):
                self._machine.apply(i.FloatLoaded(value.minor, -1, staff="changer key", counter=counter))
            case AcceptorRestarted():
                self.poller.restarted()
                self._accepted.count_again()
                if self._tubes is not None:
                    self._tubes.count_again()
                _log.warning("coin acceptor restarted")

    def _rejected(self, coin: CoinRejected) -> None:
        self._machine.apply(i.CoinCounterMoved(coin.counter))
        if coin.is_fraud_suspected:
            self._machine.apply(i.FaultSeen("coin_acceptor.fraud", detail=coin.meaning))
        if coin.path == "free":
            return
        self._doubts += 1
        if coin.path == "jammed" or self._doubts >= DOUBTS:
            self._machine.apply(i.FaultSeen(JAM, detail=coin.meaning))

    def _path_is_free(self) -> None:
        self._doubts = 0
        self._machine.apply_if_raised(JAM)

    async def _polled(self) -> None:
        self._note_counter()
        await self._accepted.settle(self._poll_once_more)
        if self._tubes is not None:
            await self._tubes.settle(self._poll_once_more)

    async def _poll_once_more(self) -> bool:
        """Was there anything new?"""
        events = await self._acceptor.poll()
        for event in events:
            await self._take(event)
        self._note_counter()
        return bool(events)

    def _lost(self, why: str) -> None:
        if self._tubes is not None:
            self._tubes.lost(why)

    def _note_counter(self) -> None:
        """Write down where the device's counter stands, so that the very next coin cannot be taken for history."""
        if self._machine.state.coin_counter != self._acceptor.counter:
            self._machine.apply(i.CoinCounterMoved(self._acceptor.counter))
