"""A customer's own credit: given back by a refund, held while a unit is on its way, taken by the sale, spent once."""

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.accounting import places
from cloud.accounting import service as accounting
from cloud.backup.rebuild import rebuild
from cloud.commands import service as commands
from cloud.commands.rules import CannotOrderError
from cloud.commands.service import MachineOfflineError, PaymentUsedError
from cloud.customers import credit, service
from cloud.customers.credit import CreditShortError, Wanted
from cloud.customers.forgetting import forget_here
from cloud.db.database import Database
from cloud.sales import refunds
from cloud.sales.refunds import How, RefundRefusedError
from cloud.staff_tasks import service as staff_tasks

CUSTOMER, OTHER = "c" * 32, "d" * 32
MACHINE = "vm-test-0001"
TEA = Wanted("A1", "green-tea", 160)
KEY = "1" * 32
TODAY = date(2026, 11, 20)
Hear = Callable[[list[Any]], Awaitable[None]]


@pytest.fixture
async def credited(seeded: Database, clock: Any, script: Any, hear: Hear) -> Database:
    """A tea was bought with coins and given back as 160 yen of credit; the machine is connected."""
    await hear([script.birth()])
    script.restock()
    script.sale()
    await hear(script.messages())
    async with seeded.write() as db_session:
        how = How("store_credit", CUSTOMER)
        await refunds.refund(db_session, 1, 160, "stale", "op@example.com", clock(), how)
    return seeded


async def bought(database: Database, now_ms: int, wanted: Wanted = TEA, key: str = KEY, who: str = CUSTOMER) -> Any:
    async with database.write() as db_session:
        return await credit.buy(db_session, who, MACHINE, wanted, key, now_ms)


async def has(database: Database, now_ms: int) -> tuple[int, int, int]:
    async with database.read() as db_session:
        found = await credit.credit(db_session, CUSTOMER, now_ms)
    return found.balance, found.held, found.free


def done(command: Any, **how: str) -> dict[str, Any]:
    return {"command": command.id, "n": command.n, "name": "vend.paid"} | how


def delivered(script: Any, command: Any) -> None:
    script.add("command.taken", {"command": command.id, "n": command.n, "name": "vend.paid"})
    script.add(
        "vend.dispensed",
        {
            "vend_id": "v-credit",
            "currency": "JPY",
            "slot": "A1",
            "product_id": "green-tea",
            "price_minor": 160,
            "planogram_rev": 1,
            "tender": "remote",
            "payment": command.args["payment"],
            "list_minor": 160,
            "credit_minor": 0,
            "on_hand": 4,
        },
    )
    script.add("command.done", done(command, outcome="succeeded", vend_id="v-credit"))


async def test_credit_when_a_unit_is_bought_with_it_then_it_is_held_until_the_sale_takes_it(
    credited: Database, clock: Any, script: Any, hear: Hear
) -> None:
    assert await has(credited, clock()) == (160, 0, 160)
    command = await bought(credited, clock())
    assert (command.kind, command.args["paid_minor"]) == ("vend.paid", 160)
    assert await has(credited, clock()) == (160, 160, 0)
    delivered(script, command)
    await hear(script.messages())
    assert await has(credited, clock()) == (0, 0, 0)
    async with credited.read() as db_session:
        assert await accounting.verify(db_session) == []
        (newest,) = await service.history(db_session, CUSTOMER, limit=9)
        source = f"{MACHINE}/{newest.epoch}/{newest.seq}#sale"
        entry = (await accounting.entry(db_session, (await accounting.numbers_of(db_session, [source]))[source])).draft
        assert await staff_tasks.listing(db_session, limit=9, kind="remote_refund") == []
    assert [(leg.account, leg.amount_minor, leg.sub_account) for leg in entry.legs] == [
        ("2101", 160, f"customer:{CUSTOMER}"),
        ("4001", -149, ""),
        ("2050", -11, ""),
    ]
    assert newest.tender == "remote"
    assert (await rebuild(credited)).differences == []


