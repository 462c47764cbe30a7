"""An event's envelope and body in one pass over its bytes: half the work of one after the other. Pure.

What is asked of each field comes from the protocol's own models. What does not pass here is read again step by step,
which says what is wrong with it; so nothing is refused, and nothing accepted, that would not be there.
"""

from operator import itemgetter
from typing import Annotated, Any, Final, Literal, NamedTuple, NotRequired, Union

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from protocol.envelope import Boot, Envelope
from protocol.events import EVENTS, Event


class Fields(NamedTuple):
    """What the interpreter needs of an event."""

    body: Event
    before: str
    """Digest of the event before it."""
    boot: int
    mono_ms: int
    """Since the boot."""
    wall_ms: int
    """What the machine's clock said: since 1970 UTC."""
    quality: str
    """Where that clock had the time from."""


_make_typed_dict: Final[Any] = TypedDict
"""Its fields are only known when it runs, which type checkers do not follow."""


def _as_dictionary(name: str, model: type[BaseModel], **instead: Any) -> Any:
    """The fields of a model with their rules, read into a dictionary: no object is made."""
    fields: dict[str, Any] = {}
    for key, field in model.model_fields.items():
        kind = instead.get(key, field.rebuild_annotation())
        fields[key] = kind if field.is_required() else NotRequired[kind]
    found = _make_typed_dict(name, fields)
    found.__pydantic_config__ = ConfigDict(extra="ignore", strict=True)
    return found


def _reader() -> Any:
    boot = _as_dictionary("Boot", Boot)
    # `clk` may be any text; naming those that are known as well would cost as much as the rest of the envelope.
    kinds = [
        _as_dictionary(model.__name__, Envelope, kind=Literal[kind], d=model, boot=boot, clk=str)
        for kind, model in EVENTS.items()
    ]
    events: Any = Annotated[Union[tuple(kinds)], Field(discriminator="kind")]  # noqa: UP007 - made of a list
    return TypeAdapter(events).validator.validate_json


_read: Final = _reader()
_chosen: Final = itemgetter("d", "h", "boot", "mono", "t", "clk")


def read_fields(raw: bytes) -> Fields | None:
    """What an event says; None when it is not a whole event of a kind we know."""
    try:
        found = _read(raw)
    except ValidationError:
        return None
    body, before, boot, mono_ms, wall_ms, quality = _chosen(found)
    return Fields(body, before, boot["n"], mono_ms, wall_ms, quality)
