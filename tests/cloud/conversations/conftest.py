"""The same conversations on every database there is. MongoDB is a small server that speaks its wire protocol."""

from collections.abc import AsyncIterator

import pytest

from cloud.conversations.mongo import MongoStore
from cloud.conversations.port import Store
from cloud.conversations.repository import SqlStore
from cloud.conversations.service import Conversations
from cloud.db.database import open_database
from cloud.kit.secrecy import Secrecy


@pytest.fixture(params=["sqlite", "postgres", "mongodb"])
def store_url(request: pytest.FixtureRequest) -> str:
    if request.param == "mongodb":
        return str(request.getfixturevalue("mongodb"))
    return str(request.getfixturevalue("new_url")(request.param))


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    if store_url.startswith("mongodb:"):
        kept: Store = MongoStore(store_url)
        yield kept
        await kept.close()
        return
    database = open_database(store_url)
    yield SqlStore(database)
    await database.close()


@pytest.fixture
def conversations(store: Store) -> Conversations:
    return Conversations(store, Secrecy("e" * 40), retention_days=365)
