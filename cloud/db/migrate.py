"""Bring a database to the newest revision. Every process may call it at start; the second one finds nothing to do."""

import asyncio
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from cloud.db import locks
from cloud.db.database import Database
from cloud.db.locks import Lock

MIGRATIONS: Final = Path(__file__).parent / "migrations"
PATIENCE_S: Final = 120.0
"""A slow computer may need so long for all migrations while other processes wait."""
LOCK_NOT_AVAILABLE: Final = "55P03"
"""PostgreSQL, appendix A."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without an ini file.

    Args:
        connection: what `migrations/env.py` shall use; it is handed over as is, in its transaction.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Apply migrations up to `revision`, in the connection's transaction.

    Raises:
        alembic.util.CommandError: there is no such revision.
    """
    command.upgrade(alembic_config(connection), revision)


async def upgrade_database(database: Database) -> None:
    """Apply every missing migration, in one transaction; of several processes that start together one does it.

    Raises:
        sqlalchemy.exc.OperationalError: it failed, or somebody else kept the database for `PATIENCE_S`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_S
    while True:
        try:
            async with database.write() as db_session:
                await locks.take(db_session, Lock.SCHEMA)
                await (await db_session.connection()).run_sync(upgrade)
        except OperationalError as error:
            if not _is_busy(error) or loop.time() >= deadline:
                raise
        else:
            return


def _is_busy(error: OperationalError) -> bool:
    """Another process held the lock for longer than one statement waits."""
    is_sqlite_busy = str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_BUSY")
    return is_sqlite_busy or getattr(error.orig, "sqlstate", "") == LOCK_NOT_AVAILABLE
