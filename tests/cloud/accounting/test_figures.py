"""Every yen on a page of the books leads to what it adds up: to a ledger, to sales, to a count, or it is a sum of such.

The pages are read as a browser reads them; what a link adds up is worked out from the postings, not by the pages.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from httpx import AsyncClient

from cloud.accounting import counting
from cloud.accounting.counting import CountedPart, Visit
from cloud.db.database import Database
from tools.books import record
from tools.books.record import Record

PAGES: Final = (
    "/dashboard/statements",
    "/dashboard/cash",
    "/dashboard/cash/{machine}",
    "/dashboard/earnings",
    "/dashboard/earnings/machine?name={machine}&start=2026-11-01&end=2026-11-30",
    "/dashboard/earnings/product?name=green-tea&start=2026-11-01&end=2026-11-30",
    "/dashboard/months",
)
FIGURES: Final = {"/dashboard/statements": 30, "/dashboard/cash": 12, "/dashboard/earnings": 8}
"""At least so many: a page that shows nothing would pass."""


@dataclass
class Figure:
    """One amount as it stands on a page."""

    yen: int
    href: str
    is_sum: bool
    """In a row or cell that is marked as the sum of others."""


class Reader(HTMLParser):
    """Finds the amounts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Figure] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"br", "input", "meta", "link", "img", "hr"}:
            return
        self._open.append((tag, {name: value or "" for name, value in attrs}))
        if tag == "span" and "yen" in self._open[-1][1].get("class", "").split():
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if self._text is not None and tag == "span":
            amount = int(re.sub(r"[¥,\s]", "", self._text).replace("−", "-"))
            href = next((known["href"] for name, known in reversed(self._open) if name == "a"), "")
            is_sum = any("sum" in known.get("class", "").split() for _, known in self._open)
            self.found.append(Figure(amount, href, is_sum))
            self._text = None
        while self._open and self._open.pop()[0] != tag:
            pass


async def figures(client: AsyncClient, path: str) -> list[Figure]:
    answer = await client.get(path)
    assert answer.status_code == 200, path
    reader = Reader()
    reader.feed(answer.text)
    return reader.found


@pytest.fixture
async def trading(
    client: AsyncClient, seeded: Database, book: Callable[..., Awaitable[Any]], script: Any, clock: Any, machine_id: str
) -> AsyncClient:
    """Sales, a debt, a count that found too little, and a collection."""
    script.restock()
    for short in (0, 40, 0):
        script.sale(short=short)
    script.sale("B2", "black-coffee", 140)
    await book(seeded, machine_id, script.events)
    async with seeded.write() as db_session:
        visit = Visit(machine_id, [CountedPart("hopper", 600, 100)], "mia@example.com", "", 0)
        await counting.record(db_session, visit, now_ms=clock(), timezone="Asia/Tokyo")
    return client


@pytest.mark.parametrize("path", PAGES)
async def test_page_of_the_books_when_it_shows_an_amount_then_it_leads_to_what_it_adds_up(
    trading: AsyncClient, seeded: Database, machine_id: str, path: str
) -> None:
    found = await figures(trading, path.format(machine=machine_id))
    assert len(found) >= FIGURES.get(path, 0)
    books = await record.read(seeded)
    for figure in found:
        assert figure.href or figure.is_sum, f"{figure.yen} leads nowhere"
        if not figure.href:
            continue
        href = urljoin(path, figure.href)
        answer = await trading.get(href)
        assert answer.status_code == 200, href
        assert f'id="{urlsplit(href).fragment}"' in answer.text or not urlsplit(href).fragment
        sums = added_up(books, href)
        assert sums is None or figure.yen in sums, f"{figure.yen} leads to {figure.href}, which adds up to {sums}"


def added_up(books: Record, href: str) -> set[int] | None:
    """What the entries or sales behind a link add up to, either way round; None for a record that says it itself."""
    parts = urlsplit(href)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    first, last = (
        date.fromisoformat(asked.get(name, day)) for name, day in (("start", "1900-01-01"), ("end", "9000-01-01"))
    )
    kind, _, name = parts.path.removeprefix("/dashboard/").partition("/")
    if kind == "journal" and name:
        legs = [
            (entry.day, leg.amount)
            for entry in books.entries
            for leg in entry.legs
            if leg.account == name and asked.get("place", leg.place) == leg.place
        ]
        moved = sum(amount for day, amount in legs if first <= day <= last)
        before = sum(amount for day, amount in legs if day < first)
        debits = sum(amount for day, amount in legs if first <= day <= last and amount > 0)
        mean = (before + before + moved) // 2
        return {moved, -moved, before, -before, before + moved, -before - moved, mean, debits}
    if kind == "earnings" and name:
        column = "machine_id" if name == "machine" else "product_id"
        rows = [row for row in books.sales if row[column] == asked["name"]]
        net, cost = (sum(row[key] for row in rows) for key in ("net_minor", "cost_minor"))
        return {net, cost, net - cost}
    return None


async def test_ledger_when_a_figure_led_there_then_it_lists_the_entries_and_each_leads_to_its_event(
    trading: AsyncClient,
) -> None:
    found = await figures(trading, "/dashboard/statements")
    sales = next(figure.href for figure in found if "/4001?" in figure.href and "start=2026-11-01" in figure.href)
    page = (await trading.get(sales)).text
    events = set(re.findall(r'href="(/api/v1/monitoring/events/[^"]+)"', page))
    assert len(events) == 4
    for href in events:
        assert (await trading.get(href)).status_code == 200
