"""Pages of the journal by account, place and days: whichever way the database is asked, the entries are the same."""

from datetime import date, timedelta

import pytest

from cloud.accounting import service
from cloud.accounting.rules import Draft, Leg, SealedEntry
from cloud.db.database import Database

FIRST = date(2026, 1, 1)
COUNT = 60
DAYS = 6
"""Between one entry and the next: the journal is a year long."""

RANGES = (
    None,
    (date(1900, 1, 1), FIRST + timedelta(days=300)),
    (FIRST, FIRST + timedelta(days=30)),
    (FIRST + timedelta(days=320), FIRST + timedelta(days=350)),
    (date(2030, 1, 1), date(2030, 1, 31)),
)


def draft(number: int) -> Draft:
    # Every seventh is dated back: the order of numbers is not that of days.
    day = FIRST + timedelta(days=number * DAYS - (20 if number % 7 == 0 else 0))
    other = ("4001", "2110", "1010")[number % 3]
    legs = (Leg("1001", 100, "safe"), Leg("1001", 50, "vm-1/hopper"), Leg(other, -150))
    return Draft(f"s{number}", day, 0, "test", legs if number % 5 else (*legs[2:], Leg("5002", 150)))


@pytest.fixture
async def posted(database: Database) -> Database:
    async with database.write() as db_session:
        await service.post(db_session, [draft(number) for number in range(1, COUNT + 1)])
    return database


def is_wanted(entry: SealedEntry, account: str | None, place: str | None, days: tuple[date, date] | None) -> bool:
    legs = [leg for leg in entry.draft.legs if account in (None, leg.account) and place in (None, leg.sub_account)]
    return bool(legs) and (days is None or days[0] <= entry.draft.entry_date <= days[1])


@pytest.mark.parametrize("days", RANGES)
@pytest.mark.parametrize(
    ("account", "place"), [("1001", None), ("1001", "safe"), ("1010", None), (None, "safe"), (None, None)]
)
async def test_journal_when_asked_by_account_place_and_days_then_pages_and_count_are_those_of_a_plain_look(
    posted: Database, account: str | None, place: str | None, days: tuple[date, date] | None
) -> None:
    async with posted.read() as db_session:
        everything = await service.journal(db_session, limit=COUNT)
        expected = [entry for entry in everything if is_wanted(entry, account, place, days)]
        found: list[SealedEntry] = []
        while page := await service.journal(
            db_session, limit=7, offset=len(found), account=account, place=place, days=days
        ):
            found += page
        assert found == expected
        assert await service.entry_count(db_session, account, place, days) == len(expected)
        some = await service.entry_count(db_session, account, place, days, at_most=5)
        assert some == (min(len(expected), 5) if account or place or days else len(expected))
        if days:
            oldest_first = [
                row async for row in service.entries_of_days(db_session, days, account=account, place=place)
            ]
            assert oldest_first == expected[::-1]
