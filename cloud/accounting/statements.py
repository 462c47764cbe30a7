"""The three statements in Japanese form: 損益計算書, 貸借対照表, キャッシュ・フロー計算書. Pure.

From what each account moved; every line names the account it adds up, so that a figure leads to its entries.
Source: the order of 財務諸表等規則 for small companies. Books are perpetual, so 期首 + 仕入 − 期末 is derived; it must
agree with 売上原価, 商品廃棄損 and 棚卸減耗費 together, and what it does not explain is shown as 他勘定振替高. The cash
flow is the indirect one: it needs no counterpart of a cash leg and always ties to 現金 and 普通預金.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import BaseModel

from cloud.accounting import chart
from cloud.accounting.reports import Moved

FIXED_FROM: Final = "1200"
"""Asset accounts from this code on are 固定資産."""
CASH: Final = (chart.CASH, chart.BANK)
"""What the cash flow statement calls cash."""


class StatementLine(BaseModel):
    """One line. Yen; what is deducted has a negative amount."""

    key: str
    """Stable name of a sum, or the account's code."""
    name_ja: str
    name_en: str
    level: int
    amount: int
    before: int | None = None
    """The same line of the period before; null when nothing is compared."""
    account: str = ""
    """Account whose entries it adds up; empty for a sum."""
    is_sum: bool = False
    is_heading: bool = False
    """Only a title; its amount is 0."""


class Statement(BaseModel):
    """One statement of a period, or of its last day."""

    period_start: date
    period_end: date
    lines: list[StatementLine]

    def amount(self, key: str) -> int:
        """The amount of a line; 0 when there is none."""
        return next((line.amount for line in self.lines if line.key == key), 0)


@dataclass(frozen=True, slots=True)
class Period:
    """What the statements are made of. Money in yen."""

    start: date
    end: date
    opening: Sequence[Moved]
    """Each account up to the day before `start`."""
    moved: Sequence[Moved]
    """Each account from `start` to `end`; without the entries that close a year."""
    closed: Sequence[Moved]
    """What the entries that close a year moved from `start` to `end`."""
    purchases_minor: int
    """What was bought, returns deducted: legs of 仕入高 but those that pass it on."""
    overpaid: Mapping[str, int]
    """Of `chart.OWED_TO_OTHERS`, what others owe us at the end."""

    @property
    def sums(self) -> dict[str, int]:
        """Account to what it moved in the period: debit positive."""
        return _balances(self.moved)

    @property
    def at_start(self) -> dict[str, int]:
        """Account to its balance before the period: debit positive."""
        return _balances(self.opening)

    @property
    def at_end(self) -> dict[str, int]:
        """Account to its balance at the end of the period: debit positive."""
        return _balances([*self.opening, *self.moved, *self.closed])


def _balances(rows: Iterable[Moved]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row.account] = found.get(row.account, 0) + row.debit_minor - row.credit_minor
    return found


class _Lines:
    """Collects lines from the top down."""

    def __init__(self) -> None:
        self.lines: list[StatementLine] = []

    def heading(self, key: str, name_ja: str, name_en: str, level: int = 0) -> None:
        self.lines.append(
            StatementLine(key=key, name_ja=name_ja, name_en=name_en, level=level, amount=0, is_heading=True)
        )

    def add(self, key: str, names: tuple[str, str], amount: int, level: int = 1, account: str = "") -> int:
        self.lines.append(
            StatementLine(key=key, name_ja=names[0], name_en=names[1], level=level, amount=amount, account=account)
        )
        return amount

    def accounts(self, codes: Iterable[str], balances: Mapping[str, int], sign: int, level: int = 1) -> int:
        """One line for each account that is not zero; their sum."""
        total = 0
        for code in codes:
            if amount := sign * balances.get(code, 0):
                row = chart.BY_CODE[code]
                total += self.add(code, (row.name_ja, row.name_en), amount, level, code)
        return total

    def total(self, key: str, names: tuple[str, str], amount: int, level: int = 0) -> int:
        self.lines.append(
            StatementLine(key=key, name_ja=names[0], name_en=names[1], level=level, amount=amount, is_sum=True)
        )
        return amount


def _of(*kinds: str) -> list[str]:
    return [row.code for row in chart.CHART if row.kind in kinds]


