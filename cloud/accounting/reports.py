"""The statements, from what each account moved. Pure; integers only, so a margin is text with two decimals."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import BaseModel

from cloud.accounting import chart
from cloud.kit.rounding import half_up, hundredths_text


@dataclass(frozen=True, slots=True)
class Moved:
    """What one account moved: both turnovers, not negative."""

    account: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class MovedAt:
    """What one account moved at one place: both turnovers, not negative."""

    account: str
    sub_account: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Debit balance positive, credit balance negative."""
        return self.debit_minor - self.credit_minor


class TrialLine(BaseModel):
    """One account: turnovers, and its balance on the side where it stands."""

    code: str
    name_ja: str
    name_en: str
    debit_turnover: int
    credit_turnover: int
    debit: int
    """The balance when it is a debit balance, else 0."""
    credit: int


class TrialBalance(BaseModel):
    """Every account that ever moved."""

    lines: list[TrialLine]
    debit: int
    credit: int


class Line(BaseModel):
    """One account in a statement."""

    code: str
    name_ja: str
    name_en: str
    amount: int


class IncomeStatement(BaseModel):
    """Profit and loss of a period, both days included. Yen; margins in per cent of sales, null without sales."""

    period_start: date
    period_end: date
    sales_revenue: int
    cost_of_goods_sold: int
    gross_profit: int
    gross_profit_margin: str | None
    operating_expenses: int
    operating_profit: int
    operating_profit_margin: str | None
    other_income: int
    other_expenses: int
    net_income: int
    lines: list[Line]


class Side(BaseModel):
    """One part of a balance sheet."""

    lines: list[Line]
    total: int


class BalanceSheet(BaseModel):
    """What is owned and owed at the end of a day. Net income to date stands in equity until the year is closed."""

    at: date
    assets: Side
    liabilities: Side
    equity: Side
    is_balanced: bool


_INCOME_SIGN: Final = {"revenue": -1, "cost": 1, "expense": 1, "other_income": -1, "other_expense": 1}
"""Turns debit minus credit into the figure a reader expects."""


def trial_balance(moved: Iterable[Moved]) -> TrialBalance:
    """Σ debit balances = Σ credit balances, or the ledger is broken."""
    lines = []
    for row in sorted(moved, key=lambda item: item.account):
        account = chart.BY_CODE[row.account]
        balance = row.debit_minor - row.credit_minor
        lines.append(
            TrialLine(
                code=account.code,
                name_ja=account.name_ja,
                name_en=account.name_en,
                debit_turnover=row.debit_minor,
                credit_turnover=row.credit_minor,
                debit=max(balance, 0),
                credit=max(-balance, 0),
            ),
        )
    return TrialBalance(lines=lines, debit=sum(line.debit for line in lines), credit=sum(line.credit for line in lines))


def income_statement(moved: Iterable[Moved], period_start: date, period_end: date) -> IncomeStatement:
    """Profit and loss from what the accounts moved within the period."""
    totals = dict.fromkeys(_INCOME_SIGN, 0)
    lines = []
    for row in sorted(moved, key=lambda item: item.account):
        account = chart.BY_CODE[row.account]
        sign = _INCOME_SIGN.get(account.kind)
        if sign is None:
            continue
        amount = sign * (row.debit_minor - row.credit_minor)
        totals[account.kind] += amount
        lines.append(_line(row.account, amount))
    gross = totals["revenue"] - totals["cost"]
    operating = gross - totals["expense"]
    return IncomeStatement(
        period_start=period_start,
        period_end=period_end,
        sales_revenue=totals["revenue"],
        cost_of_goods_sold=totals["cost"],
        gross_profit=gross,
        gross_profit_margin=percent(gross, totals["revenue"]),
        operating_expenses=totals["expense"],
        operating_profit=operating,
        operating_profit_margin=percent(operating, totals["revenue"]),
        other_income=totals["other_income"],
        other_expenses=totals["other_expense"],
        net_income=operating + totals["other_income"] - totals["other_expense"],
        lines=lines,
    )


def balance_sheet(moved: Iterable[Moved], overpaid: Mapping[str, int], at: date) -> BalanceSheet:
    """Assets, liabilities and equity at the end of a day.

    Args:
        moved: what the accounts moved up to and including `at`.
        overpaid: of debts, what others owe us at places of the account; it is 未収入金.
        at: the day.
    """
    sides: dict[str, list[Line]] = {"asset": [], "liability": [], "equity": []}
    earned = 0
    balances = Counter({row.account: row.debit_minor - row.credit_minor for row in moved})
    for account, amount in overpaid.items():
        balances[account] -= amount
        balances[chart.OTHER_RECEIVABLES] += amount
    for account, balance in sorted(balances.items()):
        kind = chart.BY_CODE[account].kind
        if kind not in sides:
            earned -= balance
        elif balance:
            sides[kind].append(_line(account, balance if kind == "asset" else -balance))
    if earned:
        sides["equity"].append(Line(code="", name_ja="当期純利益", name_en="Net income to date", amount=earned))
    assets, liabilities, equity = (Side(lines=rows, total=sum(r.amount for r in rows)) for rows in sides.values())
    return BalanceSheet(
        at=at,
        assets=assets,
        liabilities=liabilities,
        equity=equity,
        is_balanced=assets.total == liabilities.total + equity.total,
    )


def less(moved: Iterable[Moved], taken: Iterable[Moved]) -> list[Moved]:
    """What accounts moved without what some of the entries moved."""
    minus = {row.account: row for row in taken}
    found = []
    for row in moved:
        other = minus.get(row.account, Moved(row.account, 0, 0))
        found.append(Moved(row.account, row.debit_minor - other.debit_minor, row.credit_minor - other.credit_minor))
    return found


def percent(part: int, whole: int) -> str | None:
    """`part` in per cent of `whole` with two decimals, half away from zero; None when `whole` is not positive."""
    if whole <= 0:
        return None
    size = half_up(10_000 * abs(part), whole)
    return hundredths_text(-size if part < 0 else size)


def _line(code: str, amount: int) -> Line:
    account = chart.BY_CODE[code]
    return Line(code=code, name_ja=account.name_ja, name_en=account.name_en, amount=amount)
