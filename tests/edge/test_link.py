"""The machine's end of the link, against a cloud that loses, repeats and garbles things on purpose."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edge.clock import LoopClock
from edge.cloud_link.link import CloudLink
from edge.cloud_link.transport import CannotConnectError, Lost, Received
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import MachineState
from protocol.commands import Command
from protocol.desired import Document, Planogram, RestockList, StaffList
from protocol.envelope import Envelope, unpack_frame
from protocol.events import DoorOpened
from protocol.link import Ack, Hello, State, Want
from protocol.topics import Channel

MACHINE = "vm-test-0001"


class FakeConnection:
    """One session as the broker would carry it."""

    def __init__(self, cloud: "FakeCloud") -> None:
        self.cloud = cloud
        self.inbox: asyncio.Queue[Received | Lost] = asyncio.Queue()

    def publish(self, channel: Channel, payload: bytes, *, retain: bool = False) -> None:
        self.cloud.hear(self, channel, payload)

    async def receive(self) -> Received | Lost:
        return await self.inbox.get()

    async def close(self) -> None:
        self.cloud.closed += 1

    def say(self, channel: Channel, payload: bytes) -> None:
        self.inbox.put_nowait(Received(channel, payload))


class FakeCloud:
    """Stores events and acknowledges them, when it feels like it."""

    def __init__(self) -> None:
        self.stored: dict[int, bytes] = {}
        self.arrivals: list[int] = []
        self.births: list[State] = []
        self.is_reachable = True
        self.greets = self.acks = True
        self.planogram: Planogram | None = None
        self.connections: list[FakeConnection] = []
        self.closed = 0

    async def connect(self, last_will: bytes) -> FakeConnection:
        assert not State.from_bytes(last_will).online
        if not self.is_reachable:
            raise CannotConnectError("no broker")
        self.connections.append(FakeConnection(self))
        return self.connections[-1]

    @property
    def upto(self) -> int:
        return next(n for n in range(len(self.stored) + 1) if n + 1 not in self.stored)

    def hear(self, connection: FakeConnection, channel: Channel, payload: bytes) -> None:
        if channel is Channel.STATE:
            birth = State.from_bytes(payload)
            self.births.append(birth)
            if self.greets:
                hello = Hello(conn=birth.conn, ep=birth.ep, upto=self.upto, time_ms=0)
                connection.say(Channel.HELLO, hello.to_bytes())
        if channel is Channel.EVENTS:
            for body in unpack_frame(payload):
                event = Envelope.from_bytes(body)
                self.arrivals.append(event.seq)
                if self.acks:
                    self.stored[event.seq] = body
                    connection.say(Channel.ACK, Ack(ep=event.ep, upto=self.upto).to_bytes())


class Setup:
    def __init__(self, store: Store, cloud: FakeCloud) -> None:
        self.store, self.cloud = store, cloud
        self.planograms: list[Planogram] = []
        self.documents: list[tuple[str, Document]] = []
        self.inputs: list[i.Input] = []
        self.link = CloudLink(
            store,
            cloud,
            software="test",
            applied=lambda: {"planogram": 1},
            on_planogram=self.planograms.append,
            apply=self.inputs.append,
            seed=1,
        )
        self.link.take_documents(lambda name, document: self.documents.append((name, document)))

    def record(self, count: int) -> None:
        self.store.commit(i.Clear(), MachineState(), [DoorOpened()] * count)
        self.link.wake()

    async def until(self, *, acknowledged: int, limit_s: float = 600) -> None:
        async with asyncio.timeout(limit_s):
            while self.store.acknowledged < acknowledged:
                await asyncio.sleep(0.1)


@pytest.fixture
async def linked(tmp_path: Path) -> AsyncIterator[Setup]:
    loop = asyncio.get_running_loop()
    store = Store.open(tmp_path / "store.db", MACHINE, LoopClock(loop, 0), durable=False)
    setup = Setup(store, FakeCloud())
    running = loop.create_task(setup.link.run())
    yield setup
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    store.close()


async def test_events_when_the_cloud_answers_then_are_acknowledged_and_online_is_shown(linked: Setup) -> None:
    linked.record(3)
    await linked.until(acknowledged=3)
    assert linked.link.is_online
    assert linked.cloud.births[0].applied == {"planogram": 1}


async def test_events_when_a_backlog_waits_then_travel_in_frames_and_arrive_once(linked: Setup) -> None:
    linked.record(2000)
    await linked.until(acknowledged=2000)
    assert linked.cloud.arrivals == list(range(1, 2001))


async def test_events_when_acknowledgements_are_lost_then_are_sent_again_until_stored(linked: Setup) -> None:
    linked.cloud.acks = False
    linked.record(5)
    await asyncio.sleep(10)
    linked.cloud.acks = True
    await linked.until(acknowledged=5)
    assert sorted(linked.cloud.stored) == [1, 2, 3, 4, 5]
    assert len(linked.cloud.arrivals) > 5


async def test_link_when_nothing_is_ever_acknowledged_then_reconnects(linked: Setup) -> None:
    linked.cloud.acks = False
    linked.record(1)
    await asyncio.sleep(300)
    assert len(linked.cloud.connections) > 1
    assert linked.cloud.closed >= 1


async def test_link_when_the_broker_is_gone_for_a_minute_then_everything_arrives_afterwards(linked: Setup) -> None:
    linked.record(1)
    await linked.until(acknowledged=1)
    linked.cloud.is_reachable = False
    linked.cloud.connections[-1].inbox.put_nowait(Lost("broker died"))
    await asyncio.sleep(1)
    assert not linked.link.is_online
    linked.record(100)
    await asyncio.sleep(60)
    linked.cloud.is_reachable = True
    await linked.until(acknowledged=101)
    assert sorted(linked.cloud.stored) == list(range(1, 102))


async def test_link_when_the_birth_is_not_answered_then_is_repeated_and_no_event_is_sent(linked: Setup) -> None:
    await asyncio.sleep(1)
    linked.cloud.greets = False
    linked.cloud.births.clear()
    linked.cloud.connections[-1].inbox.put_nowait(Lost("cut"))
    await asyncio.sleep(0.1)
    linked.record(1)
    await asyncio.sleep(30)
    assert len(linked.cloud.births) >= 3
    assert linked.cloud.arrivals == []


async def test_connection_when_new_then_has_a_new_nonce(linked: Setup) -> None:
    await asyncio.sleep(1)
    linked.cloud.connections[-1].inbox.put_nowait(Lost("cut"))
    await asyncio.sleep(10)
    conns = {birth.conn for birth in linked.cloud.births}
    assert len(conns) == len(linked.cloud.connections) == 2


@pytest.mark.parametrize(
    "change", [{"conn": "ffffffffffffffff"}, {"ep": "f" * 32}, {"upto": 99}], ids=["connection", "store", "future"]
)
async def test_hello_when_not_for_this_session_then_is_not_believed(tmp_path: Path, change: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    store = Store.open(tmp_path / "store.db", MACHINE, LoopClock(loop, 0), durable=False)
    cloud = FakeCloud()
    cloud.greets = False
    setup = Setup(store, cloud)
    setup.record(2)
    running = loop.create_task(setup.link.run())
    await asyncio.sleep(1)
    birth = cloud.births[0]
    hello = Hello.model_validate({"conn": birth.conn, "ep": birth.ep, "upto": 2, "time_ms": 0} | change)
    cloud.connections[0].say(Channel.HELLO, hello.to_bytes())
    await asyncio.sleep(1)
    assert not setup.link.is_online
    assert store.acknowledged == 0
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    store.close()


async def test_garbage_when_received_then_is_survived(linked: Setup) -> None:
    await asyncio.sleep(1)
    for channel in (Channel.ACK, Channel.HELLO, Channel.WANT, Channel.COMMAND):
        linked.cloud.connections[0].say(channel, b"{not json")
    linked.record(1)
    await linked.until(acknowledged=1)
    assert len(linked.cloud.connections) == 1


async def test_planogram_when_it_arrives_then_is_handed_over(linked: Setup) -> None:
    await asyncio.sleep(1)
    want = Want(name="planogram", rev=2, doc={"rev": 2, "currency": "JPY", "slots": []})
    linked.cloud.connections[0].say(Channel.WANT, want.to_bytes())
    await asyncio.sleep(1)
    assert [document.rev for document in linked.planograms] == [2]


@pytest.mark.parametrize(
    ("doc", "why"),
    [({"rev": 2, "slots": [{"slot": "A1"}]}, "product_id"), ({"rev": 3, "slots": []}, "says revision 3")],
)
async def test_planogram_when_unusable_then_is_refused_with_the_reason(
    linked: Setup, doc: dict[str, Any], why: str
) -> None:
    await asyncio.sleep(1)
    linked.cloud.connections[0].say(Channel.WANT, Want(name="planogram", rev=2, doc=doc).to_bytes())
    await asyncio.sleep(1)
    assert linked.planograms == []
    refused = linked.inputs[0]
    assert isinstance(refused, i.SettingsRefused)
    assert why in refused.why


async def test_document_when_it_arrives_then_is_handed_over_by_its_name(linked: Setup) -> None:
    await asyncio.sleep(1)
    for name, doc in (("staff", {"rev": 4, "staff": []}), ("restock", {"rev": 2, "made_ms": 7, "trip": "12"})):
        want = Want(name=name, rev=doc["rev"], doc=doc)
        linked.cloud.connections[0].say(Channel.WANT, want.to_bytes())
    await asyncio.sleep(1)
    assert linked.documents == [
        ("staff", StaffList(rev=4, staff=[])),
        ("restock", RestockList(rev=2, made_ms=7, trip="12")),
    ]
    assert linked.planograms == []


async def test_document_when_unusable_then_is_refused_by_its_name(linked: Setup) -> None:
    await asyncio.sleep(1)
    plain = {"id": "7", "name": "佐藤", "pin": "123456", "rights": []}
    want = Want(name="staff", rev=4, doc={"rev": 4, "staff": [plain]})
    linked.cloud.connections[0].say(Channel.WANT, want.to_bytes())
    await asyncio.sleep(1)
    assert linked.documents == []
    refused = linked.inputs[0]
    assert isinstance(refused, i.SettingsRefused)
    assert (refused.name, refused.rev) == ("staff", 4)
    assert "staff.0.pin" in refused.why


async def test_document_when_its_kind_is_from_the_future_then_nothing_happens(linked: Setup) -> None:
    await asyncio.sleep(1)
    linked.cloud.connections[0].say(Channel.WANT, Want(name="holidays", rev=1, doc={}).to_bytes())
    await asyncio.sleep(1)
    assert (linked.documents, linked.inputs) == ([], [])


def command(conn: str, **differs: Any) -> bytes:
    fields = {"id": "ab" * 16, "n": 1, "conn": conn, "kind": "future.kind", "args": {}, "issued_ms": 0, "ttl_ms": 5000}
    return Command.model_validate(fields | differs).to_bytes()


async def test_command_when_it_is_for_this_connection_then_is_handed_over(linked: Setup) -> None:
    await asyncio.sleep(1)
    linked.cloud.connections[0].say(Channel.COMMAND, command(linked.cloud.births[0].conn))
    await asyncio.sleep(1)
    refused = linked.inputs[0]
    assert isinstance(refused, i.CommandRefused)
    assert (refused.outcome, refused.order.n) == ("rejected", 1)


async def test_command_when_it_is_of_another_connection_then_is_ignored(linked: Setup) -> None:
    await asyncio.sleep(1)
    linked.cloud.connections[0].say(Channel.COMMAND, command("ab" * 8))
    await asyncio.sleep(1)
    assert linked.inputs == []


async def test_command_when_its_time_is_over_by_the_clock_of_the_cloud_then_is_refused(linked: Setup) -> None:
    await asyncio.sleep(6)  # the cloud's hello said 0
    linked.cloud.connections[0].say(Channel.COMMAND, command(linked.cloud.births[0].conn))
    await asyncio.sleep(1)
    refused = linked.inputs[0]
    assert isinstance(refused, i.CommandRefused)
    assert refused.outcome == "expired"
