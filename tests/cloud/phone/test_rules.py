"""What needs no database: sentences that may be heard, how often one may ask, languages, texts."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.kit.rates import MOST_NAMES, Rate, Rates
from cloud.phone.speaker import Speaker
from cloud.phone.views import ASKS, TEXTS, language_from


def test_speaker_when_pieces_come_then_whole_sentences_are_heard() -> None:
    heard: list[str] = []
    speaker = Speaker(lambda _: True, heard.append)
    for piece in ("緑茶は16", "0円で", "す。残り", "5点です。あと", "は"):
        speaker(piece)
    assert heard == ["緑茶は160円です。", "残り5点です。"]


def test_speaker_when_a_number_has_a_point_then_the_sentence_goes_on() -> None:
    heard: list[str] = []
    speaker = Speaker(lambda _: True, heard.append)
    for piece in ("It is 3.5 degrees", ". So it ", "is cold. "):
        speaker(piece)
    assert heard == ["It is 3.5 degrees. ", "So it is cold. "]


def test_speaker_when_somebody_exclaims_or_asks_then_the_sentence_ends_there() -> None:
    heard: list[str] = []
    speaker = Speaker(lambda _: True, heard.append)
    for piece in ("いらっしゃいませ\uff01お茶", "ですか\uff1fは", "い"):
        speaker(piece)
    assert heard == ["いらっしゃいませ\uff01", "お茶ですか\uff1f"]


def test_speaker_when_a_sentence_may_not_leave_then_nothing_after_it_is_heard() -> None:
    heard: list[str] = []
    speaker = Speaker(lambda text: "1234567" not in text, heard.append)
    for piece in ("はい。口座は123", "4567です。", "どうぞ。"):
        speaker(piece)
    assert heard == ["はい。"]


def test_speaker_when_a_secret_is_cut_in_two_sentences_then_both_are_looked_at_together() -> None:
    heard: list[str] = []
    speaker = Speaker(lambda text: "12.34" not in text.replace(" ", ""), heard.append)
    for piece in ("Account 12. ", "34 it is. "):
        speaker(piece)
    assert heard == ["Account 12. "]


@given(st.lists(st.sampled_from(["a. ", "b", "x", "。", "! ", "c?"]), max_size=30))
@settings(max_examples=30, deadline=None)
def test_speaker_when_anything_is_said_then_what_is_heard_is_how_it_begins(pieces: list[str]) -> None:
    heard: list[str] = []
    speaker = Speaker(lambda text: "x" not in text, heard.append)
    for piece in pieces:
        speaker(piece)
    assert "".join(pieces).startswith("".join(heard))
    assert "x" not in "".join(heard)


def test_rates_when_the_permits_are_used_up_then_time_brings_them_back() -> None:
    rates = Rates(Rate(3, 60_000))
    assert [rates.allows("a", 0) for _ in range(4)] == [True, True, True, False]
    assert rates.allows("b", 0)
    assert [rates.allows("a", 20_000), rates.allows("a", 20_000)] == [True, False]


def test_rates_when_a_clock_goes_back_then_nobody_gets_more() -> None:
    rates = Rates(Rate(1, 1_000))
    assert [rates.allows("a", 5_000), rates.allows("a", 4_000)] == [True, False]


def test_rates_when_many_names_come_then_memory_stays_small() -> None:
    rates = Rates(Rate(1, 1_000))
    for number in range(MOST_NAMES + 5):
        rates.allows(str(number), 0)
    assert len(rates._buckets) == MOST_NAMES


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("en", "ja", "en"),
        ("ja", "en", "ja"),
        (None, "en-GB,en;q=0.9,ja;q=0.5", "en"),
        (None, "ja-JP", "ja"),
        (None, "", "ja"),
        ("xx", "fr-FR", "en"),
    ],
)
def test_language_when_a_browser_asks_then_it_gets_japanese_or_english(
    asked: str | None, accepted: str, language: str
) -> None:
    assert language_from(asked, accepted) == language


def test_texts_when_the_languages_are_compared_then_keys_and_values_are_the_same() -> None:
    ja, en = TEXTS.of("ja"), TEXTS.of("en")
    assert ja.keys() == en.keys()
    braces = re.compile(r"\{(\w+)\}")
    assert {key: set(braces.findall(ja[key])) for key in ja} == {key: set(braces.findall(en[key])) for key in en}
    assert {f"ask.{name}" for name in ASKS} <= ja.keys()
