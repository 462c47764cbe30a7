"""What documents of buying have in common over HTTP: amounts, units, sums per tax rate."""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cloud.procurement.rules import Rate

MOST_YEN: Final = 100_000_000
"""Of one amount."""
Yen = Annotated[int, Field(ge=0, le=MOST_YEN)]
ProductId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Units = Annotated[int, Field(ge=1, le=1_000_000)]
"""Single ones, not packs."""
RowNumber = Annotated[int, Field(ge=1, lt=2**63)]
"""Names a row in a body."""


class RateBody(BaseModel):
    """One tax rate of a document, in yen."""

    model_config = ConfigDict(extra="forbid")

    percent: Annotated[int, Field(ge=0, le=100)]
    net: Yen
    """Without tax."""
    tax: Yen


def _one_sum_each(value: list[RateBody]) -> list[RateBody]:
    if len({row.percent for row in value}) != len(value):
        raise ValueError("a rate stands there twice; a document has one sum per rate")
    if not sum(row.net + row.tax for row in value):
        raise ValueError("a document over nothing")
    return value


Rates = Annotated[list[RateBody], Field(min_length=1, max_length=8), AfterValidator(_one_sum_each)]
"""What a document says: one sum per tax rate, together more than nothing."""


class RateView(BaseModel):
    """One tax rate of a document, in yen."""

    percent: int
    net: int
    tax: int


def rate_views(rows: Iterable[Rate]) -> list[RateView]:
    """Tax rates as they are shown."""
    return [RateView(percent=row.percent, net=row.net_minor, tax=row.tax_minor) for row in rows]
