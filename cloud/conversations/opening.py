"""Which database keeps the conversations: the settings' word, for the composition roots."""

from cloud.conversations.port import OutsideStore
from cloud.conversations.repository import SqlStore
from cloud.conversations.service import Conversations
from cloud.db.database import Database
from cloud.kit.secrecy import Secrecy
from cloud.settings import Settings


class NoDriverError(RuntimeError):
    """MONGODB_URL is set and the driver is not installed."""

    def __init__(self) -> None:
        super().__init__("MONGODB_URL needs the driver: pip install 'ai-vending-system[scale]'")


def open_conversations(settings: Settings, database: Database) -> Conversations:
    """All conversations: in MongoDB when MONGODB_URL says so, else in the cloud's database.

    Raises:
        NoDriverError: the settings ask for MongoDB, and its driver is not installed.
    """
    return Conversations(
        open_outside(settings) or SqlStore(database),
        Secrecy(*settings.sealing_keys()),
        retention_days=settings.conversation_retention_days,
    )


def open_outside(settings: Settings) -> OutsideStore | None:
    """MongoDB when the settings name it; None while conversations are in the cloud's database.

    Raises:
        NoDriverError: the settings ask for MongoDB, and its driver is not installed.
    """
    if settings.mongodb_url is None or not settings.use_nosql_for_conversations:
        return None
    try:
        from cloud.conversations.mongo import MongoStore  # noqa: PLC0415 - an extra that most do without
    except ImportError as error:
        raise NoDriverError from error
    return MongoStore(settings.mongodb_url.get_secret_value())
