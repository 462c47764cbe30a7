"""The month's report as PDF, for the owner and the accountant. Pure: the same report gives the same bytes."""

from collections.abc import Sequence
from typing import Final

from cloud.accounting.earnings import Earning
from cloud.accounting.month_report import MonthReport
from cloud.accounting.places import INSIDE
from cloud.accounting.reports import percent
from cloud.accounting.statements import Statement, StatementLine
from cloud.kit.pdf import Column, Document, Figure, Row, yen

PARTS: Final = {"hopper": "釣銭筒", "cash_box": "金庫箱", "stacker": "紙幣", "escrow": "保留中の紙幣"}
"""Parts of a machine in words."""

_STATEMENT: Final = (
    Column("科目", 5),
    Column("当月", 2, is_number=True),
    Column("前月", 2, is_number=True),
    Column("増減", 2, is_number=True),
)
_HALF: Final = (Column("科目", 5), Column("当月", 3, is_number=True), Column("前月", 3, is_number=True))
_EARNINGS: Final = (
    Column("名前", 5),
    Column("本数", 2, is_number=True),
    Column("売上(税抜)", 3, is_number=True),
    Column("原価", 3, is_number=True),
    Column("粗利", 3, is_number=True),
    Column("粗利率", 2, is_number=True),
    Column("評価", 1, is_number=True),
)
_ASSETS_END: Final = "assets"


def render(report: MonthReport) -> bytes:
    """The file."""
    foot = f"{report.business} · {report.month} · 仕訳 #{report.head_number} · 帳簿の印 {report.head_hash[:16]}"
    document = Document(f"月次報告書 {report.last_day:%Y年%-m月}", author=report.business, foot=foot)
    _overview(document, report)
    document.heading("自販機ごとの採算")
    document.table(_EARNINGS, _earned(report.machines, is_with_key=True), empty="売上なし")
    days = f"{report.first_day:%Y年%-m月%-d日} から {report.last_day:%-m月%-d日} まで"
    _statement(document, f"損益計算書 {days}", report.profit_and_loss)
    _balance_sheet(document, report.balance_sheet)
    _statement(document, f"キャッシュ・フロー計算書(間接法) {days}", report.cash_flow)
    _cash(document, report)
    _tax(document, report)
    _earnings(document, report)
    return document.to_bytes()


def _overview(document: Document, report: MonthReport) -> None:
    state = "締め済み" if report.is_closed else "未締め(数字はまだ変わることがあります)"
    document.text(f"{report.first_day:%Y年%-m月%-d日} から {report.last_day:%-m月%-d日} まで · {state} · 単位 円")
    profit = report.profit_and_loss
    sales, gross = profit.amount("sales_revenue"), profit.amount("gross_profit")
    document.figures(
        [
            Figure("売上高(税抜)", _money(sales), _against(profit, "sales_revenue")),
            Figure("売上総利益", _money(gross), f"粗利率 {percent(gross, sales) or '—'}%"),
            Figure("営業利益", _money(profit.amount("operating_profit")), _against(profit, "operating_profit")),
            Figure("月末の現金", _money(report.cash.total), f"うち金庫 {_money(report.cash.safe)}"),
        ]
    )
    document.heading("日ごとの売上(税込)")
    labels = [str(row.day.day) if row.day.day in {1, 5, 10, 15, 20, 25, 30} else "" for row in report.days]
    document.bars([row.revenue for row in report.days], labels, unit="円")
    if report.findings:
        document.heading("締める前に確かめること", keeps_mm=20)
        for finding in report.findings:
            document.text(f"・{finding.text}", is_quiet=False)


def _money(amount: int) -> str:
    return f"{'△' if amount < 0 else ''}¥{yen(abs(amount))}"


def _against(statement: Statement, key: str) -> str:
    before = next((line.before for line in statement.lines if line.key == key), None)
    return f"前月 {_money(before)}" if before else "前月の記帳なし"


def _row(line: StatementLine, *, with_change: bool) -> Row:
    if line.is_heading:
        return Row([line.name_ja], is_heading=True)
    before = line.before or 0
    cells = [line.name_ja, yen(line.amount), yen(before)]
    if with_change:
        cells.append(yen(line.amount - before))
    return Row(cells, level=line.level, is_sum=line.is_sum)


