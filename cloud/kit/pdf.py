"""Documents as PDF: A4, Japanese font embedded, tables, key figures, bars, page numbers. Knows no document's meaning.

The same content gives the same bytes: no time and no random name is in the file. Wraps reportlab; fonts: `fonts/`.
"""

import asyncio
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, Final

from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)
from starlette.responses import Response

FONTS: Final = Path(__file__).parent / "fonts"
REGULAR: Final = "BIZUDP"
BOLD: Final = "BIZUDP-Bold"
MARGIN: Final = 18 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
_INSET: Final = 6
"""What the library's frames keep free at each side, pt."""
INK, MUTED, LINE, SURFACE, BRAND, CHART = (
    HexColor(value) for value in ("#14171F", "#474E5C", "#B9C0CC", "#F4F5F7", "#12408F", "#2F66C4")
)
"""The dashboard's colours by day."""


class PdfResponse(Response):
    """A PDF file."""

    media_type = "application/pdf"


async def shown(name: str, render: Callable[[], bytes]) -> PdfResponse:
    """A document as an answer, to look at or to save as `name.pdf`; other requests are served while it is rendered."""
    content = await asyncio.to_thread(render)
    return PdfResponse(content, headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    share: int = 1
    """Of the width, beside the other columns' shares."""
    is_number: bool = False
    """Set flush right."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    cells: Sequence[str]
    level: int = 0
    """How far the first cell is set in."""
    is_sum: bool = False
    """Strong, with a line above."""
    is_heading: bool = False
    """Strong, on a ground of its own."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: what it is, how much, and what to compare it with."""

    name: str
    value: str
    note: str = ""


def yen(amount: int) -> str:
    """Yen as Japanese statements write them: 1,234 and, below zero, △1,234."""
    return f"{'△' if amount < 0 else ''}{abs(amount):,}"


@lru_cache(maxsize=1)
def _fonts() -> None:
    """Register the fonts; reading them takes a moment, so once per process."""
    pdfmetrics.registerFont(TTFont(REGULAR, FONTS / "bizudp-regular.ttf"))
    pdfmetrics.registerFont(TTFont(BOLD, FONTS / "bizudp-bold.ttf"))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


class _NumberedCanvas(Canvas):  # type: ignore[misc]  # the library has no types
    """Writes the foot of each page when the number of pages is known."""

    foot = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - the library's name
        """Keep the page back."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write all pages."""
        pages = self._pages
        for number, page in enumerate(pages, start=1):
            self.__dict__.update(page)
            self.setFont(REGULAR, 7.5)
            self.setFillColor(MUTED)
            self.drawString(MARGIN, 10 * mm, self.foot)
            self.drawRightString(A4[0] - MARGIN, 10 * mm, f"{number} / {len(pages)}")
            Canvas.showPage(self)
        Canvas.save(self)


def _style(name: str, size: int, *, is_bold: bool = False, **more: Any) -> ParagraphStyle:
    font = BOLD if is_bold else REGULAR
    settings = {"textColor": INK, "wordWrap": "CJK", "leading": size * 1.5} | more
    return ParagraphStyle(name, fontName=font, fontSize=size, **settings)


class Document:
    """Collects what stands in a document, from the top down; `to_bytes` makes the file."""

    def __init__(self, title: str, *, author: str = "", foot: str = "") -> None:
        """Begin a document.

        Args:
            title: stands above the first page and in the file's description.
            author: the same, for whom the document is.
            foot: one line at the foot of every page.
        """
        _fonts()
        self._title, self._author, self._foot = title, author, foot
        self._story: list[Any] = []
        if author:
            self.text(author)
        self._story.append(Paragraph(escape(title), _style("title", 20, is_bold=True, spaceAfter=4 * mm)))

    def heading(self, text: str, *, keeps_mm: int = 40) -> None:
        """A heading; it goes to the next page unless so much room is left below it."""
        self._story.append(CondPageBreak(keeps_mm * mm))
        style = _style("heading", 13, is_bold=True, textColor=BRAND, spaceBefore=5 * mm, spaceAfter=2 * mm)
        self._story.append(Paragraph(escape(text), style))

    def text(self, text: str, *, is_quiet: bool = True) -> None:
        """A paragraph."""
        style = _style("text", 9, textColor=MUTED if is_quiet else INK, spaceAfter=1.5 * mm)
        self._story.append(Paragraph(escape(text), style))

    def space(self, height_mm: int) -> None:
        """Empty room."""
        self._story.append(Spacer(1, height_mm * mm))

    def figures(self, figures: Sequence[Figure]) -> None:
        """Key figures side by side, at most five."""
        name, value = _style("name", 8, textColor=MUTED), _style("value", 15, is_bold=True)
        cells = [
            [
                Paragraph(escape(one.name), name),
                Paragraph(escape(one.value), value),
                Paragraph(escape(one.note), name),
            ]
            for one in figures
        ]
        table = Table([cells], colWidths=[WIDTH / len(cells)] * len(cells))
        table.setStyle(
            TableStyle(
                [
                    ("BACKGROUND", (0, 0), (-1, -1), SURFACE),
                    ("LINEBEFORE", (1, 0), (-1, -1), 0.5, LINE),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("TOPPADDING", (0, 0), (-1, -1), 7),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
                ]
            )
        )
        self._story += [table, Spacer(1, 3 * mm)]

    def table(self, columns: Sequence[Column], rows: Sequence[Row], *, empty: str = "該当なし") -> None:
        """A table over the whole width; its head is repeated on each page it goes on to."""
        self._story += [_table(columns, rows, WIDTH, empty), Spacer(1, 3 * mm)]

    def side_by_side(
        self, columns: Sequence[Column], left: Sequence[Row], right: Sequence[Row], *, empty: str = "該当なし"
    ) -> None:
        """Two tables with the same columns beside each other, at most a page long."""
        gap = 6 * mm
        half = (WIDTH - gap) / 2
        pair = [[_table(columns, left, half, empty), _table(columns, right, half, empty)]]
        both = Table(pair, colWidths=[half + gap, half])
        both.setStyle(
            TableStyle(
                [
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("LEFTPADDING", (0, 0), (-1, -1), 0),
                    ("RIGHTPADDING", (0, 0), (0, 0), gap),
                    ("RIGHTPADDING", (1, 0), (1, 0), 0),
                ]
            )
        )
        self._story += [both, Spacer(1, 3 * mm)]

    def bars(self, values: Sequence[int], labels: Sequence[str], *, unit: str, height_mm: int = 42) -> None:
        """Bars from zero; the highest is written out. A negative value has no bar.

        Args:
            values: one for each bar.
            labels: below the bars; an empty one leaves the place free.
            unit: after the highest value.
            height_mm: of the drawing.
        """
        self._story.append(KeepTogether([_bars(values, labels, unit, height_mm * mm), Spacer(1, 3 * mm)]))

    def to_bytes(self) -> bytes:
        """The file."""
        target = io.BytesIO()
        canvas = type("Numbered", (_NumberedCanvas,), {"foot": self._foot})
        document = SimpleDocTemplate(
            target,
            pagesize=A4,
            leftMargin=MARGIN - _INSET,
            rightMargin=MARGIN - _INSET,
            topMargin=16 * mm,
            bottomMargin=18 * mm,
            title=self._title,
            author=self._author,
            invariant=1,
            lang="ja",
        )
        document.build(list(self._story), canvasmaker=canvas)
        return target.getvalue()


def _table(columns: Sequence[Column], rows: Sequence[Row], width: float, empty: str) -> Table:
    widths = _widths(columns, rows, width)
    filled = list(rows) or [Row([empty, *[""] * (len(columns) - 1)])]
    cells = [[_cell(column.title, column, Row([], is_heading=True), 8, 0) for column in columns]]
    cells += [
        [_cell(text, column, row, _CELL_SIZE, row.level if at == 0 else 0) for at, (text, column) in _zip(row, columns)]
        for row in filled
    ]
    table = Table(cells, colWidths=widths, repeatRows=1)
    table.setStyle(TableStyle([*_LINES, *_row_styles(filled)]))
    return table


def _widths(columns: Sequence[Column], rows: Sequence[Row], width: float) -> list[float]:
    """By the columns' shares; but no number is broken: what its column lacks, the columns of text give."""
    _fonts()
    shares = sum(column.share for column in columns)
    widths = [width * column.share / shares for column in columns]
    texts = sum(have for have, column in zip(widths, columns, strict=True) if not column.is_number)
    lacks = [
        max(max((_wide(row, at) for row in rows), default=0) - have, 0) if column.is_number else 0
        for at, (column, have) in enumerate(zip(columns, widths, strict=True))
    ]
    given = min(sum(lacks), texts * _MOST_GIVEN)
    if not given:
        return widths
    return [
        have + lack * given / sum(lacks) if column.is_number else have * (1 - given / texts)
        for column, have, lack in zip(columns, widths, lacks, strict=True)
    ]


def _wide(row: Row, at: int) -> float:
    """What a cell needs to stand in one line."""
    text = row.cells[at] if at < len(row.cells) else ""
    font = BOLD if row.is_sum or row.is_heading else REGULAR
    return float(pdfmetrics.stringWidth(text, font, _CELL_SIZE)) + 2 * _CELL_PADDING + _GAP if text else 0


_CELL_SIZE: Final = 9
_CELL_PADDING: Final = 3
_GAP: Final = 4
"""Between two numbers beside each other, beyond the padding."""
_MOST_GIVEN: Final = 0.6
"""Of the width of a table's texts, what its numbers may take."""

_LINES: Final = [
    ("LINEBELOW", (0, 0), (-1, 0), 0.8, MUTED),
    ("LINEBELOW", (0, 1), (-1, -1), 0.25, LINE),
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("TOPPADDING", (0, 0), (-1, -1), 2.2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8),
    ("LEFTPADDING", (0, 0), (-1, -1), _CELL_PADDING),
    ("RIGHTPADDING", (0, 0), (-1, -1), _CELL_PADDING),
]


def _zip(row: Row, columns: Sequence[Column]) -> list[tuple[int, tuple[str, Column]]]:
    padded = [*row.cells, *[""] * (len(columns) - len(row.cells))]
    return list(enumerate(zip(padded, columns, strict=True)))


def _row_styles(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for at, row in enumerate(rows, start=1):
        if row.is_sum:
            found.append(("LINEABOVE", (0, at), (-1, at), 0.6, MUTED))
        if row.is_heading:
            found.append(("BACKGROUND", (0, at), (-1, at), SURFACE))
    return found


def _cell(text: str, column: Column, row: Row, size: int, level: int) -> Paragraph:
    style = _style(
        "cell",
        size,
        is_bold=row.is_sum or row.is_heading,
        leading=size * 1.35,
        alignment=2 if column.is_number else 0,
        leftIndent=level * 10,
        textColor=MUTED if size < 9 else INK,
    )
    return Paragraph(escape(text), style)


def _bars(values: Sequence[int], labels: Sequence[str], unit: str, height: float) -> Drawing:
    _fonts()
    drawing = Drawing(WIDTH, height)
    base, room = 14.0, height - 14.0 - 16.0
    highest = max([*values, 1])
    step = WIDTH / max(len(values), 1)
    is_marked = False
    for at, (value, label) in enumerate(zip(values, labels, strict=True)):
        tall = room * max(value, 0) / highest
        is_highest = value == highest and not is_marked
        drawing.add(
            Rect(
                at * step + step * 0.15,
                base,
                step * 0.7,
                tall,
                fillColor=BRAND if is_highest else CHART,
                strokeColor=None,
                rx=1,
                ry=1,
            )
        )
        middle = at * step + step / 2
        drawing.add(
            String(middle, 3, label, fontName=REGULAR, fontSize=7, fillColor=MUTED, textAnchor="middle"),
        )
        if is_highest:
            is_marked = True
            where = min(max(middle, 30.0), WIDTH - 30.0)
            words = f"{yen(value)}{unit}"
            drawing.add(
                String(where, base + tall + 4, words, fontName=BOLD, fontSize=8, fillColor=INK, textAnchor="middle")
            )
    drawing.add(Line(0, base, WIDTH, base, strokeColor=MUTED, strokeWidth=0.6))
    return drawing
