"""What an order would mean for the business: money there is, what agents ordered, what others ask. Reads only."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart
from cloud.accounting import service as accounting
from cloud.catalogue import service as catalogue
from cloud.procurement import ordering, service
from cloud.procurement.finder import Candidate
from cloud.procurement.order_schemas import OrderLineBody
from cloud.procurement.rules import Part, sums

MONEY: Final = (chart.CASH, chart.BANK)
OWED: Final = (chart.PAYABLE, chart.OTHER_PAYABLES)
SIX_DAYS: Final = timedelta(days=6)


async def money(db_session: AsyncSession) -> int:
    """Cash and bank in yen, what is owed to suppliers and others taken off."""
    rows = {row.code: row.debit - row.credit for row in (await accounting.trial_balance(db_session)).lines}
    return sum(rows.get(code, 0) for code in (*MONEY, *OWED))


async def spent_by_agents(db_session: AsyncSession, today: date) -> tuple[int, int]:
    """What agents ordered today, and in the seven days that end today, in yen."""
    days = await ordering.spent(db_session, "agent", today - SIX_DAYS)
    return days.get(today, 0), sum(days.values())


async def over_best(db_session: AsyncSession, lines: Sequence[OrderLineBody], today: date) -> int:
    """How many per cent the dearest line is above the best confirmed offer for its product, rounded up; 0 for none."""
    goods = await catalogue.load(db_session)
    offers = [await service.offer(db_session, row.offer_id) for row in lines]
    offered = await service.candidates(db_session, sorted({row.product_id for row in offers}), today)
    worst = 0
    for row in offers:
        percent = goods.percent(row.product_id, today)
        mine = next((one for one in offered[row.product_id] if one.offer_id == row.id), None)
        if mine is not None:
            above = [_above(mine, one, percent) for one in offered[row.product_id] if one.is_allowed]
            worst = max([worst, *above])
    return worst


def _above(mine: Candidate, other: Candidate, percent: int) -> int:
    mine_net, other_net = (_net(row, percent) for row in (mine, other))
    if not other_net:
        return 0
    return -(-mine_net * other.pack_size * 100 // (other_net * mine.pack_size)) - 100


def _net(row: Candidate, percent: int) -> int:
    """A pack without tax."""
    (found,) = sums([Part(row.price_minor, row.is_tax_included, percent)], 100)
    return found.net_minor
