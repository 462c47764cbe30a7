"""One question, one answer: echo, silence, damage, refusal."""

import asyncio

import pytest

from hardware.errors import DeviceOfflineError, DeviceRefusedError
from hardware.wire.cctalk import BUSY, NAK, Frame, encode
from hardware.wire.cctalk_host import CcTalkBus
from hardware.wire.cctalk_peer import PeerLine, Reply
from hardware.wire.null_modem import LineFaults, NullModemEnd, null_modem

ADDRESS = 2


class ScriptedPeer:
    """Answers with what it was given, in order; then with its last answer."""

    def __init__(self, *replies: Reply | None) -> None:
        self.address = ADDRESS
        self.heard: list[tuple[int, bytes]] = []
        self._replies = list(replies)

    def answer(self, header: int, data: bytes) -> Reply | None:
        self.heard.append((header, data))
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


def connect(
    *replies: Reply | None, echo: bool = False, faults: LineFaults | None = None
) -> tuple[CcTalkBus, ScriptedPeer, PeerLine]:
    host, device = null_modem(faults or LineFaults(), echo=echo)
    peer = ScriptedPeer(*replies)
    return CcTalkBus(host), peer, PeerLine(device, [peer])


async def answer_raw(device: NullModemEnd, *answers: bytes) -> None:
    """Wait for a request, send raw bytes; once per answer."""
    for answer in answers:
        await device.read(100, 10)
        device.write(answer)


@pytest.mark.parametrize("echo", [False, True])
async def test_request_when_answered_then_returns_the_data(echo: bool) -> None:
    bus, peer, line = connect(Reply(b"abc"), echo=echo)
    assert await bus.request(ADDRESS, 245) == b"abc"
    assert peer.heard == [(245, b"")]
    assert bus.has_echo is echo
    line.close()


async def test_request_when_nobody_is_there_then_tries_three_times_and_says_offline() -> None:
    bus, peer, line = connect(None)
    with pytest.raises(DeviceOfflineError, match=r"address 2.*no answer"):
        await bus.request(ADDRESS, 254)
    assert len(peer.heard) == 3
    assert bus.statistics.timeouts == 3
    line.close()


async def test_request_when_it_must_not_be_repeated_then_is_sent_once() -> None:
    bus, peer, line = connect(None)
    with pytest.raises(DeviceOfflineError):
        await bus.request(ADDRESS, 167, b"\1", retries=0)
    assert len(peer.heard) == 1
    line.close()


async def test_request_when_only_the_echo_comes_back_then_says_offline() -> None:
    host, _ = null_modem(echo=True)
    bus = CcTalkBus(host)
    with pytest.raises(DeviceOfflineError):
        await bus.request(ADDRESS, 254)
    assert bus.has_echo


async def test_request_when_refused_then_says_so_at_once() -> None:
    bus, peer, line = connect(Reply(header=NAK))
    with pytest.raises(DeviceRefusedError, match="NAK"):
        await bus.request(ADDRESS, 167)
    assert len(peer.heard) == 1
    line.close()


async def test_request_when_the_device_is_busy_then_waits_and_asks_again() -> None:
    bus, peer, line = connect(Reply(header=BUSY), Reply(b"ok"))
    assert await bus.request(ADDRESS, 166) == b"ok"
    assert len(peer.heard) == 2
    line.close()


async def test_request_when_the_device_stays_busy_then_is_refused() -> None:
    bus, _, line = connect(Reply(header=BUSY))
    with pytest.raises(DeviceRefusedError, match="busy"):
        await bus.request(ADDRESS, 166)
    line.close()


@pytest.mark.parametrize(
    "bad",
    [
        encode(Frame(1, 0, b"ok", source=3)),
        encode(Frame(9, 0, b"ok", source=ADDRESS)),
        encode(Frame(1, 77, b"ok", source=ADDRESS)),
        encode(Frame(1, 0, b"too long", source=ADDRESS)),
        encode(Frame(1, 0, b"ok", source=ADDRESS))[:-1] + b"\0",
        encode(Frame(1, 0, b"ok", source=ADDRESS)) + b"tail",
    ],
    ids=["other sender", "other receiver", "no reply header", "wrong size", "bad checksum", "junk behind"],
)
async def test_request_when_the_answer_is_unsound_then_asks_again(bad: bytes) -> None:
    host, device = null_modem()
    bus = CcTalkBus(host)
    good = encode(Frame(1, 0, b"ok", source=ADDRESS))
    answering = asyncio.create_task(answer_raw(device, bad, good))
    assert await bus.request(ADDRESS, 245, expect=2) == b"ok"
    assert bus.statistics.damaged == 1
    await answering


