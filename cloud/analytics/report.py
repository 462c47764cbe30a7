"""The report about a period: figures, forecasts, what is odd, and all of it in words. Reads only; words are pure."""

from datetime import date

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.analytics import demand, service, statistics
from cloud.analytics.demand import ProductForecast
from cloud.analytics.service import AnomalyView
from cloud.analytics.statistics import Statistics

MOST_ANOMALIES = 50
SHORT_DAYS = 5
"""Stock for fewer days is told."""
LEAST_WEEKS = 4
"""Weeks the method must have been checked on before it says how good it is."""


class BusinessReport(BaseModel):
    """Everything about a period."""

    business: str
    made_at_ms: int
    statistics: Statistics
    anomalies: list[AnomalyView]
    """Those that are not over, the gravest first."""
    forecasts: list[ProductForecast]
    paragraphs: list[str]
    """The same in words, Japanese."""


async def gather(
    db_session: AsyncSession, first: date, last: date, *, business: str, timezone: str, now_ms: int, today: date
) -> BusinessReport:
    """The report of the days from `first` to `last`, from one state of the database."""
    figures = await statistics.gather(db_session, first, last, timezone=timezone, now_ms=now_ms)
    rows = await service.anomalies(db_session, limit=MOST_ANOMALIES, state="open")
    rows += await service.anomalies(db_session, limit=MOST_ANOMALIES, state="acknowledged")
    order = ("alarm", "warning", "notice")
    rows.sort(key=lambda row: (order.index(row.severity), row.id))
    ahead = await demand.forecasts(db_session, today, timezone, now_ms)
    return BusinessReport(
        business=business,
        made_at_ms=now_ms,
        statistics=figures,
        anomalies=rows,
        forecasts=ahead,
        paragraphs=words(figures, rows, ahead),
    )


def words(figures: Statistics, anomalies: list[AnomalyView], ahead: list[ProductForecast]) -> list[str]:
    """A page somebody reads to the end: what happened, what it brought, what to look at, what comes. Pure."""
    return [
        part for part in (_sold(figures), _earned(figures), _customers(figures), _odd(anomalies), _ahead(ahead)) if part
    ]


def _yen(amount: int) -> str:
    return f"{'△' if amount < 0 else ''}¥{abs(amount):,}"


def _sold(figures: Statistics) -> str:
    of = figures.sales
    days = (figures.last_day - figures.first_day).days + 1
    if not of.units:
        return f"この {days} 日間の売上はありません。"
    text = f"この {days} 日間に {of.units:,} 個、{_yen(of.revenue)}(税込)売れました。"
    if of.revenue_growth is not None:
        is_more = of.revenue >= of.revenue_before
        text += f"前の {days} 日間より {of.revenue_growth.lstrip('-')}% {'多い' if is_more else '少ない'}売上です。"
    if of.products:
        best = of.products[0]
        text += f"いちばん利益を出したのは{best.name}({best.units} 個、粗利 {_yen(best.gross_profit)})です。"
    return text


def _earned(figures: Statistics) -> str:
    of, costs, stock = figures.sales, figures.costs, figures.inventory
    margin = f"(粗利率 {of.gross_margin}%)" if of.gross_margin else ""
    text = f"粗利は {_yen(of.gross_profit)}{margin}、経費を引いた営業利益は {_yen(costs.operating_profit)} です。"
    if stock.spoilage or stock.shrinkage:
        text += f"廃棄は {_yen(stock.spoilage)}、数え違いや紛失は {_yen(stock.shrinkage)} でした。"
    if stock.availability is not None:
        text += f"直近 7 日、棚に商品があった時間は {stock.availability}% です。"
    if stock.slots_out:
        text += f"いま {stock.slots_out} 棚が売り切れています。"
    return text


def _customers(figures: Statistics) -> str:
    of = figures.customers
    if of.satisfaction is None:
        return ""
    text = f"{of.vends:,} 回の販売のうち、問題なく終わったのは {of.satisfaction}% です"
    return f"{text}(失敗 {of.failed} 回、返金や請求 {of.complaints} 件 {_yen(of.complaints_yen)})。"


def _odd(anomalies: list[AnomalyView]) -> str:
    if not anomalies:
        return "気になることはありません。"
    alarms = [row for row in anomalies if row.severity == "alarm"]
    text = f"気になることが {len(anomalies)} 件あります。"
    return text + "".join(row.text for row in (alarms or anomalies)[:3])


def _ahead(rows: list[ProductForecast]) -> str:
    expected = [row for row in rows if row.expected > 0]
    if not expected:
        return ""
    total, low, high = (sum(getattr(row, name) for row in expected) for name in ("expected", "low", "high"))
    text = f"次の 7 日は全体で {total:.0f} 個ほど売れる見込みです(商品ごとの幅の合計は {low} 個から {high} 個)。"
    short = [row for row in expected if row.days_of_cover is not None and row.days_of_cover < SHORT_DAYS]
    if short:
        names = "、".join(f"{row.name}(あと {row.days_of_cover} 日分)" for row in short[:5])
        text += f"在庫が {SHORT_DAYS} 日ももたないのは {names} です。"
    checked = [row.quality for row in expected if row.quality.covered_percent is not None]
    weeks = sum(row.weeks for row in checked)
    if weeks >= LEAST_WEEKS:
        inside = sum((row.covered_percent or 0) * row.weeks for row in checked) // weeks
        text += f"この方法の予測は、これまでの {weeks} 週のうち {inside}% で幅に収まりました(目標 80%)。"
    return text
