"""From sales to signals, figures, words, paper, pages: the same numbers everywhere."""

from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.agents.decisions.asked import Run
from cloud.agents.decisions.desk import Desk
from cloud.agents.guard.limits import Limits
from cloud.agents.reporting import report_tool
from cloud.agents.tools import Call
from cloud.analytics import demand, jobs, report, report_pdf, service, signals
from cloud.analytics.report import BusinessReport
from cloud.db.database import Database
from cloud.jobs.kinds import ANOMALIES, Work, anomalies_kind
from cloud.jobs.rules import SCHEDULES

TODAY = date(2026, 11, 20)
FIRST, LAST = TODAY - timedelta(days=28), TODAY - timedelta(days=1)
API, PAGE = "/api/v1/analytics", "/dashboard/analytics"
STEADY = {ago: {"green-tea": 6, "cider": 3} for ago in range(1, 61)}


async def gathered(database: Database, clock: Any) -> BusinessReport:
    async with database.read() as db_session:
        return await report.gather(
            db_session, FIRST, LAST, business="緑", timezone="Asia/Tokyo", now_ms=clock(), today=TODAY
        )


async def odd(database: Database, clock: Any) -> dict[str, Any]:
    async with database.read() as db_session:
        return {row.detector: row for row in await signals.look(db_session, clock(), "Asia/Tokyo", 3_000)}


async def test_report_when_sales_were_steady_then_figures_forecast_and_words_agree(
    seeded: Database, sold: Any, filled: Any, clock: Any
) -> None:
    await filled(seeded)
    await sold(seeded, STEADY)
    found = await gathered(seeded, clock)
    of = found.statistics.sales
    assert (of.units, of.revenue, of.revenue_before, of.revenue_growth) == (252, 252 * 160, 252 * 160, "0.00")
    assert sum(row.revenue for row in of.days) == of.revenue
    assert found.statistics.customers.satisfaction == "100.00"
    tea = next(row for row in found.forecasts if row.product_id == "green-tea")
    assert (tea.method, tea.sold_7_days, tea.expected) == ("seasonal", 42, 42.0)
    assert tea.low <= 42 <= tea.high <= tea.needed_95
    assert (tea.quality.weeks, tea.quality.wape_percent) == (4, 0)
    assert tea.days_of_cover == 48 // 6
    assert "252 個、¥40,320(税込)" in found.paragraphs[0]
    assert any("次の 7 日は全体で 63 個" in part for part in found.paragraphs)
    paper = report_pdf.render(found, "Asia/Tokyo")
    assert paper.startswith(b"%PDF-")
    assert report_pdf.render(found, "Asia/Tokyo") == paper


async def test_report_when_nothing_was_ever_sold_then_it_says_so(seeded: Database, clock: Any) -> None:
    found = await gathered(seeded, clock)
    assert found.paragraphs[0] == "この 28 日間の売上はありません。"
    assert all(row.method == "none" and row.days_of_cover is None for row in found.forecasts)
    assert report_pdf.render(found, "Asia/Tokyo").startswith(b"%PDF-")


async def test_look_when_all_is_as_usual_then_nothing_is_odd(
    seeded: Database, sold: Any, filled: Any, clock: Any
) -> None:
    await filled(seeded)
    await sold(seeded, STEADY | {0: {"green-tea": 2, "cider": 1}})
    assert await odd(seeded, clock) == {}


async def test_look_when_a_machine_stops_selling_then_the_day_and_the_silence_are_told(
    seeded: Database, sold: Any, filled: Any, clock: Any
) -> None:
    await filled(seeded)
    await sold(seeded, {ago: units for ago, units in STEADY.items() if ago > 2})
    seen = await odd(seeded, clock)
    assert seen["sales_drop"].figures["units"] == 0
    assert seen["silent_machine"].figures["expected"] > 9.2


async def test_look_when_one_slot_is_stuck_and_vends_fail_then_both_are_told(
    seeded: Database, sold: Any, filled: Any, clock: Any
) -> None:
    await filled(seeded)
    days = {ago: {"green-tea": 6 if ago > 7 else 0, "cider": 6} for ago in range(50)}
    await sold(seeded, days, failed={0: 5})
    seen = await odd(seeded, clock)
    assert seen["stuck_slot"].slot == "A1"
    assert seen["error_rate"].figures["failed"] == 5


async def test_demand_when_a_product_was_sold_out_then_the_days_do_not_count_as_days_without_demand(
    seeded: Database, sold: Any, clock: Any, machine_id: str
) -> None:
    await sold(seeded, {ago: {"green-tea": 6} for ago in range(20, 50)})
    async with seeded.read() as db_session:
        days = await demand.history(db_session, TODAY, "Asia/Tokyo", clock())
    assert days["green-tea"][-1].open_share == 0.0
    rows = await gathered(seeded, clock)
    tea = next(row for row in rows.forecasts if row.product_id == "green-tea")
    assert tea.expected == pytest.approx(42, abs=1)