async def test_request_when_the_answer_breaks_off_then_asks_again() -> None:
    host, device = null_modem()
    good = encode(Frame(1, 0, b"ok", source=ADDRESS))
    answering = asyncio.create_task(answer_raw(device, good[:4], good))
    assert await CcTalkBus(host).request(ADDRESS, 245) == b"ok"
    await answering


async def test_request_when_old_bytes_lie_on_the_line_then_does_not_take_them_for_the_answer() -> None:
    host, device = null_modem()
    bus = CcTalkBus(host)
    device.write(encode(Frame(1, 0, b"old", source=ADDRESS)))
    answering = asyncio.create_task(answer_raw(device, encode(Frame(1, 0, b"new", source=ADDRESS))))
    assert await bus.request(ADDRESS, 245) == b"new"
    assert bus.statistics.discarded == 8
    await answering


async def test_request_when_the_line_garbles_the_echo_then_counts_a_collision() -> None:
    host, device = null_modem()
    bus = CcTalkBus(host, reply_timeout_s=0.1)
    poll, ack = encode(Frame(ADDRESS, 254)), encode(Frame(1, 0, source=ADDRESS))
    answering = asyncio.create_task(answer_raw(device, poll + ack, b"\xff" + poll[1:] + ack, poll + ack))
    await bus.request(ADDRESS, 254)
    await bus.request(ADDRESS, 254)
    assert bus.statistics.echo_mismatches == 1
    await answering


async def test_requests_when_made_at_once_then_go_one_after_the_other() -> None:
    bus, peer, line = connect(Reply(b"1"), Reply(b"2"), Reply(b"3"))
    answers = await asyncio.gather(*(bus.request(ADDRESS, header) for header in (244, 245, 246)))
    assert answers == [b"1", b"2", b"3"]
    assert [header for header, _ in peer.heard] == [244, 245, 246]
    line.close()


async def test_listener_when_set_then_hears_both_sides() -> None:
    bus, _, line = connect(Reply(b"\7"))
    heard: list[tuple[str, bytes]] = []
    bus.on_frame = lambda speaker, raw: heard.append((speaker, raw))
    await bus.request(ADDRESS, 229)
    assert heard == [("host", encode(Frame(ADDRESS, 229))), ("device", encode(Frame(1, 0, b"\7", source=ADDRESS)))]
    line.close()


@pytest.mark.parametrize("seed", range(5))
async def test_requests_when_the_line_is_bad_then_every_answer_that_comes_is_right(seed: int) -> None:
    faults = LineFaults(split=0.5, delay_s=0.02, loss=0.1, corruption=0.1, garbage=0.1, seed=seed)
    bus, _, line = connect(Reply(b"right"), echo=True, faults=faults)
    answers = [await bus.request(ADDRESS, 245, retries=20, expect=5) for _ in range(50)]
    assert answers == [b"right"] * 50
    assert bus.statistics.timeouts > 0
    line.close()


async def test_two_devices_when_they_share_an_address_then_are_refused() -> None:
    _, device = null_modem()
    with pytest.raises(ValueError, match="share"):
        PeerLine(device, [ScriptedPeer(None), ScriptedPeer(None)])


async def test_device_when_the_frame_is_for_another_or_damaged_then_stays_silent() -> None:
    host, device = null_modem()
    peer = ScriptedPeer(Reply(b"me"))
    line = PeerLine(device, [peer])
    host.write(encode(Frame(7, 254)))
    host.write(encode(Frame(ADDRESS, 254))[:-1] + b"\0")
    assert await host.read(100, 1.0) == b""
    assert peer.heard == []
    line.close()
