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
    ValidatorReady,
    ValidatorTrouble,
)

_log = structlog.get_logger(__name__)


class BillsIn:
    """The validator of one machine."""

    def __init__(self, machine: Machine, validator: BillValidator, orders: BillOrders) -> None:
        """`orders`: the same validator's."""
        self._machine = machine
        self._validator = validator
        self._orders = orders
        self.poller = Poller(
            machine,
            validator,
            fault="bill_validator.offline",
            wish=lambda: machine.state.accepts_coins and machine.state.bill is None,
            start=self._start,
            take=self._take,
        )

    async def _start(self) -> None:
        """Set the device up; a bill that came into escrow unseen is the customer's to spend or to have back."""
        _log.info("bill validator ready", device=await self._validator.start())
        status = await self._validator.status()
        if status.value is not None and self._machine.state.bill is None:
            self._machine.apply(i.BillHeld(status.value.minor, status.stacked))

    async def _take(self, event: BillEvent) -> None:
        match event:
            case BillEscrowed(value):
                self._machine.apply(i.BillHeld(value.minor, (await self._validator.status()).stacked))
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
                self._machine.apply_if_raised("bill_validator.trouble")
