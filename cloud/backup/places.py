"""Where in the order of the events everything manual stood.

Events are replayed in the order `cloud/machines/ordering.py` gives them. Stock movements and journal entries each have
an order of their own, in which those of events and those of people are mixed. Something manual belongs after the event
whose movement (or entry) stands just before it; events between that one and the next do not touch what is counted.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import service as accounting
from cloud.accounting.rules import Draft
from cloud.catalogue import service as catalogue
from cloud.catalogue.service import Revision
from cloud.inventory.lots import LotShare
from cloud.inventory.service import SENT_BACK, Movement


class Place(NamedTuple):
    """A point in the order of the events: just after this one. All zero: before the first."""

    ready_ms: int = 0
    stream_id: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Manual:
    """An entry, a movement or a revision of a product that no event of a machine made."""

    place: Place
    movement: Movement | None = None
    draft: Draft | None = None
    revision: Revision | None = None


@dataclass(slots=True)
class Log:
    """The interpreted part of the event log: for each stream, when each of its events became ready."""

    streams: dict[tuple[str, str], int] = field(default_factory=dict)
    """Machine and epoch to stream id."""
    ready: "dict[int, array[int]]" = field(default_factory=dict)
    """Stream id to ms; event 1 first."""

    @property
    def events(self) -> int:
        """How many there are."""
        return sum(map(len, self.ready.values()))

    def place_of(self, source: str) -> Place | None:
        """Where the event stands that a source names; None when it names none of ours."""
        machine, _, rest = source.partition("#")[0].partition("/")
        epoch, _, number = rest.partition("/")
        stream_id = self.streams.get((machine, epoch))
        if stream_id is None or not number.isdecimal() or not 1 <= int(number) <= len(self.ready[stream_id]):
            return None
        return Place(self.ready[stream_id][int(number) - 1], stream_id, int(number))

    def upto(self, place: Place) -> dict[int, int]:
        """Stream id to the number of its events that come no later than `place`."""
        found = {}
        for stream_id, ready in self.ready.items():
            if stream_id == place.stream_id:
                found[stream_id] = place.seq
            else:
                bisect = bisect_right if stream_id < place.stream_id else bisect_left
                found[stream_id] = bisect(ready, place.ready_ms)
        return found

    def stops(self, items: list[Manual]) -> Iterator[tuple[dict[int, int], list[Manual]]]:
        """How far to replay, and what to put in then; the last stop is the end of the log."""
        by_place: dict[Place, list[Manual]] = {}
        for item in items:
            by_place.setdefault(item.place, []).append(item)
        for place in sorted(by_place):
            yield self.upto(place), by_place[place]
        yield {stream_id: len(ready) for stream_id, ready in self.ready.items()}, []


async def read_log(kept: AsyncSession, tables: dict[str, Table]) -> Log:
    """Read when every interpreted event became ready."""
    log = Log()
    streams, events = tables["streams"], tables["machine_events"]
    for row in (await kept.execute(select(streams))).all():
        log.streams[row.machine_id, row.epoch] = row.id
        ready = log.ready[row.id] = array("q")
        query = select(events.c.received_at_ms).where(
            events.c.stream_id == row.id, events.c.seq <= row.interpreted_upto
        )
        latest = 0
        async for received_at_ms in await kept.stream_scalars(query.order_by(events.c.seq)):
            latest = max(latest, received_at_ms)
            ready.append(latest)
    return log


async def manual_items(kept: AsyncSession, tables: dict[str, Table], log: Log) -> list[Manual]:
    """Everything manual with its place, movements and entries each in their order."""
    items: list[Manual] = []
    place = Place()
    movements, lots = tables["stock_movements"], await _lots(kept, tables)
    async for row in await kept.stream(select(movements).order_by(movements.c.id)):
        found = log.place_of(row.source)
        if found is None:
            items.append(Manual(place, movement=_movement(row, lots.get(row.source, ()))))
        else:
            place = max(place, found)
    place = Place()
    entries = tables["journal_entries"]
    # A product that changes changes what is booked from then on; a revision names the newest entry of before.
    revisions = deque(sorted(await catalogue.history(kept), key=lambda row: row.after_entry))
    async for row in await kept.stream(select(entries.c.number, entries.c.source).order_by(entries.c.number)):
        while revisions and revisions[0].after_entry < row.number:
            items.append(Manual(place, revision=revisions.popleft()))
        found = log.place_of(row.source)
        if found is None:
            items.append(Manual(place, draft=(await accounting.entry(kept, row.number)).draft))
        else:
            place = max(place, found)
    return items + [Manual(place, revision=row) for row in revisions]


async def _lots(kept: AsyncSession, tables: dict[str, Table]) -> dict[str, tuple[LotShare, ...]]:
    """Source of a movement to the lots it carried."""
    carried, lots = tables["stock_movement_lots"], tables["stock_lots"]
    query = select(carried, lots.c.best_before).join(
        lots, (lots.c.product_id == carried.c.product_id) & (lots.c.code == carried.c.lot_code)
    )
    found: dict[str, tuple[LotShare, ...]] = {}
    for row in await kept.execute(query):
        share = LotShare(row.lot_code, row.quantity, row.best_before)
        found[row.source] = (*found.get(row.source, ()), share)
    return found


def _movement(row: Any, lots: tuple[LotShare, ...]) -> Movement:
    says_cost = row.from_place is None or row.source.startswith(SENT_BACK)
    return Movement(
        row.source,
        row.product_id,
        row.quantity,
        row.occurred_at_ms,
        from_place=row.from_place,
        to_place=row.to_place,
        cost_minor=row.value_minor + row.uncovered_minor if says_cost else 0,
        lots=lots if lots or row.to_place else None,
    )
