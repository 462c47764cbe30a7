"""The invariants of the books, one test each, over random lives of two machines and an office (`tools/books`).

A life goes through the real receiver, interpreter and services, with frames lost, doubled and reversed, power cuts
before commits, late events into closed months, counts, orders, invoices, payouts, refunds, a year's end and answers
of staff. Each invariant's source is the project's accounting reference, section 15, by its number (14 is
`test_mutants.py`); section 1 for 15, sections 4 to 13 for the later ones.
"""

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from cloud.db.database import Database, open_database
from tools.books import acts, invariants, record
from tools.books.life import Step, write_life
from tools.books.play import play, said
from tools.books.played import Played
from tools.books.record import Record

LIVES: Final = 6
"""For each invariant; the same ones for all, so that each is played once."""
ACTED: Final = 3
"""For the invariants that are shown by doing something to a copy."""

Life = Sequence[Step]
Act = Callable[[Played], Awaitable[list[str]]]


class Shelf:
    """Lives that were played, each with the database it left behind."""

    def __init__(self, runner: asyncio.Runner, empty: Path, folder: Path) -> None:
        self._runner = runner
        self._empty = empty
        self._folder = folder
        self._kept: dict[str, tuple[Played, Record]] = {}
        self._copies = 0

    def take(self, life: Life) -> tuple[Played, Record]:
        """What is left of a life, and what its books say."""
        name = said(life)
        if name not in self._kept:
            played = self._run(self._play(life))
            self._kept[name] = played, self._run(record.read(played.database))
        return self._kept[name]

    def act(self, life: Life, act: Act) -> list[str]:
        """Do something to the books of a life that nobody else looks at."""
        return self._run(self._acted(life, act))

    def head_of_calm(self, life: Life) -> tuple[int, str]:
        """The newest entry when nothing happens to events on their way."""
        return self._run(self._calm(life))

    def close(self) -> None:
        for played, _ in self._kept.values():
            self._run(played.database.close())

    async def _play(self, life: Life, *, is_calm: bool = False) -> Played:
        self._copies += 1
        path = self._folder / f"{self._copies}.db"
        shutil.copy(self._empty, path)
        return await play(open_database(f"sqlite+aiosqlite:///{path}"), life, is_calm=is_calm)

    async def _acted(self, life: Life, act: Act) -> list[str]:
        played = await self._play(life)
        try:
            return await act(played)
        finally:
            await played.database.close()

    async def _calm(self, life: Life) -> tuple[int, str]:
        played = await self._play(life, is_calm=True)
        try:
            return await record.head(played.database)
        finally:
            await played.database.close()

    def _run(self, work: Any) -> Any:
        return self._runner.run(work)


