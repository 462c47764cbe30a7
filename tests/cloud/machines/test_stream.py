from hypothesis import given
from hypothesis import strategies as st

from cloud.machines.stream import MAX_WANTED, Position


def test_position_when_events_arrive_out_of_order_then_holes_are_named_until_filled() -> None:
    position = Position()
    for seq in (1, 2, 5, 4, 9):
        position.add(seq)
    assert (position.upto, position.top) == (2, 9)
    assert position.holes() == [(3, 3), (6, 8)]
    position.add(3)
    assert (position.upto, position.holes()) == (5, [(6, 8)])


@given(st.lists(st.integers(1, 60)))
def test_position_when_filled_at_random_then_it_agrees_with_a_plain_set(seqs: list[int]) -> None:
    position, plain = Position(), set()
    for seq in seqs:
        position.add(seq)
        plain.add(seq)
    upto = next(seq for seq in range(62) if seq + 1 not in plain)
    assert position.upto == upto
    assert position.top == max(plain, default=0)
    assert {seq for seq in range(1, 62) if seq in position} == plain
    missing = {seq for first, last in position.holes() for seq in range(first, last + 1)}
    if len(position.holes()) < MAX_WANTED:
        assert missing == set(range(1, position.top + 1)) - plain


@given(st.integers(0, 20), st.sets(st.integers(1, 60)))
def test_position_when_read_back_from_the_database_then_it_is_the_same(upto: int, ahead: set[int]) -> None:
    position = Position(upto, (seq for seq in ahead if seq > upto))
    again = Position(position.upto, [seq for seq in range(position.upto + 1, 62) if seq in position])
    assert (again.upto, again.top, again.holes()) == (position.upto, position.top, position.holes())
