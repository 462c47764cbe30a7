"""What a customer finds at a machine now: goods, prices, what is left, what does not work.

Prices are those of the planogram that the machine says it has applied: what it shows and charges. Only a machine that
never said so is shown with what was published for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue import service as catalogue
from cloud.catalogue.service import ProductView
from cloud.inventory import service as inventory
from cloud.machines import service as machines
from cloud.machines.service import FaultView, MachineView
from protocol.desired import PlanogramSlot
from protocol.faults import CATALOGUE, Severity

State = Literal["available", "sold_out", "not_ready"]


@dataclass(frozen=True, slots=True)
class Good:
    """One slot as a customer sees it."""

    slot: str
    product_id: str
    name_ja: str
    name_en: str
    kana: str
    """How the Japanese name is read; empty when nobody wrote it down."""
    price_minor: int
    """Yen, tax included."""
    temperature: str
    """cold, hot or ambient."""
    size: str
    """E.g. `500 ml`; empty when it is not known."""
    allergens: tuple[str, ...] | None
    """Codes of what its label names; None when nobody described the product."""
    on_hand: int
    state: State
    picture: str

    def name(self, language: str) -> str:
        """Its name in a language: `ja` or `en`."""
        return self.name_ja if language == "ja" else self.name_en


@dataclass(frozen=True, slots=True)
class Shelf:
    """One machine as a customer sees it."""

    machine: MachineView
    goods: tuple[Good, ...]
    """By slot."""
    notices: tuple[tuple[str, str], ...]
    """What does not work, as the machine's own screen says it: Japanese, English."""
    is_selling: bool
    """False while a fault stops every sale or the door is open. A machine that is not connected sells for cash."""

    def at(self, slot: str) -> Good | None:
        """The goods of a slot, or None."""
        return next((row for row in self.goods if row.slot == slot), None)


async def shelf(db_session: AsyncSession, machine_id: str) -> Shelf:
    """Read what a machine offers now.

    Raises:
        NoSuchMachineError: nobody registered it.
    """
    view = await machines.machine(db_session, machine_id)
    document = await machines.applied_planogram(db_session, machine_id)
    document = document or await machines.planogram(db_session, machine_id)
    units = await inventory.stock_of_machine(db_session, machine_id)
    described = {row.id: row for row in await catalogue.products(db_session)}
    faults = await machines.faults(db_session, machine_id)
    locked = {row.where for row in faults if _severity(row) is Severity.SLOT}
    goods = [
        _good(row, described.get(row.product_id), units.get((row.slot, row.product_id), 0), locked)
        for row in sorted(document.slots if document else [], key=lambda row: row.slot)
    ]
    stops = view.is_door_open or any(_severity(row) is Severity.MACHINE for row in faults)
    return Shelf(view, tuple(goods), _notices(faults), is_selling=not stops)


def _severity(row: FaultView) -> Severity | None:
    known = CATALOGUE.get(row.code)
    return known.severity if known else None


def _notices(faults: Sequence[FaultView]) -> tuple[tuple[str, str], ...]:
    """What customers need to know, each thing once; what is wrong with one slot stands on its tile."""
    known = [CATALOGUE[row.code] for row in faults if row.code in CATALOGUE]
    said = [(row.customer_ja, row.customer_en) for row in known if row.severity is not Severity.SLOT]
    return tuple(dict.fromkeys(pair for pair in said if pair[0]))


def _good(row: PlanogramSlot, product: ProductView | None, on_hand: int, locked: set[str]) -> Good:
    state: State = "not_ready" if row.slot in locked else "available" if on_hand > 0 else "sold_out"
    has_size = product is not None and product.size_amount
    return Good(
        slot=row.slot,
        product_id=row.product_id,
        name_ja=row.name_ja,
        name_en=row.name_en,
        kana=product.name_kana if product else "",
        price_minor=row.price_minor,
        temperature=row.temperature,
        size=f"{product.size_amount} {product.size_unit}" if product and has_size else "",
        allergens=tuple(product.allergens) if product else None,
        on_hand=max(on_hand, 0),
        state=state,
        picture=row.picture,
    )


def to_json(found: Shelf) -> dict[str, Any]:
    """A shelf for a mind (JSON types)."""
    return {
        "machine": {
            "id": found.machine.id,
            "name": found.machine.name,
            "place": found.machine.place,
            "is_connected": found.machine.is_online,
            "is_selling": found.is_selling,
            "notices": [ja for ja, _ in found.notices],
        },
        "goods": [good_json(row) for row in found.goods],
    }


def good_json(row: Good) -> dict[str, Any]:
    """One slot for a mind."""
    return {
        "slot": row.slot,
        "product_id": row.product_id,
        "name_ja": row.name_ja,
        "name_en": row.name_en,
        "kana": row.kana,
        "price_yen": row.price_minor,
        "temperature": row.temperature,
        "size": row.size,
        "allergens": list(row.allergens) if row.allergens is not None else None,
        "left": row.on_hand,
        "state": row.state,
    }


def good_from(row: dict[str, Any]) -> Good:
    """The reverse of `good_json`."""
    allergens = row["allergens"]
    return Good(
        slot=row["slot"],
        product_id=row["product_id"],
        name_ja=row["name_ja"],
        name_en=row["name_en"],
        kana=row.get("kana", ""),
        price_minor=row["price_yen"],
        temperature=row["temperature"],
        size=row.get("size", ""),
        allergens=None if allergens is None else tuple(allergens),
        on_hand=row["left"],
        state=row["state"],
        picture="",
    )
