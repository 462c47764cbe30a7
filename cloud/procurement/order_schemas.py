"""Purchase orders, as they are sent and shown."""

from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cloud.procurement.orders import Status
from cloud.procurement.schemas import RateView, RowNumber

MOST_LINES: Final = 100


class OrderLineBody(BaseModel):
    """So many packs by an offer; the price is the offer's."""

    model_config = ConfigDict(extra="forbid")

    offer_id: RowNumber
    packs: Annotated[int, Field(ge=1, le=100_000)]
    reason: Annotated[str, Field(max_length=500)] = ""


class OrderBody(BaseModel):
    """A purchase order: one supplier, each product once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"supplier_id": 1, "lines": [{"offer_id": 1, "packs": 2}]}]},
    )

    supplier_id: RowNumber
    lines: Annotated[list[OrderLineBody], Field(min_length=1, max_length=MOST_LINES)]
    note: Annotated[str, Field(max_length=500)] = ""
    """Stands on the order."""

    @field_validator("lines")
    @classmethod
    def _once(cls, value: list[OrderLineBody]) -> list[OrderLineBody]:
        if len({row.offer_id for row in value}) != len(value):
            raise ValueError("an offer stands there twice; add the packs up")
        return value


class OrderLineView(BaseModel):
    """One line of an order."""

    line: int
    product_id: str
    name: str
    pack_size: int
    packs: int
    units: int
    """Ordered."""
    received: int
    """Units that came."""
    price: int
    """Yen, of a pack."""
    is_tax_included: bool
    percent: int
    amount: int
    reason: str


class StepView(BaseModel):
    """Something that happened to an order."""

    at_ms: int
    who: str
    what: str
    status: str
    note: str


class OrderView(BaseModel):
    """A purchase order. Money in yen."""

    id: int
    number: str
    """発注番号, as on the document."""
    supplier_id: int
    supplier: str
    status: Status
    ordered_on: date
    expected_on: date
    origin: str
    created_by: str
    created_at_ms: int
    shipping: int
    net: int
    tax: int
    total: int
    note: str
    revision: int


class OrderDetail(OrderView):
    """A purchase order with its lines and what happened to it."""

    lines: list[OrderLineView]
    rates: list[RateView]
    steps: list[StepView]
    is_above_limit: bool = False
    """Only somebody who did not make it may approve it."""
