"""Planted bugs of the ledger, each one change of one line; the invariants must catch every one of them.

Source: the accounting reference of the project, section 15, number 14, and what else has gone wrong in such books.
This module imports nothing of `cloud`: a bug is planted before the code is loaded.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong line."""

    name: str
    module: str
    right: str
    """As it stands in the source, once."""
    wrong: str
    caught_by: tuple[str, ...]
    """Names of checks; at least one of them must speak."""
    life: int = 1
    """Seed of a life in which it shows: tried first."""


class MovedError(LookupError):
    """The line a mutant changes is not there any more, or not once: the list is to be brought up to date."""

    def __init__(self, mutant: Mutant, times: int) -> None:
        super().__init__(f"mutant {mutant.name}: {mutant.right!r} stands {times} times in {mutant.module}, not once")


_RULES: Final = "cloud.accounting.rules"
_CASH: Final = "cloud.accounting.cash"
_PLACES: Final = "cloud.accounting.places"
_EFFECTS: Final = "cloud.machines.effects"
_TAX: Final = "cloud.catalogue.rules"
_CATALOGUE: Final = "cloud.catalogue.service"
_STOCK: Final = "cloud.inventory.rules"
_REFUNDS: Final = "cloud.accounting.refund_rules"
_TASKS: Final = "cloud.staff_tasks.rules"
_TEXT: Final = "cloud.accounting.plain_text"

