"""The books as files for Beancount and hledger, judged by those programs."""

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from httpx import AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.accounting import chart, service
from cloud.accounting.plain_text import FORMATS, Beancount, Books, Hledger, account_name, hledger_text, visible
from cloud.accounting.plain_text_export import lines
from cloud.accounting.reports import Moved, MovedAt
from cloud.accounting.rules import GENESIS, Draft, Leg, SealedEntry, seal
from cloud.db.database import Database
from tools.books import oracles
from tools.books.oracles import RefusedError

NOVEMBER: Final = date(2026, 11, 20)
NASTY: Final = [
    'He said "no"',
    "back\\slash \\n \\",
    "two\nlines\r\nand\ttabs",
    "; a comment | payee, tag:value #tag ^link",
    "* (code) ! 2026-01-01 =* 5 JPY  Assets:1001",
    "𠮷野家 é\u0301 \u202e\u200f\u2028\u0085 ﷽ 👩‍👩‍👧",
    "\0\x01\x1b[31m\x7f",
    "",
    "   ",
    "あ" * 300,
]
PLACES: Final = (
    "",
    "vm-test-0001/cash_box",
    "vm-test-0001/cash-box",
    "VM",
    "vm",
    "a//b",
    "/",
    "é ;\n",
    "a-X1",
    "a_b",
    "aB",
)


def books_of(entries: list[SealedEntry]) -> Books:
    """What the ledger would say of them, added up here."""
    accounts: dict[str, list[int]] = {}
    places: dict[tuple[str, str], list[int]] = {}
    for leg in (leg for entry in entries for leg in entry.draft.legs):
        sides = (max(leg.amount_minor, 0), max(-leg.amount_minor, 0))
        for kept in (
            accounts.setdefault(leg.account, [0, 0]),
            places.setdefault((leg.account, leg.sub_account), [0, 0]),
        ):
            kept[0], kept[1] = kept[0] + sides[0], kept[1] + sides[1]
    return Books(
        head_number=len(entries),
        head_hash=entries[-1].hash,
        first_day=min(entry.draft.entry_date for entry in entries),
        last_day=max(entry.draft.entry_date for entry in entries),
        accounts=[Moved(code, *sides) for code, sides in sorted(accounts.items())],
        places=[MovedAt(*key, *sides) for key, sides in sorted(places.items()) if key[1]],
    )


def written(form: Beancount | Hledger, texts: list[str], path: Path) -> dict[str, int]:
    """A file with an entry for each text, between places whose names are as odd; the balances it must give."""
    entries: list[SealedEntry] = []
    balances: dict[str, int] = {}
    for number, text in enumerate(texts, start=1):
        legs = (
            Leg("1020", number, text[:64]),
            Leg("1001", number, PLACES[number % len(PLACES)]),
            Leg("4001", -2 * number),
        )
        draft = Draft(f"odd:{text[:60]}#{number}", NOVEMBER, number, text, legs, 1 if number == 2 else None)
        entries.append(seal(draft, number, entries[-1].hash if entries else GENESIS))
        for leg in legs:
            name = account_name(leg.account, leg.sub_account)
            balances[name] = balances.get(name, 0) + leg.amount_minor
    books = books_of(entries)
    with path.open("w", encoding="utf-8") as target:
        target.writelines(form.heading(books))
        target.writelines(form.entry(entry) for entry in entries)
        target.writelines(form.ending(books))
    return balances


TEXTS: Final = st.lists(st.one_of(st.text(max_size=80), st.sampled_from(NASTY)), min_size=len(PLACES), max_size=40)


@settings(max_examples=12)
@given(texts=TEXTS)
def test_beancount_when_texts_are_nasty_then_it_reads_every_one_of_them_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("odd") / "books.beancount"
    texts = [*NASTY, *texts]
    assert written(Beancount(), texts, path) == oracles.beancount_balances(path)
    kept = {number: visible(text.replace("\n", "?").replace("\t", "?")) for number, text in enumerate(texts, start=1)}
    found = oracles.beancount_narrations(path)
    assert {number: text.replace("\n", "?").replace("\t", "?") for number, text in found.items()} == {
        number: text.rstrip() for number, text in kept.items()
    }


