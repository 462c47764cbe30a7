"""Customers, staff tasks, visits and the crew: each of their queries runs on both databases and says the same."""

import asyncio
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.crew import repository as crew
from cloud.crew.models import Member
from cloud.customers import repository as customers
from cloud.customers.models import Coupon, CustomerRequest
from cloud.db.base import Base
from cloud.db.database import open_database
from cloud.identity.service import create_user, new_password
from cloud.staff_tasks import repository as tasks
from cloud.visits import repository as visits
from cloud.visits.filters import Wanted

MIA, BEN, SHOP = "a" * 32, "b" * 32, "vm-test-0001"
SALE: Final = (SHOP, "e" * 32, 7)


class Asker:
    """Calls a repository's functions and keeps what they said, by name."""

    def __init__(self, db_session: AsyncSession, repository: ModuleType) -> None:
        self._db_session = db_session
        self._repository = repository
        self.said: list[tuple[str, Any]] = []

    async def __call__(self, name: str, *args: Any, **options: Any) -> None:
        found = getattr(self._repository, name)(self._db_session, *args, **options)
        answer = await found if inspect.isawaitable(found) else found
        self.said.append((name, plain(answer)))


def plain(answer: Any) -> Any:
    """Rows as what is in their columns."""
    if isinstance(answer, Base):
        return {column.key: getattr(answer, column.key) for column in inspect_columns(answer)}
    if isinstance(answer, dict):
        return {key: plain(value) for key, value in answer.items()}
    return [plain(row) for row in answer] if isinstance(answer, list) else answer


def inspect_columns(row: Base) -> Any:
    return type(row).__mapper__.column_attrs


async def ask_customers(ask: Asker) -> None:
    for who, at in ((MIA, 5), (BEN, 6), (MIA, 9)):
        await ask("see", who, SHOP, at)
    await ask("customer", MIA)
    await ask("customer", "nobody", for_update=True)
    await ask("customers", limit=9, before=(9, MIA))
    await ask("customers_total")
    await ask("stale_profiles")
    for who in (MIA, BEN):
        await ask("tie", SALE, who, "coupon", 8)
    await ask("tie", (SHOP, "e" * 32, 8), MIA, "payment", 9)
    await ask("owner_of_sale", SALE)
    await ask("sales_of", MIA, limit=9, before=9)
    await ask("sale_counts", [MIA, BEN])
    for who in (MIA, BEN):
        await ask("expect", "p-1", who, 5)
    await ask("payers", ["p-1", "p-2"])
    await ask("add_coupon", Coupon(**COUPON))
    await ask("coupon", "TEA", for_update=True)
    await ask("coupons", limit=9, before=2, customer_id=MIA)
    await ask("live_coupons", MIA, 8)
    await ask("coupons_of_codes", ["TEA", "CIDER"])
    await ask("add_request", CustomerRequest(**WISH))
    await ask("requests", limit=9, before=2, customer_id=MIA, state="new")
    await ask("requests_of_ids", [1, 2])
    await ask("requests_since", MIA, 5)
    await ask("all_requests")
    await ask("known", {MIA, "nobody"})
    await ask("seen_since", 9)
    await ask("repeating", 8)
    await ask("forget", MIA, 10)
    await ask("coupon", "TEA")
    await ask("customers_total")


COUPON: Final = {
    "code": "TEA",
    "customer_id": MIA,
    "product_id": "green-tea",
    "machine_id": SHOP,
    "list_minor": 160,
    "price_minor": 130,
    "granted_at_ms": 5,
    "valid_until_ms": 9,
    "granted_by": "op@example.com",
    "reason": "遅れのおわび",
    "state": "open",
    "offered_at": "",
    "command_id": "",
    "used_by": "",
    "taken_off_minor": 0,
    "ended_at_ms": 0,
    "ended_by": "",
}
WISH: Final = {
    "customer_id": MIA,
    "machine_id": SHOP,
    "at_ms": 5,
    "sealed": b"\x00sealed",
    "state": "new",
    "noted_by": "",
    "noted_at_ms": 0,
}