MUTANTS: Final = (
    # Cost and stock
    Mutant(
        "drops_the_cost",
        _RULES,
        "    total = from_stock_minor + uncovered_minor\n",
        "    total = from_stock_minor = uncovered_minor = 0\n",
        ("4 stock", "5 purchases"),
    ),
    Mutant(
        "books_the_cost_twice",
        _RULES,
        "    total = from_stock_minor + uncovered_minor\n",
        "    from_stock_minor *= 2\n    total = from_stock_minor + uncovered_minor\n",
        ("4 stock", "5 purchases"),
    ),
    Mutant(
        "rounds_units",
        _STOCK,
        "value = half_up(pool.value_minor * covered, pool.quantity)",
        "value = min(pool.last_unit_cost_minor * covered, pool.value_minor)",
        ("4 stock",),
        33,
    ),
    Mutant(
        "forgets_goods_sold_before_they_came",
        _STOCK,
        "settled = half_up(cost_minor * already_gone, quantity)",
        "settled = 0",
        ("4 stock",),
        2,
    ),
    Mutant(
        "buys_into_nothing",
        _RULES,
        "        (chart.PURCHASES, -net_minor),\n",
        "        (chart.PAYABLE, -net_minor),\n",
        ("5 purchases",),
    ),
    Mutant(
        "loses_units_without_a_loss",
        _RULES,
        "pairs = ((chart.SHRINKAGE, from_stock_minor), (chart.GOODS, -from_stock_minor))",
        "pairs = ()",
        ("4 stock",),
        12,
    ),
    Mutant(
        "takes_transfers_for_sales",
        _EFFECTS,
        "                from_place=slot_place(found.event.machine_id, body.slot),\n",
        '                from_place=slot_place(found.event.machine_id, body.slot), to_place="warehouse",\n',
        ("4 stock", "5 purchases"),
    ),
    # Tax
    Mutant(
        "rounds_tax_up",
        _TAX,
        "return gross_minor * percent // (100 + percent)",
        "return -(-gross_minor * percent // (100 + percent))",
        ("9 tax",),
    ),
    Mutant(
        "rounds_tax_half_up",
        _TAX,
        "return gross_minor * percent // (100 + percent)",
        "return (2 * gross_minor * percent + 100 + percent) // (2 * (100 + percent))",
        ("9 tax",),
    ),
    Mutant(
        "adds_tax_on_top",
        _TAX,
        "return gross_minor * percent // (100 + percent)",
        "return gross_minor * percent // 100",
        ("9 tax",),
    ),
    Mutant("takes_8_for_all", _CATALOGUE, "else rules.FALLBACK_CLASS", 'else "food"', ("9 tax",), 2),
    Mutant("takes_the_newest_rate", _TAX, "return rates[index - 1][1]", "return rates[-1][1]", ("9 tax",)),
    Mutant(
        "takes_0_for_missing", _TAX, "return rates[index - 1][1]", "return rates[index - 1][1] or 10", ("9 tax",), 2
    ),
    Mutant(
        "taxes_the_price_before_the_coupon",
        _EFFECTS,
        "taxed = self._catalogue.split(body.product_id, body.price_minor, booking.entry_date)",
        "taxed = self._catalogue.split(body.product_id, max(body.list_minor, body.price_minor), booking.entry_date)",
        ("7 sales", "9 tax"),
    ),
    # Money
    Mutant("takes_cards_for_cash", _PLACES, 'if tender == "cash"', 'if tender != "remote"', ("8 receivable",)),
    Mutant(
        "puts_all_coins_into_the_hopper",
        _PLACES,
        "said if said in INSIDE else CASH_BOX",
        "said if said not in (CASH_BOX, HOPPER) else HOPPER",
        ("6 cash",),
    ),
    Mutant(
        "takes_short_change_for_paid",
        _CASH,
        '        text = "お返し"\n',
        '        text = "お返し"\n        paid_minor, short_minor = paid_minor + short_minor, 0\n',
        ("6 cash",),
    ),
    Mutant("leaves_bills_in_escrow", _CASH, '"紙幣収納", legs(*moved)', '"紙幣収納", legs(*moved)[:0]', ("6 cash",)),
    Mutant("forgets_unpaid_goods", _CASH, '"代金未収", legs(*lost)', '"代金未収", legs(*lost)[:0]', ("6 cash",), 6),
    Mutant(
        "finds_the_opposite_of_a_count",
        _CASH,
        "return self.counted_minor - self.expected_minor",
        "return self.expected_minor - self.counted_minor",
        ("6 cash",),
        2,
    ),
    Mutant(
        "carries_what_the_changer_counted",
        _CASH,
        "other = places.difference(self.machine_id) if is_count else places.SAFE",
        "other = places.SAFE",
        ("6 cash",),
    ),
    # Time, reversals, the chain
    Mutant(
        "dates_by_arrival",
        _EFFECTS,
        "local_day(found.occurred_at_ms, timezone)",
        "local_day(found.event.received_at_ms, timezone)",
        ("11 days", "9 tax"),
    ),
    Mutant(
        "dates_by_utc",
        _EFFECTS,
        "local_day(found.occurred_at_ms, timezone)",
        'local_day(found.occurred_at_ms, "UTC")',
        ("11 days",),
        2,
    ),
    Mutant(
        "forgets_the_true_day",
        "cloud.accounting.closing",
        "    return draft._replace(entry_date=closed + timedelta(days=1), description=late)",
        "    return draft._replace(entry_date=closed + timedelta(days=1))",
        ("11 days",),
        8,
    ),
    Mutant(
        "reverses_with_the_same_sign",
        _RULES,
        "leg._replace(amount_minor=-leg.amount_minor)",
        "leg._replace(amount_minor=leg.amount_minor)",
        ("10 reversal",),
    ),
    Mutant(
        "reverses_again",
        "cloud.accounting.service",
        "    if known:\n",
        "    if known and not number:\n",
        ("10 reversal",),
    ),
    Mutant(
        "hashes_no_text",
        _RULES,
        "        draft.description,\n        draft.reverses,\n",
        '        "",\n        draft.reverses,\n',
        ("15 once",),
    ),
    # The office
    Mutant(
        "gives_back_the_tax_of_the_part",
        _REFUNDS,
        "    tax_of_kept = kept * percent // (100 + percent)\n",
        "    tax_of_kept = tax_minor - tax_back_before - amount_minor * percent // (100 + percent)\n",
        ("9 tax",),
        3,
    ),
    Mutant(
        "keeps_the_cost_of_what_came_back",
        _REFUNDS,
        "pairs = ((chart.GOODS, into_stock_minor), (chart.SHRINKAGE, settled_minor), (chart.COST_OF_SALES, -total))",
        "pairs = ()",
        ("4 stock",),
        8,
    ),
    Mutant(
        "owes_every_refund_in_cash",
        "cloud.sales.refunds",
        'if how.method == "original" and sale.tender != "cash":',
        'if how.method == "original" and sale.tender != sale.tender:',
        ("6 cash", "8 receivable"),
        7,
    ),
    Mutant(
        "books_the_tax_of_fees_as_fees",
        "cloud.accounting.payout_rules",
        "(chart.INPUT_TAX, sum(line.fee_tax for line in lines))",
        "(chart.FEES, sum(line.fee_tax for line in lines))",
        ("16 debts",),
        7,
    ),
    Mutant(
        "credits_every_payout_to_cards",
        "cloud.accounting.payout_rules",
        '(receivable(processor), gross["refund"] - gross["charge"]),',
        '(receivable("card"), gross["refund"] - gross["charge"]),',
        ("8 receivable",),
        5,
    ),
    Mutant(
        "deducts_all_tax_of_whoever_has_no_number",
        "cloud.procurement.rules",
        "    if is_registered:\n        return 100\n",
        "    if is_registered or shares:\n        return 100\n",
        ("16 debts",),
        2,
    ),
    Mutant(
        "puts_what_an_invoice_has_more_into_stock",
        "cloud.procurement.payables",
        "passed = entries.legs((chart.COST_OF_SALES, cost),",
        "passed = entries.legs((chart.GOODS, cost),",
        ("4 stock",),
        4,
    ),
    Mutant(
        "pays_suppliers_from_the_safe",
        "cloud.procurement.payables",
        "debit=owed, credit=chart.BANK, amount_minor=amount_minor",
        "debit=owed, credit=places.SAFE, amount_minor=amount_minor",
        ("6 cash", "16 debts"),
    ),
    Mutant(
        "deducts_all_tax_of_expenses",
        "cloud.accounting.expense_rules",
        "return tax * share // 100",
        "return tax",
        ("16 debts",),
        3,
    ),
    Mutant(
        "finds_goods_for_nothing",
        "cloud.accounting.goods",
        "pairs = ((chart.GOODS, into_stock_minor), (chart.SHRINKAGE, -into_stock_minor))",
        "pairs = ()",
        ("4 stock",),
        5,
    ),
    Mutant(
        "carries_losses_into_the_next_year",
        "cloud.accounting.years",
        '"expense", "other_income", "other_expense")',
        '"expense", "other_income")',
        ("17 year",),
        6,
    ),
    Mutant(
        "settles_no_tax",
        "cloud.accounting.years",
        "declared = due.due if wanted.declared_minor is None else wanted.declared_minor",
        "declared = 0",
        ("17 year",),
        2,
    ),
    # Credit notes of suppliers, credit of customers, debts that lapse
    Mutant(
        "takes_back_more_tax_than_was_deducted",
        "cloud.procurement.credit_rules",
        "return (tax_before_minor + tax_minor) * share_percent // 100 - tax_before_minor * share_percent // 100",
        "return tax_minor",
        ("16 debts",),
        2,
    ),
    Mutant(
        "sends_goods_back_at_the_average",
        _STOCK,
        "value = min(cost_minor, pool.value_minor) if left else pool.value_minor",
        "value = half_up(pool.value_minor * quantity, pool.quantity)",
        ("4 stock",),
    ),
    Mutant(
        "keeps_goods_that_went_back",
        _RULES,
        "        (chart.GOODS, -from_stock_minor),\n        (chart.COST_OF_SALES, from_stock_minor - cost),\n",
        "        (chart.COST_OF_SALES, -cost),\n",
        ("4 stock",),
    ),
    Mutant(
        "counts_each_part_that_goes_back_from_the_first_unit",
        "cloud.procurement.credit_rules",
        "return half_up(cost_minor * (before + back), units) - half_up(cost_minor * before, units)",
        "return half_up(cost_minor * back, units)",
        ("4 stock",),
        11,
    ),
    Mutant(
        "sets_a_note_off_for_ever",
        "cloud.procurement.credit_notes",
        "    note.used_minor += amount_minor\n",
        "    note.used_minor += 0 * amount_minor\n",
        ("16 debts",),
    ),
    Mutant(
        "leaves_the_invoice_as_it_was",
        "cloud.procurement.credit_notes",
        "    if left := min(invoice.left_minor, note.total_minor):\n",
        "    if left := 0:\n",
        ("16 debts",),
    ),
    Mutant(
        "puts_money_of_suppliers_into_the_safe",
        "cloud.procurement.credit_notes",
        "debit=chart.BANK, credit=owed",
        "debit=places.SAFE, credit=owed",
        ("6 cash", "16 debts"),
    ),
    Mutant(
        "takes_own_credit_for_a_processor",
        _PLACES,
        'if payment and tender == "remote" and (customer := customer_of(payment)):',
        "if not payment and (customer := customer_of(payment)):",
        ("8 receivable", "16 debts"),
    ),
    Mutant(
        "has_a_processor_give_own_credit_back",
        "cloud.sales.refunds",
        'if how.method == "store_credit" or payer:',
        'if how.method == "store_credit":',
        ("8 receivable", "16 debts"),
        3,
    ),
    Mutant(
        "takes_a_refused_debt_for_income",
        _TASKS,
        '("debt", "written_off"): Booking',
        '("debt", "refused"): Booking',
        ("6 cash",),
        2,
    ),
    Mutant(
        "owes_a_lapsed_debt_once_more",
        _TASKS,
        '("debt_lapsed", "written_off"): Booking(claims, chart.OTHER_INCOME,',
        '("debt_lapsed", "written_off"): Booking(chart.OTHER_LOSSES, claims,',
        ("6 cash",),
        5,
    ),
    Mutant(
        "never_asks_about_a_refused_debt_again",
        "cloud.staff_tasks.repository",
        "StaffTask.resolved_at_ms < before_ms",
        "StaffTask.resolved_at_ms > before_ms",
        ("16 debts",),
        2,
    ),
    # Exports
    Mutant(
        "exports_no_places",
        _TEXT,
        "account_name(leg.account, leg.sub_account)",
        "account_name(leg.account)",
        ("13 export",),
    ),
    Mutant("exports_texts_as_they_are", _TEXT, ".replace('\"', '\\\\\"')", "", ("13 export",)),
)


class _Changed(SourceFileLoader):
    """Loads a module with the wrong line in it."""

    def __init__(self, mutant: Mutant, path: str) -> None:
        super().__init__(mutant.module, path)
        self._mutant = mutant

    def get_code(self, _fullname: str) -> CodeType:
        text = Path(self.path).read_text("utf-8")
        times = text.count(self._mutant.right)
        if times != 1:
            raise MovedError(self._mutant, times)
        return compile(text.replace(self._mutant.right, self._mutant.wrong), self.path, "exec", dont_inherit=True)


class Planter(importlib.abc.MetaPathFinder):
    """Finds the mutant's module before anything else does."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of the wrong module."""
        if fullname != self._mutant.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(fullname)
        loader = _Changed(self._mutant, spec.origin)
        return importlib.machinery.ModuleSpec(fullname, loader, origin=spec.origin)


def plant(mutant: Mutant) -> None:
    """From now on this process loads the wrong line.

    Raises:
        RuntimeError: the module was loaded before.
    """
    if mutant.module in sys.modules:
        raise RuntimeError(f"{mutant.module} is loaded already; plant in a fresh process")
    sys.meta_path.insert(0, Planter(mutant))
