"""Coins: the acceptor's events become credit. Its event counter is written down, so no coin is lost or doubled."""

import structlog

from edge.money_in.poller import Machine, Poller
from edge.vend import inputs as i
from hardware.coin_acceptor.port import (
    AcceptorRestarted,
    CoinAccepted,
    CoinAcceptor,
    CoinEvent,
    CoinRejected,
    EventsLost,
)

_log = structlog.get_logger(__name__)


class CoinsIn:
    """The acceptor of one machine."""

    def __init__(self, machine: Machine, acceptor: CoinAcceptor, hopper_paths: frozenset[int]) -> None:
        """`hopper_paths`: sorter paths that end in a hopper."""
        self._machine = machine
        self._acceptor = acceptor
        self._hopper_paths = hopper_paths
        self.poller = Poller(
            machine,
            acceptor,
            fault="coin_acceptor.offline",
            wish=lambda: machine.state.accepts_coins,
            start=self._start,
            take=self._take,
            polled=self._note_counter,
        )

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
            case CoinRejected(meaning=meaning, is_fraud_suspected=is_fraud, counter=counter):
                self._machine.apply(i.CoinCounterMoved(counter))
                if is_fraud:
                    self._machine.apply(i.FaultSeen("coin_acceptor.fraud", detail=meaning))
            case EventsLost(count, counter):
                self._machine.apply_if_raised("coin_acceptor.lost_events")  # each loss is an event of its own
                self._machine.apply(i.FaultSeen("coin_acceptor.lost_events", detail=f"{count} lost"))
                self._machine.apply(i.CoinCounterMoved(counter))
            case AcceptorRestarted():
                self.poller.restarted()
                _log.warning("coin acceptor restarted")

    def _note_counter(self) -> None:
        """Write down where the device's counter stands, so that the very next coin cannot be taken for history."""
        if self._machine.state.coin_counter != self._acceptor.counter:
            self._machine.apply(i.CoinCounterMoved(self._acceptor.counter))