def _statement(document: Document, title: str, statement: Statement) -> None:
    document.heading(title, keeps_mm=_height_mm(len(statement.lines)))
    document.table(_STATEMENT, [_row(line, with_change=True) for line in statement.lines], empty="記帳なし")


def _height_mm(rows: int) -> int:
    """Of a table with its heading, so that a statement is on one page if any page can hold it."""
    return min(20 + 6 * rows, 240)


def _balance_sheet(document: Document, statement: Statement) -> None:
    rows = [_row(line, with_change=False) for line in statement.lines]
    split = next(at for at, line in enumerate(statement.lines) if line.key == _ASSETS_END) + 1
    longer = max(split, len(rows) - split)
    document.heading(f"貸借対照表 {statement.period_end:%Y年%-m月%-d日} 現在", keeps_mm=_height_mm(longer))
    document.side_by_side(_HALF, rows[:split], rows[split:], empty="記帳なし")


def _cash(document: Document, report: MonthReport) -> None:
    document.heading("月末の現金")
    columns = (Column("場所", 4), *(Column(PARTS[part], 2, is_number=True) for part in INSIDE))
    columns += (Column("計", 2, is_number=True), Column("過不足", 2, is_number=True))
    rows = [
        Row([row.machine_id, *(yen(getattr(row, part)) for part in INSIDE), yen(row.total), yen(row.unexplained)])
        for row in report.cash.machines
    ]
    rows.append(Row(["金庫", *[""] * len(INSIDE), yen(report.cash.safe), ""]))
    if report.cash.unplaced:
        rows.append(Row(["場所の記録なし", *[""] * len(INSIDE), yen(report.cash.unplaced), ""]))
    document.table(columns, [*rows, Row(["計", *[""] * len(INSIDE), yen(report.cash.total), ""], is_sum=True)])
    document.heading("現金実査")
    counts = [
        Row([row.machine_id, row.counted_by, yen(row.expected), yen(row.counted), yen(row.difference)])
        for row in reversed(report.counts)
    ]
    columns = (
        Column("自販機", 3),
        Column("数えた人", 4),
        Column("あるはず", 2, is_number=True),
        Column("数えた", 2, is_number=True),
        Column("差額", 2, is_number=True),
    )
    document.table(columns, counts, empty="この月は数えていません")


def _tax(document: Document, report: MonthReport) -> None:
    document.heading("消費税")
    columns = (Column("税率", 3), *(Column(name, 2, is_number=True) for name in ("本数", "税込", "税", "税抜")))
    rates = report.tax.rates
    rows = [Row([_rate(row.percent), *_numbers(row.units, row.gross, row.tax, row.net)]) for row in rates]
    totals = _numbers(*(sum(getattr(row, name) for row in rates) for name in ("units", "gross", "tax", "net")))
    document.table(columns, [*rows, Row(["計", *totals], is_sum=True)] if rates else [], empty="売上なし")
    tax = report.tax
    document.text(
        f"帳簿の仮受消費税 {yen(tax.output_tax)} 円 − 仮払消費税 {yen(tax.input_tax)} 円 = "
        f"{yen(tax.output_tax - tax.input_tax)} 円。"
        "税率は売れた日のもの。申告は割戻し計算のため、少し違うことがあります。"
    )


def _rate(rate: int) -> str:
    return f"{rate}%(軽減)" if rate == 8 else f"{rate}%"


def _numbers(*values: int) -> list[str]:
    return [yen(value) for value in values]


def _earnings(document: Document, report: MonthReport) -> None:
    document.heading("商品ごとの採算")
    document.table(_EARNINGS, _earned(report.products), empty="売上なし")
    turnover = report.turnover
    document.text(
        f"在庫の回転: 売上原価 {yen(turnover.cost_of_goods)} ÷ 平均在庫 {yen(turnover.average_inventory)}"
        + (f" = 年 {turnover.ratio} 回、{turnover.days} 日(評価 {turnover.rating})" if turnover.ratio else "")
    )
    document.text("評価は粗利率 45% 以上が A、35% 以上が B、20% 以上が C、それ未満が D。")


def _earned(rows: Sequence[Earning], *, is_with_key: bool = False) -> list[Row]:
    return [
        Row(
            [
                f"{row.name} {row.key}".lstrip() if is_with_key else row.name or row.key,
                *_numbers(row.units, row.revenue, row.cost, row.gross_profit),
                f"{row.gross_margin}%" if row.gross_margin else "—",
                row.rating,
            ]
        )
        for row in rows
    ]