@settings(max_examples=12)
@given(texts=TEXTS)
def test_hledger_when_texts_are_nasty_then_it_reads_every_one_of_them_with_their_pictures(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("odd") / "books.hledger"
    texts = [*NASTY, *texts]
    assert written(Hledger(), texts, path) == oracles.hledger_balances(path)
    found = {row["tcode"]: row["tdescription"].strip() for row in oracles.hledger_transactions(path)}
    assert found.pop("check")
    assert found == {str(number): hledger_text(text).strip() for number, text in enumerate(texts, start=1)}


@given(st.lists(st.one_of(st.text(max_size=64), st.sampled_from(PLACES)), unique=True))
def test_account_name_when_places_differ_then_their_names_do_whatever_they_say(places: list[str]) -> None:
    names = {account_name("1001", place) for place in places}
    assert len(names) == len(places)


def test_account_name_when_accounts_differ_then_their_names_do() -> None:
    assert len({account_name(row.code) for row in chart.CHART}) == len(chart.CHART)
    assert account_name("1020", "stripe") == "Assets:1020-売掛金カード:Stripe"
    assert account_name("1001", "vm-tokyo-0001/cash_box") == "Assets:1001-現金:Vm-tokyo-0001:CashBox"


@pytest.mark.parametrize("name", ["beancount", "hledger"])
def test_export_when_one_yen_of_the_file_is_changed_then_its_program_refuses_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"books.{name}"
    written(Beancount() if name == "beancount" else Hledger(), NASTY, path)
    told = path.read_text("utf-8").splitlines(keepends=True)
    leg = next(at for at, line in enumerate(told) if line.strip().endswith("  7 JPY"))
    path.write_text("".join([*told[:leg], told[leg].replace("  7 JPY", "  6 JPY"), *told[leg + 1 :]]), "utf-8")
    judge = oracles.beancount_balances if name == "beancount" else oracles.hledger_balances
    with pytest.raises(RefusedError):
        judge(path)


def ledger_of(found: list[tuple[str, str, int]]) -> dict[str, int]:
    return {account_name(account, place): amount for account, place, amount in found if amount}


async def leaves(database: Database) -> dict[str, int]:
    """Our own balances by account and place; what no place has is the account's own."""
    async with database.read() as db_session:
        trial = await service.trial_balance(db_session)
        places = [(row.account, row.sub_account, row.balance_minor) for row in await service.by_place(db_session)]
    own = {line.code: line.debit - line.credit for line in trial.lines}
    for account, _, amount in places:
        own[account] -= amount
    return ledger_of(places + [(code, "", amount) for code, amount in own.items()])


async def test_export_when_a_machine_had_a_month_then_both_programs_agree_with_the_trial_balance(
    seeded: Database, book: Callable[..., Awaitable[Any]], script: Any, tmp_path: Path
) -> None:
    for number in range(40):
        script.restock(added=2)
        script.sale(short=40 if number % 7 == 0 else 0)
        script.sale(slot="C4", product='yokan"; \n* (1)', price=121)
    await book(seeded, script.machine, script.events)
    async with seeded.write() as db_session:
        await service.reverse(db_session, 40, on=NOVEMBER, at_ms=1, why='"wrong";\n  Assets:1001  5 JPY')
    expected = await leaves(seeded)
    for name, judge in (("beancount", oracles.beancount_balances), ("hledger", oracles.hledger_balances)):
        path = tmp_path / f"books.{name}"
        path.write_text("".join([part async for part in lines(seeded, FORMATS[name])]), "utf-8")
        assert judge(path) == expected


async def test_export_when_the_books_are_empty_then_both_programs_take_the_file(
    database: Database, tmp_path: Path
) -> None:
    for name, judge in (("beancount", oracles.beancount_balances), ("hledger", oracles.hledger_balances)):
        path = tmp_path / f"books.{name}"
        path.write_text("".join([part async for part in lines(database, FORMATS[name])]), "utf-8")
        assert judge(path) == {}


@pytest.mark.parametrize("name", ["beancount", "hledger"])
async def test_export_when_it_is_downloaded_then_it_is_a_file_with_every_entry(client: AsyncClient, name: str) -> None:
    answer = await client.get(f"/api/v1/accounting/export.{name}")
    assert answer.headers["content-disposition"] == f'attachment; filename="books.{name}"'
    assert answer.text.count("\n2026-11-20 * ") == 2 + 24
