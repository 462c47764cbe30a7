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
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import counting, expenses, payouts
from cloud.accounting.counting import CountedPart, Visit
from cloud.accounting.expense_rules import Expense
from cloud.accounting.payout_rules import PayoutLineBody
from cloud.accounting.payouts import Settlement
from cloud.db.database import Database
from cloud.procurement import credit_notes, ordering, payables, receiving
from cloud.procurement import service as procurement
from cloud.procurement.credit_schemas import BackBody, CreditNoteBody
from cloud.procurement.invoice_schemas import InvoiceBody
from cloud.procurement.order_schemas import OrderBody, OrderLineBody
from cloud.procurement.ordering import Doing, Maker
from cloud.procurement.receipt_schemas import ReceiptBody, ReceiptLineBody
from cloud.procurement.schemas import RateBody
from cloud.procurement.service import Recorded
from cloud.procurement.supplier_schemas import OfferBody, SupplierBody
from cloud.sales import refunds
from tools.books import record
from tools.books.record import Record

TODAY: Final = date(2026, 11, 20)
PAGES: Final = (
    "/dashboard/statements",
    "/dashboard/cash",
    "/dashboard/cash/{machine}",
    "/dashboard/earnings",
    "/dashboard/earnings/machine?name={machine}&start=2026-11-01&end=2026-11-30",
    "/dashboard/earnings/product?name=green-tea&start=2026-11-01&end=2026-11-30",
    "/dashboard/months",
    "/dashboard/sales",
    "/dashboard/sales/1",
    "/dashboard/sales/refunds",
    "/dashboard/payouts",
    "/dashboard/payouts/1",
    "/dashboard/expenses",
    "/dashboard/stock",
    "/dashboard/stock/plan",
    "/dashboard/stock/movements",
    "/dashboard/stock/counts",
    "/dashboard/procurement",
    "/dashboard/procurement/orders/1",
    "/dashboard/suppliers",
    "/dashboard/suppliers/1",
    "/dashboard/suppliers/prices/green-tea",
    "/dashboard/payables",
    "/dashboard/payables/invoices/1",
    "/dashboard/payables/credit-notes/1",
)
FIGURES: Final = {
    "/dashboard/statements": 30,
    "/dashboard/cash": 12,
    "/dashboard/earnings": 8,
    "/dashboard/sales": 5,
    "/dashboard/sales/1": 6,
    "/dashboard/sales/refunds": 1,
    "/dashboard/payouts": 10,
    "/dashboard/payouts/1": 5,
    "/dashboard/expenses": 1,
    "/dashboard/stock": 3,
    "/dashboard/procurement": 1,
    "/dashboard/procurement/orders/1": 8,
    "/dashboard/payables": 8,
    "/dashboard/payables/invoices/1": 8,
    "/dashboard/payables/credit-notes/1": 8,
}
"""At least so many: a page that shows nothing would pass."""


@dataclass
class Figure:
    """One amount as it stands on a page."""

    yen: int
    href: str
    is_sum: bool
    """In a row or cell that is marked as the sum of others."""
    is_document: bool
    """On a paper that is shown itself: an order, an invoice, an offer, the lines of a processor."""


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
            is_document = any("data-document" in known for _, known in self._open)
            self.found.append(Figure(amount, href, is_sum, is_document))
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
    """Sales, a debt, a count that found too little; a refund, a payout, an expense; goods bought and paid."""
    script.restock()
    for short in (0, 40, 0):
        script.sale(short=short)
    script.sale("B2", "black-coffee", 140)
    common = {"vend_id": "v-card", "currency": "JPY", "slot": "A1", "product_id": "green-tea"}
    common |= {"price_minor": 160, "planogram_rev": 1, "tender": "card", "payment": "r-1"}
    script.add("vend.dispensed", common | {"credit_minor": 0, "on_hand": 4})
    await book(seeded, machine_id, script.events)
    async with seeded.write() as db_session:
        visit = Visit(machine_id, [CountedPart("hopper", 600, 100)], "mia@example.com", "", 0)
        await counting.record(db_session, visit, now_ms=clock(), timezone="Asia/Tokyo")
        await refunds.refund(db_session, 1, 100, "stale", "mia@example.com", clock())
        charge = PayoutLineBody(kind="charge", payment="r-1", gross=150, fee=5)
        settlement = Settlement("card", "po-1", TODAY, 145, [charge], "mia@example.com")
        await payouts.book(db_session, settlement, now_ms=clock())
        rent = Expense("6004", 1_100, 10, True, "payable", "landlord", TODAY, "rent")
        await expenses.enter(db_session, rent, now_ms=clock())
        await buys(db_session, clock())
    return client


