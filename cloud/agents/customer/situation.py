"""What the clerk starts from: the machine's shelf, the customer as far as they let us know them, what was said before.

What other customers said or bought is not in it, and cannot get into it.
"""

from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.agent import Occasion
from cloud.agents.customer.picks import recommended
from cloud.agents.customer.shelf import good_json, shelf, to_json
from cloud.agents.guard.limits import Limits
from cloud.conversations.service import Conversations, NoSuchSessionError
from cloud.customers import coupons
from cloud.customers import service as customers
from cloud.kit.clock import local

BOUGHT_SHOWN: Final = 5


class Situation:
    """Reads the facts of the first turn."""

    def __init__(self, limits: Limits, conversations: Conversations) -> None:
        """Read for one house.

        Args:
            limits: say who may have a coupon.
            conversations: hold what was said before.
        """
        self._limits = limits
        self._conversations = conversations

    async def __call__(self, db_session: AsyncSession, occasion: Occasion) -> dict[str, Any]:
        """The facts (JSON types, amounts in yen).

        Raises:
            NoSuchMachineError: nobody registered the machine.
        """
        found = await shelf(db_session, occasion.machine_id)
        bought = await customers.purchases(db_session, occasion.customer_id, occasion.timezone)
        picks = recommended(found.goods, bought)
        return (
            to_json(found)
            | {
                "time": local(occasion.now_ms, occasion.timezone).strftime("%Y-%m-%d %H:%M"),
                "customer": await self._customer(db_session, occasion, [row.product_id for row in bought]),
                "recommended": [row.slot for row in picks],
                "best_picks": [good_json(row) for row in picks],
            }
            | await self._before(occasion)
        )

    async def _customer(self, db_session: AsyncSession, occasion: Occasion, bought: list[str]) -> dict[str, Any]:
        if not occasion.customer_id:
            return {}
        today = local(occasion.now_ms, occasion.timezone).date()
        loyalty = await customers.loyalty(db_session, occasion.customer_id, today, occasion.timezone)
        theirs = await coupons.of_customer(db_session, occasion.customer_id, occasion.now_ms)
        usable = [row for row in theirs if row.state in {"open", "offered"}]
        is_loyal = loyalty.score > self._limits.loyalty_percent
        return {
            "purchases": len(bought),
            "bought_recently": bought[:BOUGHT_SHOWN],
            "loyalty_percent": loyalty.score,
            "open_coupons": [
                {"product_id": row.product_id, "price_yen": row.price_minor, "code": row.code} for row in usable
            ],
            "may_have_coupon": is_loyal and len(usable) < self._limits.open_coupons,
        }

    async def _before(self, occasion: Occasion) -> dict[str, Any]:
        """What earlier conversations with this customer left: summaries and hints, not their words."""
        if not occasion.conversation_id:
            return {}
        try:
            view = await self._conversations.for_agent(occasion.customer_id, occasion.conversation_id)
        except NoSuchSessionError:
            return {}
        return {
            "language": view.context.get("language", "ja"),
            "earlier_conversations": view.summary,
            "earlier_insights": view.previous_insights,
        }
