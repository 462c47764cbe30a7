"""The intake's MQTT 3.1.1 client: callbacks only enqueue, the event loop owns everything else.

paho's network thread ends silently when a callback raises, so nothing here raises, and the owner asks
`is_thread_alive` now and then. Source: MQTT 3.1.1; paho-mqtt 2.2.
"""

import random
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from cloud.integrations.mqtt.mailbox import Mailbox
from cloud.machines.receiver import Inbound, Outbound

log = structlog.get_logger()

KEEPALIVE_S: Final = 15


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker answered a connect. `refused` is empty when it let us in."""

    refused: str = ""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker answered our subscriptions."""

    granted: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection ended; paho tries again by itself."""

    why: str


LinkEvent = Inbound | Connected | Subscribed | Disconnected


class MqttClient:
    """A connection that keeps itself up. Everything it notices goes into the mailbox."""

    def __init__(self, mailbox: Mailbox[LinkEvent], *, username: str, password: str, filters: list[str]) -> None:
        self._mailbox = mailbox
        self._filters = filters
        # The broker wants the client id to equal the user name.
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=username, clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
        )
        client.username_pw_set(username, password)
        client.reconnect_delay_set(min_delay=1, max_delay=random.randint(4, 8))  # noqa: S311 - jitter, not a secret
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client

    def start(self, host: str, port: int) -> None:
        """Connect in the background, again and again until it works."""
        self._client.connect_async(host, port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, message: Outbound) -> None:
        """Send, or drop when there is no connection: everything sent here is repeated by protocol when it matters."""
        if self._client.is_connected():
            self._client.publish(message.topic, message.payload, qos=message.qos)

    def is_thread_alive(self) -> bool:
        """Whether paho's network thread still runs; without it nothing will ever arrive again."""
        thread = self._client._thread  # noqa: SLF001 - paho has no public way to ask
        return thread is not None and thread.is_alive()

    def stop(self) -> None:
        """Disconnect and end the network thread."""
        self._mailbox.close()
        self._client.disconnect()
        self._client.loop_stop()

    # --- paho's thread: enqueue, nothing else ------------------------------------------------------

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _props: Any) -> None:
        if reason.is_failure:
            self._mailbox.put(Connected(refused=str(reason)))
            return
        client.subscribe([(name, 1) for name in self._filters])
        self._mailbox.put(Connected())

    def _on_subscribe(self, _client: paho.Client, _data: Any, _mid: int, reasons: Any, _props: Any) -> None:
        self._mailbox.put(Subscribed(granted=not any(reason.is_failure for reason in reasons)))

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _props: Any) -> None:
        self._mailbox.put(Disconnected(str(reason)))

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(not UTF-8)"
        self._mailbox.put(Inbound(topic, bytes(message.payload)))
