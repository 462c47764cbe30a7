"""Deliveries, as they are sent and shown."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cloud.procurement.order_schemas import MOST_LINES
from cloud.procurement.schemas import RateView, Units, Yen


class ReceiptLineBody(BaseModel):
    """What came of one line of the order."""

    model_config = ConfigDict(extra="forbid")

    line: Annotated[int, Field(ge=1, le=1000)]
    """Number of the line on the order."""
    units: Units
    """Single units, not packs; what is sent back does not count."""
    price: Yen | None = None
    """Yen of a pack on the delivery note, when it is another than ordered."""
    lot: Annotated[str, Field(max_length=40)] = ""
    """Lot code; the day in `expires_on` when there is only that."""
    expires_on: date | None = None
    """Best before."""


class ReceiptBody(BaseModel):
    """One delivery."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"lines": [{"line": 1, "units": 24}], "delivery_note": "N-1042"}]},
    )

    lines: Annotated[list[ReceiptLineBody], Field(min_length=1, max_length=MOST_LINES)]
    received_on: date | None = None
    """Today when it is left out."""
    delivery_note: Annotated[str, Field(max_length=64)] = ""
    note: Annotated[str, Field(max_length=500)] = ""
    accept_differences: bool = False
    """More than ordered, or another price: take it as it came."""

    @field_validator("lines")
    @classmethod
    def _once(cls, value: list[ReceiptLineBody]) -> list[ReceiptLineBody]:
        if len({row.line for row in value}) != len(value):
            raise ValueError("a line stands there twice; add the units up")
        return value


class ReceiptLineView(BaseModel):
    """What came of one line, in units and yen."""

    line: int
    product_id: str
    name: str
    units: int
    price: int
    """Of a pack, as delivered."""
    ordered_price: int
    amount: int
    percent: int
    cost: int
    """Into stock: with its part of the shipping and of the tax that cannot be deducted."""
    lot: str
    expires_on: date | None


class ReceiptView(BaseModel):
    """One delivery. Money in yen."""

    id: int
    order_id: int
    order_number: str
    supplier_id: int
    received_on: date
    received_at_ms: int
    received_by: str
    delivery_note: str
    share_percent: int
    """Of the tax, what may be deducted."""
    shipping: int
    gross: int
    """Owed for it."""
    invoice_id: int | None
    note: str
    lines: list[ReceiptLineView]
    rates: list[RateView]
