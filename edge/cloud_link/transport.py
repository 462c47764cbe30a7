"""What the link needs of a message broker connection."""

from dataclasses import dataclass
from typing import Protocol

from protocol.topics import Channel


@dataclass(frozen=True, slots=True)
class Received:
    """A message for this machine."""

    channel: Channel
    payload: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone; nothing more will come."""

    why: str


class CannotConnectError(ConnectionError):
    """No connection could be made: no broker, or wrong credentials. Trying again later is safe."""


class Connection(Protocol):
    """One connected, subscribed session. Never reconnects by itself."""

    def publish(self, channel: Channel, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message to the broker. Delivery is not promised: only an application ack is a receipt."""
        ...

    async def receive(self) -> Received | Lost:
        """The next thing that happened."""
        ...

    async def close(self) -> None:
        """Disconnect. Safe to call twice."""
        ...


class Transport(Protocol):
    """Makes connections."""

    async def connect(self, last_will: bytes) -> Connection:
        """Connect and subscribe.

        Args:
            last_will: what the broker publishes (retained) on the state channel when this session breaks.

        Raises:
            CannotConnectError: refused, unreachable or timed out.
        """
        ...
