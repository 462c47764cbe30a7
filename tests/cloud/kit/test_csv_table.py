"""Tables people edit in a spreadsheet: what is written is read again, and written again to the same bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.kit import csv_table
from cloud.kit.csv_table import BadTableError

COLUMNS = ("id", "name")
TEXT = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip).map(lambda t: t.strip("\u3000"))
)


@given(
    st.lists(
        st.tuples(TEXT.filter(bool), TEXT | st.sampled_from(["=1+1", "'=1", "-5", "@x", "+81", "''", 'a"b,c'])),
        max_size=6,
    )
)
def test_table_when_written_read_and_written_again_then_the_bytes_are_the_same(rows: list[tuple[str, str]]) -> None:
    text = csv_table.written(COLUMNS, rows)
    found = [tuple(row.cells.values()) for row in csv_table.read(text.encode(), COLUMNS, ("id",))]
    assert found == rows
    assert csv_table.written(COLUMNS, found) == text


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@a"])
def test_table_when_a_text_would_run_as_a_formula_then_it_is_written_as_text(text: str) -> None:
    assert f"\r\nx,'{text}\r\n" in csv_table.written(COLUMNS, [("x", text)])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_table_when_saved_by_any_spreadsheet_then_it_is_read(encoding: str) -> None:
    data = "id,name\n\nx,緑茶①\n,\n".encode(encoding)
    (row,) = csv_table.read(data, COLUMNS, ("id",))
    assert (row.line, row.cells) == (3, {"id": "x", "name": "緑茶①"})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"id\n\x81", "neither UTF-8 nor Shift_JIS"),
        (b"id,nmae\n", "no column 'nmae'"),
        (b"name\nx\n", "column 'id' is missing"),
        (b"id,id\n", "stands twice"),
        (b"id,name\na,b,c\n", "line 2: 3 cells under 2 columns"),
        (b'id,name\na,"b\n', "line 2: unexpected end of data"),
        (b"id\n" + b"x\n" * 5001, "5001 rows"),
    ],
)
def test_table_when_it_is_wrong_then_it_says_where_and_what(data: bytes, words: str) -> None:
    with pytest.raises(BadTableError, match=words):
        csv_table.read(data, COLUMNS, ("id",))
