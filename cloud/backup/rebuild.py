"""Replay the stored events into fresh books and compare them with the kept ones: same sales, stock, ledger.

What no event of a machine says is carried over. Manual entries, movements and revisions of products go in where they
stood: after the event whose effect stands just before them. The rest (planograms, users …) is copied as it is.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import service as accounting
from cloud.backup.archive import TableInfo
from cloud.backup.compare import differences
from cloud.backup.places import Log, Manual, manual_items, read_log
from cloud.backup.progress import Told, nobody
from cloud.backup.restore import clear, set_sequences
from cloud.backup.rows import ROWS_AT_ONCE, columns_of, decoder, lines, names, tables_of
from cloud.catalogue import service as catalogue
from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade
from cloud.db.statements import insert_many
from cloud.inventory import service as inventory
from cloud.machines.interpreter import Interpreter

REPLAYED: Final = (
    "sales",
    "stock_movements",
    "stock_movement_lots",
    "stock_on_hand",
    "stock_lots",
    "stock_lot_levels",
    "stock_pools",
    "postings",
    "journal_entries",
    "account_days",
    "account_totals",
    "sub_account_totals",
    "ledger_totalled",
    "machine_conditions",
    "machine_faults",
    "machine_visits",
)
"""Made anew from events and manual items, then compared."""

NEEDED: Final = (
    "accounts",
    "machines",
    "planograms",
    "tax_rates",
    "month_closings",  # bound to entry numbers, so that they hold for the same entries again
    "stock_places",  # warehouses and vans are made by people
    "stock_trips",  # say which van a machine was filled from
    "stock_trip_stops",
    "streams",
    "machine_events",
)
"""What the replay reads: copied before it. Everything else is copied after it, as people and the clock have left it:
tasks and commands have gone on since."""

_CURSORS: Final = (
    "stored_upto",
    "interpreted_upto",
    "interpreted_arrival_ms",
    "clock_boot",
    "clock_wall_ms",
    "clock_mono_ms",
)


class OldSchemaError(RuntimeError):
    """The database is of an older revision than this software."""

    def __init__(self) -> None:
        super().__init__("the database is of an older revision; start one of the processes once, it migrates")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay made."""

    events: int
    carried: int
    """Manual entries and movements, and changes of products, that went in between."""
    sales: int
    entries: int
    head: str
    """Hash of the newest entry."""
    differences: list[str]
    """The first one of each table; empty when the books are the same."""


async def rebuild(
    source: Database, target: Database | None = None, *, timezone: str = "Asia/Tokyo", told: Told = nobody
) -> Replayed:
    """Replay the event log of `source`; it is only read, and others may go on writing.

    Args:
        source: of the newest revision.
        target: an empty database that keeps the fresh books; None for one that is thrown away.
        timezone: of events whose machine nobody registered, as in the worker's settings.
        told: hears of progress.

    Raises:
        OldSchemaError: `source` lacks migrations.
        NotEmptyError: `target` holds something.
        sqlalchemy.exc.SQLAlchemyError: a database failed; `target` is not to be used then.
    """
    async with _target(target) as fresh, source.read() as kept:
        tables = await (await kept.connection()).run_sync(tables_of)
        await _prepare(kept, fresh, tables)
        log = await read_log(kept, tables)
        items = await manual_items(kept, tables, log)
        await _replay(fresh, log, items, timezone, told)
        async with fresh.write() as made:
            found = await _differences(kept, made, tables)
            await _copy_rest(kept, made, tables)
            number, head = await accounting.head(made)
            sales = int(await made.scalar(select(func.count()).select_from(tables["sales"])) or 0)
    return Replayed(log.events, len(items), sales, number, head, found)


@asynccontextmanager
async def _target(target: Database | None) -> AsyncIterator[Database]:
    if target is not None:
        yield target
        return
    with tempfile.TemporaryDirectory(prefix="vend-rebuild-") as folder:
        scratch = open_database(f"sqlite+aiosqlite:///{Path(folder) / 'books.db'}")
        try:
            yield scratch
        finally:
            await scratch.close()