async def test_page_when_something_is_odd_then_it_is_shown_and_somebody_can_look_after_it(
    client: AsyncClient, seeded: Database, sold: Any, filled: Any, clock: Any
) -> None:
    await filled(seeded)
    await sold(seeded, {ago: units for ago, units in STEADY.items() if ago > 2})
    assert "気になることはありません。" in (await client.get(PAGE)).text
    assert (await client.post(f"{PAGE}/look")).status_code == 303
    page = (await client.get(f"{PAGE}?days=91&product=cider")).text
    assert "時間売れていません" in page
    assert "自分が見ます" in page
    assert "サイダー" in page
    cookies = {**client.cookies, "language": "en"}
    english = (await client.get(PAGE, headers={"Cookie": "; ".join(map("=".join, cookies.items()))})).text
    assert " has sold nothing for " in english
    assert "Cider" in english
    assert "売れていません" not in english
    async with seeded.read() as db_session:
        row = (await service.anomalies(db_session, limit=1, state="open"))[0]
    sent = await client.post(f"{PAGE}/anomalies/{row.id}?revision={row.revision}", data={"note": "見に行く"})
    assert sent.status_code == 303
    assert "op@example.com · 見に行く" in (await client.get(PAGE)).text
    assert (await client.get(f"{API}/anomalies?state=acknowledged")).json()["items"][0]["note"] == "見に行く"
    again = await client.post(f"{API}/anomalies/{row.id}/acknowledge", json={"note": "x"}, headers={"If-Match": '"1"'})
    assert (again.status_code, again.json()["code"]) == (412, "changed_meanwhile")
    for number, code in ((99, "no_such_anomaly"),):
        assert (await client.post(f"{API}/anomalies/{number}/acknowledge", json={})).json()["code"] == code
    assert (await client.get(f"{PAGE}/reports/99")).status_code == 404


async def test_report_tool_when_an_agent_writes_one_then_the_desk_lets_it_and_the_page_shows_it(
    client: AsyncClient, seeded: Database, clock: Any
) -> None:
    desk = Desk(seeded, Limits(), "Asia/Tokyo", clock)
    call = Call("c-1", "report", {"title": "価格と補充", "text": "緑茶を 170 円に。\n\n・理由 <b>"})
    answer = await desk.carry_out(Run("r-1", "vending", "schedule"), call, [report_tool("vending")], outside_seen=False)
    assert answer.content["outcome"] == "done"
    number = answer.content["result"]["report_id"]
    assert f"{PAGE}/reports/{number}" in (await client.get(PAGE)).text
    page = (await client.get(f"{PAGE}/reports/{number}")).text
    assert "緑茶を 170 円に。" in page
    assert "&lt;b&gt;" in page
    assert (await client.get(f"{API}/reports")).json()["items"][0]["made_by"] == "agent:vending"


async def test_api_when_asked_then_statistics_forecasts_report_and_paper_are_those_of_the_service(
    client: AsyncClient, seeded: Database, sold: Any, filled: Any
) -> None:
    await filled(seeded)
    await sold(seeded, STEADY)
    found = (await client.get(f"{API}/statistics?start={FIRST}&end={LAST}")).json()
    assert found["sales"]["units"] == 252
    assert (await client.get(f"{API}/statistics?start=2020-01-01&end=2026-01-01")).json()["code"] == "bad_period"
    (tea,) = (await client.get(f"{API}/forecasts?product_id=green-tea&days=3")).json()
    assert [row["expected"] for row in tea["days"]] == [6.0, 6.0, 6.0]
    assert (await client.get(f"{API}/report")).json()["statistics"]["sales"]["units"] == 252
    paper = await client.get(f"{API}/report.pdf?days=7")
    assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")


async def test_dashboard_api_when_asked_for_charts_and_money_then_every_series_fits_its_labels(
    client: AsyncClient, seeded: Database, sold: Any
) -> None:
    await sold(seeded, STEADY | {0: {"green-tea": 2}}, failed={0: 1})
    for kind in ("sales_trend", "inventory_levels", "customer_engagement", "ai_performance"):
        chart = (await client.get(f"/api/v1/dashboard/chart/{kind}?period=14d")).json()
        assert chart["type"] == kind
        assert chart["labels"]
        assert {len(row["data"]) for row in chart["datasets"]} == {len(chart["labels"])}
    trend = (await client.get("/api/v1/dashboard/chart/sales_trend")).json()
    assert trend["datasets"][0]["data"] == [9 * 160] * 6 + [2 * 160]
    customers = (await client.get("/api/v1/dashboard/chart/customer_engagement?period=1d")).json()
    assert [row["data"] for row in customers["datasets"]] == [[2], [1], [0]]
    wrong = await client.get("/api/v1/dashboard/chart/pie")
    assert (wrong.status_code, wrong.json()["code"]) == (404, "no_such_chart")
    assert "ai_performance" in wrong.json()["detail"]
    assert (await client.get("/api/v1/dashboard/chart/sales_trend?period=x")).status_code == 422
    money = (await client.get("/api/v1/dashboard/financial/30")).json()
    assert set(money) == {"period", "income_statement", "product_profitability", "cash_flow", "kpi_summary"}
    assert money["period"]["days"] == 30
    assert {row["key"] for row in money["product_profitability"]} == {"green-tea", "cider"}


async def test_look_when_run_as_a_job_then_what_is_new_is_returned_once(
    seeded: Database, sold: Any, filled: Any, clock: Any
) -> None:
    await filled(seeded)
    await sold(seeded, {ago: units for ago, units in STEADY.items() if ago > 2})
    async with seeded.write() as db_session:
        assert await jobs.look(db_session, clock(), "Asia/Tokyo", 3_000)
    async with seeded.write() as db_session:
        assert await jobs.look(db_session, clock(), "Asia/Tokyo", 3_000) == []


async def test_kind_when_the_clock_asks_for_it_then_the_worker_looks_and_says_how_much_is_new(
    seeded: Database, sold: Any, filled: Any, clock: Any
) -> None:
    await filled(seeded)
    await sold(seeded, {ago: units for ago, units in STEADY.items() if ago > 2})
    look = anomalies_kind(seeded, timezone="Asia/Tokyo", loss_budget=3_000, clock=clock)
    nobody: Any = None
    outcome = await look(Work("t-1", ANOMALIES, {}, "schedule"), nobody)
    assert (outcome.status, outcome.result) == ("done", {"new": 2})
    assert ANOMALIES in {row.kind for row in SCHEDULES}
