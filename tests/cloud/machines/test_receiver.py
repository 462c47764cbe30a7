import json
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from cloud.db import locks
from cloud.db.database import Database, open_database
from cloud.db.locks import Lock
from cloud.machines import service
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Inbound, Receiver
from protocol.envelope import pack_frame
from protocol.link import Ack, Hello, State, Want
from protocol.topics import Channel, Topic

CONN = "0123456789abcdef"


@pytest.fixture
def receiver(seeded: Database, clock: Any) -> Any:
    return Receiver(seeded, clock)


def acks(replies: Any) -> Any:
    return [Ack.from_bytes(reply.payload) for reply in replies if reply.topic.endswith("/down/ack")]


def birth(script: Any, conn: str = CONN, *, online: bool = True, applied: dict[str, int] | None = None) -> Inbound:
    state = State(online=online, conn=conn, ep=script.epoch, boot=1, applied=applied or {})
    return Inbound(str(Topic(script.machine, Channel.STATE)), state.to_bytes())


async def inbox(database: Database) -> Any:
    async with database.read() as db_session:
        return await service.quarantined(db_session, 100)


async def only_stream(database: Database) -> Any:
    async with database.read() as db_session:
        return (await service.streams(db_session))[0]


async def stored(database: Database, script: Any) -> Any:
    async with database.read() as db_session:
        rows = await service.recent_events(db_session, 500, script.machine)
    return sorted(rows, key=lambda row: row.seq)


async def test_receiver_when_events_arrive_then_their_bytes_are_stored_and_then_acknowledged(
    receiver: Receiver, seeded: Database, script: Any
) -> None:
    script.sale()
    replies = await receiver.handle(script.messages(per_frame=4))
    assert [ack.upto for ack in acks(replies)] == [4]
    assert [row.raw for row in await stored(seeded, script)] == script.events


async def test_receiver_when_an_event_comes_again_then_it_is_counted_and_acknowledged_again(
    receiver: Receiver, seeded: Database, script: Any
) -> None:
    script.sale()
    await receiver.handle(script.messages())
    replies = await receiver.handle(script.messages([*script.events[:2], script.events[1]]))
    assert acks(replies)[0].upto == 4
    assert (await only_stream(seeded)).duplicates == 3
    assert await inbox(seeded) == []


async def test_receiver_when_another_intake_has_stored_more_meanwhile_then_nothing_of_it_is_forgotten(
    receiver: Receiver, seeded: Database, script: Any, clock: Any
) -> None:
    script.sale()
    early, late = script.events[:2], script.events[2:]
    await receiver.handle(script.messages(early))
    other = Receiver(seeded, clock)
    await other.handle(script.messages(late))
    await receiver.handle(script.messages(early))  # it remembers only these
    stream = await only_stream(seeded)
    assert (stream.stored_upto, stream.stored_max) == (4, 4)
    replies = await Receiver(seeded, clock).handle(script.messages(late))
    assert [ack.upto for ack in acks(replies)] == [4]


async def test_receiver_when_a_key_comes_with_other_content_then_it_is_a_fork_kept_and_acknowledged(
    receiver: Receiver, seeded: Database, script: Any, new_script: Any
) -> None:
    script.sale()
    await receiver.handle(script.messages())
    copied = new_script()
    copied.failed_vend()
    replies = await receiver.handle(copied.messages())
    assert acks(replies)[0].upto == 4
    (row,) = await inbox(seeded)
    assert (row.category, row.seq, row.raw) == ("fork", 1, copied.events[0])
    assert row.known_digest != ""
    assert (await only_stream(seeded)).forks == 1
    assert (await stored(seeded, script))[0].raw == script.events[0]


async def test_receiver_when_two_contents_for_one_key_share_a_batch_then_the_second_is_the_fork(
    receiver: Receiver, seeded: Database, script: Any, new_script: Any
) -> None:
    script.failed_vend()
    other = new_script()
    other.restock()
    await receiver.handle([*script.messages(), *other.messages()])
    assert [row.category for row in await inbox(seeded)] == ["fork"]


