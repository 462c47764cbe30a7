"""The dashboard's English: whole, nothing twice, nothing nobody uses."""

import pytest

from tools.design.english import AREAS, FRAME, Use, area_of, catalogue, findings, missing, skeleton, wrong_english


def test_catalogue_when_checked_then_it_is_whole_and_no_phrase_is_wrong() -> None:
    assert [mistake.text for mistake in findings()] == []


def test_catalogue_when_read_then_every_area_has_its_two_parts() -> None:
    assert {area: set(file) for area, file in catalogue().items()} == {key: {"templates", "words"} for key in AREAS}


@pytest.mark.parametrize(
    ("part", "phrase", "english", "wrong"),
    [
        ("templates", "{1} 件", "{1} {1:item|items}", ""),
        ("templates", "{1} 件中 {2} 件", "{1} items", "places ['1'] instead of ['1', '2']"),
        ("words", "{count:,} 件", "{count:,} items", ""),
        ("words", "{count} 件", "{number} items", "places ['number'] instead of ['count']"),
        ("words", "件", "  ", "nothing"),
        ("words", "売切", "売切", "Japanese"),
        ("words", "客の", "customer\u2019s", "a curly quote, which the pages' font draws as wide as a kanji,"),
    ],
)
def test_phrase_when_its_english_lacks_a_place_or_is_none_then_it_is_wrong(
    part: str, phrase: str, english: str, wrong: str
) -> None:
    assert wrong_english(part, phrase, english) == wrong


def test_missing_when_several_areas_use_a_phrase_then_it_is_the_frames() -> None:
    uses = [
        Use("商品", "templates", "books", "a.html:1"),
        Use("商品", "words", "goods", "b.py:2"),
        Use("税率", "templates", "books", "a.html:3"),
    ]
    lacking = missing(uses, {"books": {"templates": {"税率": "Tax rate"}, "words": {}}})
    assert {area for area, rows in lacking.items() if rows} == {FRAME}
    assert skeleton(lacking[FRAME]) == {
        "templates": {},
        "words": {"商品": ""},
        "where": {"商品": "a.html:1, b.py:2"},
    }


def test_area_when_nobody_named_a_file_then_it_is_said() -> None:
    assert area_of("parts/agents_tasks.html") == "agents"
    with pytest.raises(LookupError, match=r"new_page\.html belongs to no area"):
        area_of("new_page.html")
