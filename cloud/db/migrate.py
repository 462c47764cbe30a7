"""Bring a database to the newest revision. Every process may call it at start; the second one finds nothing to do."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from cloud.db import locks
from cloud.db.database import Database
from cloud.db.locks import Lock

MIGRATIONS: Final = Path(__file__).parent / "migrations"


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
    """Apply every missing migration, in one transaction; of several processes that start together one does it."""
    async with database.write() as db_session:
        await locks.take(db_session, Lock.SCHEMA)
        await (await db_session.connection()).run_sync(upgrade)
