"""Keep the machine connected and its outbox moving. Selling never waits for this.

Each connection: birth → hello → events in a window → acknowledgements, until something breaks; then a pause
with full jitter and again. Not responsible for what events mean nor for MQTT itself (`mqtt.py`).
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from typing import Final

import structlog
from pydantic import ValidationError

from edge.cloud_link.commands import read_command
from edge.cloud_link.transport import CannotConnectError, Connection, Lost, Received, Transport
from edge.cloud_link.window import Window, cut_frame
from edge.store.store import Store
from edge.vend.inputs import Input, SettingsRefused
from protocol.commands import Command
from protocol.desired import DOCUMENTS, Document, Planogram
from protocol.envelope import pack_frame
from protocol.link import Ack, Hello, State, Want
from protocol.messages import BadMessageError, summary
from protocol.topics import Channel

TICK_S: Final = 0.5
"""How often time-outs are looked at."""
BIRTH_AGAIN_S: Final = 3.0
MAX_BIRTHS: Final = 5
"""Births without a hello after which the connection is doubted (about 90 s)."""
BACKOFF_S: Final = (1.0, 60.0)

_log = structlog.get_logger(__name__)


class LinkDoubtedError(ConnectionError):
    """The connection is open but nothing useful comes back: better to start over."""


class CloudLink:
    """The machine's end of the link. `wake` it after new events; `run` it until cancelled."""

    def __init__(
        self,
        store: Store,
        transport: Transport,
        *,
        software: str,
        applied: Callable[[], dict[str, int]],
        on_planogram: Callable[[Planogram], None],
        apply: Callable[[Input], object],
        seed: int | None = None,
    ) -> None:
        """Wire it up.

        Args:
            store: its outbox is sent.
            transport: makes connections.
            software: version, for the birth.
            applied: settings document name to revision in force, asked at each birth.
            on_planogram: called with a valid planogram from the cloud.
            apply: called with what the vend must know: a document that cannot be used, a command.
            seed: of the back-off jitter; None draws one.
        """
        self.store = store
        self._transport = transport
        self._software = software
        self._applied = applied
        self._on_planogram = on_planogram
        self.apply = apply
        self._on_document: Callable[[str, Document], None] | None = None
        self._random = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self.outbox_grew = asyncio.Event()
        self._listeners: list[Callable[[bool], None]] = []
        self.is_online = False
        """The cloud answered this connection's birth."""
        self.heard_at: float | None = None
        """When it last acknowledged something, seconds of the running loop; None before."""

    def wake(self) -> None:
        """There may be new events."""
        self.outbox_grew.set()

    def on_change(self, listener: Callable[[bool], None]) -> None:
        """Call `listener(is_online)` whenever that changes."""
        self._listeners.append(listener)

    def take_documents(self, taker: Callable[[str, Document], None]) -> None:
        """Call `taker(name, document)` with every valid document that is no planogram: staff, pick list.

        Without a taker they are let go, as those of kinds from the future are.
        """
        self._on_document = taker

    async def run(self) -> None:
        """Connect, and reconnect for ever."""
        attempt = 0
        while True:
            try:
                await self._session()
            except (CannotConnectError, LinkDoubtedError) as error:
                _log.warning("link down", why=str(error), attempt=attempt, unsent=self._unsent)
            attempt = 0 if self.is_online else attempt + 1
            self.set_online(online=False)
            low, high = BACKOFF_S
            await asyncio.sleep(0.1 + self.jitter(min(high, low * 2**attempt)))

    def jitter(self, up_to_s: float) -> float:
        """A random part of so many seconds, so that a fleet does not do everything at once."""
        return self._random.uniform(0, up_to_s)

    @property
    def _unsent(self) -> int:
        return self.store.last_seq - self.store.acknowledged

    def set_online(self, *, online: bool) -> None:
        """Remember, and tell who listens when it is news."""
        if online == self.is_online:
            return
        self.is_online = online
        for listener in self._listeners:
            listener(online)

    # --- one connection --------------------------------------------------------------------------
    async def _session(self) -> None:
        conn = secrets.token_hex(8)
        connection = await self._transport.connect(self.state_message(conn, online=False).to_bytes())
        try:
            await Session(self, connection, conn).run()
        finally:
            await connection.close()

    def state_message(self, conn: str, *, online: bool) -> State:
        """The birth (online) or the last will of a connection."""
        return State(
            online=online,
            conn=conn,
            ep=self.store.epoch,
            boot=self.store.boot_number,
            last_seq=self.store.last_seq,
            applied=self._applied(),
            software=self._software,
        )

    def take_settings(self, want: Want) -> None:
        """A settings document: check it here, apply it when the customer has gone."""
        model = DOCUMENTS.get(want.name)
        if model is None or (model is not Planogram and self._on_document is None):
            _log.info("settings document of a kind from the future", name=want.name, rev=want.rev)
            return
        try:
            document = model.model_validate(want.doc)
        except ValidationError as error:
            self.apply(SettingsRefused(want.name, want.rev, summary(error)))
            return
        if document.rev != want.rev:
            self.apply(SettingsRefused(want.name, want.rev, f"the document says revision {document.rev}"))
        elif isinstance(document, Planogram):
            self._on_planogram(document)
        elif self._on_document is not None:
            self._on_document(want.name, document)


