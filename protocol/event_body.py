"""What every event's body is. The kinds stand in `events.py` and `staff_events.py`."""

from typing import Annotated, ClassVar

from pydantic import Field

from protocol.messages import Message

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[int, Field(ge=0)]
"""Minor units, not negative."""


class Event(Message):
    """A body. `KIND` is its name in the envelope."""

    KIND: ClassVar[str]
