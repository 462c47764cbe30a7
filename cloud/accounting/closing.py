"""Month close: what must be in order first, which dates are closed, and how the trial balance is sealed. Pure.

A closing is in force for the entries posted after it, until it is reopened. What comes late (a machine was offline) is
dated to the first open day and names the true one: a closed month never changes. Source: docs/decisions/0015.
"""

import hashlib
import json
from calendar import monthrange
from collections.abc import Iterable, Sequence
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
    over = balances.get(chart.CASH_DIFFERENCE, 0)
    through = balances.get(chart.PURCHASES, 0)
    checks = (
        (sum(balances.values()), "unbalanced", "借方と貸方が一致していません。", True),
        (through, "purchases_left", f"仕入高が {through:,} 円残っています(商品へ振り替わっていません)。", True),
        (
            facts.goods_minor - facts.pools_minor,
            "goods_differ",
            f"商品 {facts.goods_minor:,} 円と在庫の原価 {facts.pools_minor:,} 円が一致していません。",
            True,
        ),
        (facts.gaps, "events_missing", f"出来事がまだ届いていない自販機: {', '.join(facts.gaps)}", False),
        (
            facts.silent_machines,
            "machines_silent",
            f"月末のあと連絡のない自販機: {', '.join(facts.silent_machines)}",
            False,
        ),
        (facts.open_tasks, "tasks_open", f"月内に始まった作業が {facts.open_tasks} 件残っています。", False),
        (over, "cash_difference", f"現金過不足が {over:,} 円残っています。", False),
        (
            facts.uncounted_machines,
            "cash_uncounted",
            f"今月に入って現金を数えていない自販機: {', '.join(facts.uncounted_machines)}",
            False,
        ),
        (facts.unplaced_cash_minor, "cash_unplaced", "場所の記録がない現金があります。", False),
        (
            facts.negative_products,
            "stock_negative",
            f"在庫がマイナスの商品: {', '.join(facts.negative_products)}",
            False,
        ),
    )
    return [Finding(code=code, text=text, is_blocking=blocks) for found, code, text, blocks in checks if found]


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
    return [Finding(code="goods_differ_at_end", text=text, is_blocking=False)]


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
