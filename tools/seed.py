"""Put the demo's data into the cloud's database. Running it again changes nothing."""

import asyncio

from cloud.db.database import open_database
from cloud.db.migrate import upgrade_database
from cloud.seed import seed_demo
from cloud.settings import load_settings
from edge.settings import load_settings as load_machine_settings


async def seed(database_url: str, machine: str, secret: str) -> None:
    """Migrate the database and seed it, in one transaction."""
    database = open_database(database_url)
    try:
        await upgrade_database(database)
        async with database.write() as db_session:
            await seed_demo(db_session, machine, secret)
    finally:
        await database.close()


def run() -> None:
    """Seed what the environment names: DATABASE_URL, MACHINE_ID, MACHINE_SECRET."""
    machine = load_machine_settings()
    asyncio.run(seed(load_settings().database_url, machine.machine_id, machine.machine_secret.get_secret_value()))
