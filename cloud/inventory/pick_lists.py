"""What the van's people find on a machine's maintenance screen: a pick list for each machine of a trip.

It says what to put into each slot, and what to take out of it first: what is over its last good day, and what the
planogram has there no more. Made when a trip begins; emptied when it ends. Commits nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.inventory import service
from cloud.inventory.lots import LotShare
from cloud.inventory.stock import HeldLot
from cloud.machines import service as machines

MOST_UNITS: Final = 200
"""A slot holds no more."""


class Take(NamedTuple):
    """What was loaded for one slot."""

    slot: str
    product_id: str
    units: int
    lots: Sequence[HeldLot]


class Held(NamedTuple):
    """What the books have of a product in one slot."""

    units: int
    lots: Sequence[LotShare]


def lines_of(
    takes: Sequence[Take], held: Mapping[tuple[str, str], Held], planned: Mapping[str, str], today: date
) -> list[dict[str, Any]]:
    """The lines of one machine, by slot: what goes out first, and what goes in. Pure.

    Args:
        takes: what was loaded for it.
        held: (slot, product) to what is there.
        planned: slot to the product of the planogram.
        today: where the machine stands; what is good today stays.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in takes:
        first = row.lots[0] if row.lots else None
        found[row.slot, row.product_id] = _line(row.slot, row.product_id) | {
            "take": min(row.units, MOST_UNITS),
            "lot": first.code if first else "",
            "best_before": first.best_before.isoformat() if first and first.best_before else "",
        }
    for (slot, product), there in held.items():
        if there.units <= 0:
            continue
        over = [share for share in there.lots if share.best_before and share.best_before < today]
        if planned.get(slot, product) != product:
            out = {"remove": there.units, "why_remove": "changeover"}
        elif over:
            out = {"remove": sum(share.quantity for share in over), "why_remove": "expired"}
        else:
            continue
        line = found.setdefault((slot, product), _line(slot, product))
        line |= out | {"remove": min(int(str(out["remove"])), MOST_UNITS)}
    return [found[key] for key in sorted(found)]


def _line(slot: str, product_id: str) -> dict[str, Any]:
    return {"slot": slot, "product_id": product_id, "take": 0}


async def publish(
    db_session: AsyncSession, trip: int, takes: Mapping[str, Sequence[Take]], *, by: str, now_ms: int, today: date
) -> None:
    """Send each machine of a trip its pick list.

    Args:
        db_session: a writing session that holds `Lock.BOOKS` and `Lock.FLEET`.
        trip: its number.
        takes: machine id to what was loaded for it.
        by: who began the trip.
        now_ms: ms since 1970 UTC.
        today: the day where the machines stand.
    """
    planograms = await machines.planograms(db_session)
    for machine_id, loaded in sorted(takes.items()):
        stock = await service.stock_of_machine(db_session, machine_id)
        lots = await service.lots_at(db_session, [service.slot_place(machine_id, slot) for slot, _ in stock])
        held = {
            (slot, product): Held(units, lots.get((service.slot_place(machine_id, slot), product), ()))
            for (slot, product), units in stock.items()
        }
        document = planograms.get(machine_id)
        planned = {row.slot: row.product_id for row in document.slots} if document else {}
        content = {"made_ms": now_ms, "trip": str(trip), "lines": lines_of(loaded, held, planned, today)}
        await machines.publish_document(db_session, machine_id, "restock", content, by=by, now_ms=now_ms)


async def withdraw(db_session: AsyncSession, machine_ids: Sequence[str], *, by: str, now_ms: int) -> None:
    """Nobody is on the way to these machines any more."""
    for machine_id in sorted(machine_ids):
        content = {"made_ms": now_ms, "trip": "", "lines": []}
        await machines.publish_document(db_session, machine_id, "restock", content, by=by, now_ms=now_ms)
