"""One synthetic journal for every ledger in the comparison, and the balances it must give.

Two legs an entry, three years, ten machines: 45 % sales for cash, 15 % by card, 30 % cost of goods sold, 4 % bought on
credit, 3 % suppliers paid, 2 % cash taken to the bank, 1 % spoilage.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

FIRST: Final = date(2024, 1, 1)
DAYS: Final = 1096
MONTH: Final = (date(2026, 12, 1), date(2026, 12, 31))
"""The month whose profit and loss is asked for: the last."""
SEED: Final = 1
MACHINES: Final = 10
SUPPLIERS: Final = 8
PRICES: Final = (100, 110, 120, 130, 140, 150, 160, 170, 180, 200, 230, 280)

NAMES: Final = {
    "1001": "Assets:Cash",
    "1010": "Assets:Bank",
    "1020": "Assets:CardReceivable",
    "1101": "Assets:Merchandise",
    "2001": "Liabilities:Payable",
    "3001": "Equity:Capital",
    "4001": "Income:Sales",
    "5002": "Expenses:CostOfSales",
    "5101": "Expenses:Spoilage",
}
"""Our account to the name that Beancount and hledger understand."""


class Side(NamedTuple):
    """An account and its sub-account, or none."""

    account: str
    sub: str = ""

    @property
    def name(self) -> str:
        """For plain-text ledgers."""
        return f"{NAMES[self.account]}:{self.sub.upper()}" if self.sub else NAMES[self.account]


class Row(NamedTuple):
    """One entry: yen from `credit` to `debit`."""

    day: date
    what: str
    debit: Side
    credit: Side
    yen: int


def rows(count: int) -> Iterator[Row]:
    """The first `count` entries; the same every time."""
    chance = random.Random(SEED)  # noqa: S311 - figures of a benchmark
    goods, bank = Side("1101"), Side("1010")
    yield Row(FIRST, "opening capital", bank, Side("3001"), 10_000_000)
    for number in range(count - 1):
        day = FIRST + timedelta(days=number * DAYS // count)
        kind, price = chance.random(), chance.choice(PRICES)
        machine, supplier = f"m{chance.randrange(MACHINES):02}", Side("2001", f"s{chance.randrange(SUPPLIERS)}")
        cash, cost = Side("1001", machine), price * 6 // 10
        table = (
            (0.45, "sale for cash", cash, Side("4001"), price),
            (0.60, "sale by card", Side("1020"), Side("4001"), price),
            (0.90, "cost of goods sold", Side("5002"), goods, cost),
            (0.94, "goods bought", goods, supplier, cost * 24),
            (0.97, "supplier paid", supplier, bank, cost * 20),
            (0.99, "cash to the bank", bank, cash, price * 20),
            (1.00, "spoilage", Side("5101"), goods, cost),
        )
        what, debit, credit, yen = next(row[1:] for row in table if kind < row[0])
        yield Row(day, what, debit, credit, yen)


def expected(count: int) -> dict[str, int]:
    """Account to its balance, debit positive, worked out by none of the ledgers."""
    found: Counter[str] = Counter()
    for row in rows(count):
        found[row.debit.account] += row.yen
        found[row.credit.account] -= row.yen
    return dict(found)


def write(folder: Path, count: int) -> tuple[Path, Path]:
    """The journal as Beancount and as hledger read it."""
    beans, ledger = folder / "journal.beancount", folder / "journal.ledger"
    with beans.open("w", encoding="utf-8") as one, ledger.open("w", encoding="utf-8") as other:
        one.write('option "operating_currency" "JPY"\n')
        names = {side.name for row in rows(min(count, 5000)) for side in (row.debit, row.credit)}
        for name in sorted(names):
            one.write(f"{FIRST} open {name} JPY\n")
            other.write(f"account {name}\n")
        for row in rows(count):
            legs = f"  {row.debit.name}  {row.yen} JPY\n  {row.credit.name}  -{row.yen} JPY\n\n"
            one.write(f'{row.day} * "{row.what}"\n{legs}')
            other.write(f"{row.day} * {row.what}\n{legs}")
    return beans, ledger
