"""What a credit note may say about an invoice, and how much tax it takes back. Pure; whole yen.

A note names its tax per rate (適格返還請求書). How it was rounded is free, so a yen either way is no mistake.
"""

from collections.abc import Mapping, Sequence

from cloud.kit.rounding import half_up
from cloud.procurement.matching import AtRate


class BadCreditNoteError(ValueError):
    """A credit note that cannot be: more than was invoiced, goods that did not come, a number that is taken."""


def problem(note: Sequence[AtRate], invoiced: Mapping[int, AtRate], before: Mapping[int, AtRate]) -> str:
    """Why a credit note cannot be against an invoice; empty when it can.

    Args:
        note: what it says per rate.
        invoiced: rate to what the invoice said.
        before: rate to what earlier notes took off it.
    """
    for row in note:
        where = f"{row.percent} %"
        if row.percent not in invoiced:
            rates = ", ".join(f"{percent} %" for percent in sorted(invoiced))
            return f"nothing on the invoice is taxed at {where}; it has {rates}"
        if abs(row.tax_minor * 100 - row.net_minor * row.percent) >= 100:
            expected = row.net_minor * row.percent // 100
            return f"a tax of {row.tax_minor} yen is not {where} of {row.net_minor} yen; about {expected} would be"
        left = _left(invoiced[row.percent], before.get(row.percent))
        if row.gross_minor > left.gross_minor or row.tax_minor > left.tax_minor:
            return f"{left.gross_minor} yen ({left.tax_minor} of them tax) are left at {where}, not {row.gross_minor}"
    return ""


def _left(invoiced: AtRate, before: AtRate | None) -> AtRate:
    taken = before or AtRate(invoiced.percent, 0, 0)
    return AtRate(invoiced.percent, invoiced.net_minor - taken.net_minor, invoiced.tax_minor - taken.tax_minor)


def deductible(tax_minor: int, tax_before_minor: int, share_percent: int) -> int:
    """Of a note's tax, what had been deducted: with earlier notes never more than the invoice's tax was.

    Args:
        tax_minor: of this note, at one rate.
        tax_before_minor: of earlier notes against the same invoice.
        share_percent: of the invoice's tax, what was deducted.
    """
    return (tax_before_minor + tax_minor) * share_percent // 100 - tax_before_minor * share_percent // 100


def cost_of(cost_minor: int, units: int, before: int, back: int) -> int:
    """What `back` units had cost of a delivery of `units`, after `before` of them went back: together all its cost."""
    return half_up(cost_minor * (before + back), units) - half_up(cost_minor * before, units)
