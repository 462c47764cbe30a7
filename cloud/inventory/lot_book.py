"""Follows lots through a batch of movements. Sales cost nothing: only what comes in, is carried or is named counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.inventory import lots, repository
from cloud.inventory.lots import LotShare
from cloud.inventory.repository import PlaceProduct


class Moving(Protocol):
    """What is needed of a movement."""

    @property
    def source(self) -> str:
        """What caused it."""

    @property
    def product_id(self) -> str:
        """What moves."""

    @property
    def quantity(self) -> int:
        """Units."""

    @property
    def occurred_at_ms(self) -> int:
        """When."""

    @property
    def from_place(self) -> str | None:
        """Where from."""

    @property
    def to_place(self) -> str | None:
        """Where to."""

    @property
    def lots(self) -> Sequence[LotShare] | None:
        """Which lots they are; None for whatever is first out."""


class LotDateError(ValueError):
    """A lot that is known with another last good day."""

    def __init__(self, product_id: str, code: str, known: date | None) -> None:
        self.code = code
        day = known.isoformat() if known else "no date"
        super().__init__(
            f"lot {code!r} of {product_id} is known with the best-before date {day}; use that or another code"
        )


@dataclass(slots=True)
class LotBook:
    """The lots at the places one batch touches."""

    on_hand: dict[PlaceProduct, int] = field(default_factory=dict)
    """Before the batch."""
    levels: dict[PlaceProduct, dict[str, int]] = field(default_factory=dict)
    dates: dict[str, dict[str, date | None]] = field(default_factory=dict)
    """Product to lot code to the last good day."""
    new: list[dict[str, Any]] = field(default_factory=list)
    carried: list[dict[str, Any]] = field(default_factory=list)
    touched: set[PlaceProduct] = field(default_factory=set)

    def follow(self, row: Moving, changes: Mapping[PlaceProduct, int]) -> None:
        """Carry lots along with a movement.

        Args:
            row: the movement.
            changes: what the batch did to what is on hand before it.

        Raises:
            LotDateError: it names a lot that is known with another day; nothing may be kept.
        """
        self._learn(row)
        dates = self.dates.get(row.product_id, {})
        if row.from_place:
            key = (row.from_place, row.product_id)
            have = self.on_hand.get(key, 0) + changes.get(key, 0)
            here = lots.settled(self.levels.get(key, {}), have, dates)
            if row.lots is None:
                named = lots.picked(here, have, row.quantity, dates)
            else:
                named = {share.code: min(share.quantity, here.get(share.code, 0)) for share in row.lots}
            self._put(key, lots.without(here, named))
        else:
            named = {share.code: share.quantity for share in row.lots or ()}
        named = {code: units for code, units in named.items() if units > 0}
        if row.to_place:
            key = (row.to_place, row.product_id)
            have = self.on_hand.get(key, 0) + changes.get(key, 0)
            here = lots.settled(self.levels.get(key, {}), have, dates)
            self._put(key, lots.together(here, named))
        self.carried += [
            {"source": row.source, "lot_code": code, "product_id": row.product_id, "quantity": units}
            for code, units in named.items()
        ]

    def _put(self, key: PlaceProduct, levels: dict[str, int]) -> None:
        self.levels[key] = levels
        self.touched.add(key)

    def _learn(self, row: Moving) -> None:
        if row.from_place is not None:
            return
        known = self.dates.setdefault(row.product_id, {})
        for share in row.lots or ():
            if share.code not in known:
                self.new.append(
                    {
                        "product_id": row.product_id,
                        "code": share.code,
                        "best_before": share.best_before,
                        "first_at_ms": row.occurred_at_ms,
                    }
                )
                known[share.code] = share.best_before
            elif known[share.code] != share.best_before:
                raise LotDateError(row.product_id, share.code, known[share.code])

    async def save(self, db_session: AsyncSession) -> None:
        """Write what changed."""
        await repository.add_lots(db_session, self.new)
        await repository.save_lot_levels(db_session, {key: self.levels[key] for key in sorted(self.touched)})
        await repository.add_movement_lots(db_session, self.carried)


async def load(db_session: AsyncSession, rows: Sequence[Moving]) -> LotBook | None:
    """The book for a batch; None when no lot is anywhere near it."""
    rows = [row for row in rows if row.to_place or row.lots is not None]
    if not rows:
        return None
    keys = {(place, row.product_id) for row in rows for place in (row.from_place, row.to_place) if place}
    levels = await repository.lot_levels_at(db_session, keys)
    if not levels and not any(row.lots for row in rows):
        return None
    dates = await repository.lot_dates(db_session, {row.product_id for row in rows})
    return LotBook(await repository.on_hand_at(db_session, keys), levels, dates)
