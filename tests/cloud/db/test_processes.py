"""The real processes, each with its own connections to a real PostgreSQL: a drink is sold, saved and rebuilt."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import smoke
from tools.postgres import Postgres
from tools.stack import Ports, Stack

pytestmark = pytest.mark.processes


@pytest.fixture
def stack_on_postgres(postgres: Postgres, tmp_path: Path) -> Iterator[Stack]:
    postgres.create("stack")
    running = Stack(tmp_path, Ports.free(), env={"DATABASE_URL": postgres.url("stack")})
    try:
        running.start_all()
        yield running
    finally:
        running.stop()
        postgres.drop("stack")


def vend(stack: Stack, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tools.cli", *words],
        env=stack.environment(),
        cwd=stack.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_processes_when_the_cloud_is_on_postgresql_then_a_drink_is_sold_saved_and_rebuilt(
    stack_on_postgres: Stack,
) -> None:
    told: list[str] = []
    await smoke.buy(stack_on_postgres, told.append)
    assert any(line.startswith("books: sale, tax and cost of goods posted") for line in told)
    vend(stack_on_postgres, "backup", "while-it-runs.zip")
    vend(stack_on_postgres, "restore", "while-it-runs.zip", "--into", "sqlite+aiosqlite:///restored.db")
    assert "byte for byte" in vend(stack_on_postgres, "rebuild")
    assert stack_on_postgres.dead() == []