async def test_receiver_when_there_is_a_gap_then_the_hole_is_asked_for_and_upto_waits(
    receiver: Receiver, seeded: Database, script: Any
) -> None:
    for _ in range(3):
        script.sale()
    replies = await receiver.handle(script.messages(script.events[:3] + script.events[5:]))
    assert [(ack.upto, ack.want) for ack in acks(replies)] == [(3, [(4, 5)])]
    replies = await receiver.handle(script.messages(script.events[3:5]))
    assert [(ack.upto, ack.want) for ack in acks(replies)] == [(12, [])]


async def test_receiver_when_restarted_behind_a_gap_then_it_remembers_what_lies_beyond(
    receiver: Receiver, seeded: Database, script: Any, clock: Any
) -> None:
    for _ in range(2):
        script.sale()
    await receiver.handle(script.messages([*script.events[:2], *script.events[4:]]))
    again = Receiver(seeded, clock)
    replies = await again.handle(script.messages(script.events[2:3]))
    assert [(ack.upto, ack.want) for ack in acks(replies)] == [(3, [(4, 4)])]


async def test_receiver_when_killed_between_store_and_ack_then_the_resent_events_are_absorbed(
    database_url: str, seeded: Database, script: Any
) -> None:
    script.sale()
    first = open_database(database_url)
    await Receiver(first).handle(script.messages())  # its replies are never published
    await first.close()
    replies = await Receiver(seeded).handle(script.messages())
    assert acks(replies)[0].upto == 4
    assert len(await stored(seeded, script)) == 4


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"{not json", "not JSON"),
        (b"[1,2]", "not an envelope"),
        (b'"text"', "not an envelope"),
        (b"", "empty"),
        (zlib.compress(b"x" * 500)[:-6], "ends in the middle"),
        (b"\x78\x01garbage that is no deflate stream", "damaged compression"),
        (json.dumps({"m": "vm-other-0001", "ep": "a" * 32, "seq": 1, "kind": "a.b"}).encode(), "on the topic of"),
        (json.dumps({"m": "vm-test-0001", "ep": "a" * 32, "seq": True, "kind": "a.b"}).encode(), "seq True"),
        (json.dumps({"m": "vm-test-0001", "ep": "a" * 32, "seq": 2**63, "kind": "a.b"}).encode(), "seq"),
        (json.dumps({"m": "vm-test-0001", "ep": "zz", "seq": 1, "kind": "a.b"}).encode(), "epoch"),
        (json.dumps({"m": "vm-test-0001", "ep": "a" * 32, "seq": 1, "kind": "k" * 65}).encode(), "kind"),
        (json.dumps({"m": "vm-test-0001", "ep": "a" * 32, "seq": 1}).encode(), "no 'kind'"),
    ],
)
async def test_receiver_when_a_message_is_malformed_then_it_is_kept_with_the_reason_and_not_acknowledged(
    receiver: Receiver, seeded: Database, script: Any, payload: bytes, why: str
) -> None:
    script.sale()
    bad = Inbound(script.topic, payload)
    replies = await receiver.handle([bad, *script.messages(), bad])
    assert [ack.upto for ack in acks(replies)] == [4]
    (row,) = await inbox(seeded)
    assert (row.category, row.source, row.raw, row.times) == ("malformed", script.machine, payload, 2)
    assert why in row.why


@pytest.mark.parametrize("topic", ["vm/1/00/vm-test-0001/up/evt", "vm/2/21/x/up/evt", "junk", "vm/1/+/#/up/evt"])
async def test_receiver_when_a_topic_is_not_ours_then_the_message_is_kept_under_it(
    receiver: Receiver, seeded: Database, topic: str
) -> None:
    assert await receiver.handle([Inbound(topic, b"payload")]) == []
    (row,) = await inbox(seeded)
    assert (row.source, row.raw) == (topic, b"payload")


