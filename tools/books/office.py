"""The steps of the office: goods ordered, invoiced and paid, payouts, expenses, counts, refunds, the year's end.

Each calls the service a person would reach by a page, and tells the world what must follow, worked out here again.
"""

from datetime import date, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import expenses, payouts, years
from cloud.accounting.expense_rules import Expense, PaidBy
from cloud.accounting.months import Person
from cloud.accounting.payout_rules import PayoutLineBody
from cloud.accounting.payouts import Settlement
from cloud.accounting.years import Wanted
from cloud.inventory import counting, goods
from cloud.procurement import ordering, payables, receiving
from cloud.procurement import service as procurement
from cloud.procurement.invoice_schemas import InvoiceBody
from cloud.procurement.order_schemas import OrderBody, OrderLineBody
from cloud.procurement.ordering import Doing, Maker
from cloud.procurement.receipt_schemas import ReceiptBody, ReceiptLineBody
from cloud.procurement.schemas import RateBody
from cloud.procurement.service import Recorded
from cloud.procurement.supplier_schemas import OfferBody, SupplierBody
from cloud.sales import refunds
from cloud.sales.refunds import How
from cloud.sales.refunds import Wanted as Way
from tools.books import record
from tools.books.life import REFUND_WAYS, Step
from tools.books.played import Closed, Played, YearEnd
from tools.books.world import CUSTOMER, Order, day_of, rate_of

TOKYO: Final = "Asia/Tokyo"
MIA, OWNER = "mia@example.com", "owner@example.com"
REGISTERED: Final = "T7000012050002"
YEAR_END: Final = date(2026, 12, 31)
PAID_BY: Final[tuple[PaidBy, ...]] = ("bank", "safe", "payable")
DAY_MS: Final = 86_400_000


