"""What a processor's payout says, checked against what the books expect, and the entry it makes. Pure.

Sales by card stand gross on 売掛金 of their processor; a payout brings them, less fees, into the bank. What a payout
and the books do not agree on stays on 売掛金, where it can be seen. Source: accounting reference, section 7.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from cloud.accounting import chart
from cloud.accounting.places import Place, receivable
from cloud.accounting.rules import Draft, Event, legs

MOST_YEN: Final = 10**12
MOST_LINES: Final = 20_000

KINDS: Final = {"charge": 1, "refund": -1, "chargeback": -1, "chargeback_won": 1, "fee": 0}
"""Kind of a line to the way its gross goes: 1 to us, -1 from us.

`chargeback`: the customer's bank took a payment back, and it is contested. `chargeback_won`: we have it again.
"""
HEADING: Final = ("kind", "payment", "gross", "fee", "fee_tax")
"""Columns of a settlement file; `fee` and `fee_tax` may be empty."""


class PayoutLineBody(BaseModel):
    """One line of a settlement. Yen."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(pattern="^(" + "|".join(KINDS) + ")$")
    payment: str = Field(default="", max_length=128)
    """The reference that the sale names; empty for a fee that belongs to no payment."""
    gross: int = Field(default=0, ge=0, le=MOST_YEN)
    fee: int = Field(default=0, ge=0, le=MOST_YEN)
    """Without tax."""
    fee_tax: int = Field(default=0, ge=0, le=MOST_YEN)
    """Consumption tax on the fee; 0 where the brand's fee is not taxable."""


class BadSettlementError(ValueError):
    """A settlement that cannot be booked: each problem says where and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(problems))


@dataclass(frozen=True, slots=True)
class Checked:
    """A line with what did not fit."""

    body: PayoutLineBody
    expected_minor: int
    """What the sale was, of a refund what is still to be given back; 0 when the books know no such payment."""
    finding: str
    """unknown_payment, amount_differs, settled_before, not_refunded, or empty."""


def from_csv(text: str) -> list[PayoutLineBody]:
    """Read a settlement file: the heading, then one line per row.

    Raises:
        BadSettlementError: every row that cannot be read, by its number in the file.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [name for name in HEADING[:3] if name not in (reader.fieldnames or ())]
    if missing:
        raise BadSettlementError([f"line 1: the heading lacks {', '.join(missing)}; it is {','.join(HEADING)}."])
    found: list[PayoutLineBody] = []
    problems: list[str] = []
    for number, row in enumerate(reader, start=2):
        values = {name: (row.get(name) or "").strip().replace(",", "") for name in HEADING}
        wrong = [name for name in HEADING[2:] if values[name] and not _is_yen(values[name])]
        if values["kind"] not in KINDS:
            problems.append(f"line {number}: kind {values['kind']!r} is none of {', '.join(KINDS)}.")
        elif wrong:
            problems.append(f"line {number}: {', '.join(wrong)} must be whole yen, not negative.")
        elif len(values["payment"]) > 128:
            problems.append(f"line {number}: payment is longer than 128 characters.")
        else:
            numbers = {name: int(values[name] or 0) for name in HEADING[2:]}
            found.append(PayoutLineBody(kind=values["kind"], payment=values["payment"], **numbers))
        if number > MOST_LINES:
            problems.append(f"line {number}: more than {MOST_LINES} lines; split the file.")
            break
    if problems:
        raise BadSettlementError(problems[:20])
    return found


def _is_yen(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) <= MOST_YEN


def net_of(lines: Iterable[PayoutLineBody]) -> int:
    """What lines bring into the bank; negative when they cost more than they bring."""
    return sum(KINDS[line.kind] * line.gross - line.fee - line.fee_tax for line in lines)


def check(
    lines: Sequence[PayoutLineBody],
    sold: Mapping[str, int],
    settled: Iterable[str],
    refunded: Mapping[str, int] | None = None,
) -> list[Checked]:
    """Hold each charge against the sale it pays, and each refund against what was given back for it.

    Args:
        lines: of the settlement.
        sold: payment to what its sale was, of those payments the books know.
        settled: payments that an earlier payout has charged.
        refunded: payment to what the books gave back through the processor and no earlier payout has brought.
    """
    seen = set(settled)
    to_give = dict(refunded or {})
    found = []
    for line in lines:
        expected = to_give.get(line.payment, 0) if line.kind == "refund" else sold.get(line.payment, 0)
        finding = ""
        if line.payment and line.payment not in sold:
            finding = "unknown_payment"
        elif line.kind == "refund" and line.gross > expected:
            finding = "amount_differs" if expected > 0 else "not_refunded"
        elif line.kind == "charge" and line.payment in seen:
            finding = "settled_before"
        elif line.kind == "charge" and line.gross != expected:
            finding = "amount_differs"
        if line.kind == "charge":
            seen.add(line.payment)
        if line.kind == "refund":
            to_give[line.payment] = expected - line.gross
        found.append(Checked(line, expected, finding))
    return found


def entry(event: Event, processor: str, reference: str, lines: Sequence[PayoutLineBody]) -> Draft | None:
    """Bank, fees and input tax against what the processor owed; a contested chargeback is 未収入金."""
    gross = {kind: sum(line.gross for line in lines if line.kind == kind) for kind in KINDS}
    contested = gross["chargeback"] - gross["chargeback_won"]
    pairs: list[tuple[str | Place, int]] = [
        (chart.BANK, net_of(lines)),
        (chart.FEES, sum(line.fee for line in lines)),
        (chart.INPUT_TAX, sum(line.fee_tax for line in lines)),
        (Place(chart.OTHER_RECEIVABLES, processor), contested),
        (receivable(processor), gross["refund"] - gross["charge"]),
    ]
    return event.draft("payout", f"入金 {processor} {reference}", legs(*pairs))


def lost(event: Event, processor: str, amount_minor: int, why: str) -> Draft | None:
    """A chargeback that was decided against us is a bad debt."""
    pairs = ((chart.BAD_DEBTS, amount_minor), (Place(chart.OTHER_RECEIVABLES, processor), -amount_minor))
    return event.draft("lost", f"チャージバック敗訴 {processor} {why}".rstrip(), legs(*pairs))


def cleared(event: Event, processor: str, amount_minor: int, why: str) -> Draft | None:
    """A difference nobody will pay is a loss; one in our favour (negative) is income."""
    other = chart.OTHER_LOSSES if amount_minor > 0 else chart.OTHER_INCOME
    pairs = ((other, amount_minor), (receivable(processor), -amount_minor))
    return event.draft("cleared", f"売掛金の差の整理 {processor} {why}".rstrip(), legs(*pairs))


AGES: Final = (7, 30, 60, 90)
"""Upper ends of the classes of age, days; older is a class of its own."""


def class_of_age(days: int) -> int:
    """Which class of age: 0 for the youngest."""
    return next((at for at, most in enumerate(AGES) if days <= most), len(AGES))
