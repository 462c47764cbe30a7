"""Bills: one at a time into escrow. The validator's events are hints; where a bill is says its status."""

import structlog

from edge.bill_orders import BillOrders
from edge.money_in.poller import Machine, Poller
from edge.vend import inputs as i
from hardware.bill_validator.port import (
    BillEscrowed,
    BillEvent,
    BillRefused,
    BillReturned,
    BillStacked,
    BillValidator,
    Escrow,
    ValidatorReady,
    ValidatorTrouble,
)

_log = structlog.get_logger(__name__)


class BillsIn:
    """The validator of one machine.

    While nobody knows where a bill is (`bill.uncertain`), none is let in, and one that is found between the rollers
    is not credited: it may be the one that the customer has a claim code for.
    """

    def __init__(self, machine: Machine, validator: BillValidator, orders: BillOrders) -> None:
        """`orders`: the same validator's."""
        self._machine = machine
        self._validator = validator
        self._orders = orders
        self._must_look = False
        """There may be a bill in escrow that the machine does not know."""
        self._is_new = False
        """… and it is none that was lost: it was seen to come."""
        self._was_visited = False
        """Somebody was inside since a bill could not be found."""
        self.poller = Poller(
            machine,
            validator,
            fault="bill_validator.offline",
            wish=lambda: machine.state.accepts_money and machine.state.bill is None and not self._is_unsure,
            start=self._start,
            take=self._take,
            polled=self._look,
        )

    def visited(self) -> None:
        """The door was closed again: perhaps the bill that could not be found has been seen to."""
        self._was_visited = self._is_unsure
        if self._was_visited:
            self.poller.wake()

    @property
    def _is_unsure(self) -> bool:
        return self._machine.state.has_fault("bill.uncertain")

    async def _start(self) -> None:
        """Set the device up; a bill that came into escrow unseen is the customer's to spend or to have back."""
        _log.info("bill validator ready", device=await self._validator.start())
        self._must_look = True

    async def _look(self) -> None:
        """Ask where a bill is that came in unseen, or whether the one nobody could find is still there."""
        if self._was_visited and (await self._validator.status()).escrow is Escrow.EMPTY:
            self._was_visited = False
            self._machine.apply_if_raised("bill.uncertain")
        if not self._must_look or self._machine.state.bill is not None or (self._is_unsure and not self._is_new):
            return
        status = await self._validator.status()
        if status.escrow is Escrow.UNKNOWN:
            return  # an event ends it
        self._must_look = self._is_new = False
        if status.value is not None and self._machine.state.bill is None:
            self._machine.apply(i.BillHeld(status.value.minor, status.stacked))

    async def _take(self, event: BillEvent) -> None:
        match event:
            case BillEscrowed():
                self._must_look = self._is_new = True
            case BillStacked() | BillReturned():
                bill = self._machine.state.bill
                if bill is not None and not bill.order:
                    self._machine.apply(await self._orders.find(i.FindBill(bill.value, bill.stacked_before)))
            case BillRefused(why, is_fraud):
                if is_fraud:
                    self._machine.apply(i.FaultSeen("bill_validator.fraud", detail=why))
            case ValidatorTrouble(why):
                self._machine.apply(i.FaultSeen("bill_validator.trouble", detail=why))
            case ValidatorReady():
                self._must_look = True  # after a restart it tells nothing of a bill it took in before
                self._machine.apply_if_raised("bill_validator.trouble")
