"""Deleting a person everywhere.

The books keep their entries, and with credit they had the customer's number: it is drawn at random, and when the row
that knew them is gone it leads to nobody. What is left of the credit becomes income (docs/decisions/0019).

What agents decided stays in the decision log, which is a chain: the customer's number, codes and figures, never words.
"""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.loop import service as agent_runs
from cloud.conversations.service import Conversations
from cloud.customers import credit, service
from cloud.db.database import Database
from cloud.staff_tasks import service as staff_tasks


async def forget_here(db_session: AsyncSession, customer_id: str, now_ms: int, today: date) -> None:
    """Delete a person from the database; their conversations must be deleted before (`Conversations.forget`).

    Args:
        db_session: a writing session.
        customer_id: who.
        now_ms: ms since 1970 UTC.
        today: the operator's; the credit they give up is income of this day.
    """
    await credit.give_up(db_session, customer_id, now_ms, today)
    await agent_runs.erase_customer(db_session, customer_id)
    await staff_tasks.forget_reporter(db_session, customer_id)
    await service.forget(db_session, customer_id, now_ms)


async def forget_everywhere(
    database: Database, conversations: Conversations, customer_id: str, now_ms: int, today: date
) -> None:
    """Delete a person. Conversations first: when what follows fails, asking again does the rest."""
    await conversations.forget(customer_id)
    async with database.write() as db_session:
        await forget_here(db_session, customer_id, now_ms, today)
