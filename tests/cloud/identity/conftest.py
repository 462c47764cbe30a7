"""Users of every role, and a gate whose clock moves when told to."""

from typing import Any

import pytest

from cloud.db.database import Database
from cloud.identity.activity import Origin
from cloud.identity.gate import Gate
from cloud.identity.passwords import Passwords
from cloud.identity.service import NewPassword, create_user
from cloud.identity.tokens import TokenSigner

KEY = "k" * 40
EMAIL, PASSWORD = "op@example.com", "correct horse"
HERE = Origin("api", "192.0.2.7", "tests")


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture
def email() -> str:
    return EMAIL


@pytest.fixture
def password() -> str:
    return PASSWORD


@pytest.fixture
def here() -> Origin:
    return HERE


@pytest.fixture(scope="session")
def quick() -> Passwords:
    """Today's parameters, as far as tests are concerned that check passwords again and again."""
    return Passwords(time_cost=1, memory_kib=256, lanes=1)


@pytest.fixture
async def gate(database: Database, clock: Any, quick: Passwords) -> Gate:
    async with database.write() as db_session:
        await create_user(db_session, EMAIL, NewPassword(PASSWORD, await quick.hash(PASSWORD)))
    return Gate(database, TokenSigner(KEY), clock, quick)


@pytest.fixture
def cheap() -> Passwords:
    """Parameters of long ago."""
    return Passwords(time_cost=1, memory_kib=8, lanes=1)
