"""Phones: sales paid in the cloud, and coupons. The cloud asks until the machine has taken it, and once more."""

from typing import ClassVar, Final

from edge.vend import inputs as i
from edge.vend.state import Order
from protocol.commands import CouponOffer, VendPaid
from tools.chaos.hands.hand import Hand
from tools.chaos.machine import ChaosMachine
from tools.chaos.record import Asked
from tools.chaos.steps import PRICES

COUPON: Final = "chaos"


class Phone(Hand):
    """The cloud's commands, as they reach the vend."""

    ACTIONS: ClassVar = ("paid", "coupon")

    def __init__(self, machine: ChaosMachine) -> None:
        super().__init__(machine)
        self._number = 0

    async def paid(self, slot: str, rebate: int) -> None:
        """Somebody has paid for this slot, so much less than its price."""
        price = PRICES[slot]
        order = self._order(VendPaid.KIND, slot, price - rebate)
        wish = VendPaid(
            slot=slot,
            product_id=self._product(slot),
            list_minor=price,
            paid_minor=price - rebate,
            payment=f"phone-{order.n}",
            coupon=COUPON if rebate else "",
        )
        await self._ask(i.PaidVendAsked(order, wish))

    async def coupon(self, slot: str, rebate: int, ttl_ms: int) -> None:
        """The next unit of this slot costs so much less, for a while."""
        price = PRICES[slot]
        order = self._order(CouponOffer.KIND, slot, price - rebate)
        wish = CouponOffer(
            slot=slot, product_id=self._product(slot), list_minor=price, price_minor=price - rebate, coupon=COUPON
        )
        await self._ask(i.CouponOffered(order, wish, ttl_ms))

    def _product(self, slot: str) -> str:
        """What the phone shows: the planogram's."""
        row = self._machine.runtime.state.slot(slot)
        return row.product_id if row is not None else ""

    def _order(self, kind: str, slot: str, price: int) -> Order:
        self._number += 1
        order = Order(command=f"{self._number:032x}", n=self._number, name=kind)
        self._machine.record.asked[order.command] = Asked(kind, slot, price)
        return order

    async def _ask(self, command: i.PaidVendAsked | i.CouponOffered) -> None:
        """A command may come again, after a restart or because an answer was lost; it must not be carried out again."""
        machine = self._machine
        await self.tell(lambda: self.wish(command), lambda: machine.runtime.state.last_command >= command.order.n)
        self.wish(command)
        await machine.settle_power()
