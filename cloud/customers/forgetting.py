"""Deleting a person everywhere.

What agents decided stays in the decision log, which is a chain: the customer's number, codes and figures, never words.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.loop import service as agent_runs
from cloud.conversations.service import Conversations
from cloud.customers import service
from cloud.db.database import Database
from cloud.staff_tasks import service as staff_tasks


async def forget_here(db_session: AsyncSession, customer_id: str, now_ms: int) -> None:
    """Delete a person from the database; their conversations must be deleted before (`Conversations.forget`)."""
    await agent_runs.erase_customer(db_session, customer_id)
    await staff_tasks.forget_reporter(db_session, customer_id)
    await service.forget(db_session, customer_id, now_ms)


async def forget_everywhere(database: Database, conversations: Conversations, customer_id: str, now_ms: int) -> None:
    """Delete a person. Conversations first: when what follows fails, asking again does the rest."""
    await conversations.forget(customer_id)
    async with database.write() as db_session:
        await forget_here(db_session, customer_id, now_ms)
