"""A tiny cloud behind a bad network, in memory: it commits events, then acknowledges them, and may crash in between.

Not responsible for what events mean. The machine's end of the link is the real one (`edge/cloud_link`).
"""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.cloud_link.transport import CannotConnectError, Connection, Lost, Received
from protocol.envelope import unpack_frame
from protocol.link import Ack, Hello, State
from protocol.topics import Channel
from tools.chaos.record import CloudEnd

DELAY_S: Final = 0.05
WINDOW: Final = 20
REFUSED_SHARE: Final = 2.0
"""Of the loss: connections that cannot be made."""

Reply = Callable[[Channel, bytes], None]


@dataclass(slots=True)
class Weather:
    """How bad the network and the cloud are now: shares from 0 to 1."""

    loss: float = 0.0
    """Messages lost; as many come twice."""
    crash: float = 0.0
    """Frames at which the cloud crashes, before or after its commit; as many break the connection."""


class TinyCloud:
    """Keeps the log of one machine."""

    def __init__(self, weather: Weather, seed: int) -> None:
        self.end = CloudEnd()
        self.weather = weather
        self.chance = random.Random(seed)  # noqa: S311 - must repeat

    def message(self, channel: Channel, payload: bytes, reply: Reply) -> bool:
        """Take a message of the machine; False when it broke the connection."""
        if channel is Channel.STATE:
            state = State.from_bytes(payload)
            if state.online:
                hello = Hello(conn=state.conn, ep=state.ep, upto=len(self.end.log), time_ms=0)
                reply(Channel.HELLO, hello.to_bytes())
            return True
        return self._frame([raw.decode() for raw in unpack_frame(payload)], reply)

    def _frame(self, events: list[str], reply: Reply) -> bool:
        crash = self.chance.random() / self.weather.crash if self.weather.crash else 1.0
        if crash < 0.5:
            return False  # before the commit: the frame is lost
        self.commit(events)
        if crash < 1.0:
            return False  # after the commit: the acknowledgement is lost
        self.acknowledge(events, reply)
        return True

    def commit(self, events: list[str]) -> None:
        """Append what follows on the log; compare what is there already; leave what comes after a hole."""
        log = self.end.log
        for raw in events:
            seq = json.loads(raw)["seq"]
            if seq == len(log) + 1:
                log.append(raw)
            elif seq <= len(log) and log[seq - 1] != raw:
                self.end.forks += 1

    def acknowledge(self, events: list[str], reply: Reply) -> None:
        """Tell how far the log goes."""
        self.send_ack(json.loads(events[0])["ep"], len(self.end.log), reply)

    def send_ack(self, epoch: str, upto: int, reply: Reply) -> None:
        """Send an acknowledgement; noted when it is ahead of the log."""
        self.end.ahead += upto > len(self.end.log)
        reply(Channel.ACK, Ack(ep=epoch, upto=upto, win=WINDOW).to_bytes())


class BadNetwork:
    """A `Transport` to a tiny cloud."""

    def __init__(self, cloud: TinyCloud) -> None:
        self._cloud = cloud

    async def connect(self, last_will: bytes) -> Connection:
        """See `Transport`. The last will changes nothing here."""
        del last_will
        await asyncio.sleep(DELAY_S)
        if self._cloud.chance.random() < self._cloud.weather.loss * REFUSED_SHARE:
            raise CannotConnectError("no broker")
        return _BadConnection(self._cloud)


class _BadConnection:
    def __init__(self, cloud: TinyCloud) -> None:
        self._cloud = cloud
        self._incoming: asyncio.Queue[Received | Lost] = asyncio.Queue()
        self._is_open = True

    def publish(self, channel: Channel, payload: bytes, *, retain: bool = False) -> None:
        """See `Connection`."""
        del retain
        self._carry(lambda: self._arrived(channel, payload))

    async def receive(self) -> Received | Lost:
        """See `Connection`."""
        return await self._incoming.get()

    async def close(self) -> None:
        """See `Connection`."""
        self._is_open = False

    def _arrived(self, channel: Channel, payload: bytes) -> None:
        if self._is_open and not self._cloud.message(channel, payload, self._reply):
            self._is_open = False
            self._incoming.put_nowait(Lost("the cloud is gone"))

    def _reply(self, channel: Channel, payload: bytes) -> None:
        self._carry(lambda: self._incoming.put_nowait(Received(channel, payload)))

    def _carry(self, deliver: Callable[[], None]) -> None:
        """Once, twice or never."""
        luck, loss = self._cloud.chance.random(), self._cloud.weather.loss
        loop = asyncio.get_running_loop()
        for copy in range(0 if luck < loss else 2 if luck < 2 * loss else 1):
            loop.call_later(DELAY_S * (1 + copy * 3), deliver)
