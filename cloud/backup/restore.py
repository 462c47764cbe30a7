"""Put a backup into a database: all of it in one transaction, checked before and after."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from alembic.util import CommandError
from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import service as accounting
from cloud.agents.decisions import service as decisions
from cloud.backup import conversations as talks
from cloud.backup.archive import Archive, BadArchiveError, Manifest, TableInfo
from cloud.backup.progress import Told, nobody
from cloud.backup.rows import ROWS_AT_ONCE, VERSION_TABLE, decoder, names, tables_of
from cloud.conversations.port import OutsideStore
from cloud.db import locks
from cloud.db.all_models import Base
from cloud.db.database import Database
from cloud.db.locks import Lock
from cloud.db.migrate import upgrade
from cloud.db.statements import insert_many
from cloud.kit.files import Files

KEPT_BY_TRIGGERS: Final = frozenset({"account_days", "account_totals", "ledger_totalled", "sub_account_totals"})
"""The ledger's triggers fill these while its entries come in; they are compared, not written."""

LEDGER: Final = ("postings", "journal_entries")
"""Last, and in this order."""

FILLED_AT_START: Final = frozenset({"accounts", "input_tax_shares", "ledger_totalled", "tax_rates"})
"""What migrations and the first start put into a database nobody has used."""

_NO_HURRY: Final = text("SET LOCAL idle_in_transaction_session_timeout = 0")
"""While files and MongoDB's conversations are put in, the database hears nothing for as long as that takes."""

_TRIGGER_FUNCTIONS: Final = text(
    "SELECT DISTINCT tgfoid::regprocedure::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace AND relname = ANY(:tables)"
)


class NotEmptyError(RuntimeError):
    """The database holds something; nothing was touched."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"the database is not empty (there are rows in {table}); restore into another one, or say --replace to "
            "throw away what it holds"
        )


class UnsoundBooksError(RuntimeError):
    """The restored books do not pass their own checks; nothing was kept."""

    def __init__(self, findings: list[str]) -> None:
        self.findings = findings
        super().__init__("the restored books are not sound, nothing was kept: " + "; ".join(findings[:5]))


async def restore(
    database: Database,
    path: Path,
    *,
    files: Files | None = None,
    outside: OutsideStore | None = None,
    replace: bool = False,
    replace_outside: bool = False,
    told: Told = nobody,
) -> Manifest:
    """Fill a database from a backup and bring it to the newest revision. All of it, or nothing.

    Conversations for MongoDB are looked at first and put in last, just before the database keeps what it got.

    Args:
        database: of either kind, empty or not even migrated. Stop cloud, intake and worker before.
        path: the backup.
        files: where the files of the backup go; None leaves them out.
        outside: where the conversations of the backup go that were not in its database; None where there is no place.
        replace: throw away what the database holds.
        replace_outside: throw away what `outside` holds, if the backup has something for it.
        told: hears of progress.

    Raises:
        BadArchiveError: the file is damaged, no backup, or made by newer software; nothing was touched.
        NotEmptyError: the database holds something, and `replace` is not set.
        ConversationsError: there is no place for them, or it failed; the error says what was done.
        OSError: a file could not be kept; the database holds nothing.
        UnsoundBooksError: chain, totals or trial balance are wrong afterwards; nothing was kept.
        sqlalchemy.exc.SQLAlchemyError: the database failed; nothing was kept.
    """
    with Archive(path) as archive:
        archive.check()
        await talks.check_place(outside, archive, replace=replace_outside)
        async with database.write() as db_session:
            await clear(db_session, {table.name for table in archive.manifest.tables}, replace=replace)
            await _fill(db_session, archive, told)
            await (await db_session.connection()).run_sync(upgrade, "head")
            await _check_books(db_session, archive.manifest)
            if db_session.get_bind().dialect.name == "postgresql":
                await db_session.execute(_NO_HURRY)
            if files is not None:
                for info in archive.manifest.files:
                    await files.put(info.name, archive.file(info))
            if outside is not None:
                await talks.fill(outside, archive, replace=replace_outside, told=told)
        return archive.manifest


# --- before ----------------------------------------------------------------------------------------------


async def clear(db_session: AsyncSession, tables: Iterable[str], *, replace: bool) -> None:
    """Leave no table and no rule of ours, so that the migrations can begin anew.

    Args:
        db_session: a writing session.
        tables: names of tables that are ours beside those this version knows.
        replace: throw away what the database holds.

    Raises:
        NotEmptyError: it holds something, and `replace` is not set.
    """
    await locks.take(db_session, Lock.SCHEMA)
    connection = await db_session.connection()
    ours = {*Base.metadata.tables, *tables}
    present = {name: table for name, table in (await connection.run_sync(tables_of)).items() if name in ours}
    if not replace:
        for name, table in present.items():
            if name not in FILLED_AT_START and await db_session.scalar(select(table).limit(1)) is not None:
                raise NotEmptyError(name)
    functions: list[str] = []
    if connection.dialect.name == "postgresql":
        functions += await db_session.scalars(_TRIGGER_FUNCTIONS, {"tables": list(present)})
    for name in reversed(present):
        await db_session.execute(text(f'DROP TABLE "{name}"'))
    await db_session.execute(text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))
    for function in functions:
        await db_session.execute(text(f"DROP FUNCTION {function}"))


async def _fill(db_session: AsyncSession, archive: Archive, told: Told) -> None:
    manifest = archive.manifest
    connection = await db_session.connection()
    try:
        await connection.run_sync(upgrade, manifest.revision)
    except CommandError as error:
        why = (
            f"the backup has schema revision {manifest.revision!r}, which this software does not know: update it first"
        )
        raise BadArchiveError(why) from error
    tables = await connection.run_sync(tables_of)
    infos = {table.name: table for table in manifest.tables}
    if infos.keys() != tables.keys():
        raise BadArchiveError(f"the backup lacks tables, or has others than revision {manifest.revision!r}")
    done = 0
    for name in _order(list(tables)):
        told(name, done, manifest.rows)
        if name not in KEPT_BY_TRIGGERS:
            await _fill_table(db_session, archive, infos[name], tables[name])
        done += infos[name].rows
    told("", done, manifest.rows)
    for name in sorted(KEPT_BY_TRIGGERS & tables.keys()):
        await _compare(db_session, archive, infos[name], tables[name])
    if connection.dialect.name == "postgresql":
        await connection.run_sync(set_sequences, tables)


def _order(found: list[str]) -> list[str]:
    """Parents before children; but the ledger's legs before the entries that seal them."""
    return [name for name in found if name not in LEDGER] + list(LEDGER)