async def test_credit_when_it_is_asked_for_twice_or_by_two_then_it_is_spent_once(
    credited: Database, clock: Any
) -> None:
    await bought(credited, clock())
    with pytest.raises(PaymentUsedError):
        await bought(credited, clock())
    with pytest.raises(CreditShortError, match="0 yen of credit are free"):
        await bought(credited, clock(), key="2" * 32)
    with pytest.raises(CreditShortError):
        await bought(credited, clock(), key="3" * 32, who=OTHER)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_credit_when_the_vend_fails_then_it_is_free_again_and_nobody_must_refund(
    credited: Database, clock: Any, script: Any, hear: Hear
) -> None:
    command = await bought(credited, clock())
    script.add("command.done", done(command, outcome="rejected", why="door open"))
    await hear(script.messages())
    assert await has(credited, clock()) == (160, 0, 160)
    async with credited.read() as db_session:
        assert await staff_tasks.listing(db_session, limit=9, kind="remote_refund") == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_credit_when_the_goods_are_not_as_shown_then_nothing_is_ordered_or_held(
    credited: Database, clock: Any, script: Any, hear: Hear
) -> None:
    with pytest.raises(CannotOrderError, match="costs 160 yen now"):
        await bought(credited, clock(), Wanted("A1", "green-tea", 150))
    with pytest.raises(CannotOrderError, match="holds"):
        await bought(credited, clock(), Wanted("A1", "cider", 160))
    with pytest.raises(ValueError, match="no key"):
        await bought(credited, clock(), key="x")
    await hear([script.birth(online=False)])
    with pytest.raises(MachineOfflineError):
        await bought(credited, clock())
    assert await has(credited, clock()) == (160, 0, 160)
    async with credited.read() as db_session:
        assert await commands.listing(db_session, MACHINE, limit=9) == []


async def income(database: Database) -> int:
    """雑収入, in yen."""
    async with database.read() as db_session:
        assert await accounting.verify(db_session) == []
        return sum(
            row.credit - row.debit for row in (await accounting.trial_balance(db_session)).lines if row.code == "7001"
        )


async def forgotten(database: Database, clock: Any, who: str = CUSTOMER) -> None:
    async with database.write() as db_session:
        await forget_here(db_session, who, clock(), TODAY)


async def night(database: Database, clock: Any) -> int:
    async with database.write() as db_session:
        return await credit.give_up_left(db_session, clock(), TODAY)


async def test_credit_when_its_holder_is_deleted_then_it_is_income_once_and_a_rebuild_says_the_same(
    credited: Database, clock: Any
) -> None:
    for _ in range(2):
        await forgotten(credited, clock)
        assert (await has(credited, clock()), await income(credited)) == ((0, 0, 0), 160)
    assert (await rebuild(credited)).differences == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(("falls", "left"), [(True, 0), (False, 160)])
async def test_credit_when_its_holder_is_deleted_with_a_unit_on_its_way_then_it_waits_for_what_becomes_of_it(
    credited: Database, clock: Any, script: Any, hear: Hear, *, falls: bool, left: int
) -> None:
    command = await bought(credited, clock())
    await forgotten(credited, clock)
    assert (await has(credited, clock()), await night(credited, clock)) == ((160, 160, 0), 0)
    if falls:
        delivered(script, command)
    else:
        script.add("command.done", done(command, outcome="rejected", why="door open"))
    await hear(script.messages())
    assert (await night(credited, clock), await night(credited, clock)) == (left, 0)
    assert (await has(credited, clock()), await income(credited)) == ((0, 0, 0), left)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_credit_when_its_holder_never_came_or_came_again_then_the_night_leaves_it(
    credited: Database, clock: Any, script: Any, hear: Hear
) -> None:
    assert await night(credited, clock) == 0
    command = await bought(credited, clock())
    await forgotten(credited, clock)
    script.add("command.done", done(command, outcome="rejected", why="door open"))
    await hear(script.messages())
    async with credited.write() as db_session:
        await service.seen(db_session, CUSTOMER, clock())
    assert (await night(credited, clock), await has(credited, clock())) == (0, (160, 0, 160))


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_refund_when_the_sale_was_paid_with_credit_then_it_goes_back_there_and_never_out_in_cash(
    credited: Database, clock: Any, script: Any, hear: Hear
) -> None:
    delivered(script, await bought(credited, clock()))
    await hear(script.messages())
    async with credited.write() as db_session:
        for how in (How("claim"), How("store_credit", OTHER)):
            with pytest.raises(RefundRefusedError, match="own credit"):
                await refunds.refund(db_session, 2, 160, "stale", "op@example.com", clock(), how)
        back = await refunds.refund(db_session, 2, 160, "stale", "op@example.com", clock())
    assert (back.method, back.customer, back.claim) == ("store_credit", CUSTOMER, "")
    assert await has(credited, clock()) == (160, 0, 160)


