"""The month's report: its parts agree with each other; JSON over HTTP, PDF over HTTP and from the command line."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.accounting import counting, months
from cloud.accounting.counting import CountedPart, Visit
from cloud.accounting.month_report import MonthReport, gather
from cloud.accounting.month_report_pdf import render
from cloud.accounting.months import Person
from cloud.db.database import Database
from tools import report as command

NOVEMBER = date(2026, 11, 30)
DECEMBER = date(2026, 12, 5)


@pytest.fixture
async def month(seeded: Database, script: Any, book: Any, machine_id: str, clock: Any) -> Database:
    """A day of November: goods, two sales, a count that finds 100 yen too little."""
    script.restock()
    script.sale()
    script.sale(price=120)
    await book(seeded, machine_id, script.events)
    async with seeded.write() as db_session:
        lines = [CountedPart("hopper", 180, 80)]
        visit = Visit(machine_id, lines, "staff@example.com", "", clock())
        await counting.record(db_session, visit, now_ms=clock(), timezone="Asia/Tokyo")
    return seeded


async def gathered(database: Database) -> MonthReport:
    async with database.read() as db_session:
        return await gather(db_session, NOVEMBER, business="緑", timezone="Asia/Tokyo", today=DECEMBER)


async def test_report_when_gathered_then_its_parts_agree_with_each_other(month: Database) -> None:
    found = await gathered(month)
    assert sum(row.revenue for row in found.days) == 280
    assert [(row.percent, row.units, row.gross) for row in found.tax.rates] == [(8, 2, 280)]
    assert found.tax.rates[0].tax == found.tax.output_tax == 11 + 8
    assert found.profit_and_loss.amount("sales_revenue") == found.tax.rates[0].net == 280 - 19
    assert sum(row.gross_profit for row in found.machines) == found.profit_and_loss.amount("gross_profit")
    assert found.products == sorted(found.products, key=lambda row: -row.gross_profit)
    assert found.balance_sheet.amount("1001") == found.cash.total
    assert [row.difference for row in found.counts] == [-100]
    assert {row.code for row in found.findings} >= {"cash_difference"}


async def test_report_when_something_happened_after_the_month_then_its_cash_is_that_of_the_month_end(
    month: Database, new_script: Any, book: Any, machine_id: str, clock: Any
) -> None:
    before = await gathered(month)
    clock.now_ms += 15 * 86_400_000
    later = new_script(epoch="b" * 32, start_ms=clock.now_ms)
    later.sale()
    await book(month, machine_id, later.events)
    after = await gathered(month)
    assert after.cash == before.cash
    assert after.counts == before.counts
    assert after.balance_sheet == before.balance_sheet


async def test_report_when_the_month_is_closed_then_it_names_the_closing_and_stays_as_it_is(month: Database) -> None:
    found = await gathered(month)
    async with month.write() as db_session:
        closed = await months.close(
            db_session,
            NOVEMBER,
            found.findings,
            despite=[row.code for row in found.findings],
            today=DECEMBER,
            by=Person("owner@example.com", 1),
        )
    report = await gathered(month)
    assert (report.is_closed, report.head_hash, report.findings) == (True, closed.head_hash, [])
    assert set(report.accepted) == {row.code for row in found.findings}
    assert render(report) == render(await gathered(month))


async def test_pdf_when_asked_for_over_http_then_it_is_that_of_the_json(client: AsyncClient, month: Database) -> None:
    answer = await client.get("/api/v1/accounting/reports/month.pdf?month=2026-11")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert len(re.findall(rb"/Type /Page\b", answer.content)) >= 3
    found = MonthReport.model_validate((await client.get("/api/v1/accounting/reports/month?month=2026-11")).json())
    assert render(found) == answer.content
    newest = (await client.get("/api/v1/accounting/reports/month")).json()
    assert (newest["month"], newest["days"][0]["revenue"]) == ("2026-10", 0)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_command_when_run_then_it_writes_the_pdf_or_the_json(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"DATABASE_URL": database_url, "MQTT_PASSWORD": "m" * 20}.items():
        monkeypatch.setenv(name, value)
    for name in ("JWT_SECRET_KEY", "ENCRYPTION_KEY"):
        monkeypatch.setenv(name, name[0] * 40)
    target = tmp_path / "october.pdf"
    assert command.run("2026-10", target, is_pdf=True) == 0
    assert target.read_bytes().startswith(b"%PDF-")
    capsys.readouterr()
    assert command.run("2026-10", None, is_pdf=False) == 0
    assert MonthReport.model_validate_json(capsys.readouterr().out).month == "2026-10"
    assert command.run("2026-13", None, is_pdf=False) == 2
    assert "2026-10" in capsys.readouterr().err
    assert command.run("2026-10", tmp_path / "no" / "folder.pdf", is_pdf=True) == 1
