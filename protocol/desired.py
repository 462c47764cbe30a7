"""Settings documents the cloud wants a machine to have. Whole documents with a revision, never deltas.

A machine ignores a revision it already has or has passed, stores a newer one, applies it when no customer
is in the middle of something, and reports `settings.applied` through its outbox.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from protocol.ids import Slot
from protocol.messages import Message

Temperature = Literal["cold", "hot", "ambient"]


class PlanogramSlot(Message):
    """What stands in one coil and what it costs."""

    slot: Slot
    product_id: str
    name_ja: str
    name_en: str
    price_minor: Annotated[int, Field(gt=0)]
    """Tax included: what the customer pays."""
    temperature: Temperature = "ambient"
    capacity: Annotated[int, Field(ge=1, le=200)]
    """Units that fit."""
    par_level: Annotated[int, Field(ge=0, le=200)]
    """Units to have after a restock."""
    picture: str = ""
    """Name of the product's drawing, e.g. `green-tea`; empty for a plain one."""
    size: str = ""
    """As printed on the label, e.g. `500 ml`; empty when nobody said."""
    allergens: list[str] = Field(default_factory=list)
    """Codes of what it contains, e.g. `wheat`. Empty says nothing: the label on the pack does."""


class Planogram(Message):
    """Which product is in which slot, at which price, from this revision on."""

    rev: Annotated[int, Field(ge=1)]
    currency: str = "JPY"
    slots: list[PlanogramSlot]

    @model_validator(mode="after")
    def _each_slot_once(self) -> "Planogram":
        names = [row.slot for row in self.slots]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"slots listed twice: {', '.join(twice)}")
        return self
