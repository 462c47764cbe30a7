"""Suppliers and their offers, as an operator of the demo machine would have them."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from cloud.db.database import Database
from cloud.procurement import service
from cloud.procurement.service import OfferBody, Recorded, SupplierBody

TODAY = date(2026, 11, 20)
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