@pytest.fixture(scope="module")
def shelf(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with asyncio.Runner() as runner:
        found = Shelf(runner, empty_database, tmp_path_factory.mktemp("lives"))
        yield found
        found.close()


def over(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The same lives for every test that asks for as many."""
    lives = st.randoms(use_true_random=False).map(write_life)
    phases = [Phase.generate, Phase.shrink]

    def decorated(test: Callable[..., None]) -> Callable[..., None]:
        return seed(15)(settings(max_examples=examples, phases=phases, database=None)(given(life=lives)(test)))

    return decorated


def findings(shelf: Shelf, life: Life, look: invariants.Check) -> list[str]:
    return look(*shelf.take(life))


@over(LIVES)
def test_1_entries_when_anything_happened_then_each_adds_up_to_0_and_so_do_all_accounts_after_every_event(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.balanced) == []


@over(ACTED)
def test_2_replay_when_it_starts_from_zero_then_the_books_are_the_same_byte_for_byte(shelf: Shelf, life: Life) -> None:
    assert shelf.act(life, acts.replayed) == []


@over(ACTED)
def test_3_event_when_it_comes_again_or_the_power_goes_before_its_commit_then_the_books_are_the_same(
    shelf: Shelf, life: Life
) -> None:
    assert shelf.act(life, acts.sent_again) == []
    played, _ = shelf.take(life)
    assert shelf.head_of_calm(life) == shelf._run(record.head(played.database))


@over(LIVES)
def test_4_goods_when_anything_happened_then_their_account_is_what_the_pools_cost_and_never_negative(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.stock_is_its_account) == []


@over(LIVES)
def test_5_purchases_when_anything_happened_then_they_are_used_or_still_there(shelf: Shelf, life: Life) -> None:
    assert findings(shelf, life, invariants.purchases_are_used_or_there) == []


@over(LIVES)
def test_6_cash_when_anything_happened_then_it_is_in_its_places_and_each_is_the_sum_of_what_happened_there(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.cash_is_where_it_is) == []


@over(LIVES)
def test_7_sales_when_anything_happened_then_net_and_tax_are_the_gross_of_vends_less_refunds_by_rate_and_tender(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.sales_are_their_vends) == []


@over(LIVES)
def test_8_receivable_when_anything_happened_then_it_is_what_was_charged_and_not_settled(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.receivable_is_unsettled) == []


@over(LIVES)
def test_9_tax_when_something_was_sold_then_it_is_cut_off_per_vend_at_the_rate_of_its_day(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.tax_is_floored_per_vend) == []


@over(LIVES)
def test_10_reversal_when_it_is_posted_then_balances_are_as_before_the_entry_and_a_second_one_is_refused(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.reversal_undoes) == []


@over(LIVES)
def test_11_closed_month_when_more_happens_then_its_trial_balance_stands_and_late_entries_say_their_day(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.closed_months_stand) == []
    assert findings(shelf, life, invariants.events_have_their_day) == []


@over(ACTED)
def test_12_goods_when_all_are_sold_in_whatever_order_then_expenses_are_the_purchases_and_no_value_stays(
    shelf: Shelf, life: Life
) -> None:
    assert shelf.act(life, acts.sold_out) == []


@over(ACTED)
def test_13_export_when_beancount_and_hledger_load_it_then_they_find_no_error_and_have_our_balances(
    shelf: Shelf, life: Life, tmp_path_factory: pytest.TempPathFactory
) -> None:
    played, _ = shelf.take(life)
    assert shelf._run(acts.exported(played, tmp_path_factory.mktemp("export"))) == []


@over(LIVES)
def test_15_source_when_anything_happened_then_it_posted_once_and_every_entry_names_the_hash_of_the_one_before(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.nothing_posts_twice) == []


@over(LIVES)
def test_16_debts_when_anything_happened_then_everybody_is_owed_what_came_less_what_was_paid(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.debts_are_owed) == []


@over(LIVES)
def test_17_year_when_it_was_closed_then_it_is_at_zero_with_its_profit_carried_and_undone_it_is_as_before(
    shelf: Shelf, life: Life
) -> None:
    assert findings(shelf, life, invariants.year_ends_at_zero) == []


BUSY: Final = (
    Step("purchase", what="cider", n=(7, 500)),
    Step("restock", 0, "cider", (5,)),
    Step("customer", 0, "sold|cash|cider", (160, 0, 0, 500)),
    *[Step("customer", 0, "sold|card|cider", (price, 0, 0, 100)) for price in (161, 162)],
    Step("sync", 0, "twice", (0, 5)),
    Step("order", 0, "towel", (9, 123, 4)),
    Step("order", 1, "cider", (5, 77, 5)),
    Step("receive"),
    Step("invoice", n=(37,)),
    Step("invoice", n=(-20,)),
    *[Step("pay", n=(part,)) for part in (2, 1, 1)],
    Step("payout", what="card", n=(1, 10)),
    *[Step("refund", way, n=(0, part, back)) for way, part, back in ((3, 3, 1), (0, 2, 0), (2, 1, 1))],
    *[Step("refund", 0, n=(which, 2, 1)) for which in (0, 1)],
    Step("payout", what="card", n=(9, 0)),
    *[Step("expense", which, "6004", (1_101, 10, paid_by)) for which, paid_by in ((0, 0), (1, 1), (1, 2))],
    Step("settle", n=(0,)),
    *[Step("stocktake", 0, "cider", (off,)) for off in (1, -1, 0)],
    Step("days", n=(12, 0)),
    Step("close"),
    Step("year", n=(1,)),
    *[Step("resolve", n=(number, 0)) for number in (0, 0)],
    Step("reopen"),
    Step("year", n=(1,)),
)
"""A life in which the office does everything it can do."""


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_books_when_the_office_does_everything_then_every_invariant_holds(
    database: Database, tmp_path: Path
) -> None:
    played = await play(database, BUSY)
    assert invariants.check(played, await record.read(database)) == {}
    world = played.world
    assert {row.way for row in world.refunds} == {"original", "claim", "store_credit"}
    assert [row.is_back for row in world.refunds].count(True) == 3
    assert (len(world.settled), len(world.brought_back), world.differences) == (2, 2, 17)
    assert [row.left for row in world.receipts] == [0, 0, 676]
    assert [row.undone is not None for row in played.years] == [True, False]
    assert await acts.exported(played, tmp_path) == []
    for act in (acts.replayed, acts.sent_again, acts.sold_out):
        assert await act(played) == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_5_goods_when_some_are_thrown_away_then_their_cost_is_a_loss_and_every_invariant_holds(
    database: Database,
) -> None:
    life = [Step("purchase", what="cider", n=(7, 500)), Step("purchase", what="towel", n=(3, 100))]
    life += [Step("spoil", what="cider"), Step("restock", 0, "cider", (3,)), Step("sync", 0, "twice", (0, 5))]
    life += [Step("customer", 0, "sold|cash|cider", (160, 0, 0, 500)), Step("sync", 0, "crash", (0, 3))]
    life += [Step("spoil", what="cider"), Step("spoil", what="towel"), Step("spoil", what="yokan")]
    played = await play(database, life)
    assert invariants.check(played, await record.read(database)) == {}
    assert played.world.losses == 71 + 71 + 33
    assert await acts.replayed(played) == []


VISITS: Final = (
    Step("purchase", what="cider", n=(9, 500)),
    Step("purchase", what="towel", n=(3, 100)),
    Step("restock", 0, "cider", (6,)),
    Step("restock", 0, "towel", (2,)),
    Step("float", 0, "mia", (20,)),
    Step("customer", 0, "sold|cash|cider", (160, 0, 0, 500)),
    *[Step("staff", 0, f"{why}|cider", (1, 0)) for why in ("expired", "damaged", "test", "changeover")],
    *[Step("staff", 0, "counted|cider", (units, 0)) for units in (0, 4, 4)],
    Step("staff", 0, "over|towel", (0, 0)),
    *[Step("staff", 0, f"cash|{part}", (150, share)) for part in ("hopper", "cash_box") for share in (0, 50)],
    Step("staff", 0, "coin|hopper", (0, 0)),
    Step("sync", 0, "crash", (0, 3)),
    Step("staff", 0, "cash|hopper", (0, 0)),
    Step("staff", 0, "expired|yokan", (2, 0)),
    Step("sync", 0, "twice", (0, 5)),
)
"""A life in which staff do everything they can do at a machine."""


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_books_when_staff_do_everything_at_a_machine_then_every_invariant_holds(database: Database) -> None:
    played = await play(database, VISITS)
    assert invariants.check(played, await record.read(database)) == {}
    assert played.world.losses > 0
    for act in (acts.replayed, acts.sent_again):
        assert await act(played) == []


AFTERWARDS: Final = (
    Step("order", 1, "cider", (7, 77, 7)),
    Step("invoice", n=(0,)),
    Step("pay", n=(1,)),
    *[Step("credit_note", n=(0, 3, units)) for units in (2, 1, 0)],
    Step("order", 1, "cider", (5, 70, 5)),
    Step("invoice", n=(37,)),
    *[Step("set_off", n=(part,)) for part in (2, 1)],
    Step("paid_back", n=(2,)),
    Step("credit_note", n=(1, 3, 0)),
    Step("restock", 0, "cider", (5,)),
    Step("customer", 0, "sold|cash|cider", (160, 0, 10, 500)),
    Step("sync", 0, "backwards", (0, 5)),
    Step("refund", 3, n=(0, 1, 0)),
    *[Step("spend", 0, "cider", (part,)) for part in (2, 1, 1)],
    Step("sync", 0, "twice", (0, 5)),
    *[Step("refund", way, n=(way, 2, 1)) for way in (1, 2)],
    Step("spend", 1, "towel", (1,)),
    Step("refuse"),
    Step("lapse", n=(40, 0)),
    Step("days", n=(60, 0)),
    *[Step("lapse", n=(40, answer)) for answer in (2, 0, 0)],
)
"""A life in which a supplier owes us, customers have units for their credit, and a refused debt lapses."""


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_books_when_a_supplier_owes_us_and_credit_pays_and_a_debt_lapses_then_every_invariant_holds(
    database: Database, tmp_path: Path
) -> None:
    played = await play(database, AFTERWARDS)
    assert invariants.check(played, await record.read(database)) == {}
    world = played.world
    assert [row.back for row in world.receipts] == [3, 0]
    assert ([row.left for row in world.notes], [row.left for row in world.receipts]) == ([0, 65, 86, 0], [0, 427])
    assert [row.gross for row in world.vends.values() if row.is_own_credit] == [80, 80, 80]
    assert world.lapsed == set(world.refused) != set()
    assert world.yen["7001", ""] == -10
    assert await acts.exported(played, tmp_path) == []
    for act in (acts.replayed, acts.sent_again, acts.sold_out):
        assert await act(played) == []


@pytest.mark.parametrize(("database_kind", "number"), [("postgres", 3), ("postgres", 6)])
async def test_books_when_a_life_runs_on_postgresql_then_every_invariant_holds(
    database: Database, number: int, tmp_path: Path
) -> None:
    played = await play(database, write_life(random.Random(number)))  # noqa: S311 - a life, not a secret
    assert invariants.check(played, await record.read(database)) == {}
    assert await acts.exported(played, tmp_path) == []
    for act in (acts.replayed, acts.sent_again, acts.sold_out):
        assert await act(played) == []