def profit_and_loss(period: Period) -> Statement:
    """損益計算書 of a period."""
    sums, found = period.sums, _Lines()
    found.heading("revenue", "売上高", "Sales")
    sales = found.accounts(_of("revenue"), sums, -1)
    found.total("sales_revenue", ("売上高 計", "Total sales"), sales)
    cost = _cost_of_sales(period, found)
    gross = found.total("gross_profit", ("売上総利益", "Gross profit"), sales - cost)
    found.heading("expenses", "販売費及び一般管理費", "Selling and administrative expenses")
    expenses = found.accounts(_of("expense"), sums, 1)
    found.total("operating_expenses", ("販売費及び一般管理費 計", "Total operating expenses"), expenses)
    operating = found.total("operating_profit", ("営業利益", "Operating profit"), gross - expenses)
    found.heading("other_income", "営業外収益", "Non-operating income")
    income = found.accounts(_of("other_income"), sums, -1)
    found.heading("other_expenses", "営業外費用", "Non-operating expenses")
    special = [code for code in _of("other_expense") if code in chart.SPECIAL_LOSSES]
    taxes = [code for code in _of("other_expense") if code in chart.INCOME_TAXES]
    losses = found.accounts([c for c in _of("other_expense") if c not in {*special, *taxes}], sums, 1)
    ordinary = found.total("ordinary_profit", ("経常利益", "Ordinary profit"), operating + income - losses)
    found.heading("special_losses", "特別損失", "Extraordinary losses")
    before_tax = ordinary - found.accounts(special, sums, 1)
    found.total("profit_before_tax", ("税引前当期純利益", "Profit before tax"), before_tax)
    tax = found.accounts(taxes, sums, 1)
    found.total("net_income", ("当期純利益", "Net income"), before_tax - tax)
    return Statement(period_start=period.start, period_end=period.end, lines=_without_empty(found.lines))


def _cost_of_sales(period: Period, found: _Lines) -> int:
    """売上原価 as tax forms want it: what was there, plus what was bought, less what is left."""
    opening, closing = period.at_start.get(chart.GOODS, 0), period.at_end.get(chart.GOODS, 0)
    cost = sum(period.sums.get(code, 0) for code in _of("cost"))
    found.heading("cost", "売上原価", "Cost of sales")
    found.add("opening_goods", ("期首商品棚卸高", "Opening merchandise"), opening, account=chart.GOODS)
    found.add("purchases", ("当期商品仕入高", "Purchases"), period.purchases_minor, account=chart.PURCHASES)
    elsewhere = opening + period.purchases_minor - closing - cost
    if elsewhere:
        words = ("他勘定振替高", "Transfers to and from other accounts")
        found.add("other_transfers", words, -elsewhere, account=chart.GOODS)
    found.add("closing_goods", ("期末商品棚卸高", "Closing merchandise"), -closing, account=chart.GOODS)
    found.total("cost_of_goods_sold", ("売上原価 計", "Cost of goods sold"), cost)
    for code in _of("cost"):
        if amount := period.sums.get(code, 0):
            row = chart.BY_CODE[code]
            found.add(code, (f"うち {row.name_ja}", f"of which {row.name_en}"), amount, 2, code)
    return cost


def balance_sheet(period: Period) -> Statement:
    """貸借対照表 at the end of a period. Sums: `assets`, `liabilities`, `equity`, `liabilities_and_equity`.

    A supplier who owes us makes no debt to the others smaller (総額主義): what stands in debit there is an asset.
    """
    at_end, found = period.at_end, _Lines()
    assets = _of("asset")
    found.heading("current_assets_head", "流動資産", "Current assets")
    current = found.accounts([code for code in assets if code < FIXED_FROM], at_end, 1)
    for code, amount in sorted(period.overpaid.items()):
        current += found.add(f"{code}_overpaid", _OVERPAID[code], amount, account=code)
        at_end[code] = at_end.get(code, 0) - amount
    found.total("current_assets", ("流動資産 計", "Total current assets"), current)
    found.heading("fixed_assets_head", "固定資産", "Fixed assets")
    fixed = found.accounts([code for code in assets if code >= FIXED_FROM], at_end, 1)
    found.total("fixed_assets", ("固定資産 計", "Total fixed assets"), fixed)
    found.total("assets", ("資産合計", "Total assets"), current + fixed)
    found.heading("liabilities_head", "流動負債", "Current liabilities")
    owed = found.accounts(_of("liability"), at_end, -1)
    found.total("liabilities", ("負債合計", "Total liabilities"), owed)
    found.heading("equity_head", "純資産", "Equity")
    own = found.accounts(_of("equity"), at_end, -1)
    if earned := -sum(at_end.get(code, 0) for code in _of(*_EARNING)):
        own += found.add("current_earnings", ("当期純利益(決算振替前)", "Earnings not yet closed"), earned)
    found.total("equity", ("純資産合計", "Total equity"), own)
    found.total("liabilities_and_equity", ("負債・純資産合計", "Total liabilities and equity"), owed + own)
    return Statement(period_start=period.start, period_end=period.end, lines=_without_empty(found.lines))


