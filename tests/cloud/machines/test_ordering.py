from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloud.machines.ordering import LoggedEvent, merged, readied


def stretch(stream: Any, arrivals: Any) -> Any:
    return [LoggedEvent(stream, f"vm-{stream:04d}", "a" * 32, seq, b"", at) for seq, at in enumerate(arrivals, start=1)]


def test_readied_when_an_event_arrived_before_one_it_follows_then_it_was_ready_only_with_that() -> None:
    assert [item.ready_ms for item in readied(stretch(1, [100, 300, 200]), 0)] == [100, 300, 300]


def test_merged_when_a_stream_was_read_in_part_then_nothing_behind_its_unread_part_is_taken() -> None:
    one, two = readied(stretch(1, [100, 200]), 0), readied(stretch(2, [150, 250]), 0)
    taken = merged([(one, True), (two, False)])
    assert [(item.event.stream_id, item.event.seq) for item in taken] == [(1, 1), (2, 1), (1, 2)]


@given(st.lists(st.lists(st.integers(0, 20), max_size=12), min_size=1, max_size=4), st.integers(1, 5))
def test_merged_when_read_in_parts_of_any_size_then_the_order_is_that_of_the_whole(arrivals: Any, share: int) -> None:
    streams = {number: stretch(number, times) for number, times in enumerate(arrivals, start=1)}
    whole = [item.key for item in merged([(readied(events, 0), False) for events in streams.values()])]
    done, cursors, last = [], dict.fromkeys(streams, 0), dict.fromkeys(streams, 0)
    while len(done) < len(whole):
        parts = []
        for number, events in streams.items():
            part = events[cursors[number] : cursors[number] + share]
            parts.append((readied(part, last[number]), cursors[number] + share < len(events)))
        taken = merged(parts)
        assert taken
        for item in taken:
            cursors[item.event.stream_id] += 1
            last[item.event.stream_id] = item.ready_ms
        done += [item.key for item in taken]
    assert done == whole
