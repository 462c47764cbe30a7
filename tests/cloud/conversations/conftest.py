"""The same conversations on every database there is. MongoDB is a small server that speaks its wire protocol.

Faults of nx-27017 0.8.1 the adapter keeps away from: `$push` of a document makes it a text, a text index finds nothing
in arrays, and a document with bytes in it cannot be replaced (`$set` of its fields works).
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from cloud.conversations.mongo import MongoStore
from cloud.conversations.port import Store
from cloud.conversations.repository import SqlStore
from cloud.conversations.service import Conversations
from cloud.db.database import open_database
from cloud.kit.secrecy import Secrecy

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for all tests; each has a database of its own in it."""
    folder: Path = tmp_path_factory.mktemp("mongodb")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    files = ["--data-dir", "memory", "--log-file", str(folder / "log"), "--pid-file", str(folder / "pid")]
    command = [sys.executable, "-m", "nx_27017.nx_27017", "-p", str(port), *files]
    with (folder / "out").open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    try:
        _wait_for(port, server)
        yield f"mongodb://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the MongoDB wire server did not start")


@pytest.fixture(params=["sqlite", "postgres", "mongodb"])
def store_url(request: pytest.FixtureRequest) -> str:
    if request.param == "mongodb":
        return f"{request.getfixturevalue('mongodb')}/test_{next(_NUMBERS)}"
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