async def buys(db_session: AsyncSession, now_ms: int) -> None:
    """An order that came in part, its invoice with a difference, most of the payment, a credit note beyond the rest."""
    seller = await procurement.add_supplier(db_session, SupplierBody(name="みどり飲料", kana="ミドリ", shipping=800), 0)
    await procurement.set_standing(db_session, seller, is_allowed=True, is_active=True)
    offer = OfferBody(product_id="green-tea", pack_size=24, price=1_980, valid_from=date(2026, 1, 1))
    await procurement.add_offer(db_session, seller, offer, Recorded("person", "owner@example.com", now_ms))
    by = Doing("second@example.com", now_ms)
    order = OrderBody(supplier_id=seller, lines=[OrderLineBody(offer_id=1, packs=2)])
    number = await ordering.make(db_session, order, Maker("owner@example.com", "person", now_ms, TODAY))
    await ordering.approve(db_session, number, by, 0)
    await ordering.take_step(db_session, number, "send", by)
    came = ReceiptBody(lines=[ReceiptLineBody(line=1, units=24)])
    receipt = await receiving.receive(db_session, number, came, by, TODAY)
    rates = [RateBody(percent=8, net=2_000, tax=160), RateBody(percent=10, net=800, tax=80)]
    body = InvoiceBody(number="S-1", issued_on=TODAY, receipts=[receipt], rates=rates)
    invoice = await payables.record(db_session, seller, body, by)
    await payables.accept(db_session, invoice, "dearer", by)
    await payables.pay(db_session, invoice, 2_900, TODAY, by)
    off = {"rates": [RateBody(percent=8, net=250, tax=20)], "goods": [BackBody(receipt=receipt, line=1, units=2)]}
    note = CreditNoteBody(number="C-1", issued_on=TODAY, reason="leaked", **off)
    await credit_notes.record(db_session, invoice, note, by, TODAY)
    await credit_notes.paid_back(db_session, 1, 30, TODAY, by)


async def test_pages_when_they_show_an_amount_then_it_leads_to_what_it_adds_up(
    trading: AsyncClient, seeded: Database, machine_id: str
) -> None:
    books = await record.read(seeded)
    known: dict[str, str] = {}
    odd = []
    for page in PAGES:
        path = page.format(machine=machine_id)
        found = await figures(trading, path)
        if len(found) < FIGURES.get(page, 0):
            odd.append(f"{path} shows only {len(found)} amounts")
        for figure in found:
            if figure.href:
                odd += [f"{path}: {why}" for why in await astray(trading, books, path, figure, known)]
            elif not (figure.is_sum or figure.is_document):
                odd.append(f"{path}: {figure.yen} leads nowhere")
    assert not odd, "\n".join(odd)


async def astray(client: AsyncClient, books: Record, path: str, figure: Figure, known: dict[str, str]) -> list[str]:
    """What is wrong with where an amount leads; `known` keeps what addresses showed."""
    href = urljoin(path, figure.href)
    address, _, fragment = href.partition("#")
    if address not in known:
        answer = await client.get(address, follow_redirects=True)
        assert answer.status_code == 200, f"{path} leads to {href}, which answers {answer.status_code}"
        known[address] = answer.text
    if fragment and f'id="{fragment}"' not in known[address]:
        return [f"{figure.yen} leads to {href}, and there is no such place"]
    sums = None if fragment else added_up(books, href)
    return [f"{figure.yen} leads to {href}, which adds up to {sums}"] if sums and figure.yen not in sums else []


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
        credited = sum(-amount for day, amount in legs if first <= day <= last and amount < 0)
        mean = (before + before + moved) // 2
        # What passes on into the stock and the cost of sales is no purchase: bought, less what suppliers took back.
        bought = sum(
            leg.amount
            for entry in books.entries
            for leg in entry.legs
            if leg.account == name == "5001" and not {row.account for row in entry.legs} & {"1101", "5002", "5102"}
        )
        if name == "2001":  # what is owed to a supplier stands on its page by age: each part of it is there
            return None
        return {moved, -moved, before, -before, before + moved, -before - moved, mean, debits, credited, bought}
    if kind == "earnings" and name:
        column = "machine_id" if name == "machine" else "product_id"
        rows = [row for row in books.sales if row[column] == asked["name"]]
        back = [row for row in books.refunds if row[column] == asked["name"]]
        net, cost = (
            sum(row[key] for row in rows) - sum(row[key] for row in back) for key in ("net_minor", "cost_minor")
        )
        return {net, cost, net - cost}
    return None


async def test_ledger_when_a_figure_led_there_then_it_lists_the_entries_and_each_leads_to_its_event(
    trading: AsyncClient,
) -> None:
    found = await figures(trading, "/dashboard/statements")
    sales = next(figure.href for figure in found if "/4001?" in figure.href and "start=2026-11-01" in figure.href)
    page = (await trading.get(sales)).text
    events = set(re.findall(r'href="(/api/v1/monitoring/events/[^"]+)"', page))
    assert len(events) == 5
    for href in events:
        assert (await trading.get(href)).status_code == 200