async def _fill_table(db_session: AsyncSession, archive: Archive, info: TableInfo, table: Table) -> None:
    if await db_session.scalar(select(func.count()).select_from(table)):
        await db_session.execute(table.delete())  # what a migration has put there; the backup has it too
    decode = decoder(info, table)
    rows = map(decode, archive.lines(info))
    while part := list(islice(rows, ROWS_AT_ONCE)):
        await insert_many(db_session, table, names(info), part)


def set_sequences(connection: Connection, tables: dict[str, Table]) -> None:
    """The next row number follows the highest restored one."""
    for table in tables.values():
        for column in table.primary_key.columns:
            if connection.scalar(select(func.pg_get_serial_sequence(table.name, column.name))):
                top = select(func.max(column)).scalar_subquery()
                sequence = func.pg_get_serial_sequence(table.name, column.name)
                connection.execute(select(func.setval(sequence, func.coalesce(top, 1), top.is_not(None))))


# --- after -----------------------------------------------------------------------------------------------


async def _compare(db_session: AsyncSession, archive: Archive, info: TableInfo, table: Table) -> None:
    """What the triggers made of the entries is what was saved."""
    decode = decoder(info, table)
    saved = {_text(decode(line)) for line in archive.lines(info)}
    query = select(*(table.c[name] for name in names(info)))
    made = {_text(row) for row in await db_session.execute(query)}
    if saved != made:
        raise UnsoundBooksError([f"{info.name} differs from what the entries add up to"])


def _text(row: Any) -> tuple[str, ...]:
    return tuple(map(str, row))


async def _check_books(db_session: AsyncSession, manifest: Manifest) -> None:
    findings = await accounting.verify(db_session)
    findings += (await decisions.verify(db_session))[1]
    head = await accounting.head(db_session)
    if head != (manifest.ledger_entries, manifest.ledger_head):
        findings.append(f"the newest entry is {head[0]}, not {manifest.ledger_entries}, or has another hash")
    totals = await accounting.trial_balance(db_session)
    if totals.debit != totals.credit:
        findings.append("the trial balance does not balance")
    if findings:
        raise UnsoundBooksError(findings)
