"""Invoices of suppliers, payments and what is owed by age, as they are sent and shown."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cloud.procurement import registration
from cloud.procurement.schemas import Rates, RateView, RowNumber

InvoiceStatus = Literal["differs", "open", "paid", "withdrawn"]

MOST_RECEIPTS: Final = 100


class InvoiceBody(BaseModel):
    """An invoice as the supplier wrote it, and the receipts it is for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "number": "S-2026-118",
                    "issued_on": "2026-11-30",
                    "registration_number": "T7000012050002",
                    "receipts": [1],
                    "rates": [{"percent": 8, "net": 3960, "tax": 316}, {"percent": 10, "net": 800, "tax": 80}],
                }
            ]
        },
    )

    number: Annotated[str, Field(min_length=1, max_length=64)]
    issued_on: date
    due_on: date | None = None
    """By the supplier's terms when it is left out."""
    registration_number: Annotated[str, Field(max_length=32)] = ""
    """As printed on it; empty when there is none."""
    receipts: Annotated[list[RowNumber], Field(min_length=1, max_length=MOST_RECEIPTS)]
    rates: Rates

    @field_validator("registration_number")
    @classmethod
    def _registered(cls, value: str) -> str:
        return registration.checked(value)

    @field_validator("receipts")
    @classmethod
    def _each_once(cls, value: list[int]) -> list[int]:
        if len(set(value)) != len(value):
            raise ValueError("a receipt stands there twice")
        return value


class DifferenceView(BaseModel):
    """What is otherwise than it should be."""

    kind: str
    where: str
    expected: str
    found: str


class InvoiceView(BaseModel):
    """A supplier's invoice. Money in yen."""

    id: int
    supplier_id: int
    supplier: str
    number: str
    registration_number: str
    issued_on: date
    due_on: date
    status: InvoiceStatus
    total: int
    received: int
    """What its receipts had booked."""
    paid: int
    """Sent from the bank, or set off against credit notes."""
    left: int
    """Still to be paid; 0 while it differs."""
    recorded_by: str
    recorded_at_ms: int
    accepted_by: str
    accepted_why: str


class PaymentView(BaseModel):
    """Money sent for an invoice."""

    id: int
    amount: int
    paid_on: date
    paid_by: str


class InvoiceDetail(InvoiceView):
    """A supplier's invoice beside what was received."""

    receipts: list[int]
    rates: list[RateView]
    received_rates: list[RateView]
    differences: list[DifferenceView]
    """Empty when it says what was received. A rounding of a yen per receipt and rate needs no acceptance."""
    payments: list[PaymentView]


class AgeingRow(BaseModel):
    """What is owed to one supplier, in yen, by how long it is overdue."""

    supplier_id: int
    supplier: str
    not_invoiced: int
    """Received, and on no invoice that agrees."""
    not_due: int
    days_1_30: int
    days_31_60: int
    days_61_90: int
    days_over_90: int
    credit: int
    """On the supplier's credit notes, and not set off yet: deducted from the total."""
    total: int
    balance: int
    """買掛金 of this supplier in the ledger; equals the total."""


class Ageing(BaseModel):
    """買掛金 by supplier and age. The totals and what is on no supplier add up to account 2001."""

    day: date
    rows: list[AgeingRow]
    unassigned: int
    """買掛金 that names no supplier: booked before there were any."""
    total: int
    """Account 2001."""