def task(source: str, **more: Any) -> dict[str, Any]:
    texts = ("slot", "product_id", "claim", "reference", "detail", "resolved_by", "resolution", "note")
    numbers = {"amount_minor": 20, "opened_at_ms": 5, "resolved_at_ms": 0}
    return dict.fromkeys(texts, "") | numbers | {"kind": "debt", "machine_id": SHOP, "source": source} | more


async def ask_tasks(ask: Asker) -> None:
    refused = {"state": "resolved", "resolution": "refused"}
    rows = [
        task("a", **refused, resolved_at_ms=5, claim="7K3Q"),
        task("b", **refused, resolved_at_ms=6, reference="c-1", detail="told"),
        task("task:2", kind="debt_lapsed", state="open"),
    ]
    for _ in range(2):
        await ask("add", rows)
    await ask("get", 1, for_update=True)
    await ask("by_source", "task:2")
    await ask("opened_since", "debt", "c-1", 5)
    await ask("refused_debts")
    await ask("refused_debts", before_ms=5, limit=1)
    await ask("by_claim", "7K3Q")
    await ask("by_reference", SHOP, "c-1")
    await ask("blank", "debt", "c-1")
    await ask("page", limit=9, after=(5, 1), state="open", kind="debt_lapsed", machine_id=SHOP)
    await ask("recently_resolved", 9)
    await ask("counts")


async def ask_visits(ask: Asker) -> None:
    numbers = ("first_seq", "last_seq", "started_at_ms", "ended_at_ms", "minutes", "slots_filled", "units_added")
    row = dict.fromkeys((*numbers, "units_removed", "cash_collected_minor"), 3)
    row |= {"machine_id": SHOP, "id": "5" * 32, "staff_id": "7", "how": "pin", "epoch": "e" * 32, "open_tasks": []}
    await ask("save", row, changed=("how",))
    await ask("save", row | {"minutes": 14, "how": "x", "open_tasks": ["slot:B2"]}, changed=("minutes", "open_tasks"))
    await ask("one", SHOP, "5" * 32)
    await ask("listing", Wanted(SHOP, "7", (4, "")), 9)
    await ask("listing", Wanted(before=(3, "5" * 32)), 9)


async def ask_crew(ask: Asker) -> None:
    member = Member(
        user_id=1,
        name="佐藤 花子",
        name_kana="サトウ ハナコ",
        language="ja",
        pin_hash="scrypt$",
        rights=["cash"],
        machines=[SHOP],
        revision=1,
        changed_at_ms=5,
    )
    await ask("add", member)
    await ask("members")
    await ask("member", 1)
    await ask("remove", member)
    await ask("members")


ASKED: Final = {
    "customers": (customers, ask_customers),
    "staff_tasks": (tasks, ask_tasks),
    "visits": (visits, ask_visits),
} | {"crew": (crew, ask_crew)}


async def said_by(url: str, name: str) -> list[tuple[str, Any]]:
    repository, work = ASKED[name]
    database = open_database(url)
    async with database.write() as db_session:
        if name == "crew":
            await create_user(db_session, "hana@example.com", await new_password("a first sentence"))
        ask = Asker(db_session, repository)
        await work(ask)
    await database.close()
    return ask.said


@pytest.mark.parametrize("name", ASKED)
def test_queries_when_asked_the_same_then_both_databases_say_the_same_and_none_is_left_out(
    new_url: Callable[..., str], name: str
) -> None:
    on_sqlite, on_postgres = (asyncio.run(said_by(new_url(kind), name)) for kind in ("sqlite", "postgres"))
    assert on_sqlite == on_postgres
    functions = inspect.getmembers(ASKED[name][0], inspect.isfunction)
    there = {key for key, value in functions if value.__module__ == ASKED[name][0].__name__ and key[0] != "_"}
    assert there == {key for key, _ in on_sqlite}