def test_payment_when_it_names_a_customer_then_they_pay_and_else_whoever_took_the_money() -> None:
    mine = places.credit_payment(CUSTOMER, KEY)
    assert places.customer_of(mine) == CUSTOMER
    assert places.paid_from("remote", MACHINE, mine) == places.store_credit(CUSTOMER)
    assert places.paid_from("remote", MACHINE, "pay_7Q2m") == places.receivable("remote")
    assert places.paid_from("cash", MACHINE, mine) == places.credit(MACHINE)


async def test_vend_over_the_api_when_its_payment_is_a_customers_credit_then_it_is_refused(
    client: AsyncClient, credited: Database
) -> None:
    body = {"slot": "A1", "payment": places.credit_payment(CUSTOMER, KEY)}
    answer = await client.post(f"/api/v1/vending/machines/{MACHINE}/vend", json=body)
    assert (answer.status_code, "customer's own credit" in answer.text) == (422, True)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_page_when_a_customer_has_credit_then_they_see_it_and_take_a_product_for_it(
    client: AsyncClient, stranger: AsyncClient, credited: Database, clock: Any
) -> None:
    same = {"origin": "http://cloud.test"}
    assert "残高で買う" not in (await stranger.get(f"/m/{MACHINE}?lang=ja")).text
    me = (await stranger.post("/api/v1/customer", headers=same)).json()["customer_id"]
    async with credited.write() as db_session:
        move = accounting.rules.Event("test:credit", accounting.date(2026, 11, 20), clock())
        given = accounting.rules.transfer(
            move, "credit", debit="6001", credit=places.store_credit(me), amount_minor=200
        )
        await accounting.post(db_session, [given])
    page = (await stranger.get(f"/m/{MACHINE}?lang=ja")).text
    assert "残高 ¥200" in page
    form_id = re.findall(r'name="form_id" value="([0-9a-f]{32})"', page)[0]
    sent = {"wanted": "A1:160:green-tea", "form_id": form_id}
    for _ in range(2):
        answer = await stranger.post(f"/m/{MACHINE}/credit?lang=ja", data=sent, headers=same)
        assert (answer.status_code, "緑茶 をお出しします" in answer.text) == (200, True)
    assert "残高 ¥40" in answer.text
    again = await stranger.post(f"/m/{MACHINE}/credit?lang=ja", data=sent | {"form_id": "f" * 32}, headers=same)
    assert (again.status_code, "残高が足りません" in again.text) == (422, True)
    odd = await stranger.post(f"/m/{MACHINE}/credit?lang=ja", data={"wanted": "?"}, headers=same)
    assert (odd.status_code, "もう一度お選びください" in odd.text) == (422, True)
    async with credited.read() as db_session:
        assert len(await commands.listing(db_session, MACHINE, limit=9)) == 1
    operator = (await client.get(f"/dashboard/customers/{me}")).text
    assert "は使えなくなり、雑収入になります" in operator
    assert f'href="/dashboard/journal/2101?place=customer:{me}"' in operator