async def test_receiver_when_a_kind_is_from_the_future_then_it_is_stored_and_acknowledged(
    receiver: Receiver, seeded: Database, script: Any
) -> None:
    script.add("hologram.shown", {"colour": "blue"})
    replies = await receiver.handle(script.messages())
    assert acks(replies)[0].upto == 1
    assert await inbox(seeded) == []


async def test_receiver_when_a_machine_is_born_then_hello_and_its_planogram_answer(
    receiver: Receiver, script: Any, clock: Any
) -> None:
    script.sale()
    replies = await receiver.handle([*script.messages(), birth(script)])
    hello = Hello.from_bytes(replies[0].payload)
    want = Want.from_bytes(replies[1].payload)
    assert (hello.conn, hello.ep, hello.upto, hello.time_ms) == (CONN, script.epoch, 4, clock.now_ms)
    assert (want.name, want.rev, len(want.doc["slots"])) == ("planogram", 1, 12)
    assert replies[1].qos == 1


async def test_receiver_when_a_machine_has_the_newest_planogram_then_it_is_not_sent_again(
    receiver: Receiver, script: Any
) -> None:
    replies = await receiver.handle([birth(script, applied={"planogram": 1})])
    assert [reply.topic.rsplit("/", 1)[1] for reply in replies] == ["hello"]
    assert await receiver.new_wants() == []


async def test_receiver_when_another_document_is_published_then_it_goes_out_until_the_machine_answers(
    seeded: Database, clock: Any, script: Any, machine_id: str
) -> None:
    receiver = Receiver(seeded, clock)
    await receiver.handle([birth(script, applied={"planogram": 1})])
    for rev in (1, 2):
        async with seeded.write() as db_session:
            content = {"made_ms": rev, "trip": "", "lines": []}
            at = clock.now_ms
            assert await service.publish_document(db_session, machine_id, "restock", content, by="t", now_ms=at) == rev
        (sent,) = await receiver.new_wants()
        want = Want.from_bytes(sent.payload)
        assert (want.name, want.rev, want.doc["made_ms"]) == ("restock", rev, rev)
        assert await receiver.new_wants() == []
        clock.now_ms += 30_000
        assert len(await receiver.new_wants()) == 1
        answer = {"name": "restock", "rev": rev, "ok": rev == 1, "why": "" if rev == 1 else "no such slot"}
        script.add("settings.applied", answer)
        await receiver.handle(script.messages())
        await Interpreter(seeded, clock=clock).run_once()
        clock.now_ms += 30_000
        assert await receiver.new_wants() == []
    async with seeded.read() as db_session:
        document = (await service.documents(db_session, [machine_id]))[machine_id, "restock"]
    assert (document.answered_rev, document.is_applied, document.why) == (2, False, "no such slot")
    again = await receiver.handle([birth(script, applied={"planogram": 1, "restock": 1})])
    assert [Want.from_bytes(row.payload).rev for row in again if row.topic.endswith("want")] == [2]


async def test_receiver_when_a_planogram_is_published_then_online_machines_get_it_once_and_again_when_lost(
    receiver: Receiver, seeded: Database, script: Any, clock: Any, machine_id: str
) -> None:
    await receiver.handle([birth(script, applied={"planogram": 1})])
    async with seeded.write() as db_session:
        newest = await service.planogram(db_session, machine_id)
        document = newest.model_copy(update={"rev": 2})
        await service.publish_planogram(db_session, machine_id, document, by="test", now_ms=clock.now_ms)
    (sent,) = await receiver.new_wants()
    assert Want.from_bytes(sent.payload).rev == 2
    assert await receiver.new_wants() == []
    clock.now_ms += 30_000
    assert len(await receiver.new_wants()) == 1