class Session:
    """One connection's conversation."""

    def __init__(self, link: CloudLink, connection: Connection, conn: str) -> None:
        self._link = link
        self._store = link.store
        self._connection = connection
        self._conn = conn
        self._window = Window()
        self._births = 0
        self._next_birth = 0.0
        self._greeted = False
        self._cloud_ahead_ms = 0.0
        """Clock of the cloud less our monotonic one, at its hello."""

    async def run(self) -> None:
        """Talk until the connection is lost.

        Raises:
            LinkDoubtedError: lost, or no answer for too long.
        """
        loop = asyncio.get_running_loop()
        incoming = loop.create_task(self._connection.receive())
        try:
            while True:
                self._work(loop.time())
                grown = loop.create_task(self._link.outbox_grew.wait())
                try:
                    await asyncio.wait({incoming, grown}, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    grown.cancel()
                self._link.outbox_grew.clear()
                if incoming.done():
                    self._take(incoming.result(), loop.time())
                    incoming = loop.create_task(self._connection.receive())
        finally:
            incoming.cancel()

    def _work(self, now: float) -> None:
        """Whatever is due: a birth, a time-out, frames."""
        if not self._greeted:
            if now >= self._next_birth:
                self._birth(now)
            return
        if not self._window.check(now):
            raise LinkDoubtedError("no acknowledgement for three rounds")
        while (todo := self._window.next_after(self._store.last_seq, now)) is not None:
            events = cut_frame(self._store.read_events(*todo))
            if not events:
                return
            self._connection.publish(Channel.EVENTS, pack_frame([body for _, body in events]))
            self._window.frame_sent(events[-1][0], now)

    def _birth(self, now: float) -> None:
        if self._births >= MAX_BIRTHS:
            raise LinkDoubtedError("the cloud does not answer the birth")
        state = self._link.state_message(self._conn, online=True)
        self._connection.publish(Channel.STATE, state.to_bytes(), retain=True)
        self._next_birth = now + BIRTH_AGAIN_S * 2**self._births
        self._births += 1

    def _take(self, item: Received | Lost, now: float) -> None:
        if isinstance(item, Lost):
            raise LinkDoubtedError(f"lost: {item.why}")
        try:
            self._message(item, now)
        except BadMessageError as error:
            _log.warning("message from the cloud cannot be read", channel=item.channel.value, why=str(error))

    def _message(self, item: Received, now: float) -> None:
        match item.channel:
            case Channel.HELLO:
                self._hello(Hello.from_bytes(item.payload), now)
            case Channel.ACK:
                ack = Ack.from_bytes(item.payload)
                if self._greeted and ack.ep == self._store.epoch and ack.upto <= self._store.last_seq:
                    self._window.acked(ack, now)
                    self._store.acknowledge(ack.upto)
                    self._link.heard_at = now
            case Channel.WANT:
                self._link.take_settings(Want.from_bytes(item.payload))
            case Channel.COMMAND:
                self._command(Command.from_bytes(item.payload), now)
            case _:
                _log.info("nothing to do with this channel yet", channel=item.channel.value)

    def _hello(self, hello: Hello, now: float) -> None:
        if self._greeted or hello.conn != self._conn or hello.ep != self._store.epoch:
            return  # said before, or meant for another connection or store
        if hello.upto > self._store.last_seq:
            _log.error("the cloud knows events this store never wrote", cloud=hello.upto, here=self._store.last_seq)
            return
        self._store.acknowledge(hello.upto)
        self._link.heard_at = now
        self._cloud_ahead_ms = hello.time_ms - now * 1000
        backlog = self._store.last_seq - hello.upto
        spread = self._link.jitter(hello.spread_s) if backlog else 0.0
        self._window.greeted(hello, now, spread)
        self._greeted = True
        self._link.set_online(online=True)
        _log.info("link up", cloud_has=hello.upto, backlog=backlog)

    def _command(self, command: Command, now: float) -> None:
        if not self._greeted or command.conn != self._conn:
            _log.warning("command of another connection ignored", command=command.id, kind=command.kind)
            return
        left_ms = command.issued_ms + command.ttl_ms - round(self._cloud_ahead_ms + now * 1000)
        self._link.apply(read_command(command, left_ms))
