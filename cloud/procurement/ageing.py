"""What is owed to which supplier, how long it is overdue, and whether the ledger says the same. Reads only."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, places
from cloud.accounting import service as accounting
from cloud.procurement import credit_repository, order_repository, repository
from cloud.procurement.invoice_schemas import Ageing, AgeingRow
from cloud.procurement.matching import Owed


async def on_day(db_session: AsyncSession, day: date) -> Ageing:
    """What is owed to whom, and how long it is overdue on a day; beside what the ledger says."""
    names = await repository.names(db_session)
    owed = await _owed(db_session, names, day)
    balances = {row.sub_account: -row.balance_minor for row in await accounting.by_place(db_session, chart.PAYABLE)}
    trial = await accounting.trial_balance(db_session)
    total = sum(line.credit - line.debit for line in trial.lines if line.code == chart.PAYABLE)
    rows = [
        _row(number, name, owed[number], balances.get(places.payable(number).sub_account, 0))
        for number, name in sorted(names.items())
    ]
    return Ageing(day=day, rows=rows, unassigned=total - sum(row.balance for row in rows), total=total)


async def _owed(db_session: AsyncSession, names: Mapping[int, str], day: date) -> dict[int, Owed]:
    """Supplier to what invoices, receipts without one, and credit notes say."""
    owed = {number: Owed() for number in names}
    for invoice in await order_repository.unpaid(db_session):
        if invoice.status == "open":
            owed[invoice.supplier_id].add(invoice.left_minor, (day - invoice.due_on).days)
        elif invoice.status == "differs":
            owed[invoice.supplier_id].not_invoiced += invoice.received_minor
    for receipt in await order_repository.uninvoiced(db_session):
        owed[receipt.supplier_id].not_invoiced += receipt.gross_minor
    for supplier_id, left in (await credit_repository.left_by_supplier(db_session)).items():
        owed[supplier_id].credit += left
    return owed


def _row(supplier_id: int, name: str, owed: Owed, balance_minor: int) -> AgeingRow:
    return AgeingRow(
        supplier_id=supplier_id,
        supplier=name,
        not_invoiced=owed.not_invoiced,
        not_due=owed.by_age[0],
        days_1_30=owed.by_age[1],
        days_31_60=owed.by_age[2],
        days_61_90=owed.by_age[3],
        days_over_90=owed.by_age[4],
        credit=owed.credit,
        total=owed.total,
        balance=balance_minor,
    )
