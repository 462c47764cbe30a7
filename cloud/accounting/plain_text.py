"""The books as text for Beancount and hledger: names of accounts, entries, and what the balances must be. Pure.

Both programs are readers we do not need and do not import: they load the file without our software, and agree or not.
Accounts have the same names in both: `Assets:1001-現金:Vm-tokyo-0001:CashBox`. Debit positive in both, as here.
Sources: Beancount 2 and 3, "Beancount language syntax"; hledger 1.25, hledger(1), "Journal format".
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final, Protocol

from cloud.accounting import chart
from cloud.accounting.reports import Moved, MovedAt
from cloud.accounting.rules import GENESIS, Leg, SealedEntry

CURRENCY: Final = "JPY"

_ROOTS: Final = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "revenue": "Income",
    "other_income": "Income",
    "cost": "Expenses",
    "expense": "Expenses",
    "other_expense": "Expenses",
}
_HLEDGER_TYPES: Final = {"Assets": "A", "Liabilities": "L", "Equity": "E", "Income": "R", "Expenses": "X"}
_PLAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]|(?<=[a-z0-9])_(?=[a-z]))*")
"""A part of a sub-account that can be written so that it can be read back."""


@dataclass(frozen=True, slots=True)
class Books:
    """What a file says beside the entries, all as of the same moment."""

    head_number: int
    head_hash: str
    first_day: date | None
    """None for empty books."""
    last_day: date | None
    accounts: Sequence[Moved]
    places: Sequence[MovedAt]

    @property
    def named(self) -> list[tuple[str, int]]:
        """Account or place, as both programs call it, to its balance with everything below it. By name."""
        found = {account_name(row.account): row.debit_minor - row.credit_minor for row in self.accounts}
        found |= {account_name(row.account, row.sub_account): row.balance_minor for row in self.places}
        return sorted(found.items())


EMPTY: Final = Books(0, GENESIS, None, None, (), ())


class Format(Protocol):
    """One program's spelling."""

    def heading(self, books: Books) -> Iterator[str]:
        """What comes before the entries."""
        ...

    def entry(self, entry: SealedEntry) -> str:
        """One entry and the empty line after it."""
        ...

    def ending(self, books: Books) -> Iterator[str]:
        """What the balances must be: a file that is cut off or was changed does not pass its program's check."""
        ...


def account_name(code: str, sub_account: str = "") -> str:
    """What both programs call an account, or a place of it: no two have one name.

    Args:
        code: in the chart.
        sub_account: any text.
    """
    name = _main_name(code)
    return f"{name}:{_place_name(sub_account)}" if sub_account else name


@cache
def _main_name(code: str) -> str:
    account = chart.BY_CODE[code]
    letters = "".join(char for char in account.name_ja if char.isalpha() or char.isdecimal())
    return f"{_ROOTS[account.kind]}:{code}-{letters}"


def _place_name(sub_account: str) -> str:
    parts = sub_account.split("/")
    if all(_PLAIN.fullmatch(part) for part in parts):
        return ":".join(_camel(part) for part in parts)
    # A text from outside, a processor's name for instance. `-X` is in no name made above.
    digits = hashlib.sha256(sub_account.encode(errors="surrogatepass")).hexdigest()[:16]
    readable = re.sub(r"[^A-Za-z0-9]+", "-", sub_account).strip("-")[:40]
    return f"{readable[:1].upper()}{readable[1:]}-X{digits}" if readable else f"X-X{digits}"


def _camel(part: str) -> str:
    written = re.sub(r"_([a-z])", lambda found: found[1].upper(), part)
    return written[0].upper() + written[1:]


def visible(text: str) -> str:
    """`text` without what would end a line or is no character at all: a picture of it stands in its place."""
    return "".join(_picture(char) for char in text)


def _picture(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}:
        return "\N{REPLACEMENT CHARACTER}"
    return char


