"""Which events go out, and when again."""

from edge.cloud_link.window import FIRST_PATIENCE_S, STRIKES, Window, cut_frame
from protocol.envelope import MAX_FRAME_BYTES
from protocol.link import Ack, Hello

EPOCH = "5f0c9b1e7a2d4c68b3e1f0a9d8c7b6a5"


def hello(upto: int) -> Hello:
    return Hello(conn="0123456789abcdef", ep=EPOCH, upto=upto, time_ms=0)


def ack(upto: int, **more: object) -> Ack:
    return Ack.model_validate({"ep": EPOCH, "upto": upto, **more})


def greeted(upto: int = 0) -> Window:
    window = Window()
    window.greeted(hello(upto), 0.0, 0.0)
    return window


def drain(window: Window, last_seq: int, now: float) -> list[tuple[int, int]]:
    """Send everything the window allows; (first, last) of each frame."""
    sent = []
    while (todo := window.next_after(last_seq, now)) is not None:
        after, limit = todo
        last = min(after + limit, last_seq)
        sent.append((after + 1, last))
        window.frame_sent(last, now)
    return sent


def test_window_when_greeted_then_goes_on_after_what_the_cloud_has() -> None:
    assert drain(greeted(10), 12, 0.0) == [(11, 12)]


def test_window_when_full_then_waits_for_an_acknowledgement() -> None:
    window = greeted()
    assert len(drain(window, 10_000, 0.0)) == 20
    window.acked(ack(50), 0.1)
    assert drain(window, 10_000, 0.1) == [(1001, 1050)]


def test_window_when_the_cloud_says_zero_then_pauses() -> None:
    window = greeted()
    window.acked(ack(0, win=0), 0.0)
    assert drain(window, 10, 0.0) == []


def test_window_when_asked_to_wait_then_waits_so_long() -> None:
    window = greeted()
    window.acked(ack(0, wait_ms=2000), 1.0)
    assert drain(window, 10, 2.9) == []
    assert drain(window, 10, 3.0) == [(1, 10)]


def test_window_when_patience_runs_out_then_sends_everything_unacknowledged_again() -> None:
    window = greeted()
    drain(window, 120, 0.0)
    window.acked(ack(50), 0.1)
    assert window.check(0.1 + FIRST_PATIENCE_S)
    assert drain(window, 120, 4.0) == [(51, 100), (101, 120)]


def test_window_when_three_rounds_bring_nothing_then_gives_the_connection_up() -> None:
    window = greeted()
    now = 0.0
    rounds = 0
    while True:
        drain(window, 5, now)
        now += 120.0
        rounds += 1
        if not window.check(now):
            break
    assert rounds == STRIKES


def test_window_when_acknowledgements_come_late_or_twice_then_never_goes_back() -> None:
    window = greeted()
    drain(window, 100, 0.0)
    window.acked(ack(100), 0.1)
    window.acked(ack(50), 0.2)
    assert window.acknowledged == 100
    assert drain(window, 100, 0.3) == []


def test_window_when_the_cloud_misses_a_hole_then_sends_exactly_that() -> None:
    window = greeted()
    drain(window, 200, 0.0)
    window.acked(ack(10, want=[(11, 70)]), 0.1)
    assert window.next_after(200, 0.1) == (10, 50)
    assert window.next_after(200, 0.1) == (60, 10)
    assert window.next_after(200, 0.1) is None


def test_frame_when_events_are_large_then_is_cut_to_size_but_never_empty() -> None:
    big = [(n, b"x" * 30_000) for n in range(1, 5)]
    assert [seq for seq, _ in cut_frame(big)] == [1, 2]
    assert cut_frame([(1, b"x" * (MAX_FRAME_BYTES + 1))])
