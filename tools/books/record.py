"""Everything the database says of the books after a life, read by plain SQL: none of the code under test helps."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.database import Database


@dataclass(frozen=True)
class Leg:
    """One posting."""

    account: str
    place: str
    amount: int


@dataclass(frozen=True)
class Entry:
    """One entry with its legs, as stored."""

    number: int
    day: date
    occurred_at_ms: int
    description: str
    source: str
    reverses: int | None
    previous_hash: str
    hash: str
    legs: tuple[Leg, ...]


@dataclass(frozen=True)
class Record:
    """The tables of the books."""

    entries: list[Entry]
    totals: dict[str, tuple[int, int]]
    days: dict[tuple[str, date], tuple[int, int]]
    places: dict[tuple[str, str], tuple[int, int]]
    pools: dict[str, tuple[int, int]]
    on_hand: dict[tuple[str, str], int]
    sales: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    invoices: dict[int, int]
    """Number to the yen that are still owed."""
    notes: dict[int, int]
    """Credit note to the yen that the supplier still owes us."""
    lapsed: list[str]
    """The tasks of refused debts that were asked about again."""

    @property
    def business(self) -> list[Entry]:
        """Entries without those that close a year or settle its tax, and their reversals."""
        sources = {entry.number: entry.source for entry in self.entries}
        return [
            row
            for row in self.entries
            if not sources.get(row.reverses or row.number, "").startswith(("year:", "taxyear:"))
        ]

    def moved(self, *, upto: date | None = None, is_business: bool = False) -> Counter[str]:
        """Account to balance by adding up every leg, of `business` or of all entries; debit positive."""
        found: Counter[str] = Counter()
        for entry in self.business if is_business else self.entries:
            if upto is None or entry.day <= upto:
                for leg in entry.legs:
                    found[leg.account] += leg.amount
        return found


async def read(database: Database) -> Record:
    """Read them all at one moment."""
    async with database.read() as db_session:
        legs: dict[int, list[Leg]] = {}
        for row in await _rows(db_session, "SELECT * FROM postings ORDER BY entry_number, line"):
            leg = Leg(row["account_code"], row["sub_account"], row["amount_minor"])
            legs.setdefault(row["entry_number"], []).append(leg)
        entries = [
            Entry(
                row["number"],
                _day(row["entry_date"]),
                row["occurred_at_ms"],
                row["description"],
                row["source"],
                row["reverses"],
                row["previous_hash"],
                row["hash"],
                tuple(legs.pop(row["number"], ())),
            )
            for row in await _rows(db_session, "SELECT * FROM journal_entries ORDER BY number")
        ]
        days = await _rows(db_session, "SELECT * FROM account_days")
        places = await _rows(db_session, "SELECT * FROM sub_account_totals")
        return Record(
            entries=entries,
            totals={
                row["account_code"]: _sides(row) for row in await _rows(db_session, "SELECT * FROM account_totals")
            },
            days={(row["account_code"], _day(row["day"])): _sides(row) for row in days},
            places={(row["account_code"], row["sub_account"]): _sides(row) for row in places},
            pools={
                row["product_id"]: (row["quantity"], row["value_minor"])
                for row in await _rows(db_session, "SELECT * FROM stock_pools")
            },
            on_hand={
                (row["place_id"], row["product_id"]): row["quantity"]
                for row in await _rows(db_session, "SELECT * FROM stock_on_hand")
            },
            sales=await _rows(db_session, "SELECT * FROM sales WHERE status = 'completed'"),
            refunds=await _rows(db_session, "SELECT * FROM refunds"),
            invoices={
                row["id"]: row["total_minor"] - row["paid_minor"]
                for row in await _rows(db_session, "SELECT * FROM supplier_invoices")
            },
            notes={
                row["id"]: row["total_minor"] - row["used_minor"]
                for row in await _rows(db_session, "SELECT * FROM credit_notes")
            },
            lapsed=[
                row["source"]
                for row in await _rows(db_session, "SELECT source FROM staff_tasks WHERE kind = 'debt_lapsed'")
            ],
        )


async def head(database: Database) -> tuple[int, str]:
    """Number and hash of the newest entry."""
    async with database.read() as db_session:
        rows = await _rows(db_session, "SELECT number, hash FROM journal_entries ORDER BY number DESC LIMIT 1")
    return (rows[0]["number"], rows[0]["hash"]) if rows else (0, "")


async def sale_of(database: Database, source: str) -> int:
    """The row number of the sale that an event made."""
    machine, epoch, seq = source.split("/")
    asked = {"machine": machine, "epoch": epoch, "seq": int(seq)}
    query = text("SELECT id FROM sales WHERE machine_id = :machine AND epoch = :epoch AND seq = :seq")
    async with database.read() as db_session:
        return int((await db_session.execute(query, asked)).scalar_one())


async def totals(database: Database) -> Counter[str]:
    """Account to balance, from the kept totals; zeros left out."""
    async with database.read() as db_session:
        rows = await _rows(db_session, "SELECT * FROM account_totals")
    found = Counter({row["account_code"]: row["debit_minor"] - row["credit_minor"] for row in rows})
    return Counter({code: amount for code, amount in found.items() if amount})


async def _rows(db_session: AsyncSession, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in (await db_session.execute(text(query))).mappings()]


def _sides(row: dict[str, Any]) -> tuple[int, int]:
    return row["debit_minor"], row["credit_minor"]


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
