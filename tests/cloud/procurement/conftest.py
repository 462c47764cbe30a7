"""Suppliers and their offers, as an operator of the demo machine would have them."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from cloud.accounting import service as accounting
from cloud.db.database import Database
from cloud.inventory import service as inventory
from cloud.procurement import ageing, ordering, payables, receiving, service
from cloud.procurement.invoice_schemas import InvoiceBody
from cloud.procurement.order_schemas import OrderBody, OrderLineBody
from cloud.procurement.ordering import Doing, Maker
from cloud.procurement.receipt_schemas import ReceiptBody, ReceiptLineBody
from cloud.procurement.schemas import RateBody
from cloud.procurement.service import Recorded
from cloud.procurement.supplier_schemas import OfferBody, SupplierBody

TODAY = date(2026, 11, 20)
LIMIT = 30_000
WHO = "operator@example.com"
REGISTERED = "T7000012050002"

AddSupplier = Callable[..., Awaitable[int]]
AddOffer = Callable[..., Awaitable[int]]


@pytest.fixture
def add_supplier(clock: Any) -> AddSupplier:
    """Records a supplier that money may go to; its number."""

    async def add(database: Database, name: str, *, is_allowed: bool = True, **terms: Any) -> int:
        body = SupplierBody(name=name, kana=terms.pop("kana", name), **{"registration_number": REGISTERED} | terms)
        async with database.write() as db_session:
            number = await service.add_supplier(db_session, body, clock())
            await service.set_standing(db_session, number, is_allowed=is_allowed, is_active=True)
        return number

    return add


@pytest.fixture
def add_offer(clock: Any) -> AddOffer:
    """Records an offer that somebody stands for; its number."""

    async def add(database: Database, supplier: int, product: str, price: int, **terms: Any) -> int:
        who = terms.pop("who", WHO)
        settings = {"pack_size": 24, "valid_from": date(2026, 1, 1)} | terms
        body = OfferBody(product_id=product, price=price, **settings)
        async with database.write() as db_session:
            return await service.add_offer(db_session, supplier, body, Recorded("person", who, clock()))

    return add


class Shop:
    """One supplier of the demo machine and an order to it."""

    def __init__(self, database: Database, now_ms: int) -> None:
        self.database = database
        self.now_ms = now_ms
        self.supplier = 0
        self.offers: list[int] = []

    def by(self, who: str = "b@example.com") -> Doing:
        return Doing(who, self.now_ms)

    async def order(self, *packs: int, who: str = "a@example.com") -> int:
        lines = [OrderLineBody(offer_id=offer, packs=count) for offer, count in zip(self.offers, packs, strict=False)]
        async with self.database.write() as db_session:
            maker = Maker(who, "person", self.now_ms, TODAY)
            return await ordering.make(db_session, OrderBody(supplier_id=self.supplier, lines=lines), maker)

    async def sent(self, *packs: int) -> int:
        number = await self.order(*packs)
        async with self.database.write() as db_session:
            await ordering.approve(db_session, number, self.by(), LIMIT)
            await ordering.take_step(db_session, number, "send", self.by())
        return number

    async def receive(self, order: int, *lines: ReceiptLineBody, **more: Any) -> int:
        async with self.database.write() as db_session:
            body = ReceiptBody(lines=list(lines), **more)
            return await receiving.receive(db_session, order, body, self.by(), TODAY)

    async def invoice(self, receipts: list[int], *rates: tuple[int, int, int], number: str = "S-1", **more: Any) -> int:
        body = InvoiceBody(
            number=number,
            issued_on=TODAY,
            receipts=receipts,
            rates=[RateBody(percent=percent, net=net, tax=tax) for percent, net, tax in rates],
            **{"registration_number": "T7000012050002"} | more,
        )
        async with self.database.write() as db_session:
            return await payables.record(db_session, self.supplier, body, self.by())

    async def status(self, order: int) -> str:
        async with self.database.read() as db_session:
            return (await ordering.detail(db_session, order)).status

    async def balances(self) -> dict[str, int]:
        """Account to balance, debit positive; what stands at 0 is left out."""
        async with self.database.read() as db_session:
            assert await accounting.verify(db_session) == []
            trial = await accounting.trial_balance(db_session)
            goods = sum(line.debit - line.credit for line in trial.lines if line.code == "1101")
            assert goods == await inventory.total_value(db_session)
            owed = await ageing.on_day(db_session, TODAY)
            assert all(row.total == row.balance for row in owed.rows)
        return {line.code: line.debit - line.credit for line in trial.lines if line.debit != line.credit}

    async def moved(self, before: dict[str, int]) -> dict[str, int]:
        """What changed since."""
        now = await self.balances()
        return {
            code: now.get(code, 0) - before.get(code, 0)
            for code in sorted(now.keys() | before.keys())
            if now.get(code, 0) != before.get(code, 0)
        }


@pytest.fixture
async def shop(seeded: Database, clock: Any, add_supplier: Any, add_offer: Any) -> Shop:
    found = Shop(seeded, clock())
    found.supplier = await add_supplier(seeded, "みどり飲料", shipping=800, minimum_order=2_000)
    found.offers = [
        await add_offer(seeded, found.supplier, "green-tea", 2_016),
        await add_offer(seeded, found.supplier, "cider", 1_755, pack_size=20),
    ]
    return found
