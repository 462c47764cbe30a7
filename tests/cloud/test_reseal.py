"""Changing the key that seals what people say."""

from collections.abc import Callable

import pytest

from cloud.agents.loop import repository, service, transcript
from cloud.agents.mind import Told
from cloud.customers import service as customers
from cloud.customers.service import ProfileBody
from cloud.db.database import Database
from cloud.kit.secrecy import CannotOpenError, Secrecy
from cloud.reseal import reseal
from cloud.settings import Settings

OLD, NEW = "e" * 40, "n" * 40
RUN = {
    "id": "r" * 32,
    "agent": "customer",
    "channel": "customer",
    "mind": "rules",
    "prompt_hash": "",
    "started_at_ms": 1,
}


async def told(database: Database, words: str) -> None:
    """A transcript and a profile, sealed with the key of before."""
    old = Secrecy(OLD)
    async with database.write() as db_session:
        await repository.add_run(db_session, **RUN)
        sealed = transcript.sealed(old, RUN["id"], 1, Told(words=words))
        await repository.add_turn(db_session, run_id=RUN["id"], number=1, kind="told", at_ms=1, sealed=sealed)
        await customers.save_profile(db_session, old, "c-1", ProfileBody(name="みどり"), 1)


async def test_reseal_when_the_key_was_changed_then_the_new_one_alone_opens_everything(
    database: Database, new_settings: Callable[..., Settings]
) -> None:
    await told(database, "お茶をください")
    settings = new_settings(encryption_key=NEW, encryption_previous_key=OLD)
    assert await reseal(settings, database) == {"customers": 1, "conversations": 0, "turns of agents": 1}
    assert await reseal(settings, database) == {"customers": 0, "conversations": 0, "turns of agents": 0}
    alone = Secrecy(NEW)
    async with database.read() as db_session:
        (row,) = await service.turns(db_session, alone, RUN["id"])
        profile = await customers.profile(db_session, alone, "c-1")
    assert row.turn == Told(words="お茶をください")
    assert profile.name == "みどり"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_reseal_when_neither_key_opens_it_then_it_says_so_and_changes_nothing(
    database: Database, new_settings: Callable[..., Settings]
) -> None:
    await told(database, "お茶をください")
    with pytest.raises(CannotOpenError):
        await reseal(new_settings(encryption_key=NEW), database)
    async with database.read() as db_session:
        (row,) = await service.turns(db_session, Secrecy(OLD), RUN["id"])
    assert row.turn is not None
