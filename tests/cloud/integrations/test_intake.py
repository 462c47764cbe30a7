"""The intake with a real broker of each kind: what a machine sees of the cloud."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from cloud import intake, worker
from cloud.commands import rules
from cloud.commands import service as commands
from cloud.commands.service import Order, Request
from cloud.db.database import Database
from cloud.integrations.mqtt import broker
from cloud.kit.clock import system_clock
from cloud.machines import service
from cloud.sales import service as sales
from cloud.settings import Settings
from protocol.commands import Command
from protocol.envelope import pack_frame
from protocol.link import Ack, Hello, State, Want
from protocol.topics import Channel, Topic, downlink_filter

pytestmark = [
    # amqtt 0.12 leaves the sockets of clients it refused to the garbage collector, which complains.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

CONN = "0123456789abcdef"
PATIENCE_S = 10.0


@pytest.fixture
async def machine(running: Settings, seeded: Database, machine_peer: Any, machine_id: str) -> Any:
    assert await machine_peer.connect()
    assert await machine_peer.subscribe(downlink_filter(machine_id))
    return machine_peer


def state_topic(machine_id: str) -> Any:
    return str(Topic(machine_id, Channel.STATE))


def birth(script: Any) -> Any:
    return State(online=True, conn=CONN, ep=script.epoch, boot=1).to_bytes()


async def next_on(peer: Any, channel: Any) -> Any:
    while True:
        topic, payload = await peer.next()
        if topic.endswith(f"/{channel}"):
            return payload


async def test_intake_when_a_machine_is_born_and_sells_then_it_is_greeted_and_acknowledged(
    machine: Any, running: Settings, in_background: Any, script: Any, machine_id: str
) -> None:
    async with in_background(intake.serve, running):
        await machine.publish(state_topic(machine_id), birth(script), retain=True)
        assert Hello.from_bytes(await next_on(machine, Channel.HELLO)).conn == CONN
        assert Want.from_bytes(await next_on(machine, Channel.WANT)).rev == 1
        script.sale()
        await machine.publish(script.topic, pack_frame(script.events))
        assert Ack.from_bytes(await next_on(machine, Channel.ACK)).upto == 4


async def test_intake_when_garbage_arrives_first_then_the_next_event_is_still_acknowledged(
    machine: Any, running: Settings, seeded: Database, in_background: Any, script: Any, machine_id: str
) -> None:
    async with in_background(intake.serve, running):
        await machine.publish(state_topic(machine_id), birth(script), retain=True)
        await next_on(machine, Channel.HELLO)
        await machine.publish(script.topic, b"{not json")
        await machine.publish(state_topic(machine_id), b"\xff\xfe")
        script.restock()
        await machine.publish(script.topic, script.events[0])
        assert Ack.from_bytes(await next_on(machine, Channel.ACK)).upto == 1
    async with seeded.read() as db_session:
        rows = await service.quarantined(db_session, 10)
    assert sorted(row.category for row in rows) == ["malformed", "malformed"]


async def test_intake_when_it_is_restarted_then_the_retained_birth_is_answered_again(
    machine: Any, running: Settings, in_background: Any, script: Any, machine_id: str
) -> None:
    await machine.publish(state_topic(machine_id), birth(script), retain=True)
    for _ in range(2):
        async with in_background(intake.serve, running):
            assert Hello.from_bytes(await next_on(machine, Channel.HELLO)).conn == CONN


async def test_intake_when_a_command_is_issued_then_the_machine_has_it_at_once_and_after_a_birth_again(
    machine: Any, running: Settings, seeded: Database, in_background: Any, script: Any, machine_id: str
) -> None:
    build = partial(rules.paid_vend, slot="A1", payment="pay-1")
    request = Request(machine_id, "op@example.com", 60_000)
    async with in_background(intake.serve, running):
        await machine.publish(script.birth().topic, script.birth().payload, retain=True)
        await next_on(machine, Channel.HELLO)
        async with seeded.write() as db_session:
            order = Order("vend.paid", build, is_urgent=True)
            issued = await commands.issue(db_session, request, order, now_ms=system_clock())
        first = Command.from_bytes(await next_on(machine, Channel.COMMAND))
        again = script.birth("fedcba9876543210")
        await machine.publish(again.topic, again.payload, retain=True)
        assert Hello.from_bytes(await next_on(machine, Channel.HELLO)).conn == "fedcba9876543210"
        second = Command.from_bytes(await next_on(machine, Channel.COMMAND))
    assert (first.id, first.n, first.conn) == (issued.id, 1, CONN)
    assert (second.id, second.n, second.conn) == (issued.id, 1, "fedcba9876543210")


async def test_worker_when_it_runs_beside_the_intake_then_a_sale_on_the_wire_becomes_a_row(
    machine: Any, running: Settings, seeded: Database, in_background: Any, script: Any, machine_id: str
) -> None:
    script.sale()
    async with in_background(intake.serve, running), in_background(worker.serve, running):
        await machine.publish(state_topic(machine_id), birth(script), retain=True)
        await next_on(machine, Channel.HELLO)
        await machine.publish(script.topic, pack_frame(script.events))
        async with asyncio.timeout(PATIENCE_S):
            rows = []
            while not rows:
                await asyncio.sleep(0.02)
                async with seeded.read() as db_session:
                    rows = await sales.listing(db_session, limit=5)
    assert [row.gross_minor for row in rows] == [160]


async def test_intake_when_the_broker_starts_later_then_it_connects_by_itself(
    new_settings: Callable[..., Settings], free_port: int, seeded: Database, in_background: Any, broker_kind: str
) -> None:
    settings = new_settings(broker=broker_kind, mqtt_url=f"mqtt://127.0.0.1:{free_port}")
    async with in_background(intake.serve, settings), in_background(broker.serve, settings):
        async with asyncio.timeout(PATIENCE_S):
            while not settings.credentials_file.exists():
                await asyncio.sleep(0.02)
