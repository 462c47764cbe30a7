"""The same lock on both brokers: who may connect, and which topics each may use."""

import asyncio
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud.integrations.mqtt import broker
from cloud.integrations.mqtt.access import Direction, may
from cloud.integrations.mqtt.broker import BrokerError, check_fleet_size
from cloud.integrations.mqtt.credentials import (
    BadCredentialsFileError,
    export_if_changed,
    hashed,
    new_secret,
    read_credentials,
)
from cloud.settings import Settings
from protocol.topics import Channel, Topic, downlink_filter

pytestmark = [
    # amqtt 0.12 leaves the sockets of clients it refused to the garbage collector, which complains.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

OTHER = "vm-test-0002"


def topic(machine: Any, channel: Any) -> Any:
    return str(Topic(machine, channel))


async def test_broker_when_a_machine_shows_its_secret_then_it_may_enter(machine_peer: Any) -> None:
    assert await machine_peer.connect()


@pytest.mark.parametrize(
    ("username", "password", "client_id"),
    [
        (None, None, None),
        ("vm-test-0001", "wrong", None),
        ("vm-test-0001", "", None),
        ("vm-test-9999", "machine-secret-of-the-tests-0123456789", None),
        ("cloud", "machine-secret-of-the-tests-0123456789", None),
    ],
)
async def test_broker_when_somebody_shows_no_or_a_wrong_secret_then_the_door_stays_shut(
    new_peer: Callable[..., Any], username: str | None, password: str | None, client_id: str | None
) -> None:
    assert not await new_peer(username, password, client_id).connect()


async def test_broker_when_a_machine_takes_anothers_client_id_then_the_owner_is_not_thrown_out(
    new_peer: Callable[..., Any], machine_peer: Any, machine_id: str
) -> None:
    assert await machine_peer.connect()
    thief = new_peer(OTHER, "other-secret", client_id=machine_id)
    await thief.connect()  # amqtt refuses; mosquitto gives it its own name instead
    assert await machine_peer.subscribe(downlink_filter(machine_id))
    assert machine_peer.client.is_connected()


async def test_broker_when_cloud_and_machine_use_their_own_topics_then_messages_pass(
    cloud_peer: Any, machine_peer: Any, machine_id: str
) -> None:
    assert await cloud_peer.connect()
    assert await machine_peer.connect()
    assert await cloud_peer.subscribe("vm/1/+/+/up/evt")
    assert await machine_peer.subscribe(downlink_filter(machine_id))
    await machine_peer.publish(topic(machine_id, Channel.EVENTS), b"up")
    await cloud_peer.publish(topic(machine_id, Channel.ACK), b"down")
    assert await cloud_peer.next() == (topic(machine_id, Channel.EVENTS), b"up")
    assert await machine_peer.next() == (topic(machine_id, Channel.ACK), b"down")


async def test_broker_when_a_machine_writes_for_another_then_the_cloud_does_not_hear_it(
    cloud_peer: Any, machine_peer: Any, machine_id: str
) -> None:
    assert await cloud_peer.connect()
    assert await machine_peer.connect()
    assert await cloud_peer.subscribe("vm/1/+/+/up/evt")
    await machine_peer.publish(topic(OTHER, Channel.EVENTS), b"forged")
    await machine_peer.publish(topic(machine_id, Channel.EVENTS), b"own")
    assert await cloud_peer.next() == (topic(machine_id, Channel.EVENTS), b"own")


@pytest.mark.parametrize("wanted", [downlink_filter(OTHER), "vm/1/+/+/down/#", "vm/1/+/+/up/#"])
async def test_broker_when_a_machine_listens_to_others_then_nothing_of_theirs_reaches_it(
    cloud_peer: Any, machine_peer: Any, machine_id: str, wanted: str
) -> None:
    assert await cloud_peer.connect()
    assert await machine_peer.connect()
    await machine_peer.subscribe(wanted)
    assert await machine_peer.subscribe(downlink_filter(machine_id))
    await cloud_peer.publish(topic(OTHER, Channel.ACK), b"for the other")
    await cloud_peer.publish(topic(machine_id, Channel.ACK), b"for us")
    assert (await machine_peer.next())[1] == b"for us"


async def test_broker_when_a_machine_is_registered_later_then_it_may_enter_soon(
    running: Settings, new_peer: Callable[..., Any]
) -> None:
    secret = new_secret()
    machines = read_credentials(running.credentials_file) | {"vm-test-0003": hashed(secret)}
    export_if_changed(running.credentials_file, machines)
    async with asyncio.timeout(10):
        while not await new_peer("vm-test-0003", secret).connect():
            await asyncio.sleep(0.2)  # the file is looked at once a second


@pytest.mark.parametrize(
    ("user", "name", "direction", "allowed"),
    [
        ("vm-test-0001", topic("vm-test-0001", Channel.EVENTS), Direction.WRITE, True),
        ("vm-test-0001", topic("vm-test-0001", Channel.EVENTS), Direction.READ, False),
        ("vm-test-0001", topic("vm-test-0001", Channel.ACK), Direction.READ, True),
        ("vm-test-0001", topic("vm-test-0001", Channel.COMMAND), Direction.WRITE, False),
        ("vm-test-0001", topic(OTHER, Channel.EVENTS), Direction.WRITE, False),
        ("vm-test-0001", "#", Direction.READ, False),
        ("vm-test-0001", "vm/#", Direction.READ, False),
        ("vm-test-0001", "vm/1/+/vm-test-0001/down/#", Direction.READ, False),
        ("vm-test-0001", "$SYS/broker/version", Direction.READ, False),
        ("cloud", "vm/1/+/+/up/evt", Direction.READ, True),
        ("cloud", topic(OTHER, Channel.ACK), Direction.WRITE, True),
        ("cloud", topic(OTHER, Channel.EVENTS), Direction.WRITE, False),
    ],
)
def test_may_when_asked_then_everyone_has_their_own_topics_only(
    user: str, name: str, direction: Direction, allowed: bool
) -> None:
    assert may(user, name, direction, cloud_username="cloud") is allowed


RUN_BROKER = """
import sys
from pathlib import Path
from cloud.integrations.mqtt import broker
from cloud.settings import load_settings
broker.run(load_settings(_env_file=None, broker=sys.argv[1], mqtt_url=sys.argv[2], data_dir=Path(sys.argv[3]),
                         mqtt_password="p" * 20, jwt_secret_key="j" * 40, encryption_key="e" * 40))
"""


async def test_broker_when_its_process_is_killed_then_the_port_is_free_for_the_next(
    broker_kind: str, free_port: int, tmp_path: Path
) -> None:
    arguments = (broker_kind, f"mqtt://127.0.0.1:{free_port}", str(tmp_path))
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", RUN_BROKER, *arguments, stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr
        async with asyncio.timeout(20):
            while b"broker ready" not in (line := await process.stderr.readline()):
                assert line, "the broker ended before it was ready"
        process.kill()
        await process.wait()
        async with asyncio.timeout(10):
            while is_open(free_port):
                await asyncio.sleep(0.02)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_fleet_size_when_too_large_for_the_embedded_broker_then_it_refuses() -> None:
    check_fleet_size(500)
    with pytest.raises(BrokerError, match="install mosquitto"):
        check_fleet_size(501)


async def test_serve_when_mosquitto_is_asked_for_and_missing_then_it_says_what_to_do(
    new_settings: Callable[..., Settings],
) -> None:
    with pytest.raises(BrokerError, match="install it or set BROKER=auto"):
        await broker.serve(new_settings(broker="mosquitto"), asyncio.Event(), find=lambda: None)


def test_credentials_when_written_then_they_can_be_read_and_only_by_the_owner(tmp_path: Any) -> None:
    path = tmp_path / "broker" / "credentials.json"
    secret = new_secret()
    assert export_if_changed(path, {"vm-test-0001": hashed(secret)})
    found = read_credentials(path)["vm-test-0001"]
    assert not export_if_changed(path, {"vm-test-0001": found})
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret not in path.read_text()
    assert found.accepts(secret)
    assert not found.accepts(secret + "x")


def test_credentials_when_the_file_is_damaged_then_the_error_names_it(tmp_path: Any) -> None:
    path = tmp_path / "credentials.json"
    path.write_text('{"vm-test-0001": {"sha256": 1')
    with pytest.raises(BadCredentialsFileError, match=r"credentials\.json"):
        read_credentials(path)
