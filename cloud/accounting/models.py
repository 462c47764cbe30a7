"""Tables of the ledger. Private to this capability.

The rules that matter are kept by triggers (`cloud/db/migrations/`), so no path can write around them: an entry
balances, has at least two legs, continues the hash chain, and is never changed. The totals are kept by a trigger too.
"""

from datetime import date

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, MachineRef, Millis, Minor


class Account(Base):
    """One row is one account of the chart."""

    __tablename__ = "accounts"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    name_ja: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(16))
    """asset, liability, equity, revenue, cost, expense, other_income, other_expense."""


class JournalEntry(Base):
    """One row is one balanced fact. Inserted after its postings; never changed; corrected by a reversal."""

    __tablename__ = "journal_entries"

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    )
    """1, 2, 3 … without a gap."""
    entry_date: Mapped[date] = mapped_column(Date, index=True)
    occurred_at_ms: Mapped[Millis]
    description: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(120), unique=True)
    """The event or document it follows from; the same source posts once."""
    reverses: Mapped[int | None] = mapped_column(ForeignKey("journal_entries.number"), unique=True)
    """The entry this one undoes."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Posting(Base):
    """One row is one leg of an entry."""

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="not_zero"),
        Index("ix_postings_sub_account", "sub_account", "account_code", "entry_number"),
        Index("ix_postings_account_code", "account_code", "entry_number"),
        {"sqlite_with_rowid": False},
    )

    entry_number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("journal_entries.number", deferrable=True, initially="DEFERRED"),
        primary_key=True,
    )
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    account_code: Mapped[str] = mapped_column(ForeignKey("accounts.code"))
    amount_minor: Mapped[Minor]
    """Debit positive, credit negative."""
    sub_account: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Where or whose (`places.py`); empty where nobody asks."""


