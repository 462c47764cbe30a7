"""Cards: the cashless reader's sessions and verdicts become inputs."""

import structlog

from edge.money_in.poller import Machine, Poller
from edge.vend import inputs as i
from hardware.cashless_reader.port import (
    Approved,
    CashlessEvent,
    CashlessReader,
    Denied,
    SessionBegun,
    SessionEnded,
)

_log = structlog.get_logger(__name__)


class CardsIn:
    """The cashless reader of one machine."""

    def __init__(self, machine: Machine, reader: CashlessReader) -> None:
        self._machine = machine
        self._reader = reader
        self.poller = Poller(
            machine,
            reader,
            fault="cashless_reader.offline",
            wish=lambda: machine.state.accepts_money and machine.state.card is None,
            start=self._start,
            take=self._take,
        )

    async def _start(self) -> None:
        _log.info("cashless reader ready", device=await self._reader.start())

    async def _take(self, event: CashlessEvent) -> None:
        match event:
            case SessionBegun(session, funds):
                self._machine.apply(i.CardBegun(session, None if funds is None else funds.minor))
            case SessionEnded(session):
                self._machine.apply(i.CardEnded(session))
            case Approved(session, reference, amount):
                self._machine.apply(i.CardApproved(session, reference, amount.minor))
            case Denied(session, why):
                self._machine.apply(i.CardDenied(session, why))
