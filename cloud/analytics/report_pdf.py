"""The report as PDF, to print and to take along. Pure: the same report gives the same bytes."""

from typing import Final

from cloud.accounting.earnings import Earning
from cloud.accounting.reports import percent
from cloud.analytics.report import BusinessReport
from cloud.analytics.words import SEVERITIES, STATES
from cloud.kit.clock import local
from cloud.kit.pdf import Column, Document, Figure, Row, yen

_EARNED: Final = (
    Column("名前", 5),
    Column("個数", 2, is_number=True),
    Column("売上(税抜)", 3, is_number=True),
    Column("粗利", 3, is_number=True),
    Column("粗利率", 2, is_number=True),
)
_AHEAD: Final = (
    Column("商品", 5),
    Column("直近 7 日", 2, is_number=True),
    Column("次の 7 日", 2, is_number=True),
    Column("幅 80%", 3, is_number=True),
    Column("95% 足りる数", 3, is_number=True),
    Column("在庫", 2, is_number=True),
    Column("当たり", 2, is_number=True),
)


def render(report: BusinessReport, timezone: str) -> bytes:
    """The file."""
    figures = report.statistics
    days = f"{figures.first_day:%Y年%-m月%-d日} から {figures.last_day:%-m月%-d日} まで"
    made = local(report.made_at_ms, timezone).strftime("%Y-%m-%d %H:%M")
    document = Document("分析報告書", author=report.business, foot=f"{report.business} · {days} · 作成 {made}")
    document.text(f"{days} · 単位 円")
    document.figures(_figures(report))
    for part in report.paragraphs:
        document.text(part, is_quiet=False)
    document.heading("日ごとの売上(税込)")
    rows = figures.sales.days
    step = max(len(rows) // 7, 1)
    labels = [f"{row.day:%-m/%-d}" if at % step == 0 else "" for at, row in enumerate(rows)]
    document.bars([row.revenue for row in rows], labels, unit="円")
    _odd(document, report)
    _ahead(document, report)
    document.heading("商品")
    document.table(_EARNED, [_earned(row) for row in figures.sales.products], empty="売上なし")
    document.heading("自販機")
    document.table(_EARNED, [_earned(row) for row in figures.sales.machines], empty="売上なし")
    return document.to_bytes()


def _figures(report: BusinessReport) -> list[Figure]:
    of, costs = report.statistics.sales, report.statistics.costs
    stock, customers = report.statistics.inventory, report.statistics.customers
    growth = f"前の期間より {of.revenue_growth}%" if of.revenue_growth else "前の期間の売上なし"
    turns = f"在庫は年 {stock.turnover.ratio} 回転" if stock.turnover.ratio else ""
    return [
        Figure("売上(税込)", f"¥{yen(of.revenue)}", growth),
        Figure("粗利", f"¥{yen(of.gross_profit)}", f"粗利率 {of.gross_margin or '—'}%"),
        Figure("営業利益", f"¥{yen(costs.operating_profit)}", f"経費 ¥{yen(costs.operating_expenses)}"),
        Figure("棚に商品がある", f"{stock.availability or '—'}%", turns),
        Figure("問題のない販売", f"{customers.satisfaction or '—'}%", f"返金や請求 {customers.complaints} 件"),
    ]


def _odd(document: Document, report: BusinessReport) -> None:
    document.heading("気になること")
    columns = (Column("程度", 1), Column("内容", 9), Column("状態", 2))
    rows = [Row([SEVERITIES[row.severity], row.text, STATES[row.state]]) for row in report.anomalies]
    document.table(columns, rows, empty="ありません")


def _ahead(document: Document, report: BusinessReport) -> None:
    document.heading("次の 7 日の見込み")
    rows = [
        Row(
            [
                row.name,
                str(row.sold_7_days),
                f"{row.expected:.0f}",
                f"{row.low}〜{row.high}",
                str(row.needed_95),
                str(row.on_hand),
                "—" if row.quality.covered_percent is None else f"{row.quality.covered_percent}%",
            ]
        )
        for row in report.forecasts
    ]
    document.table(_AHEAD, rows, empty="まだ売れたものがありません")
    document.text(
        "幅 80%: 10 回に 8 回はこの範囲に収まると考えられる個数。当たり: 終わった週を、その前までの記録だけで"
        "予測したとき、幅に収まった割合。"
    )


def _earned(row: Earning) -> Row:
    margin = percent(row.gross_profit, row.revenue)
    cells = [row.name or row.key, str(row.units), yen(row.revenue), yen(row.gross_profit)]
    return Row([*cells, f"{margin}%" if margin else "—"])
