"""Many writers at once, each with connections of its own, all after the same entries: nothing posts twice, and a
closed month does not move, whoever comes first. On SQLite they wait for the file, on PostgreSQL for the books' lock.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final

import pytest
from sqlalchemy.exc import IntegrityError

from cloud.accounting import months, service
from cloud.accounting.months import Person, WrongMonthError
from cloud.accounting.rules import Draft, Leg
from cloud.accounting.service import AlreadyReversedError
from cloud.db.database import Database, open_database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Inbound, Receiver
from tools.books import record

OCTOBER: Final = date(2026, 10, 31)
TODAY: Final = date(2026, 12, 5)
OWNER: Final = Person("owner@example.com", 5)
WRITERS: Final = 4
PATIENCE_MS: Final = 60_000
"""The machine that runs the tests may be slow; who waits longer is told, and that is another test's business."""


def draft(source: str, day: date = OCTOBER, amount: int = 100) -> Draft:
    return Draft(source, day, 7, "sale", (Leg("1001", amount, "safe"), Leg("4001", -amount)))


@asynccontextmanager
async def others(url: str, number: int = WRITERS) -> AsyncIterator[list[Database]]:
    """Processes that know nothing of each other, as far as the database can tell."""
    found = [open_database(url, busy_timeout_ms=PATIENCE_MS) for _ in range(number)]
    try:
        yield found
    finally:
        for database in found:
            await database.close()


async def all_at_once(*work: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*work, return_exceptions=True)


async def post(database: Database, *drafts: Draft) -> list[int]:
    async with database.write() as db_session:
        return await service.post(db_session, drafts)


async def close(database: Database, last_day: date = OCTOBER) -> Any:
    async with database.write() as db_session:
        return await months.close(db_session, last_day, [], despite=[], today=TODAY, by=OWNER)


async def heard(receiver: Receiver, message: Inbound) -> None:
    """Hand a message in until it is stored, as an intake does; another one may have stored it meanwhile."""
    for _ in range(WRITERS + 1):
        try:
            await receiver.handle([message])
        except IntegrityError:
            continue
        return
    raise AssertionError("an intake that reads anew what is stored still stores what is there")


async def sound(database: Database) -> bool:
    async with database.read() as db_session:
        return await service.verify(db_session) + await months.verify(db_session) == []


async def test_post_when_everybody_posts_the_same_sources_in_other_orders_then_each_stands_once(
    database: Database, database_url: str
) -> None:
    sources = [f"event-{number}" for number in range(24)]

    async def writer(own: Database, turn: int) -> list[list[int]]:
        mine = sources[turn * 5 :] + sources[: turn * 5]
        return [await post(own, *map(draft, mine[at : at + 4])) for at in range(0, len(mine), 4)]

    async with others(database_url) as processes:
        told = await all_at_once(*(writer(own, turn) for turn, own in enumerate(processes)))
    assert not [answer for answer in told if isinstance(answer, BaseException)]
    books = await record.read(database)
    assert sorted(entry.source for entry in books.entries) == sorted(sources)
    assert books.totals == {"1001": (2400, 0), "4001": (0, 2400)}
    assert await sound(database)


async def test_events_when_several_intakes_and_workers_take_the_same_ones_then_they_are_booked_as_by_one(
    seeded: Database, database_url: str, clock: Any, script: Any
) -> None:
    for number in range(6):
        script.restock(added=1)
        script.sale(short=40 if number % 3 == 0 else 0)

    async def process(own: Database) -> None:
        receiver, interpreter = Receiver(own, clock), Interpreter(own, clock=clock, events_per_batch=7)
        for message in script.messages(per_frame=5):
            await heard(receiver, message)
            await interpreter.run_once()
        while await interpreter.run_once():
            pass

    async with others(database_url) as processes:
        told = await all_at_once(*(process(own) for own in processes))
    assert told == [None] * WRITERS
    books = await record.read(seeded)
    posted = [entry.source for entry in books.entries if entry.source.startswith(script.machine)]
    assert len(posted) == len(set(posted)) == 6 * 4
    assert len(books.sales) == 6
    assert await sound(seeded)


async def test_month_when_it_is_closed_while_others_post_into_it_then_it_has_what_came_before_and_never_moves(
    database: Database, database_url: str
) -> None:
    await post(database, draft("first"))

    async def writer(own: Database, turn: int) -> None:
        for number in range(8):
            await post(own, draft(f"{turn}/{number}"))

    async with others(database_url, WRITERS + 1) as processes:
        *told, closing = await all_at_once(
            *(writer(own, turn) for turn, own in enumerate(processes[:-1])), close(processes[-1])
        )
    assert told == [None] * WRITERS
    books = await record.read(database)
    assert len(books.entries) == 1 + 8 * WRITERS
    for entry in books.entries:
        is_late = entry.number > closing.head_number
        assert entry.day == (date(2026, 11, 1) if is_late else OCTOBER)
        assert ("(発生日 2026-10-31)" in entry.description) == is_late
    assert books.moved(upto=OCTOBER)["1001"] == 100 * closing.head_number
    assert await sound(database)


async def test_month_when_two_people_close_it_at_once_then_one_is_told_that_it_is_closed(
    database: Database, database_url: str
) -> None:
    await post(database, draft("first"))
    async with others(database_url, 2) as (mia, ken):
        told = await all_at_once(close(mia), close(ken))
    assert sorted(isinstance(answer, WrongMonthError) for answer in told) == [False, True]
    async with database.read() as db_session:
        assert len(await months.listing(db_session)) == 1


async def test_entry_when_everybody_reverses_it_at_once_then_one_does_and_the_others_are_told(
    database: Database, database_url: str
) -> None:
    await post(database, draft("first"))

    async def reverse(own: Database) -> int:
        async with own.write() as db_session:
            return await service.reverse(db_session, 1, on=TODAY, at_ms=9, why="wrong")

    async with others(database_url) as processes:
        told = await all_at_once(*map(reverse, processes))
    assert [answer for answer in told if answer == 2] == [2]
    assert sum(isinstance(answer, AlreadyReversedError) for answer in told) == WRITERS - 1
    books = await record.read(database)
    assert (len(books.entries), books.moved()["1001"]) == (2, 0)
    assert await sound(database)


@pytest.mark.parametrize("attempt", ["close", "reopen"])
async def test_month_when_the_process_dies_before_the_commit_then_it_is_as_before(
    database: Database, attempt: str
) -> None:
    class PowerCut(BaseException):
        pass

    await post(database, draft("first"))
    if attempt == "reopen":
        await close(database)

    async def cut() -> None:
        async with database.write() as db_session:
            if attempt == "close":
                await months.close(db_session, OCTOBER, [], despite=[], today=TODAY, by=OWNER)
            else:
                await months.reopen(db_session, OCTOBER, "an invoice was forgotten", OWNER)
            raise PowerCut

    with pytest.raises(PowerCut):
        await cut()
    await post(database, draft("second"))
    books = await record.read(database)
    assert books.entries[1].day == (date(2026, 11, 1) if attempt == "reopen" else OCTOBER)
    assert await sound(database)
