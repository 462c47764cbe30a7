"""Where the touchscreen breaks its lines."""

import random

import pytest

from edge.screens.kiosk.lines import NEVER_FIRST, NEVER_LAST, broken
from edge.screens.texts import LANGUAGES, strings

WORDS = (
    "商品",
    "を",
    "出す。",
    "コーヒー",
    "「水」",
    "(冷)、",
    "8秒",
    "¥200",
    "ちょっと",
    " abc ",
    "ください",
    "おつり!",
)


def wide(letter: str) -> float:
    return 0.5 if letter.isascii() else 1.0


def lines(text: str, room: float, *, is_even: bool = True) -> list[str]:
    return broken(text, room, wide, is_even=is_even).split("\n")


@pytest.mark.parametrize(
    ("text", "room", "wanted"),
    [
        ("硬貨を入れてください。", 10, ["硬貨を", "入れてください。"]),
        ("お待ちください", 6, ["お待ち", "ください"]),
        ("Please take your change", 6, ["Please take", "your change"]),
        ("番号 TRQ7\u2060-\u2060Q091 を係員に", 9, ["番号 TRQ7\u2060-\u2060Q091", "を係員に"]),
        ("あと8秒で¥200をお返しします", 10, ["あと8秒で¥200を", "お返しします"]),
        ("一行", 5, ["一行"]),
        ("一\n\n二", 5, ["一", "", "二"]),
        ("", 5, [""]),
    ],
)
def test_text_when_too_long_for_a_line_then_ends_between_phrases(text: str, room: float, wanted: list[str]) -> None:
    found = lines(text, room)
    assert "".join(found).replace(" ", "") == "".join(wanted).replace(" ", "")
    assert found == wanted


@pytest.mark.parametrize("is_even", [True, False])
def test_text_when_of_any_letters_then_none_is_lost_and_no_line_begins_or_ends_as_it_must_not(is_even: bool) -> None:
    draw = random.Random(62)  # noqa: S311 - not a secret
    for _ in range(300):
        text = "".join(draw.choices(WORDS, k=draw.randint(1, 20)))
        found = lines(text, 9, is_even=is_even)
        assert "".join(found).replace(" ", "") == text.replace(" ", "")
        assert all(sum(map(wide, line)) <= 9 for line in found)
        assert not any(line[0] in NEVER_FIRST for line in found[1:])
        assert not any(line[-1] in NEVER_LAST for line in found[:-1])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("room", [9, 14, 25])
def test_texts_of_the_screens_when_broken_then_no_line_begins_with_a_stop_and_no_letter_is_alone(
    language: str, room: float
) -> None:
    for key, text in strings(language).items():
        found = lines(text, room, is_even=False)
        assert not any(line[0] in NEVER_FIRST for line in found[1:] if line), (key, found)
        assert len(found) == 1 or len(found[-1]) > 1 or "\n" in text, (key, found)


def test_word_when_longer_than_a_line_then_is_broken_within() -> None:
    assert lines("abcdefghij", 2.5) == ["abcde", "fghij"]
