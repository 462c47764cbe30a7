"""The report about a period: figures, forecasts, what is odd, and all of it in words. Reads only; words are pure."""

from datetime import date

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.analytics import demand, service, statistics
from cloud.analytics.demand import ProductForecast
from cloud.analytics.service import AnomalyView
from cloud.analytics.statistics import Statistics
from cloud.analytics.words import told
from cloud.kit.saying import Say, in_japanese

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


def words(
    figures: Statistics, anomalies: list[AnomalyView], ahead: list[ProductForecast], say: Say = in_japanese
) -> list[str]:
    """A page somebody reads to the end: what happened, what it brought, what to look at, what comes. Pure.

    Args:
        figures: of the period.
        anomalies: that are not over, the gravest first.
        ahead: the forecasts.
        say: puts sentences together; in English each ends with a space, as another may follow.
    """
    told = (
        _sold(figures, say), _earned(figures, say), _customers(figures, say), _odd(anomalies, say), _ahead(ahead, say)
    )  # fmt: skip
    return [part for part in told if part]


def _yen(amount: int) -> str:
    return f"{'△' if amount < 0 else ''}¥{abs(amount):,}"


def _sold(figures: Statistics, say: Say) -> str:
    of = figures.sales
    days = (figures.last_day - figures.first_day).days + 1
    if not of.units:
        return say("この {days} 日間の売上はありません。", days=days)
    sold = _yen(of.revenue)
    text = say("この {days} 日間に {units:,} 個、{yen}(税込)売れました。", days=days, units=of.units, yen=sold)
    if of.revenue_growth is not None:
        is_more = of.revenue >= of.revenue_before
        more = "前の {days} 日間より {share}% 多い売上です。"
        less = "前の {days} 日間より {share}% 少ない売上です。"
        text += say(more if is_more else less, days=days, share=of.revenue_growth.lstrip("-"))
    if of.products:
        best = of.products[0]
        profit = _yen(best.gross_profit)
        phrase = "いちばん利益を出したのは{name}({units} 個、粗利 {yen})です。"
        text += say(phrase, name=best.name, units=best.units, yen=profit)
    return text


def _earned(figures: Statistics, say: Say) -> str:
    of, costs, stock = figures.sales, figures.costs, figures.inventory
    margin = say("(粗利率 {percent}%)", percent=of.gross_margin) if of.gross_margin else ""
    phrase = "粗利は {gross}{margin}、経費を引いた営業利益は {operating} です。"
    text = say(phrase, gross=_yen(of.gross_profit), margin=margin, operating=_yen(costs.operating_profit))
    if stock.spoilage or stock.shrinkage:
        phrase = "廃棄は {spoilt}、数え違いや紛失は {lost} でした。"
        text += say(phrase, spoilt=_yen(stock.spoilage), lost=_yen(stock.shrinkage))
    if stock.availability is not None:
        text += say("直近 7 日、棚に商品があった時間は {percent}% です。", percent=stock.availability)
    if stock.slots_out:
        text += say("いま {slots} 棚が売り切れています。", slots=stock.slots_out)
    return text


def _customers(figures: Statistics, say: Say) -> str:
    of = figures.customers
    if of.satisfaction is None:
        return ""
    phrase = (
        "{vends:,} 回の販売のうち、問題なく終わったのは {percent}% です"
        "(失敗 {failed} 回、返金や請求 {complaints} 件 {yen})。"
    )
    yen = _yen(of.complaints_yen)
    return say(phrase, vends=of.vends, percent=of.satisfaction, failed=of.failed, complaints=of.complaints, yen=yen)


def _odd(anomalies: list[AnomalyView], say: Say) -> str:
    if not anomalies:
        return say("気になることはありません。")
    alarms = [row for row in anomalies if row.severity == "alarm"]
    text = say("気になることが {count} 件あります。", count=len(anomalies))
    return text + "".join(told(row, say) for row in (alarms or anomalies)[:3])


def _ahead(rows: list[ProductForecast], say: Say) -> str:
    expected = [row for row in rows if row.expected > 0]
    if not expected:
        return ""
    total, low, high = (sum(getattr(row, name) for row in expected) for name in ("expected", "low", "high"))
    phrase = "次の 7 日は全体で {total:.0f} 個ほど売れる見込みです(商品ごとの幅の合計は {low} 個から {high} 個)。"
    text = say(phrase, total=total, low=low, high=high)
    short = [row for row in expected if row.days_of_cover is not None and row.days_of_cover < SHORT_DAYS]
    if short:
        named = [say("{name}(あと {days} 日分)", name=row.name, days=row.days_of_cover) for row in short[:5]]
        text += say("在庫が {days} 日ももたないのは {names} です。", days=SHORT_DAYS, names=say("、").join(named))
    checked = [row.quality for row in expected if row.quality.covered_percent is not None]
    weeks = sum(row.weeks for row in checked)
    if weeks >= LEAST_WEEKS:
        inside = sum((row.covered_percent or 0) * row.weeks for row in checked) // weeks
        phrase = "この方法の予測は、これまでの {weeks} 週のうち {inside}% で幅に収まりました(目標 80%)。"
        text += say(phrase, weeks=weeks, inside=inside)
    return text
