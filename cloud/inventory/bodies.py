"""What the inventory's endpoints take: bodies and their limits."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.accounting.expense_rules import PaidBy, paid_from
from cloud.accounting.places import Place
from cloud.inventory.goods import Line
from cloud.inventory.lots import LotShare

MOST_UNITS = 100_000
MOST_LINES = 200
MOST_YEN = 100_000_000
REASON_LENGTH = 500

Units = Annotated[int, Field(ge=1, le=MOST_UNITS)]
ProductId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
AnyPlace = Annotated[str, Field(min_length=1, max_length=48, pattern=r"^[A-Za-z0-9/-]+$")]
"""`warehouse`, a name, or `<machine>/<slot>`."""
PlacePath = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
PlaceQuery = Annotated[str | None, Query(max_length=48)]
ProductQuery = Annotated[str | None, Query(max_length=64)]
Reason = Annotated[str, Field(max_length=REASON_LENGTH)]
LotCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9._/ -]{1,40}$")]


class PlaceBody(BaseModel):
    """A warehouse or a van."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "van", "name": "配送車1号", "is_active": True}]}
    )

    kind: Literal["warehouse", "van"]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    is_active: bool = True
    """Whether goods may be brought here."""


class ReceiptLine(BaseModel):
    """Units of one product that come in."""

    model_config = ConfigDict(extra="forbid")

    product_id: ProductId
    quantity: Units
    cost: Annotated[int, Field(ge=0, le=MOST_YEN)]
    """What they cost together, in yen without tax."""
    lot: LotCode | None = None
    """As printed on the goods. With a day and no code, the day is the code."""
    best_before: date | None = None
    """Last good day; null for what does not expire."""

    def line(self) -> Line:
        """What it means."""
        code = self.lot or (self.best_before.isoformat() if self.best_before else "")
        shares = (LotShare(code, self.quantity, self.best_before),) if code else None
        return Line(self.product_id, self.quantity, shares, self.cost)


class ReceiptBody(BaseModel):
    """Goods that came in without a purchase order, and who paid them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "place_id": "warehouse",
                    "paid_by": "safe",
                    "lines": [
                        {
                            "product_id": "green-tea",
                            "quantity": 24,
                            "cost": 2016,
                            "lot": "L1",
                            "best_before": "2027-03-01",
                        },
                    ],
                }
            ]
        },
    )

    place_id: AnyPlace
    lines: Annotated[list[ReceiptLine], Field(min_length=1, max_length=MOST_LINES)]
    paid_by: PaidBy
    """`bank`, `safe`, or `payable`: not yet; then it is owed to `payee` (未払金) and paid with the expenses."""
    payee: Annotated[str, Field(max_length=64)] = ""
    """Who sold it; needed when it is owed."""
    reason: Reason = ""

    @model_validator(mode="after")
    def _owed_to_somebody(self) -> "ReceiptBody":
        if self.paid_by == "payable" and not self.payee.strip():
            raise ValueError("say in `payee` to whom it is owed")
        return self

    @property
    def paid_from(self) -> str | Place:
        """The account that pays, or who is owed."""
        return paid_from(self.paid_by, self.payee.strip())


class LotBody(BaseModel):
    """Units of one lot."""

    model_config = ConfigDict(extra="forbid")

    code: LotCode
    quantity: Units


class GoodsLine(BaseModel):
    """Units of one product."""

    model_config = ConfigDict(extra="forbid")

    product_id: ProductId
    quantity: Units
    lots: Annotated[list[LotBody], Field(max_length=20)] | None = None
    """Which lots they are, adding up to `quantity`; null for those that expire first."""

    @model_validator(mode="after")
    def _adds_up(self) -> "GoodsLine":
        if self.lots is not None and sum(row.quantity for row in self.lots) != self.quantity:
            raise ValueError("the lots must add up to `quantity`; leave `lots` out for those that expire first")
        if self.lots is not None and len({row.code for row in self.lots}) != len(self.lots):
            raise ValueError("each lot once")
        return self

    def line(self) -> Line:
        """What it means."""
        shares = None if self.lots is None else tuple(LotShare(row.code, row.quantity) for row in self.lots)
        return Line(self.product_id, self.quantity, shares)


class TransferBody(BaseModel):
    """Goods that go from one place to another."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "from_place": "warehouse",
                    "to_place": "van-1",
                    "lines": [{"product_id": "green-tea", "quantity": 6}],
                }
            ]
        },
    )

    from_place: AnyPlace
    to_place: AnyPlace
    lines: Annotated[list[GoodsLine], Field(min_length=1, max_length=MOST_LINES)]
    reason: Reason = ""


