"""The transport over MQTT 3.1.1 with paho-mqtt.

paho's callbacks run in its own thread and an exception there ends that thread silently, so they only hand
over to the event loop. paho's own reconnecting and queueing are off: the outbox is the one queue, and each
connection needs a fresh last will. Source: docs/decisions/0003.
"""

import asyncio
import contextlib
import socket
from typing import Any, Final
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.cloud_link.transport import CannotConnectError, Lost, Received
from protocol.topics import BadTopicError, Channel, Topic, downlink_filter, parse_topic

CONNECT_TIMEOUT_S: Final = 10.0
QOS: Final = {Channel.LIVE: 0}


class MqttTransport:
    """Connects one machine to one broker."""

    def __init__(self, url: str, machine: str, password: str, *, keepalive_s: int = 60) -> None:
        """Use a broker.

        Args:
            url: `mqtt://host:port` or `mqtts://host:port` (TLS with the system's certificates).
            machine: MQTT user name and client id.
            password: the machine's secret.
            keepalive_s: seconds; a dead link is noticed after about twice as long.

        Raises:
            ValueError: the URL is not one of the two forms.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError(f"MQTT_URL {url!r} is not mqtt://host:port or mqtts://host:port")
        self._host = parts.hostname
        self._tls = parts.scheme == "mqtts"
        self._port = parts.port or (8883 if self._tls else 1883)
        self._machine = machine
        self._password = password
        self._keepalive_s = keepalive_s

    async def connect(self, last_will: bytes) -> "MqttConnection":
        """See `Transport`."""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._machine,
            clean_session=True,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        client.username_pw_set(self._machine, self._password)
        client.will_set(str(Topic(self._machine, Channel.STATE)), last_will, qos=1, retain=True)
        client.max_inflight_messages_set(20)
        if self._tls:
            client.tls_set()
        connection = MqttConnection(client, self._machine)
        try:
            await connection.open(self._host, self._port, self._keepalive_s)
        except BaseException:
            await connection.close()
            raise
        return connection


class MqttConnection:
    """One session. Made by `MqttTransport`."""

    def __init__(self, client: mqtt.Client, machine: str) -> None:
        self._client = client
        self._machine = machine
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[Received | Lost] = asyncio.Queue()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._closed = False
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect

    async def open(self, host: str, port: int, keepalive_s: int) -> None:
        """Connect and wait for the subscription to be granted."""
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        try:
            await asyncio.to_thread(self._client.connect, host, port, keepalive_s)
            self._client.loop_start()
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._ready
        except (OSError, ValueError, TimeoutError) as error:
            raise CannotConnectError(f"broker {host}:{port}: {error or 'no answer'}") from error

    def publish(self, channel: Channel, payload: bytes, *, retain: bool = False) -> None:
        """See `Connection`."""
        self._client.publish(str(Topic(self._machine, channel)), payload, qos=QOS.get(channel, 1), retain=retain)

    async def receive(self) -> Received | Lost:
        """See `Connection`."""
        return await self._inbox.get()

    def cut(self) -> None:
        """The wire breaks: no goodbye, so that the broker publishes the last will. For emulated machines and tests."""
        line = self._client.socket()
        if isinstance(line, socket.socket):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        """See `Connection`."""
        if self._closed:
            return
        self._closed = True
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    # --- paho's thread: hand over, nothing else --------------------------------------------------
    def _post(self, item: Received | Lost) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._inbox.put_nowait, item)

    def _settle(self, error: Exception | None) -> None:
        def settle() -> None:
            if self._ready.done():
                return
            if error is None:
                self._ready.set_result(None)
            else:
                self._ready.set_exception(error)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(settle)

    def _on_connect(
        self, client: mqtt.Client, _: Any, __: mqtt.ConnectFlags, code: ReasonCode, ___: Properties | None
    ) -> None:
        if code.is_failure:
            self._settle(CannotConnectError(f"the broker refused {self._machine}: {code}"))
            return
        client.subscribe(downlink_filter(self._machine), qos=1)

    def _on_subscribe(
        self, _: mqtt.Client, __: Any, ___: int, codes: list[ReasonCode], ____: Properties | None
    ) -> None:
        refused = any(code.is_failure for code in codes)
        self._settle(CannotConnectError("the broker refused the subscription") if refused else None)

    def _on_message(self, _: mqtt.Client, __: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = parse_topic(message.topic)
        except BadTopicError:
            return  # not ours to understand; the broker's access list should have kept it away
        self._post(Received(topic.channel, bytes(message.payload)))

    def _on_disconnect(
        self, _: mqtt.Client, __: Any, ___: mqtt.DisconnectFlags, code: ReasonCode, ____: Properties | None
    ) -> None:
        self._settle(CannotConnectError(f"the broker hung up: {code}"))
        self._post(Lost(str(code)))
