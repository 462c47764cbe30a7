"""The chat, put together; for the composition root."""

from cloud.agents.house import House
from cloud.conversations.service import Conversations
from cloud.db.database import Database
from cloud.kit.clock import Clock
from cloud.phone.chat import Chat
from cloud.settings import Settings


def open_chat(database: Database, house: House, conversations: Conversations, settings: Settings, clock: Clock) -> Chat:
    """All conversations with the clerk of a house."""
    return Chat(
        database,
        house.agents["customer"],
        house.loop,
        house.desk,
        conversations,
        timezone=settings.timezone,
        clock=clock,
        answer_time_s=settings.chat_answer_s,
    )
