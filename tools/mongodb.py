"""A small server that speaks MongoDB's wire protocol, for tests: keeps everything in memory, gone afterwards.

Faults of nx-27017 0.8.1 the adapter keeps away from: `$push` of a document makes it a text, a text index finds nothing
in arrays, and a document with bytes in it cannot be replaced (`$set` of its fields works).
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

READY_S: Final = 120.0


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """A server on a free port; its URL, without a database's name.

    Args:
        folder: for its log.

    Raises:
        RuntimeError: it does not start.
    """
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
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the MongoDB wire server did not start")
