"""Play lives with a planted bug, or none, each in a process of its own. Imports `cloud` only there."""

import asyncio
import importlib
import logging
import multiprocessing
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from tools.books.life import Step, write_life
from tools.books.mutants import MUTANTS, Mutant, plant

BY_NAME: Final = {mutant.name: mutant for mutant in MUTANTS}

HEAVY: Final = (
    "aiosqlite",
    "alembic",
    "fastapi",
    "orjson",
    "pydantic",
    "sqlalchemy.ext.asyncio",
    "structlog",
    "sqlite3",
)
"""Loaded once, before the processes are split off."""

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of ours is made in it; nothing has to outlast the run


@dataclass(frozen=True)
class Task:
    """Some lives, with a bug or (empty) none."""

    mutant: str
    seeds: Sequence[int]
    folder: str


@dataclass
class Verdict:
    """What the checks said."""

    mutant: str
    lives: int = 0
    findings: dict[str, list[str]] = field(default_factory=dict)
    """By check; of the first life in which any spoke."""
    seed: int | None = None

    @property
    def is_caught(self) -> bool:
        """Whether a check spoke that must."""
        return bool(set(self.findings) & set(BY_NAME[self.mutant].caught_by)) if self.mutant else bool(self.findings)


def run(names: Sequence[str], seeds: Sequence[Sequence[int]], jobs: int) -> Iterator[Verdict]:
    """Try each mutant (empty: the ledger as it is) until a check that must speak does.

    Args:
        names: of mutants.
        seeds: of the lives, in their order; for each name.
        jobs: processes at a time.
    """
    for name in HEAVY:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        context = multiprocessing.get_context("fork")
        with context.Pool(jobs, maxtasksperchild=1) as pool:
            pool.apply(_prepare, (folder,))
            yield from pool.imap(_try, [Task(*pair, folder) for pair in zip(names, seeds, strict=True)])


def _prepare(folder: str) -> None:
    """A migrated database that every life copies."""
    from cloud.db.database import open_database  # noqa: PLC0415 - not before a bug is planted
    from cloud.db.migrate import upgrade_database  # noqa: PLC0415

    async def make() -> None:
        database = open_database(f"sqlite+aiosqlite:///{folder}/empty.db")
        await upgrade_database(database)
        await database.close()

    asyncio.run(make())


def _try(task: Task) -> Verdict:
    mutant = BY_NAME.get(task.mutant)
    if mutant:
        plant(mutant)
    importlib.import_module("tools.books.play")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    verdict = Verdict(task.mutant)
    for seed in task.seeds:
        verdict.lives += 1
        verdict.findings = asyncio.run(_judge(write_life(random.Random(seed)), Path(task.folder), mutant))  # noqa: S311
        verdict.seed = seed
        if verdict.is_caught:
            break
    return verdict


async def _judge(life: Sequence[Step], folder: Path, mutant: Mutant | None) -> dict[str, list[str]]:
    from cloud.db.database import open_database  # noqa: PLC0415
    from tools.books import acts, invariants, record  # noqa: PLC0415
    from tools.books.oracles import RefusedError  # noqa: PLC0415
    from tools.books.play import play  # noqa: PLC0415

    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "books.db"
        shutil.copy(folder / "empty.db", path)
        database = open_database(f"sqlite+aiosqlite:///{path}")
        try:
            played = await play(database, life)
            found = invariants.check(played, await record.read(database))
            wanted = set(mutant.caught_by) if mutant else {"2 replay", "3 again", "12 sold out"}
            for name, act in acts.ACTS.items():
                if name in wanted and not found and (said := await act(played)):
                    found[name] = said
            if "13 export" in wanted:
                try:
                    found |= {"13 export": said} if (said := await acts.exported(played, Path(place))) else {}
                except RefusedError as error:
                    found["13 export"] = [str(error)]
            return found
        finally:
            await database.close()
