"""The process `vend intake`: MQTT in, stored and committed, then acknowledged. Composition root; understands nothing.

While the database fails, the same batch is tried again and nothing is acknowledged: the machines keep their events.
"""

import asyncio
from typing import Final

import structlog
from sqlalchemy.exc import OperationalError

from cloud.commands.sender import CommandSender
from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade_database
from cloud.integrations.mqtt.client import Connected, Disconnected, LinkEvent, MqttClient, Subscribed
from cloud.integrations.mqtt.credentials import export_if_changed
from cloud.integrations.mqtt.mailbox import Mailbox
from cloud.machines import service as machines
from cloud.machines.receiver import Inbound, Outbound, Receiver
from cloud.settings import Settings
from protocol.kit.logs import setup_logging
from protocol.kit.process import run_process, run_together
from protocol.topics import uplink_filters

log = structlog.get_logger()

MESSAGES_PER_BATCH: Final = 500
"""One commit holds at most so many messages (a message may hold 50 events)."""

HOUSEKEEPING_S: Final = 1.0
COMMANDS_S: Final = 0.2
"""How often new commands are looked for: somebody may stand before the machine and wait."""

RETRY_S: Final = (0.05, 0.2, 0.5, 1.0)
"""Waits between attempts to store a batch; the last one repeats."""


class Intake:
    """Owns the mailbox, the receiver and the client; one batch at a time."""

    def __init__(self, database: Database, mailbox: Mailbox[LinkEvent], client: MqttClient) -> None:
        self._mailbox = mailbox
        self._client = client
        self._receiver = Receiver(database)
        self._sender = CommandSender(database)
        self._busy = asyncio.Lock()
        self.subscribed = asyncio.Event()
        """Set from the first granted subscription on."""

    async def take_in(self) -> None:
        """Store and answer what arrives, for ever."""
        while True:
            batch = await self._mailbox.take(MESSAGES_PER_BATCH)
            messages = [item for item in batch if isinstance(item, Inbound)]
            for item in batch:
                if not isinstance(item, Inbound):
                    await self._note(item)
            if messages:
                self._publish(await self._stored(messages))

    async def _stored(self, messages: list[Inbound]) -> list[Outbound]:
        attempt = 0
        while True:
            try:
                async with self._busy:
                    return await self._receiver.handle(messages)
            except OperationalError as error:
                wait_s = RETRY_S[min(attempt, len(RETRY_S) - 1)]
                attempt += 1
                log.warning("batch not stored, trying again", attempt=attempt, wait_s=wait_s, reason=str(error.orig))
                await asyncio.sleep(wait_s)

    def _publish(self, replies: list[Outbound]) -> None:
        for reply in replies:
            self._client.publish(reply)

    async def _note(self, item: Connected | Subscribed | Disconnected) -> None:
        if isinstance(item, Connected):
            if item.refused:
                log.error("broker refuses the cloud; check MQTT_USERNAME and MQTT_PASSWORD", reason=item.refused)
                return
            async with self._busy:
                await self._receiver.connected()
            log.info("connected to the broker")
        elif isinstance(item, Subscribed):
            if not item.granted:
                raise RuntimeError("the broker does not grant the cloud its subscriptions; check its access list")
            if not self.subscribed.is_set():
                log.info("intake ready")
            self.subscribed.set()
        else:
            log.warning("connection to the broker ended, reconnecting", reason=item.why)

    async def keep_house(self) -> None:
        """Every second: new settings documents go out, and the network thread must be alive."""
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)
            if not self._client.is_thread_alive():
                raise RuntimeError("the MQTT network thread has died")
            async with self._busy:
                wants = await self._receiver.new_wants()
            self._publish(wants)

    async def send_commands(self) -> None:
        """A few times a second: commands go out to machines that are online, overdue ones end."""
        while True:
            await asyncio.sleep(COMMANDS_S)
            try:
                async with self._busy:
                    commands = await self._sender.new_commands()
            except OperationalError as error:
                log.warning("commands not sent, trying again", reason=str(error.orig))
                continue
            self._publish(commands)


async def keep_credentials(database: Database, settings: Settings) -> None:
    """Export the machines' broker credentials whenever they change."""
    while True:
        async with database.read() as db_session:
            credentials = await machines.broker_credentials(db_session)
        await asyncio.to_thread(export_if_changed, settings.credentials_file, credentials)
        await asyncio.sleep(HOUSEKEEPING_S)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run the intake until `stop` is set."""
    database = open_database(settings.database_url)
    await upgrade_database(database)
    mailbox: Mailbox[LinkEvent] = Mailbox()
    client = MqttClient(
        mailbox,
        username=settings.mqtt_username,
        password=settings.mqtt_password.get_secret_value(),
        filters=uplink_filters(),
    )
    intake = Intake(database, mailbox, client)
    client.start(*settings.mqtt_address)
    try:
        await run_together(
            stop,
            take_in=intake.take_in(),
            keep_house=intake.keep_house(),
            send_commands=intake.send_commands(),
            credentials=keep_credentials(database, settings),
        )
    finally:
        await asyncio.to_thread(client.stop)
        await database.close()


def run(settings: Settings) -> None:
    """The process: logs `intake ready` once, ends cleanly on SIGTERM and SIGINT, loudly when a task dies."""
    setup_logging(settings.secrets(), log_format=settings.log_format, debug=settings.debug)
    run_process("intake", lambda stop: serve(settings, stop))
