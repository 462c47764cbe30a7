"""The same conversations on every database there is."""

from collections.abc import AsyncIterator

import pytest

from cloud.conversations.port import Store
from cloud.conversations.repository import SqlStore
from cloud.conversations.service import Conversations
from cloud.db.database import open_database
from cloud.kit.secrecy import Secrecy


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    database = open_database(request.getfixturevalue("new_url")(request.param))
    yield SqlStore(database)
    await database.close()


@pytest.fixture
def conversations(store: Store) -> Conversations:
    return Conversations(store, Secrecy("e" * 40), retention_days=365)
