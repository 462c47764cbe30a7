"""Settings documents the cloud wants a machine to have. Whole documents with a revision, never deltas.

A machine ignores a revision it already has or has passed, stores a newer one, applies it when no customer
is in the middle of something, and reports `settings.applied` through its outbox.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from protocol.ids import DayOrNone, Slot
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


class Document(Message):
    """A whole settings document."""

    rev: Annotated[int, Field(ge=1)]
    """Every change is the next one."""


class Planogram(Document):
    """Which product is in which slot, at which price, from this revision on."""

    currency: str = "JPY"
    slots: list[PlanogramSlot]

    @model_validator(mode="after")
    def _each_slot_once(self) -> "Planogram":
        _refuse_twice("slots", [row.slot for row in self.slots])
        return self


Right = Literal["restock", "cash", "devices", "update"]
"""What a member of staff may do at a machine, beyond beginning a visit and looking."""

PIN_HASH_PATTERN: Final = r"^scrypt\$[0-9]{1,8}\$[0-9]{1,3}\$[0-9]{1,3}\$[A-Za-z0-9+/=]{16,96}\$[A-Za-z0-9+/=]{24,128}$"

PinHash = Annotated[str, StringConstraints(pattern=PIN_HASH_PATTERN)]
"""`scrypt$n$r$p$salt$hash`, both in base 64 with padding: parameters of `hashlib.scrypt`, the PIN as UTF-8 digits."""


class StaffMember(Message):
    """Somebody who may begin a visit at this machine."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """For the events; says nothing to an outsider."""
    name: str
    name_kana: str = ""
    """How the name is read, to sort by; empty when nobody said."""
    language: str = "ja"
    """What the maintenance screens speak to them at first."""
    pin: PinHash
    rights: list[Right | str]


class StaffList(Document):
    """Everybody who may begin a visit at this machine, from this revision on."""

    staff: list[StaffMember]

    @model_validator(mode="after")
    def _each_member_once(self) -> "StaffList":
        _refuse_twice("staff", [row.id for row in self.staff])
        return self


class RestockLine(Message):
    """What to do with one slot on this visit."""

    slot: Slot
    product_id: str
    """What to put in, or take out."""
    take: Annotated[int, Field(ge=0, le=200)]
    """Units of it in the van for this slot."""
    remove: Annotated[int, Field(ge=0, le=200)] = 0
    """Units to take out first."""
    why_remove: Literal["", "expired", "damaged", "changeover", "other"] | str = ""
    lot: str = ""
    best_before: DayOrNone = ""


class RestockList(Document):
    """The pick list of one machine on one trip. Without lines: nobody is on the way; fill to the planogram's par."""

    made_ms: Annotated[int, Field(ge=0)]
    """Wall time, ms since 1970 UTC."""
    trip: str
    """The cloud's id of the trip; empty when nobody is on the way."""
    lines: list[RestockLine] = Field(default_factory=list)


def _refuse_twice(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} listed twice: {', '.join(twice)}")


DOCUMENTS: dict[str, type[Document]] = {"planogram": Planogram, "staff": StaffList, "restock": RestockList}
"""Name of a settings document, as it travels in `protocol.link.Want`, to its shape."""
