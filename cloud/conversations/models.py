"""Tables of the conversations. Private to this capability. Every text in them is sealed."""

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, MachineRef, Millis


class Conversation(Base):
    """One row is one session with a customer."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_customer", "customer_id", "start_ms"),
        Index("ix_conversations_start", "start_ms", "session_id"),
        Index("ix_conversations_last", "last_ms"),
    )

    session_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    customer_id: Mapped[str] = mapped_column(String(32))
    machine_id: Mapped[MachineRef]
    start_ms: Mapped[Millis]
    end_ms: Mapped[Millis] = mapped_column(default=0)
    """0 while it goes on."""
    last_ms: Mapped[Millis]
    """When something was last said."""
    revision: Mapped[int] = mapped_column(Integer)
    """Rises with each change of what is sealed."""
    key_name: Mapped[str] = mapped_column(String(8))
    """Of the key it is sealed with."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Context, insights, tags, summary."""


class ConversationMessage(Base):
    """One row is one message."""

    __tablename__ = "conversation_messages"
    __table_args__ = (Index("ix_conversation_messages_at", "at_ms"),)

    session_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """1 for the first of its session."""
    role: Mapped[str] = mapped_column(String(16))
    at_ms: Mapped[Millis]
    key_name: Mapped[str] = mapped_column(String(8))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Content and metadata."""


class ConversationWord(Base):
    """One row says that a message has a pair of letters; the number tells which only to who has the key."""

    __tablename__ = "conversation_words"
    __table_args__ = (Index("ix_conversation_words_session", "session_id", "number"),)

    word: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    session_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