async def _prepare(kept: AsyncSession, fresh: Database, tables: dict[str, Table]) -> None:
    """A database of the same revision with the events in it and what they are read with; cursors at the start."""
    async with fresh.write() as made:
        await clear(made, tables, replace=False)
        await (await made.connection()).run_sync(upgrade)
        newest = text("SELECT version_num FROM alembic_version")
        if await kept.scalar(newest) != await made.scalar(newest):
            raise OldSchemaError
        mine = await (await made.connection()).run_sync(tables_of)
        for name, table in tables.items():
            if name in NEEDED:
                await _copy(kept, made, table, mine[name])
        await made.execute(update(tables["streams"]).values(dict.fromkeys(_CURSORS, 0) | {"interpreted_digest": ""}))


async def _copy(kept: AsyncSession, made: AsyncSession, table: Table, mine: Table) -> None:
    """Take a table over as it is.

    Args:
        kept: session on the database it comes from.
        made: session on the fresh one.
        table: as the first has it.
        mine: as the second has it; the types of another kind of database have other names.
    """
    if await made.scalar(select(func.count()).select_from(mine)):
        await made.execute(mine.delete())
    info = TableInfo(name=table.name, columns=columns_of(table), rows=0, sha256="")
    decode = decoder(info, mine)
    rows: list[tuple[Any, ...]] = []
    async for line in lines(kept, table):
        rows.append(decode(line))
        if len(rows) == ROWS_AT_ONCE:
            await insert_many(made, mine, names(info), rows)
            rows = []
    await insert_many(made, mine, names(info), rows)


async def _replay(fresh: Database, log: Log, items: list[Manual], timezone: str, told: Told) -> None:
    """Interpret up to each place where something manual stood, put it in, go on."""
    interpreter = Interpreter(fresh, timezone=timezone)
    done = 0
    for at, (place, here) in enumerate(log.stops(items)):
        async with fresh.write() as made:
            for stream_id, upto in place.items():
                await made.execute(
                    text("UPDATE streams SET stored_upto = :upto WHERE id = :id"), {"upto": upto, "id": stream_id}
                )
        while worked := await interpreter.run_once():
            done += worked
            told("", done, log.events)
        if here:
            async with fresh.write() as made:
                await _put_in(made, here)
        told("", done + at, log.events)


async def _put_in(made: AsyncSession, items: list[Manual]) -> None:
    movements = [item.movement for item in items if item.movement]
    await inventory.move(made, movements)
    await accounting.post(made, [item.draft for item in items])
    await catalogue.replay(made, [item.revision for item in items if item.revision])


async def _differences(kept: AsyncSession, made: AsyncSession, tables: dict[str, Table]) -> list[str]:
    found = [await differences(kept, made, tables[name]) for name in REPLAYED if name in tables]
    return [sentence for sentence in found if sentence] + await accounting.verify(made)


async def _copy_rest(kept: AsyncSession, made: AsyncSession, tables: dict[str, Table]) -> None:
    connection = await made.connection()
    mine = await connection.run_sync(tables_of)
    rest = [name for name in tables if name not in (*REPLAYED, *NEEDED)]
    for name in reversed(rest):  # what the replay left there (tasks, cash counts), children before parents
        if await made.scalar(select(func.count()).select_from(mine[name])):
            await made.execute(mine[name].delete())
    for name in rest:
        await _copy(kept, made, tables[name], mine[name])
    streams = tables["streams"]
    for row in await kept.execute(select(streams.c.id, streams.c.stored_upto)):
        await made.execute(update(streams).where(streams.c.id == row.id).values(stored_upto=row.stored_upto))
    if connection.dialect.name == "postgresql":
        await connection.run_sync(set_sequences, mine)
