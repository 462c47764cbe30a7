"""What the machine remembers of staff's work over a power cut. Parts of `edge.vend.state.MachineState`.

Not responsible for what is done with it (`visits.py`, `slots.py`, `cash.py`).
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

CHECK = "check"
STEPS = ("restock", "count", "cash", "float", CHECK)
"""Of a visit, in the order in which they are usually done."""

CashPart = Literal["cash_box", "stacker", "hopper"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Difference(_Part):
    """Something was counted that the machine did not believe."""

    what: str
    """Slot, or a part of the cash: `B2`, `cash_box`, `stacker`, `hopper`."""
    believed: int
    """Units, or minor units of money."""
    counted: int


class Visit(_Part):
    """A visit of staff that is not over. A restart of the machine does not end it."""

    visit: str
    """128 random bits in hex."""
    staff: str
    """Their id."""
    began_ms: int
    """Wall time, milliseconds since 1970 UTC."""
    done: tuple[str, ...] = ()
    """Of `STEPS`."""
    slots: tuple[str, ...] = ()
    """Slots that were filled."""
    counted: tuple[str, ...] = ()
    """Slots that were counted."""
    units_added: int = 0
    units_removed: int = 0
    cash_collected_minor: int = 0
    differences: tuple[Difference, ...] = ()


class Standing(_Part):
    """What still stands in a slot for which the planogram has another product."""

    product_id: str
    name_ja: str
    name_en: str
