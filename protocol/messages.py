"""The base of every message: frozen, tolerant of fields from the future, strict about our own."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError


class BadMessageError(ValueError):
    """Bytes that are not the message they should be. Nothing is lost: the caller still has the bytes."""

    def __init__(self, what: str, why: str, raw: bytes = b"") -> None:
        self.what = what
        self.raw = raw
        super().__init__(f"{what}: {why}")


class Message(BaseModel):
    """A frozen document. Fields it does not know are kept and written back unchanged."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read JSON.

        Raises:
            BadMessageError: not JSON, or a field is missing or of the wrong type; the message names each.
        """
        try:
            return cls.model_validate_json(raw)
        except ValidationError as error:
            raise BadMessageError(cls.__name__, summary(error), raw) from error

    def to_bytes(self) -> bytes:
        """JSON in UTF-8, fields in their declared order, then those from the future."""
        return self.model_dump_json(by_alias=True).encode()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, future fields included."""
        return self.model_dump(mode="json", by_alias=True)


def summary(error: ValidationError) -> str:
    """Every complaint in one line: `price_minor: Input should be a valid integer; slot: Field required`."""
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'document'}: {item['msg']}" for item in error.errors())