class AccountDay(Base):
    """One row is what one account moved on one day. Kept by a trigger; reports add these up, not the postings."""

    __tablename__ = "account_days"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_code: Mapped[str] = mapped_column(ForeignKey("accounts.code"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    debit_minor: Mapped[Minor]
    credit_minor: Mapped[Minor]


class AccountTotal(Base):
    """One row is what one account ever moved. Kept by a trigger: the trial balance is one short read."""

    __tablename__ = "account_totals"

    account_code: Mapped[str] = mapped_column(ForeignKey("accounts.code"), primary_key=True)
    debit_minor: Mapped[Minor]
    credit_minor: Mapped[Minor]


class SubAccountTotal(Base):
    """One row is what one account ever moved at one place. Kept by a trigger: a cash box is one short read."""

    __tablename__ = "sub_account_totals"

    account_code: Mapped[str] = mapped_column(ForeignKey("accounts.code"), primary_key=True)
    sub_account: Mapped[str] = mapped_column(String(64), primary_key=True)
    debit_minor: Mapped[Minor]
    credit_minor: Mapped[Minor]


class LedgerTotalled(Base):
    """The one row says up to which entry the totals go. Kept by a trigger; less than the newest entry is a finding."""

    __tablename__ = "ledger_totalled"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Always 1."""
    number: Mapped[int] = mapped_column(BigInteger)


class CashCount(Base):
    """One row is one count of the cash in one machine. Never changed; what it found is in the ledger."""

    __tablename__ = "cash_counts"
    __table_args__ = (
        Index("ix_cash_counts_machine_id", "machine_id", "id"),
        Index("ix_cash_counts_counted_by", "counted_by", "id"),
        Index("ix_cash_counts_visit", "visit", "id"),
    )

    id: Mapped[BigId]
    machine_id: Mapped[MachineRef]
    counted_at_ms: Mapped[Millis]
    counted_by: Mapped[str] = mapped_column(String(254))
    note: Mapped[str] = mapped_column(String(500))
    heard_upto_ms: Mapped[Millis]
    """When the machine was last heard: what it did after that was not expected yet."""
    source: Mapped[str] = mapped_column(String(120), default="")
    """The machine's event that told it; empty for what somebody typed into a page."""
    visit: Mapped[str] = mapped_column(String(32), default="")
    """The visit it was a part of, as the machine named it."""
    bag: Mapped[str] = mapped_column(String(64), default="")
    """Number on the bag that what was collected went into."""


class CashCountLine(Base):
    """One row is one part of the machine in a count."""

    __tablename__ = "cash_count_lines"

    count_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("cash_counts.id"),
        primary_key=True,
    )
    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    """hopper, cash_box, stacker or escrow."""
    expected_minor: Mapped[Minor]
    counted_minor: Mapped[Minor]
    collected_minor: Mapped[Minor]
    """Of what was counted, what was taken to the safe."""
    pieces: Mapped[dict[str, int]] = mapped_column(JSON)
    """Denomination as text to coins or bills; empty when only the sum was said."""


class MonthClosing(Base):
    """One row is one closing of a month. It is reopened once at most, and closed anew by another row."""

    __tablename__ = "month_closings"

    id: Mapped[BigId]
    last_day: Mapped[date] = mapped_column(Date)
    closed_at_ms: Mapped[Millis]
    closed_by: Mapped[str] = mapped_column(String(254))
    head_number: Mapped[int] = mapped_column(BigInteger)
    """Of the newest entry then: the closing binds the entries after it."""
    head_hash: Mapped[str] = mapped_column(String(64))
    trial_sha256: Mapped[str] = mapped_column(String(64))
    """Of the trial balance at the end of `last_day`."""
    despite: Mapped[list[str]] = mapped_column(JSON)
    """Codes of findings that the person who closed it accepted."""
    reopened_at_ms: Mapped[Millis] = mapped_column(default=0)
    """0 while it is closed."""
    reopened_by: Mapped[str] = mapped_column(String(254), default="")
    reopened_why: Mapped[str] = mapped_column(String(500), default="")
    reopened_head: Mapped[int] = mapped_column(BigInteger, default=0)
    """Of the newest entry at the reopening: entries after it are free again."""


class Payout(Base):
    """One row is money a processor paid out, or took back. Never changed; its entry has the source `payout:<id>`."""

    __tablename__ = "payouts"
    __table_args__ = (UniqueConstraint("processor", "reference"),)

    id: Mapped[BigId]
    processor: Mapped[str] = mapped_column(String(64))
    """The tender of the sales it pays; a sub-account of 売掛金."""
    reference: Mapped[str] = mapped_column(String(64))
    """The processor's name for it: the same one is booked once."""
    paid_on: Mapped[date] = mapped_column(Date)
    net_minor: Mapped[Minor]
    """What came into the bank; negative when the processor took money."""
    booked_at_ms: Mapped[Millis]
    booked_by: Mapped[str] = mapped_column(String(254))


class PayoutLine(Base):
    """One row is one charge, refund, chargeback or fee in a payout."""

    __tablename__ = "payout_lines"
    __table_args__ = (Index("ix_payout_lines_payment", "payment", "kind"),)

    payout_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), ForeignKey("payouts.id"), primary_key=True
    )
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    """A key of `payout_rules.KINDS`."""
    payment: Mapped[str] = mapped_column(String(128))
    """The reference the sale names; empty for what belongs to no payment."""
    gross_minor: Mapped[Minor]
    """Not negative; the kind says which way it goes."""
    fee_minor: Mapped[Minor]
    fee_tax_minor: Mapped[Minor]
    finding: Mapped[str] = mapped_column(String(24))
    """What did not fit when it was booked; empty when everything did."""
    expected_minor: Mapped[Minor]
    """What the books had for this payment; 0 for a payment they did not know."""


class Equipment(Base):
    """One row is one thing that is written off over years. What was booked for it has sources `equipment:<id>…`."""

    __tablename__ = "equipment"

    id: Mapped[BigId]
    name: Mapped[str] = mapped_column(String(120))
    machine_id: Mapped[str] = mapped_column(String(40), default="")
    """The vending machine it is; empty for other things."""
    acquired_on: Mapped[date] = mapped_column(Date)
    used_from: Mapped[date] = mapped_column(Date)
    """Written off from this month on."""
    cost_minor: Mapped[Minor]
    """Without deductible tax."""
    life_years: Mapped[int] = mapped_column(Integer)
    disposed_on: Mapped[date | None] = mapped_column(Date)
    """Scrapped or sold; None while it is used."""
    added_at_ms: Mapped[Millis]
    added_by: Mapped[str] = mapped_column(String(254))


class YearClosing(Base):
    """One row is one closing of a fiscal year: its entries have the source `year:<id>…`. Undone once at most."""

    __tablename__ = "year_closings"

    id: Mapped[BigId]
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    closed_at_ms: Mapped[Millis]
    closed_by: Mapped[str] = mapped_column(String(254))
    profit_minor: Mapped[Minor]
    """What went to 繰越利益剰余金."""
    tax_minor: Mapped[Minor]
    """消費税: to be paid, or negative to be had back."""
    undone_at_ms: Mapped[Millis] = mapped_column(default=0)
    """0 while it stands."""
    undone_by: Mapped[str] = mapped_column(String(254), default="")
    undone_why: Mapped[str] = mapped_column(String(500), default="")