class Beancount:
    """Beancount's spelling, version 2 and 3."""

    def heading(self, books: Books) -> Iterator[str]:
        """Options, then the accounts with their names in both languages."""
        yield f";; 仕訳帳 / Journal: {books.head_number} entries, hash {books.head_hash}\n"
        yield f'option "title" "仕訳帳"\noption "operating_currency" "{CURRENCY}"\n'
        yield f'option "inferred_tolerance_default" "{CURRENCY}:0"\n\n'
        if books.first_day is None:
            return
        for row in books.accounts:
            account = chart.BY_CODE[row.account]
            yield f"{books.first_day} open {account_name(row.account)} {CURRENCY}\n"
            yield f"  code: {_quoted(account.code)}\n  name_ja: {_quoted(account.name_ja)}\n"
            yield f"  name_en: {_quoted(account.name_en)}\n"
        for place in books.places:
            yield f"{books.first_day} open {account_name(place.account, place.sub_account)} {CURRENCY}\n"
            yield f"  place: {_quoted(place.sub_account)}\n"
        yield "\n"

    def entry(self, entry: SealedEntry) -> str:
        """A transaction; a reversal and what it reverses have a link in common."""
        draft = entry.draft
        links = f"^entry-{entry.number}"
        if draft.reverses is not None:
            links += f" ^entry-{draft.reverses} #reversal"
        lines = [
            f"{draft.entry_date} * {_quoted(draft.description)} {links}\n",
            f"  entry: {entry.number}\n  source: {_quoted(draft.source)}\n  occurred_at_ms: {draft.occurred_at_ms}\n",
        ]
        lines += [f"  {_leg_name(leg)}  {leg.amount_minor} {CURRENCY}\n" for leg in draft.legs]
        return "".join(lines) + "\n"

    def ending(self, books: Books) -> Iterator[str]:
        """Balance directives of the day after the last entry."""
        if books.last_day is None:
            return
        for name, balance in books.named:
            yield f"{books.last_day + timedelta(days=1)} balance {name}  {balance} {CURRENCY}\n"


class Hledger:
    """hledger's spelling. It has no quotes: what would end a text is replaced by what looks like it."""

    def heading(self, books: Books) -> Iterator[str]:
        """Commodity, then the accounts with their types and names."""
        yield f"; 仕訳帳 / Journal: {books.head_number} entries, hash {books.head_hash}\n"
        yield f"commodity 1000. {CURRENCY}\n\n"
        for row in books.accounts:
            account, name = chart.BY_CODE[row.account], account_name(row.account)
            kind = _HLEDGER_TYPES[name.partition(":")[0]]
            yield f"account {name}  ; type:{kind}, name_ja:{_tagged(account.name_ja)}, "
            yield f"name_en:{_tagged(account.name_en)}\n"
        for place in books.places:
            name = account_name(place.account, place.sub_account)
            yield f"account {name}  ; place:{_tagged(place.sub_account)}\n"
        yield "\n"

    def entry(self, entry: SealedEntry) -> str:
        """A transaction whose code is the number of the entry."""
        draft = entry.draft
        tags = f"source:{_tagged(draft.source)}, occurred_at_ms:{draft.occurred_at_ms}"
        if draft.reverses is not None:
            tags += f", reverses:{draft.reverses}"
        lines = [f"{draft.entry_date} * ({entry.number}) {hledger_text(draft.description)}\n    ; {tags}\n"]
        lines += [f"    {_leg_name(leg)}  {leg.amount_minor} {CURRENCY}\n" for leg in draft.legs]
        return "".join(lines) + "\n"

    def ending(self, books: Books) -> Iterator[str]:
        """One transaction that moves nothing and asserts every balance, the day after the last entry."""
        if books.last_day is None:
            return
        yield f"{books.last_day + timedelta(days=1)} * (check) 残高の確認 / balances\n"
        for name, balance in books.named:
            yield f"    {name}  0 {CURRENCY} =* {balance} {CURRENCY}\n"


FORMATS: Final[dict[str, Format]] = {"beancount": Beancount(), "hledger": Hledger()}
"""By the ending of a file's name."""


def _leg_name(leg: Leg) -> str:
    return account_name(leg.account, leg.sub_account)


def _quoted(text: str) -> str:
    """A string of Beancount; line breaks and tabs as its escapes, so that the text comes back as it was."""
    kept = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{visible(kept)}"'


def hledger_text(text: str) -> str:
    """A description of hledger: a semicolon would begin a comment."""
    return visible(text).replace(";", "；")


def _tagged(text: str) -> str:
    """The value of a tag of hledger: a comma would end it."""
    return hledger_text(text).replace(",", "，").strip()
