"""Put the demo's data into the cloud's database. Running it again changes nothing."""

import asyncio
import os
from pathlib import Path
from typing import NamedTuple

from cloud.db.database import open_database
from cloud.db.migrate import upgrade_database
from cloud.identity import service as identity
from cloud.identity.service import NewPassword
from cloud.integrations.mqtt.credentials import export_if_changed
from cloud.machines import service as machines
from cloud.seed import seed_demo, seed_staff
from cloud.settings import load_settings
from edge.settings import load_settings as load_machine_settings


class Staff(NamedTuple):
    """The demo's people, and the owner, who must be there before anybody else is."""

    owner: str
    password: NewPassword
    pins: list[str]


async def seed(
    database_url: str, credentials_file: Path, machine: str, secret: str, staff: Staff | None = None
) -> None:
    """Migrate the database, seed it in one transaction, and tell the broker who may connect."""
    database = open_database(database_url)
    try:
        await upgrade_database(database)
        async with database.write() as db_session:
            await seed_demo(db_session, machine, secret)
            if staff is not None:
                await identity.ensure_first_user(db_session, staff.owner, staff.password)
                await seed_staff(db_session, staff.pins)
            credentials = await machines.broker_credentials(db_session)
        export_if_changed(credentials_file, credentials)  # so that the broker knows the machine from the start
    finally:
        await database.close()


async def _run() -> None:
    machine = load_machine_settings()
    settings = load_settings()
    secret = machine.machine_secret.get_secret_value()
    pins = os.environ.get("DEMO_STAFF_PINS", "")
    staff = None
    if pins and settings.operator_email and settings.operator_password:
        password = await identity.new_password(settings.operator_password.get_secret_value())
        staff = Staff(settings.operator_email, password, pins.split(","))
    await seed(settings.database_url, settings.credentials_file, machine.machine_id, secret, staff)


def run() -> None:
    """Seed what the environment names: DATABASE_URL, MACHINE_ID, MACHINE_SECRET.

    With DEMO_STAFF_PINS (the demo sets it) two people who may begin visits, too, after the first owner.
    """
    asyncio.run(_run())
