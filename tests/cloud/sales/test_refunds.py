"""A recorded sale is given back at most once over: books, stock, tax and the task to hand over the money follow."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from cloud.accounting import payouts, refund_rules
from cloud.accounting import service as accounting
from cloud.accounting.payout_rules import PayoutLineBody
from cloud.accounting.payouts import Settlement
from cloud.backup.rebuild import rebuild
from cloud.catalogue.rules import tax_within
from cloud.db.database import Database
from cloud.inventory import service as inventory
from cloud.sales import refunds
from cloud.sales import service as sales
from cloud.sales.refunds import How, NoSuchSaleError, RefundRefusedError, RefundView
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.service import Answer

CASH, CARD, FAILED = 1, 2, 3
LATER = 1_795_143_600_000 + 40 * 86_400_000
"""2026-12-30: another month than the sales."""
DAY = date(2026, 12, 30)


async def give(database: Database, sale: int, amount: int, reason: str = "stale", **how: Any) -> RefundView:
    async with database.write() as db_session:
        return await refunds.refund(db_session, sale, amount, reason, "mia@example.com", LATER, How(**how))


async def balances(database: Database) -> dict[tuple[str, str], int]:
    async with database.read() as db_session:
        assert await accounting.verify(db_session) == []
        trial = await accounting.trial_balance(db_session)
        found = {(row.code, ""): row.debit - row.credit for row in trial.lines}
        found |= {(row.account, row.sub_account): row.balance_minor for row in await accounting.by_place(db_session)}
        assert found["1101", ""] == await inventory.total_value(db_session)
    return found


async def moved(database: Database, before: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    after = await balances(database)
    return {key: amount - before.get(key, 0) for key, amount in after.items() if amount != before.get(key, 0)}


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(RefundRefusedError) as raised:
        yield
    assert raised.value.code == code


async def test_refund_when_cash_and_goods_came_back_then_sale_and_cost_are_reversed_and_staff_hand_over_the_money(
    sold: Database, machine_id: str
) -> None:
    before = await balances(sold)
    made = await give(sold, CASH, 160, goods_back=True)
    claims = f"{machine_id}/claims"
    owed = {("4001", ""): 149, ("2050", ""): 11, ("2110", ""): -160, ("2110", claims): -160}
    back = {("1101", ""): 84, ("5002", ""): -84}
    assert await moved(sold, before) == owed | back
    assert (made.method, made.tax, made.refunded_on, made.sale_id) == ("claim", 11, DAY, CASH)
    async with sold.write() as db_session:
        task = await staff_tasks.of_source(db_session, f"refund:{made.id}")
        assert task is not None
        assert (task.kind, task.amount_minor, task.claim) == ("refund_claim", 160, made.claim)
        answer = Answer("paid_out", "", "mia@example.com")
        await staff_tasks.resolve(db_session, task.id, answer, now_ms=LATER, timezone="Asia/Tokyo")
    done = await moved(sold, before)
    assert {key: amount for key, amount in done.items() if key[0] in {"1001", "2110"}} == {
        ("1001", ""): -160,
        ("1001", "safe"): -160,
    }


async def test_refund_when_in_parts_then_they_never_exceed_the_sale_and_come_to_exactly_its_tax(sold: Database) -> None:
    before = await balances(sold)
    parts = [await give(sold, CARD, amount) for amount in (1, 99)]
    with refused("too_much"):
        await give(sold, CARD, 61)
    parts.append(await give(sold, CARD, 60))
    assert [row.method for row in parts] == ["processor"] * 3
    assert sum(row.tax for row in parts) == 11
    assert await moved(sold, before) == {
        ("4001", ""): 149,
        ("2050", ""): 11,
        ("1020", ""): -160,
        ("1020", "card"): -160,
    }
    with refused("too_much"):
        await give(sold, CARD, 1)


async def test_refund_when_it_cannot_be_then_it_says_why_and_nothing_is_booked(sold: Database) -> None:
    before = await balances(sold)
    with pytest.raises(NoSuchSaleError):
        await give(sold, 99, 1)
    with refused("not_sold"):
        await give(sold, FAILED, 1)
    for amount in (0, -5, 161):
        with refused("too_much"):
            await give(sold, CASH, amount)
    with refused("no_reason"):
        await give(sold, CASH, 1, " ")
    for how in ({"method": "store_credit"}, {"customer": "c-1"}, {"method": "store_credit", "customer": "c" * 41}):
        with refused("wrong_method"):
            await give(sold, CASH, 1, **how)
    assert await moved(sold, before) == {}
    await give(sold, CASH, 1, goods_back=True)
    with refused("goods_back_before"):
        await give(sold, CASH, 1, goods_back=True)


async def test_refund_when_the_same_key_comes_again_then_it_is_the_same_refund(sold: Database) -> None:
    before = await balances(sold)
    first = await give(sold, CASH, 100, key="tool-1", method="store_credit", customer="c-7")
    assert await give(sold, CASH, 100, key="tool-1", method="store_credit", customer="c-7") == first
    with refused("key_reused"):
        await give(sold, CASH, 60, key="tool-1")
    assert (await moved(sold, before))["2101", "customer:c-7"] == -100


async def test_refund_when_through_a_processor_then_its_payout_is_held_against_it(sold: Database) -> None:
    await give(sold, CARD, 100)

    async def booked(reference: str, *lines: tuple[str, int], net: int) -> list[str]:
        rows = [PayoutLineBody(kind=kind, payment="r-1", gross=gross) for kind, gross in lines]
        async with sold.write() as db_session:
            settlement = Settlement("card", reference, DAY, net, rows, "mia@example.com")
            made = await payouts.book(db_session, settlement, now_ms=LATER)
            return [row.finding for row in await payouts.lines_of(db_session, made)]

    async with sold.read() as db_session:
        (owed,) = await payouts.receivables(db_session, DAY)
    assert (owed.balance, owed.by_age, owed.refunds, owed.unexplained) == (60, [0, 0, 160, 0, 0], 100, 0)
    assert await booked("po-1", ("charge", 160), ("refund", 40), net=120) == ["", ""]
    async with sold.read() as db_session:
        (owed,) = await payouts.receivables(db_session, DAY)
    assert (owed.balance, owed.refunds, owed.unexplained) == (-60, 60, 0)
    assert await booked("po-2", ("refund", 60), ("refund", 5), net=-65) == ["", "not_refunded"]


async def test_figures_when_a_sale_of_another_month_is_refunded_then_they_follow_the_books_of_the_day(
    sold: Database, machine_id: str
) -> None:
    await give(sold, CASH, 160, goods_back=True)
    await give(sold, CARD, 40)
    first = date(2026, 12, 1)
    async with sold.read() as db_session:
        (row,) = await sales.earned(db_session, "machine", first, DAY)
        (rate,) = await sales.taxed(db_session, first, DAY)
        income = await accounting.income_statement(db_session, first, DAY)
        assert await sales.days(db_session, first, DAY) == {DAY: -200}
        both = await sales.earned(db_session, "product", date(2026, 11, 1), DAY)
    revenue = sum(line.amount for line in income.lines if line.code == "4001")
    assert (row.key, row.units, row.net, row.cost) == (machine_id, -1, revenue, -84)
    assert (rate.percent, rate.gross, rate.tax + rate.net) == (8, -200, -200)
    assert [(one.units, one.cost) for one in both] == [(1, 84)]


async def test_rebuild_when_sales_were_refunded_then_books_stock_and_refunds_are_the_same(sold: Database) -> None:
    await give(sold, CASH, 160, goods_back=True)
    await give(sold, CARD, 40)
    assert (await rebuild(sold)).differences == []


@given(
    gross=st.integers(1, 3_000),
    percent=st.sampled_from([0, 8, 10]),
    cuts=st.lists(st.integers(1, 3_000), max_size=5),
)
def test_tax_back_when_a_sale_goes_back_in_parts_then_what_is_kept_carries_its_tax(
    gross: int, percent: int, cuts: list[int]
) -> None:
    tax = tax_within(gross, percent)
    left, back = gross, 0
    for cut in [*cuts, gross]:
        amount = min(cut, left)
        if amount:
            back += refund_rules.tax_back(
                tax_minor=tax, tax_back_before=back, left_minor=left, amount_minor=amount, percent=percent
            )
            left -= amount
        assert back == tax - tax_within(left, percent)
    assert back == tax


async def test_refund_when_asked_for_over_http_then_it_is_made_once_and_listed(
    client: AsyncClient, sold: Database
) -> None:
    body = {"amount": 160, "reason": "nothing came out", "goods_back": True}
    headers = {"Idempotency-Key": "k-1"}
    made = await client.post("/api/v1/transactions/1/refund", json=body, headers=headers)
    assert made.status_code == 201, made.text
    again = await client.post("/api/v1/transactions/1/refund", json=body, headers=headers)
    assert (again.status_code, again.json()) == (200, made.json())
    more = await client.post("/api/v1/transactions/1/refund", json=body)
    assert (more.status_code, more.json()["code"]) == (409, "too_much")
    wrong = await client.post("/api/v1/transactions/1/refund", json=body | {"method": "store_credit"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "too_much")
    wrong = await client.post("/api/v1/transactions/2/refund", json=body | {"method": "store_credit"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_method")
    nobody = await client.post("/api/v1/transactions/99/refund", json=body)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "no_such_sale")
    listed = (await client.get("/api/v1/transactions/refunds", params={"sale_id": 1})).json()["items"]
    assert listed == [made.json()]
    assert (await client.get(f"/api/v1/transactions/refunds/{made.json()['id']}")).json() == made.json()
    assert (await client.get("/api/v1/transactions/refunds/99")).status_code == 404