_OVERPAID: Final = {
    chart.PAYABLE: ("未収入金(仕入先)", "Receivable from suppliers"),
    chart.OTHER_PAYABLES: ("未収入金(払いすぎ)", "Receivable from payees"),
}
_EARNING: Final = ("revenue", "cost", "expense", "other_income", "other_expense")


def cash_flow(period: Period) -> Statement:
    """キャッシュ・フロー計算書, indirect. Its `net_change` is what 現金 and 普通預金 moved.

    Equipment that was bought on 未払金 counts as paid when it was bought.
    """
    sums, found = period.sums, _Lines()
    profit = -sum(sums.get(code, 0) for code in _of(*_EARNING))
    no_cash = {code: sums.get(code, 0) for code in (chart.DEPRECIATION, *chart.SPECIAL_LOSSES)}
    found.heading("operating_head", "営業活動によるキャッシュ・フロー", "Operating activities")
    found.add("net_income", ("当期純利益", "Net income"), profit)
    operating = profit + found.accounts(no_cash, no_cash, 1)
    for code in [*_of("asset"), *_of("liability")]:
        change = -sums.get(code, 0)
        if change and code not in CASH and not _is_fixed(code):
            row = chart.BY_CODE[code]
            operating += found.add(code, (f"{row.name_ja}の増減", f"Change in {row.name_en}"), change, 1, code)
    found.total("operating_cash_flow", ("営業活動 計", "Net cash from operating activities"), operating)
    found.heading("investing_head", "投資活動によるキャッシュ・フロー", "Investing activities")
    bought = -sum(change for code, change in sums.items() if _is_fixed(code)) - sum(no_cash.values())
    if bought:
        found.add("equipment", ("有形固定資産の取得", "Purchase of equipment"), bought, account=chart.EQUIPMENT)
    found.total("investing_cash_flow", ("投資活動 計", "Net cash from investing activities"), bought)
    found.heading("financing_head", "財務活動によるキャッシュ・フロー", "Financing activities")
    financing = found.accounts(_of("equity"), sums, -1)
    found.total("financing_cash_flow", ("財務活動 計", "Net cash from financing activities"), financing)
    opening = sum(period.at_start.get(code, 0) for code in CASH)
    change = operating + bought + financing
    found.total("net_change", ("現金及び預金の増減額", "Net change in cash"), change)
    found.add("opening_cash", ("現金及び預金の期首残高", "Cash at the beginning"), opening, 0)
    found.total("closing_cash", ("現金及び預金の期末残高", "Cash at the end"), opening + change)
    return Statement(period_start=period.start, period_end=period.end, lines=_without_empty(found.lines))


def _is_fixed(code: str) -> bool:
    return chart.BY_CODE[code].kind == "asset" and code >= FIXED_FROM


def _without_empty(lines: Sequence[StatementLine]) -> list[StatementLine]:
    """Lines without headings that nothing but their sum, or nothing at all, stands below."""
    return [
        line
        for line, below in zip(lines, [*lines[1:], None], strict=True)
        if not line.is_heading or (below is not None and not below.is_sum and not below.is_heading)
    ]


def compared(now: Statement, before: Statement) -> Statement:
    """A statement with the same lines of the period before beside it; lines that only that one had come in too."""
    left = {line.key: line for line in before.lines}
    found: list[StatementLine] = []
    for line in now.lines:
        found += _only_before(left, before.lines, line.key)
        earlier = left.pop(line.key, None)
        found.append(line.model_copy(update={"before": earlier.amount if earlier else 0}))
    found += [line.model_copy(update={"amount": 0, "before": line.amount}) for line in left.values()]
    return now.model_copy(update={"lines": found})


def _only_before(left: dict[str, StatementLine], order: Sequence[StatementLine], key: str) -> list[StatementLine]:
    """Lines of the period before that stand ahead of `key` there and were not met here."""
    keys = [line.key for line in order]
    if key not in keys:
        return []
    ahead = [line for line in order[: keys.index(key)] if line.key in left]
    for line in ahead:
        del left[line.key]
    return [line.model_copy(update={"amount": 0, "before": line.amount}) for line in ahead]