class Office:
    """What people do beside the machines."""

    def __init__(self, played: Played) -> None:
        self._played = played
        self._world = played.world
        self._database = played.database
        self._suppliers: list[int] = []

    @property
    def _now_ms(self) -> int:
        return self._played.clock.now_ms

    @property
    def _today(self) -> date:
        return day_of(self._now_ms)

    def _by(self, who: str = MIA) -> Doing:
        return Doing(who, self._now_ms)

    # --- goods ------------------------------------------------------------------------------------

    async def order(self, step: Step) -> None:
        """Order from one of two suppliers, of whom the second has no registration number; some of it comes at once."""
        units, price, first = step.n
        offered = OfferBody(product_id=step.what, pack_size=1, price=price, valid_from=self._today)
        async with self._database.write() as db_session:
            seller = await self._supplier(db_session, step.which)
            recorded = Recorded("person", OWNER, self._now_ms)
            offer = await procurement.add_offer(db_session, seller, offered, recorded)
            wanted = OrderBody(supplier_id=seller, lines=[OrderLineBody(offer_id=offer, packs=units)])
            number = await ordering.make(db_session, wanted, Maker(OWNER, "person", self._now_ms, self._today))
            await ordering.approve(db_session, number, self._by(), 0)
            await ordering.take_step(db_session, number, "send", self._by())
        order = Order(number, seller, step.what, units, price, share=100 if step.which == 0 else 70)
        self._world.orders.append(order)
        await self._receive(order, min(first, units))

    async def _supplier(self, db_session: AsyncSession, which: int) -> int:
        if not self._suppliers:
            for name, registered in (("登録商店", REGISTERED), ("無登録商店", "")):
                body = SupplierBody(name=name, kana="ショウテン", registration_number=registered, shipping=300)
                number = await procurement.add_supplier(db_session, body, self._now_ms)
                await procurement.set_standing(db_session, number, is_allowed=True, is_active=True)
                self._suppliers.append(number)
        return self._suppliers[which]

    async def receive(self, _step: Step) -> None:
        """What was left of the oldest order."""
        waiting = [row for row in self._world.orders if row.came < row.units]
        if waiting:
            await self._receive(waiting[0], waiting[0].units - waiting[0].came)

    async def _receive(self, order: Order, units: int) -> None:
        if not units:
            return
        body = ReceiptBody(lines=[ReceiptLineBody(line=1, units=units)])
        async with self._database.write() as db_session:
            number = await receiving.receive(db_session, order.number, body, self._by(), self._today)
        self._world.receive(order, units, number, rate_of(order.product, self._today))

    async def invoice(self, step: Step) -> None:
        """The invoice for the oldest receipt without one; it may be over another sum."""
        waiting = [row for row in self._world.receipts if not row.invoice]
        if not waiting:
            return
        receipt = waiting[0]
        (percent, (net, tax)), *others = sorted(receipt.rates.items())
        more = max(step.n[0], 1 - net)
        rates = {percent: (net + more, tax), **dict(others)}
        body = InvoiceBody(
            number=f"S-{receipt.number}",
            issued_on=self._today,
            registration_number=REGISTERED if receipt.order.share == 100 else "",
            receipts=[receipt.number],
            rates=[RateBody(percent=at, net=sums[0], tax=sums[1]) for at, sums in rates.items()],
        )
        async with self._database.write() as db_session:
            receipt.invoice = await payables.record(db_session, receipt.order.supplier, body, self._by())
            if more:
                await payables.accept(db_session, receipt.invoice, "値上げ", self._by(OWNER))
        receipt.billed = rates
        self._world.invoice(receipt, more)

    async def pay(self, step: Step) -> None:
        """A part of the oldest open invoice, or all of it, from the bank."""
        waiting = [row for row in self._world.receipts if row.invoice and row.left]
        if not waiting:
            return
        amount = max(waiting[0].left // step.n[0], 1)
        async with self._database.write() as db_session:
            await payables.pay(db_session, waiting[0].invoice, amount, self._today, self._by())
        waiting[0].left -= amount
        self._world.move(("2001", f"supplier:{waiting[0].order.supplier}"), ("1010", ""), amount)

    async def stocktake(self, step: Step) -> None:
        """Count one product at one place: as many as the books have, one less, or one more."""
        place = ("warehouse", "vm-books-0001/A1")[step.which]
        there = self._world.on_hand[place, step.what]
        counted = max(there + step.n[0], 0)
        if abs(counted - there) > 1 or (place, step.what) not in self._world.on_hand:
            return
        who = goods.Person(MIA, self._now_ms, TOKYO)
        async with self._database.write() as db_session:
            number = await counting.begin(db_session, place, who)
            await counting.close(db_session, number, {step.what: counted}, who, "月末棚卸")
        if counted > there:
            self._world.find(place, step.what)
        elif counted < there:
            self._world.lose(place, step.what)

    # --- money ------------------------------------------------------------------------------------

    async def payout(self, step: Step) -> None:
        """A processor pays some charges, less what it gave back for us and less its fee, taxed or not."""
        most, rate = step.n
        charged = [
            row
            for row in self._world.vends.values()
            if row.tender == step.what
            and not row.is_own_credit
            and row.source not in self._world.settled | self._played.reversed_vends
        ][:most]
        given_back = [row for row in self._world.refunds if row.is_owed_by_processor(step.what)]
        lines = [self._charge(row.payment, row.gross, rate) for row in charged]
        lines += [PayoutLineBody(kind="refund", payment=row.vend.payment, gross=row.gross) for row in given_back]
        if not lines:
            return
        net = sum((1 if row.kind == "charge" else -1) * row.gross - row.fee - row.fee_tax for row in lines)
        settlement = Settlement(step.what, f"po-{len(self._world.payouts)}", self._today, net, lines, MIA)
        async with self._database.write() as db_session:
            await payouts.book(db_session, settlement, now_ms=self._now_ms)
        self._world.paid_out(settlement.processor, charged, given_back, rate)

    @staticmethod
    def _charge(payment: str, gross: int, rate: int) -> PayoutLineBody:
        fee = gross * 3 // 100
        return PayoutLineBody(kind="charge", payment=payment, gross=gross, fee=fee, fee_tax=fee * rate // 100)

    async def expense(self, step: Step) -> None:
        """Rent, power and the like."""
        gross, percent, paid_by = step.n
        what = Expense(step.what, gross, percent, step.which == 0, PAID_BY[paid_by], "大家", self._today, '11月分 "x"')
        async with self._database.write() as db_session:
            await expenses.enter(db_session, what, now_ms=self._now_ms)
        tax = gross * percent // (100 + percent) * (100 if step.which == 0 else 70) // 100
        self._world.spend(step.what, gross - tax, tax, self._from(paid_by))

    @staticmethod
    def _from(paid_by: int) -> tuple[str, str]:
        return (("1010", ""), ("1001", "safe"), ("2010", "大家"))[paid_by]

    async def settle(self, step: Step) -> None:
        """Pay what is owed for expenses."""
        owed = -self._world.yen["2010", "大家"]
        if owed <= 0:
            return
        paid_by = step.n[0] % 2
        async with self._database.write() as db_session:
            await expenses.pay(db_session, "大家", owed, PAID_BY[paid_by], on=self._today, now_ms=self._now_ms)
        self._world.move(("2010", "大家"), self._from(paid_by), owed)

    async def refund(self, step: Step) -> None:
        """Give a sale back, or a part of it."""
        open_ = [
            row
            for row in self._world.vends.values()
            if row.source not in self._played.reversed_vends and self._world.left_of(row)
        ]
        if not open_:
            return
        which, part, goods_back = step.n
        vend = open_[which % len(open_)]
        amount = max(self._world.left_of(vend) // part, 1)
        is_back = bool(goods_back) and not any(row.is_back for row in self._world.refunds if row.vend == vend)
        way: Way = "original" if vend.is_own_credit else REFUND_WAYS[step.which]
        number = len(self._world.refunds)  # the code stands in the books: the same life must have the same one
        how = How(way, CUSTOMER if way == "store_credit" else "", is_back, f"key-{number}", claim=f"{number:08X}")
        sale_id = await record.sale_of(self._database, vend.source)
        for _ in range(2):  # the second time under the same key changes nothing
            async with self._database.write() as db_session:
                await refunds.refund(db_session, sale_id, amount, '不良品 "1"', MIA, self._now_ms, how)
        self._world.give_back(vend, amount, way, is_back=is_back)

    # --- the year ---------------------------------------------------------------------------------

    async def year(self, step: Step) -> None:
        """Close 2026 with its last month, when it is over and November is closed or nothing is."""
        if step.n[0] and self._today <= YEAR_END:
            self._played.clock.now_ms += ((YEAR_END - self._today).days + 1) * DAY_MS
        standing = self._played.standing
        is_next = not standing or standing[-1].last_day == date(2026, 11, 30)
        if self._today <= YEAR_END or not is_next:
            return
        before = (await record.read(self._database)).moved(upto=YEAR_END)
        by = Person(OWNER, self._now_ms)
        async with self._database.write() as db_session:
            made = await years.close(db_session, Wanted(YEAR_END, None, [], []), today=self._today, by=by)
        after = (await record.read(self._database)).moved(upto=YEAR_END)
        self._played.years.append(YearEnd(before, after))
        self._played.closings.append(Closed(YEAR_END, after, year_id=made.id))

    async def undo_year(self, closed: Closed) -> None:
        """Open the year again, with its last month."""
        async with self._database.write() as db_session:
            await years.undo(db_session, closed.year_id, "忘れた請求書", Person(OWNER, self._now_ms))
        self._played.years[-1].undone = (await record.read(self._database)).moved(upto=YEAR_END)


def month_end(day: date) -> date:
    """The last day of its month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
