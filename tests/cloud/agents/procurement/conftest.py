"""Suppliers and their offers, recorded the way an operator does."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from cloud.db.database import Database
from cloud.procurement import service
from cloud.procurement.service import Recorded
from cloud.procurement.supplier_schemas import OfferBody, SupplierBody


@pytest.fixture
def sells(clock: Any) -> Callable[..., Awaitable[tuple[int, int]]]:
    """Records a supplier with one confirmed offer; both numbers."""

    async def add(
        database: Database, name: str, product: str, price: int, *, is_allowed: bool = True, **terms: Any
    ) -> tuple[int, int]:
        body = SupplierBody(name=name, kana=name, registration_number="T7000012050002", **terms)
        offer = OfferBody(product_id=product, price=price, pack_size=24, valid_from=date(2026, 1, 1))
        async with database.write() as db_session:
            supplier = await service.add_supplier(db_session, body, clock())
            await service.set_standing(db_session, supplier, is_allowed=is_allowed, is_active=True)
            number = await service.add_offer(db_session, supplier, offer, Recorded("person", "op@example.com", clock()))
        return supplier, number

    return add
