"""Real brokers in the test's own loop, and a peer that speaks MQTT to them."""

import asyncio
import contextlib
import gc
import queue
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from cloud.integrations.mqtt import broker
from cloud.integrations.mqtt.credentials import export_if_changed, hashed
from cloud.settings import Settings

PATIENCE_S = 10.0


class Peer:
    """A client; its callbacks only enqueue."""

    def __init__(self, port: int, username: str | None, password: str | None, client_id: str | None = None) -> None:
        self.received: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._connects: queue.Queue[Any] = queue.Queue()
        self._subscribes: queue.Queue[Any] = queue.Queue()
        self._port = port
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id or username or "nobody")
        if username is not None:
            self.client.username_pw_set(username, password)
        self.client.on_connect = lambda _c, _u, _f, reason, _p: self._connects.put(reason)
        self.client.on_subscribe = lambda _c, _u, _m, reasons, _p: self._subscribes.put(reasons)
        self.client.on_message = lambda _c, _u, message: self.received.put((message.topic, message.payload))

    async def connect(self) -> bool:
        """Whether the broker lets us in."""
        self.client.connect_async("127.0.0.1", self._port)
        self.client.loop_start()
        reason = await asyncio.to_thread(self._connects.get, True, PATIENCE_S)
        return not reason.is_failure

    async def subscribe(self, topic: str) -> bool:
        """Whether the broker grants it (mosquitto grants more than it delivers)."""
        self.client.subscribe(topic, 1)
        (reason,) = await asyncio.to_thread(self._subscribes.get, True, PATIENCE_S)
        return not reason.is_failure

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send and wait until the broker has it."""
        info = self.client.publish(topic, payload, qos=1, retain=retain)
        await asyncio.to_thread(info.wait_for_publish, PATIENCE_S)

    async def next(self) -> tuple[str, bytes]:
        """The next message that was delivered to us."""
        return await asyncio.to_thread(self.received.get, True, PATIENCE_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def background(serve: Callable[[Settings, asyncio.Event], Any], settings: Settings) -> AsyncIterator[None]:
    """Run a process's `serve` beside the test, and end it cleanly."""
    stop = asyncio.Event()
    task = asyncio.create_task(serve(settings, stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, PATIENCE_S)


@pytest.fixture
def in_background() -> Any:
    return background


@pytest.fixture(params=["amqtt", "mosquitto"])
def broker_kind(request: pytest.FixtureRequest) -> str:
    if request.param == "mosquitto" and broker.find_mosquitto() is None:
        pytest.fail("mosquitto is not installed: sudo apt-get install mosquitto")
    return str(request.param)


@pytest.fixture
async def running(
    broker_kind: str, new_settings: Callable[..., Settings], free_port: int, machine_id: str, machine_secret: str
) -> AsyncIterator[Settings]:
    settings = new_settings(broker=broker_kind, mqtt_url=f"mqtt://127.0.0.1:{free_port}")
    machines = {machine_id: hashed(machine_secret), "vm-test-0002": hashed("other-secret")}
    export_if_changed(settings.credentials_file, machines)
    async with background(broker.serve, settings):
        await _until_open(free_port)
        yield settings
    gc.collect()  # amqtt leaves the sockets of refused clients to the collector: let it be this test's collector


async def _until_open(port: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return


@pytest.fixture
async def new_peer(running: Settings) -> AsyncIterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def make(username: str | None, password: str | None, client_id: str | None = None) -> Peer:
        peers.append(Peer(running.mqtt_address[1], username, password, client_id))
        return peers[-1]

    yield make
    for peer in peers:
        await asyncio.to_thread(peer.close)


@pytest.fixture
def cloud_peer(new_peer: Callable[..., Peer], running: Settings) -> Peer:
    return new_peer(running.mqtt_username, running.mqtt_password.get_secret_value())


@pytest.fixture
def machine_peer(new_peer: Callable[..., Peer], machine_id: str, machine_secret: str) -> Peer:
    return new_peer(machine_id, machine_secret)
