"""What earns and how fast goods turn, and the tables for other programs."""

import csv
import io
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.accounting.csv_files import csv_response
from cloud.accounting.earnings import earning, turnover
from cloud.db.database import Database

NOVEMBER = {"start": "2026-11-01", "end": "2026-11-30"}


@pytest.mark.parametrize(
    ("revenue", "cost", "margin", "rating"),
    [
        (100, 55, "45.00", "A"),
        (100, 56, "44.00", "B"),
        (100, 65, "35.00", "B"),
        (100, 66, "34.00", "C"),
        (100, 81, "19.00", "D"),
        (100, 120, "-20.00", "D"),
        (0, 5, None, ""),
    ],
)
def test_earning_when_rated_then_by_its_margin(revenue: int, cost: int, margin: str | None, rating: str) -> None:
    found = earning("tea", "Tea", 1, revenue, cost)
    assert (found.gross_profit, found.gross_margin, found.rating) == (revenue - cost, margin, rating)


def test_turnover_when_half_of_the_stock_was_sold_in_a_month_then_it_turns_so_often_a_year() -> None:
    found = turnover(1_000, 2_500, 1_500, 30)
    # 1000 / 2000 in 30 days = 6.083 turns in 365; one turn takes 60 days.
    assert (found.average_inventory, found.ratio, found.days, found.rating) == (2_000, "6.08", "60.00", "C")
    assert turnover(0, 100, 100, 30).days is None
    assert (turnover(5, 0, 0, 30).ratio, turnover(5, 0, 0, 30).rating) == (None, "")


@pytest.fixture
async def traded(client: AsyncClient, seeded: Database, book: Any, script: Any, machine_id: str) -> AsyncClient:
    """Two teas at 160, one water at 120."""
    script.restock()
    script.restock("A3", "spring-water")
    script.sale()
    script.sale()
    script.sale("A3", "spring-water", 120)
    script.failed_vend()
    await book(seeded, machine_id, script.events)
    return client


async def table(client: AsyncClient, path: str, **asked: str) -> list[dict[str, str]]:
    answer = await client.get(f"/api/v1/accounting/{path}", params=asked)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


async def test_earnings_when_asked_by_product_and_by_machine_then_both_add_up_to_the_income_statement(
    traded: AsyncClient,
    machine_id: str,
) -> None:
    products = (await traded.get("/api/v1/accounting/earnings/product", params=NOVEMBER)).json()["items"]
    assert [(row["key"], row["units"], row["revenue"], row["cost"], row["rating"]) for row in products] == [
        ("green-tea", 2, 298, 168, "B"),
        ("spring-water", 1, 112, 55, "A"),
    ]
    (machine,) = (await traded.get("/api/v1/accounting/earnings/machine", params=NOVEMBER)).json()["items"]
    assert (machine["key"], machine["name"], machine["gross_profit"]) == (machine_id, "デモ自販機", 187)
    income = (await traded.get("/api/v1/accounting/income-statement", params=NOVEMBER)).json()
    assert income["gross_profit"] == sum(row["gross_profit"] for row in products) == machine["gross_profit"]
    rows = await table(traded, "earnings/product/csv", **NOVEMBER)
    assert [row["name"] for row in rows] == ["緑茶", "天然水"]
    before = (await traded.get("/api/v1/accounting/earnings/product?start=2026-10-01&end=2026-10-31")).json()
    assert before["items"] == []


async def test_journal_csv_when_read_by_another_program_then_it_balances_and_is_the_whole_month(
    traded: AsyncClient,
) -> None:
    rows = await table(traded, "journal.csv", **NOVEMBER)
    journal = (await traded.get("/api/v1/accounting/journal")).json()
    assert len({row["number"] for row in rows}) == journal["total"]
    assert sum(int(row["debit"]) for row in rows) == sum(int(row["credit"]) for row in rows) > 0
    trial = await table(traded, "trial-balance.csv")
    for line in trial:
        legs = [row for row in rows if row["account"] == line["code"]]
        assert sum(int(row["debit"]) for row in legs) == int(line["debit_turnover"])


async def test_ledger_csv_when_one_account_is_asked_for_then_it_is_carried_forward_and_ends_with_the_balance(
    traded: AsyncClient,
) -> None:
    first, *rows = await table(traded, "ledger/1001.csv", **NOVEMBER)
    assert (first["description"], first["balance"]) == ("前期繰越", "0")
    trial = {row["code"]: row for row in await table(traded, "trial-balance.csv")}
    assert rows[-1]["balance"] == trial["1001"]["debit"]
    (forward,) = await table(traded, "ledger/1001.csv", start="2026-12-01", end="2026-12-31")
    assert forward["balance"] == trial["1001"]["debit"]
    assert (await traded.get("/api/v1/accounting/ledger/9999.csv")).status_code == 404
    for odd in ("start=2026-12-01&end=2026-11-01", "start=0001-01-01"):
        answer = await traded.get(f"/api/v1/accounting/ledger/1001.csv?{odd}")
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_period")


def test_csv_when_a_text_looks_like_a_formula_then_a_spreadsheet_does_not_run_it() -> None:
    found = csv_response("x", ["a", "b", "c"], [["=1+1", -5, None], ["tea, green", "@x", 0]])
    assert bytes(found.body).decode() == "\ufeffa,b,c\r\n'=1+1,-5,\r\n\"tea, green\",'@x,0\r\n"


async def test_page_when_something_was_sold_then_it_shows_margin_rating_and_turnover(traded: AsyncClient) -> None:
    page = (await traded.get("/dashboard/earnings")).text
    for wanted in ("緑茶", "天然水", "43.62%", "50.89%", "自販機ごと", "日で一回り"):
        assert wanted in page
