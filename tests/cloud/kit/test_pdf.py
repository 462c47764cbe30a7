"""Documents: Japanese embedded, the same bytes for the same content, what comes from outside is only text."""

import re

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from cloud.kit.pdf import BOLD, FONTS, Column, Document, Figure, Row, _widths, yen

COLUMNS = [Column("科目", 3), Column("金額", is_number=True)]


def document(rows: list[Row], foot: str = "") -> bytes:
    made = Document("月次報告書", author="株式会社 緑", foot=foot)
    made.figures([Figure("売上高", "¥1,234", "前月 ¥1,000")])
    made.heading("損益計算書")
    made.table(COLUMNS, rows)
    made.side_by_side(COLUMNS, rows[:3], [])
    made.bars([0, 5, -3], ["1", "", "3"], unit="円")
    return made.to_bytes()


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", content))


def test_document_when_made_twice_then_the_bytes_are_the_same_and_the_japanese_font_is_inside() -> None:
    rows = [Row(["売上高", "1,234"], is_sum=True)]
    content = document(rows)
    assert content == document(rows)
    assert content.startswith(b"%PDF-")
    assert b"BIZUDPGothic-Bold" in content
    assert b"/FontFile2" in content


def test_document_when_the_content_differs_then_the_bytes_do() -> None:
    assert document([Row(["売上高", "1,234"])]) != document([Row(["売上高", "1,235"])])


def test_document_when_a_table_is_long_then_it_goes_on_to_the_next_page() -> None:
    assert pages(document([Row(["緑茶", "1"])])) == 1
    assert pages(document([Row([f"商品 {number}", "1"]) for number in range(120)])) > 2


def test_widths_when_numbers_are_long_then_none_is_broken_and_the_texts_give_what_they_need() -> None:
    columns = [Column("科目", 5), Column("当月", 3, is_number=True), Column("前月", 3, is_number=True)]
    short = _widths(columns, [Row(["売上高", "1,234", "0"])], 220)
    assert short == [100, 60, 60]
    row = Row(["資産合計", "△24,415,760", "9"], is_sum=True)
    name, long, other = _widths(columns, [row], 220)
    assert (name + long + other, other) == (pytest.approx(220), 60)
    assert long > pdfmetrics.stringWidth(row.cells[1], BOLD, 9) + 6
    assert _widths(columns, [Row(["", "9" * 60, ""])], 220)[0] == pytest.approx(40)


def test_document_when_text_from_outside_looks_like_markup_then_it_is_shown_as_it_is() -> None:
    assert document([Row(["<b>&amp;</b> <img src='file:///etc/passwd'/>", "1"])]).startswith(b"%PDF-")


def test_document_when_a_row_is_shorter_than_the_head_then_the_rest_is_empty() -> None:
    assert document([Row(["見出し"], is_heading=True)]).startswith(b"%PDF-")


@pytest.mark.parametrize(("amount", "text"), [(0, "0"), (1234567, "1,234,567"), (-50, "△50")])
def test_yen_when_below_zero_then_it_is_written_as_statements_do(amount: int, text: str) -> None:
    assert yen(amount) == text


def test_font_when_opened_then_it_has_every_kanji_of_both_levels() -> None:
    for name in ("regular", "bold"):
        font = TTFont(f"Test-{name}", FONTS / f"bizudp-{name}.ttf")
        assert [character for character in "亜腕弌熙△①髙ー㈱ABCé" if ord(character) not in font.face.charToGlyph] == []
