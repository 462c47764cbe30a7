"""Counter arithmetic of the event buffer, coin identifiers, and codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.coin_acceptor.coin_id import parse_coin_id
from hardware.coin_acceptor.events import RawEvent, is_fraud, is_inhibited, meaning_of, next_counter, read_news
from protocol.money import Money, yen


def buffer(counter: int, *pairs: tuple[int, int]) -> bytes:
    return (bytes([counter]) + b"".join(bytes(pair) for pair in pairs)).ljust(11, b"\0")


def test_news_when_nothing_happened_then_are_empty() -> None:
    news = read_news(7, buffer(7, (4, 3), (1, 1)))
    assert (news.counter, news.events, news.lost, news.is_reset) == (7, (), 0, False)


def test_news_when_three_are_new_then_come_oldest_first() -> None:
    news = read_news(1, bytes.fromhex("04 00 01 05 01 04 02 04 02 00 00"))
    assert news.events == (RawEvent(4, 2, 2), RawEvent(5, 1, 3), RawEvent(0, 1, 4))


def test_news_when_the_counter_wraps_then_skip_0() -> None:
    news = read_news(252, bytes.fromhex("02 01 00 04 00 04 00 00 08 04 00"))
    assert [event.counter for event in news.events] == [253, 254, 255, 1, 2]
    assert news.lost == 0


def test_news_when_255_is_followed_by_1_then_are_one_event() -> None:
    assert read_news(255, buffer(1, (4, 3))).events == (RawEvent(4, 3, 1),)


def test_news_when_the_counter_is_0_again_then_say_reset() -> None:
    assert read_news(9, buffer(0)).is_reset


def test_news_when_the_device_was_never_used_then_are_no_reset() -> None:
    assert not read_news(0, buffer(0)).is_reset


def test_news_when_seven_are_new_then_two_are_lost() -> None:
    news = read_news(10, buffer(17, (5, 0), (4, 0), (3, 0), (2, 0), (1, 0)))
    assert news.lost == 2
    assert [event.a for event in news.events] == [1, 2, 3, 4, 5]
    assert [event.counter for event in news.events] == [13, 14, 15, 16, 17]


def test_news_when_the_buffer_has_another_length_then_are_refused() -> None:
    with pytest.raises(ValueError, match="11 bytes"):
        read_news(0, bytes(10))


@given(start=st.integers(0, 255), count=st.integers(0, 40))
def test_news_when_any_number_happens_then_none_is_invented_and_none_forgotten(start: int, count: int) -> None:
    counter, kept = start, [(0, 0)] * 5
    for number in range(count):
        counter = next_counter(counter)
        kept = [(number % 16 + 1, 0), *kept][:5]
    news = read_news(start, buffer(counter, *kept))
    assert len(news.events) + news.lost == count
    assert [event.a for event in news.events] == [number % 16 + 1 for number in range(count)][-5:]


@pytest.mark.parametrize(
    ("raw", "worth"),
    [
        (b"JP010A", yen(10)),
        (b"JP500B", yen(500)),
        (b"US025A", Money(25, "USD")),
        (b"EU200A", Money(200, "EUR")),
        (b"GB010B", Money(10, "GBP")),
        (b"......", None),
        (b"AM1K0A", None),
        (b"XX100A", None),
        (b"JP000A", None),
        (b"\xff\xfe\x00123"[:6], None),
    ],
)
def test_coin_id_when_read_then_is_worth_its_minor_units_or_nothing(raw: bytes, worth: Money | None) -> None:
    assert parse_coin_id(raw) == worth


@given(code=st.integers(0, 255))
def test_any_code_when_looked_up_then_has_a_meaning(code: int) -> None:
    assert meaning_of(code)


@pytest.mark.parametrize("code", [16, 17, 18, 19, 20, 23, 36])
def test_code_when_honest_coins_do_not_cause_it_then_is_fraud(code: int) -> None:
    assert is_fraud(code)


def test_code_when_a_coin_type_is_inhibited_then_is_recognised() -> None:
    assert [code for code in range(256) if is_inhibited(code)] == [2, *range(128, 160)]
    assert meaning_of(130) == "inhibited coin of type 3"
