"""Suppliers and their offers, as they are sent and shown."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cloud.procurement import registration
from cloud.procurement.schemas import MOST_YEN, ProductId, Yen

Text = Annotated[str, Field(min_length=1, max_length=120)]

DayOfMonth = Annotated[int, Field(ge=1, le=31)]


class SupplierBody(BaseModel):
    """A supplier as an operator describes it. Money in yen without tax."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "みどり飲料株式会社",
                    "kana": "ミドリインリョウ",
                    "registration_number": "T7000012050002",
                    "lead_days": 3,
                    "minimum_order": 10000,
                    "shipping": 800,
                    "free_shipping_from": 20000,
                }
            ]
        },
    )

    name: Text
    kana: Text
    registration_number: Annotated[str, Field(max_length=32)] = ""
    """登録番号 T and 13 digits; empty when the supplier is not registered."""
    registered_from: date | None = None
    registered_to: date | None = None
    lead_days: Annotated[int, Field(ge=0, le=365)] = 3
    minimum_order: Yen = 0
    shipping: Yen = 0
    free_shipping_from: Yen = 0
    """0 for never."""
    closing_day: DayOfMonth = 31
    """締め日; 29 to 31 mean the end of the month."""
    pay_months: Annotated[int, Field(ge=0, le=6)] = 1
    pay_day: DayOfMonth = 31
    note: Annotated[str, Field(max_length=500)] = ""

    @field_validator("registration_number")
    @classmethod
    def _registered(cls, value: str) -> str:
        return registration.checked(value)

    @model_validator(mode="after")
    def _in_order(self) -> "SupplierBody":
        if self.registered_from and self.registered_to and self.registered_to < self.registered_from:
            raise ValueError("registered_to is before registered_from")
        return self


class SupplierView(BaseModel):
    """A supplier as others see it."""

    id: int
    name: str
    kana: str
    registration_number: str
    registered_from: date | None
    registered_to: date | None
    lead_days: int
    minimum_order: int
    shipping: int
    free_shipping_from: int
    closing_day: int
    pay_months: int
    pay_day: int
    note: str
    is_allowed: bool
    """Money may go there: an owner said so."""
    is_active: bool
    revision: int


class OfferBody(BaseModel):
    """A price at which a supplier sells a product."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"product_id": "green-tea", "pack_size": 24, "price": 1980, "valid_from": "2026-11-01"}]
        },
    )

    product_id: ProductId
    pack_size: Annotated[int, Field(ge=1, le=10_000)]
    price: Annotated[int, Field(ge=1, le=MOST_YEN)]
    """Yen, of one pack."""
    is_tax_included: bool = False
    minimum_packs: Annotated[int, Field(ge=1, le=10_000)] = 1
    valid_from: date
    valid_to: date | None = None
    reference: Annotated[str, Field(max_length=500)] = ""
    """Where it was read: a price list, the address of a page."""

    @model_validator(mode="after")
    def _in_order(self) -> "OfferBody":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self


class OfferView(BaseModel):
    """An offer as others see it."""

    id: int
    supplier_id: int
    supplier: str
    product_id: str
    pack_size: int
    price: int
    is_tax_included: bool
    minimum_packs: int
    valid_from: date
    valid_to: date | None
    source: str
    """person, list or web."""
    reference: str
    confirmed_by: str
    """Empty: nobody stands for it, so nothing is ordered by it."""
    recorded_at_ms: int
