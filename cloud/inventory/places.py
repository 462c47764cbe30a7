"""The door of the places: warehouses and vans that people name, slots that machines have. Commits nothing."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.inventory import repository
from cloud.inventory.models import Place
from cloud.inventory.service import WAREHOUSE, WAREHOUSE_NAME

PlaceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
KINDS: Final = {"warehouse": "倉庫", "van": "車", "slot": "棚"}


class NoSuchPlaceError(LookupError):
    """A place nobody has named."""

    def __init__(self, place_id: str) -> None:
        self.place_id = place_id
        super().__init__(f"there is no place {place_id!r}; PUT /api/v1/inventory/places/… adds a warehouse or a van")


class PlaceInUseError(ValueError):
    """A place that cannot be changed as asked while goods are there."""

    def __init__(self, place_id: str, why: str) -> None:
        self.place_id = place_id
        super().__init__(f"place {place_id!r} {why}")


class PlaceView(BaseModel):
    """Somewhere goods can be."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    """`warehouse`, a name, or `<machine>/<slot>`."""
    kind: Literal["warehouse", "van", "slot"]
    name: str
    machine_id: str | None
    slot: str | None
    is_active: bool
    """Whether goods may be brought here."""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.id


FIRST: Final = PlaceView(
    id=WAREHOUSE, kind="warehouse", name=WAREHOUSE_NAME, machine_id=None, slot=None, is_active=True
)
"""Always there, even before anything was brought to it."""


async def places(db_session: AsyncSession, kinds: Sequence[str] | None = None) -> list[PlaceView]:
    """Every place, or those of some kinds; by kind (warehouses, vans, slots) and id."""
    rows = {row.id: PlaceView.model_validate(row) for row in await repository.places(db_session)}
    rows.setdefault(WAREHOUSE, FIRST)
    order = list(KINDS)
    found = [row for row in rows.values() if kinds is None or row.kind in kinds]
    return sorted(found, key=lambda row: (order.index(row.kind), row.id))


async def place(db_session: AsyncSession, place_id: str) -> PlaceView:
    """One place.

    Raises:
        NoSuchPlaceError: nobody has named it.
    """
    row = await repository.place(db_session, place_id)
    if row is not None:
        return PlaceView.model_validate(row)
    if place_id == WAREHOUSE:
        return FIRST
    raise NoSuchPlaceError(place_id)


async def save(
    db_session: AsyncSession, place_id: str, *, kind: Literal["warehouse", "van"], name: str, is_active: bool
) -> PlaceView:
    """Add a warehouse or a van, or change one.

    Raises:
        PlaceInUseError: goods are there, or it is on a trip, and its kind would change or it would be closed.
    """
    if place_id == WAREHOUSE and (kind, is_active) != ("warehouse", True):
        raise PlaceInUseError(place_id, "is where goods are when nobody says otherwise; only its name can change")
    row = await repository.place(db_session, place_id)
    if row is None:
        row = Place(id=place_id, kind=kind, machine_id=None, slot=None, name=name, is_active=is_active)
        db_session.add(row)
    else:
        is_other = (row.kind, True) != (kind, is_active)
        if is_other and await repository.is_anything_at(db_session, place_id):
            raise PlaceInUseError(place_id, "holds goods; bring them elsewhere first")
        if is_other and await repository.open_trips(db_session, van_id=place_id):
            raise PlaceInUseError(place_id, "is on a trip; close it first")
        row.kind, row.name, row.is_active = kind, name, is_active
    await db_session.flush()
    return PlaceView.model_validate(row)
