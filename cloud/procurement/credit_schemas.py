"""Credit notes of suppliers, as they are sent and shown."""

from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cloud.inventory.service import WAREHOUSE
from cloud.procurement.schemas import Rates, RateView, RowNumber, Units

MOST_LINES: Final = 200


class BackBody(BaseModel):
    """Units of one line of a delivery that went back."""

    model_config = ConfigDict(extra="forbid")

    receipt: RowNumber
    """Row number of the delivery; it is on the invoice."""
    line: Annotated[int, Field(ge=1, le=1000)]
    """Number of the line on its order."""
    units: Units


class CreditNoteBody(BaseModel):
    """A credit note as the supplier wrote it, and the goods that went back for it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "number": "CN-2026-7",
                    "issued_on": "2026-11-20",
                    "reason": "6 bottles leaked",
                    "rates": [{"percent": 8, "net": 495, "tax": 39}],
                    "goods": [{"receipt": 1, "line": 1, "units": 6}],
                }
            ]
        },
    )

    number: Annotated[str, Field(min_length=1, max_length=64)]
    issued_on: date
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    rates: Rates
    """What it takes off, per tax rate."""
    goods: Annotated[list[BackBody], Field(max_length=MOST_LINES)] = Field(default_factory=list)
    """Empty for an allowance on goods that are kept."""
    place_id: Annotated[str, Field(min_length=1, max_length=48, pattern=r"^[A-Za-z0-9/-]+$")] = WAREHOUSE
    """Where the goods were that went back."""

    @field_validator("goods")
    @classmethod
    def _each_once(cls, value: list[BackBody]) -> list[BackBody]:
        if len({(row.receipt, row.line) for row in value}) != len(value):
            raise ValueError("a line of a delivery stands there twice; add the units up")
        return value


class CreditNoteView(BaseModel):
    """A supplier's credit note. Money in yen."""

    id: int
    supplier_id: int
    supplier: str
    invoice_id: int
    number: str
    issued_on: date
    reason: str
    total: int
    stock: int
    """What the goods that went back took out of the stock."""
    used: int
    left: int
    """Still owed to us: to be set off, or to come to the bank."""
    recorded_by: str
    recorded_at_ms: int


class BackView(BaseModel):
    """Units that went back."""

    receipt_id: int
    line: int
    product_id: str
    name: str
    units: int
    cost: int
    """What they had cost us, in yen."""


class CreditUseView(BaseModel):
    """What was done with a part of a credit note."""

    id: int
    credit_note_id: int
    invoice_id: int | None
    """Null for money that came to the bank."""
    amount: int
    used_on: date
    used_by: str


class CreditNoteDetail(CreditNoteView):
    """A credit note with its rates, its goods, and what became of it."""

    place_id: str
    rates: list[RateView]
    goods: list[BackView]
    uses: list[CreditUseView]
