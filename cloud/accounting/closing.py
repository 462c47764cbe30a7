"""Month close: what must be in order first, which dates are closed, and how the trial balance is sealed. Pure.

A closing is in force for the entries posted after it, until it is reopened. What comes late (a machine was offline) is
dated to the first open day and names the true one: a closed month never changes. Source: docs/decisions/0015.
"""

import hashlib
import json
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import BaseModel

from cloud.accounting import chart
from cloud.accounting.reports import Moved
from cloud.accounting.rules import Draft


@dataclass(frozen=True, slots=True)
class Closing:
    """One closing, as the ledger needs it."""

    last_day: date
    head_number: int
    """Number of the newest entry at the closing."""
    reopened_head: int | None = None
    """Number of the newest entry at the reopening; None while it is closed."""

    def holds_for(self, number: int) -> bool:
        """Whether an entry of this number is bound by it."""
        return self.head_number < number and (self.reopened_head is None or number <= self.reopened_head)


def closed_upto(closings: Iterable[Closing], number: int) -> date | None:
    """The last closed day for an entry of this number; None when every day is open."""
    return max((row.last_day for row in closings if row.holds_for(number)), default=None)


def in_open_month(draft: Draft, closed: date | None) -> Draft:
    """The draft as it may be posted: late, on the first open day, with its true day beside it."""
    if closed is None or draft.entry_date > closed:
        return draft
    late = f"{draft.description} (発生日 {draft.entry_date.isoformat()})"
    return draft._replace(entry_date=closed + timedelta(days=1), description=late)


class Finding(BaseModel):
    """Something to see to before a month is closed."""

    code: str
    text: str
    """In Japanese."""
    text_en: str
    is_blocking: bool
    """Nobody may close despite it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checks look at. Money in yen; instants of the month are in the operator's time zone."""

    moved: Sequence[Moved]
    """Each account up to and including the last day."""
    goods_minor: int
    """Account 1101 now."""
    pools_minor: int
    """What all stock cost, now."""
    unplaced_cash_minor: int
    """At the end of the month."""
    open_tasks: int
    """Opened before the month ended."""
    silent_machines: Sequence[str]
    """Not heard since the month ended: what they did may still come."""
    gaps: Sequence[str]
    """Machines of which events are missing or not yet interpreted."""
    uncounted_machines: Sequence[str]
    """With cash inside when the month ended, and not counted since it began."""
    negative_products: Sequence[str]


def findings(facts: Facts) -> list[Finding]:
    """What is not in order; an empty list means that the month can be closed."""
    balances = {row.account: row.debit_minor - row.credit_minor for row in facts.moved}
    return [*_wrong(facts, balances), *_unfinished(facts, balances)]


def _wrong(facts: Facts, balances: Mapping[str, int]) -> Iterator[Finding]:
    """What nobody may close despite."""
    if sum(balances.values()):
        yield _blocking("unbalanced", "借方と貸方が一致していません。", "Debits and credits differ.")
    if through := balances.get(chart.PURCHASES, 0):
        yield _blocking(
            "purchases_left",
            f"仕入高が {through:,} 円残っています(商品へ振り替わっていません)。",
            f"¥{through:,} is left in Purchases (not transferred to Merchandise).",
        )
    goods, pools = facts.goods_minor, facts.pools_minor
    if goods != pools:
        yield _blocking(
            "goods_differ",
            f"商品 {goods:,} 円と在庫の原価 {pools:,} 円が一致していません。",
            f"Merchandise of ¥{goods:,} and the cost of stock, ¥{pools:,}, differ.",
        )


def _unfinished(facts: Facts, balances: Mapping[str, int]) -> Iterator[Finding]:
    """What a person may accept."""
    if facts.gaps:
        yield _named(
            "events_missing", "出来事がまだ届いていない自販機", "Machines with events still to come", facts.gaps
        )
    if silent := facts.silent_machines:
        yield _named("machines_silent", "月末のあと連絡のない自販機", "Machines silent since the month ended", silent)
    if tasks := facts.open_tasks:
        words = (
            f"月内に始まった作業が {tasks} 件残っています。",
            f"Tasks begun within the month and still open: {tasks}",
        )
        yield _acceptable("tasks_open", *words)
    if over := balances.get(chart.CASH_DIFFERENCE, 0):
        words = (f"現金過不足が {over:,} 円残っています。", f"¥{over:,} is left in Cash over and short.")
        yield _acceptable("cash_difference", *words)
    if uncounted := facts.uncounted_machines:
        english = "Machines whose cash has not been counted this month"
        yield _named("cash_uncounted", "今月に入って現金を数えていない自販機", english, uncounted)
    if facts.unplaced_cash_minor:
        words = ("場所の記録がない現金があります。", "There is cash of which no place is recorded.")
        yield _acceptable("cash_unplaced", *words)
    if negative := facts.negative_products:
        yield _named("stock_negative", "在庫がマイナスの商品", "Products with less than nothing in stock", negative)


def _blocking(code: str, text: str, english: str) -> Finding:
    return Finding(code=code, text=text, text_en=english, is_blocking=True)


def _acceptable(code: str, text: str, english: str) -> Finding:
    return Finding(code=code, text=text, text_en=english, is_blocking=False)


def _named(code: str, text: str, english: str, names: Sequence[str]) -> Finding:
    listed = ", ".join(names)
    return _acceptable(code, f"{text}: {listed}", f"{english}: {listed}")


def goods_at_end(moved: Iterable[Moved], stock_minor: int) -> list[Finding]:
    """Account 1101 and the stock, both at the end of the month: a document may be dated otherwise than its goods moved.

    Args:
        moved: each account up to and including the last day.
        stock_minor: what the stock of that moment had cost, yen.
    """
    goods = sum(row.debit_minor - row.credit_minor for row in moved if row.account == chart.GOODS)
    if goods == stock_minor:
        return []
    text = f"月末の商品 {goods:,} 円と月末の在庫の原価 {stock_minor:,} 円が一致していません。"
    english = f"Merchandise of ¥{goods:,} and the cost of stock, ¥{stock_minor:,}, differ at the end of the month."
    return [_acceptable("goods_differ_at_end", text, english)]


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, monthrange(year, month)[1])


def following(last_day: date) -> date:
    """The last day of the month after."""
    first = last_day + timedelta(days=1)
    return month_end(first.year, first.month)


def trial_sha256(moved: Iterable[Moved]) -> str:
    """SHA-256 of a trial balance: equal as long as nothing was posted into its days."""
    rows = sorted((row.account, row.debit_minor, row.credit_minor) for row in moved)
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()