class SpoilageBody(BaseModel):
    """Goods that are thrown away, or given away."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "place_id": "warehouse",
                    "lines": [{"product_id": "green-tea", "quantity": 2}],
                    "reason": "expired",
                }
            ]
        },
    )

    place_id: AnyPlace
    lines: Annotated[list[GoodsLine], Field(min_length=1, max_length=MOST_LINES)]
    reason: Annotated[str, Field(min_length=1, max_length=REASON_LENGTH)]
    """Tax audits ask for it: what was wrong, which evidence there is."""


class BeginCountBody(BaseModel):
    """Which place is counted now."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"place_id": "warehouse"}]})

    place_id: AnyPlace


class FoundLine(BaseModel):
    """What was found of one product."""

    model_config = ConfigDict(extra="forbid")

    product_id: ProductId
    counted: Annotated[int, Field(ge=0, le=MOST_UNITS)]


class CloseCountBody(BaseModel):
    """What was there when the count began; products that are not named were not counted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"lines": [{"product_id": "green-tea", "counted": 41}], "reason": "damaged"}]},
    )

    lines: Annotated[list[FoundLine], Field(min_length=1, max_length=MOST_LINES)]
    reason: Reason = ""

    @model_validator(mode="after")
    def _once(self) -> "CloseCountBody":
        if len({row.product_id for row in self.lines}) != len(self.lines):
            raise ValueError("each product once")
        return self


class TripLineBody(BaseModel):
    """What is to be put into one slot."""

    model_config = ConfigDict(extra="forbid")

    machine_id: Annotated[str, Field(min_length=1, max_length=40)]
    slot: Annotated[str, Field(pattern=r"^[A-Z][0-9]{1,2}$")]
    product_id: ProductId
    quantity: Units


class TripBody(BaseModel):
    """A plan that is taken: as it stands now, or as somebody changed it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"van_id": "van-1", "source_id": "warehouse", "machine_ids": ["vm-demo-0001"]}]
        },
    )

    van_id: AnyPlace
    source_id: AnyPlace = "warehouse"
    machine_ids: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=MOST_LINES)] = Field(
        default_factory=list
    )
    """Machines that are visited; every one that needs something when empty."""
    is_top_up: bool = False
    """Fill up every slot of them to its par level."""
    lines: Annotated[list[TripLineBody], Field(min_length=1, max_length=2000)] | None = None
    """Instead of the plan: what somebody decided. Then `machine_ids` and `is_top_up` mean nothing."""

    @model_validator(mode="after")
    def _each_slot_once(self) -> "TripBody":
        keys = [(row.machine_id, row.slot, row.product_id) for row in self.lines or ()]
        if len(set(keys)) != len(keys):
            raise ValueError("each slot once")
        return self


class ReturnedLine(BaseModel):
    """Units of one product that came back."""

    model_config = ConfigDict(extra="forbid")

    product_id: ProductId
    quantity: Annotated[int, Field(ge=0, le=MOST_UNITS)]


class CloseTripBody(BaseModel):
    """What came back; null for everything the books have in the van."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"returned": [{"product_id": "green-tea", "quantity": 3}]}]}
    )

    returned: Annotated[list[ReturnedLine], Field(max_length=MOST_LINES)] | None = None

    @model_validator(mode="after")
    def _once(self) -> "CloseTripBody":
        rows = self.returned or []
        if len({row.product_id for row in rows}) != len(rows):
            raise ValueError("each product once")
        return self
