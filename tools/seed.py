"""Put the demo's data into the cloud's database. Running it again changes nothing."""

import asyncio
from pathlib import Path

from cloud.db.database import open_database
from cloud.db.migrate import upgrade_database
from cloud.integrations.mqtt.credentials import export_if_changed
from cloud.machines import service as machines
from cloud.seed import seed_demo
from cloud.settings import load_settings
from edge.settings import load_settings as load_machine_settings


async def seed(database_url: str, credentials_file: Path, machine: str, secret: str) -> None:
    """Migrate the database, seed it in one transaction, and tell the broker who may connect."""
    database = open_database(database_url)
    try:
        await upgrade_database(database)
        async with database.write() as db_session:
            await seed_demo(db_session, machine, secret)
            credentials = await machines.broker_credentials(db_session)
        export_if_changed(credentials_file, credentials)  # so that the broker knows the machine from the start
    finally:
        await database.close()


def run() -> None:
    """Seed what the environment names: DATABASE_URL, MACHINE_ID, MACHINE_SECRET."""
    machine = load_machine_settings()
    settings = load_settings()
    secret = machine.machine_secret.get_secret_value()
    asyncio.run(seed(settings.database_url, settings.credentials_file, machine.machine_id, secret))