async def test_receiver_when_a_planogram_is_refused_then_it_is_sent_again_only_to_a_machine_that_has_started_anew(
    seeded: Database, script: Any, clock: Any, machine_id: str
) -> None:
    receiver = Receiver(seeded, clock)

    async def said(kind: str, body: dict[str, Any]) -> None:
        script.add(kind, body)
        await receiver.handle(script.messages())
        await Interpreter(seeded, clock=clock).run_once()
        clock.now_ms += 30_000

    def sent(replies: Any) -> list[int]:
        return [Want.from_bytes(row.payload).rev for row in replies if row.topic.endswith("want")]

    assert sent(await receiver.handle([birth(script)])) == [1]
    await said("settings.applied", {"name": "planogram", "rev": 1, "ok": False, "why": "slots: A1 twice"})
    assert await receiver.new_wants() == []
    assert sent(await receiver.handle([birth(script, conn="c" * 16)])) == []
    async with seeded.read() as db_session:
        machine = await service.machine(db_session, machine_id)
    assert (machine.refused_planogram_rev, machine.refused_planogram_why) == (1, "slots: A1 twice")
    await said("machine.booted", {"software": "next", "devices": {}})
    assert sent(await receiver.new_wants()) == [1]
    await said("settings.applied", {"name": "planogram", "rev": 1, "ok": True})
    assert await receiver.new_wants() == []
    async with seeded.read() as db_session:
        machine = await service.machine(db_session, machine_id)
    assert (machine.applied_planogram_rev, machine.refused_planogram_rev) == (1, 0)


async def is_online(database: Database, machine_id: str) -> Any:
    async with database.read() as db_session:
        return (await service.machine(db_session, machine_id)).is_online


async def test_receiver_when_a_late_will_of_an_older_connection_comes_then_it_is_ignored(
    receiver: Receiver, seeded: Database, script: Any, machine_id: str
) -> None:
    await receiver.handle([birth(script, conn="1" * 16)])
    await receiver.handle([birth(script, conn="2" * 16)])
    await receiver.handle([birth(script, conn="1" * 16, online=False)])
    assert await is_online(seeded, machine_id)
    await receiver.handle([birth(script, conn="2" * 16, online=False)])
    assert not await is_online(seeded, machine_id)


async def test_receiver_when_reconnected_to_the_broker_then_nobody_counts_as_online_until_heard(
    receiver: Receiver, seeded: Database, script: Any, machine_id: str
) -> None:
    await receiver.handle([birth(script)])
    await receiver.connected()
    assert not await is_online(seeded, machine_id)


async def test_receiver_when_the_database_fails_then_the_same_batch_can_be_handed_in_again(
    database_url: str, seeded: Database, script: Any, clock: Any
) -> None:
    broken = open_database(database_url, busy_timeout_ms=20)
    receiver = Receiver(broken, clock)
    script.sale()
    await receiver.handle(script.messages(script.events[:2]))
    async with seeded.write() as db_session:
        await locks.take(db_session, Lock.ARRIVALS)
        with pytest.raises(OperationalError, match="lock"):
            await receiver.handle(script.messages())
    replies = await receiver.handle(script.messages())
    await broken.close()
    assert acks(replies)[0].upto == 4
    assert [row.raw for row in await stored(seeded, script)] == script.events


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=80), max_size=4))
async def test_receiver_when_fed_random_bytes_then_it_never_raises(
    receiver: Receiver, script: Any, payloads: list[bytes]
) -> None:
    await receiver.handle([Inbound(script.topic, payload) for payload in payloads])


@settings(max_examples=15, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_receiver_when_events_are_shuffled_and_repeated_then_all_are_stored_once(
    receiver: Receiver, seeded: Database, new_script: Any, data: Any
) -> None:
    script = new_script(epoch=data.draw(st.text("0123456789abcdef", min_size=32, max_size=32)))
    for _ in range(3):
        script.sale()
    order = data.draw(st.permutations(script.events + script.events[:4]))
    upto = 0
    for start in range(0, len(order), 5):
        replies = await receiver.handle([Inbound(script.topic, pack_frame(list(order[start : start + 5])))])
        upto = acks(replies)[0].upto
    assert upto == 12
