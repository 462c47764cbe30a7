"""Purchase orders: who may approve, what comes in parts, what the books and the stock say after it."""

from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.backup.rebuild import rebuild
from cloud.db.database import Database
from cloud.identity.service import create_user, new_password
from cloud.inventory import service as inventory
from cloud.procurement import ageing, ordering, orders, payables, service
from cloud.procurement.ordering import BadOfferError, BelowMinimumError
from cloud.procurement.orders import NotAllowedSupplierError, OwnOrderError, WrongStepError
from cloud.procurement.receipt_schemas import ReceiptLineBody
from cloud.procurement.receiving import DifferencesError

TODAY = date(2026, 11, 20)
LIMIT = 30_000
API = "/api/v1/procurement"


def test_steps_when_listed_then_only_these_lead_anywhere() -> None:
    ends = {status for step in orders.STEPS.values() for status in step.values()}
    assert ends - {status for step in orders.STEPS.values() for status in step} == {"rejected", "cancelled", "paid"}


@pytest.mark.parametrize(
    ("who", "total", "ok"),
    [("a@example.com", 30_000, True), ("a@example.com", 30_001, False), ("b@example.com", 30_001, True)],
)
def test_approval_when_it_is_above_the_limit_then_never_by_the_maker(who: str, total: int, ok: bool) -> None:
    is_own = who == "a@example.com"
    if ok:
        orders.may_approve("PO-2026-00001", total_minor=total, limit_minor=LIMIT, is_own=is_own)
    else:
        with pytest.raises(OwnOrderError, match="somebody who did not make it"):
            orders.may_approve("PO-2026-00001", total_minor=total, limit_minor=LIMIT, is_own=is_own)


async def test_order_when_it_is_made_then_it_waits_and_adds_up(shop: Any) -> None:
    number = await shop.order(2, 1)
    async with shop.database.read() as db_session:
        found = await ordering.detail(db_session, number, LIMIT)
    assert (found.status, found.number) == ("pending_human_approval", f"PO-2026-{number:05d}")
    # 2 × 2,016 + 1,755 at 8 %, 800 at 10 %: one rounding per rate
    assert (found.net, found.tax, found.total) == (6_587, 462 + 80, 7_129)
    assert [(row.percent, row.net, row.tax) for row in found.rates] == [(8, 5_787, 462), (10, 800, 80)]


async def test_order_when_an_offer_is_not_for_ordering_then_it_is_refused(shop: Any, add_offer: Any) -> None:
    unconfirmed = await add_offer(shop.database, shop.supplier, "oolong-tea", 1_000, who="")
    later = await add_offer(shop.database, shop.supplier, "oolong-tea", 1_000, valid_from=date(2027, 1, 1))
    lot = await add_offer(shop.database, shop.supplier, "oolong-tea", 1_000, minimum_packs=5)
    for offer, why in ((unconfirmed, "confirm it first"), (later, "not valid"), (lot, "5 packs")):
        shop.offers = [offer]
        with pytest.raises(BadOfferError, match=why):
            await shop.order(2)


async def test_order_when_it_is_below_the_least_order_then_it_is_refused(shop: Any) -> None:
    shop.offers = shop.offers[1:]
    with pytest.raises(BelowMinimumError, match="from 2000 yen"):
        await shop.order(1)


async def test_approve_when_the_supplier_is_not_allowed_then_it_is_refused(shop: Any) -> None:
    number = await shop.order(2)
    async with shop.database.write() as db_session:
        await service.set_standing(db_session, shop.supplier, is_allowed=False, is_active=True)
        with pytest.raises(NotAllowedSupplierError):
            await ordering.approve(db_session, number, shop.by(), LIMIT)


async def test_receive_when_nothing_was_sent_then_it_is_refused(shop: Any) -> None:
    number = await shop.order(2)
    with pytest.raises(WrongStepError, match="pending_human_approval"):
        await shop.receive(number, ReceiptLineBody(line=1, units=24))


async def test_receive_when_goods_come_in_parts_then_stock_and_books_follow_each_and_add_up_to_the_order(
    shop: Any,
) -> None:
    number = await shop.sent(2, 1)
    before = await shop.balances()
    await shop.receive(number, ReceiptLineBody(line=1, units=24), ReceiptLineBody(line=2, units=7))
    assert await shop.status(number) == "partly_received"
    # 2,016 + 614.25 → 614 of goods at 8 % and 800 of shipping at 10 %, which is cost
    assert await shop.moved(before) == {"1101": 3_430, "1150": 210 + 80, "2001": -3_720}
    await shop.receive(number, ReceiptLineBody(line=1, units=24), ReceiptLineBody(line=2, units=13))
    assert await shop.status(number) == "received"
    found = await shop.moved(before)
    assert found["1101"] == 6_587
    # each delivery is a document of its own and rounded once: 210 + 252 here is 462, as on the order
    assert found["1150"] == 542
    async with shop.database.read() as db_session:
        (tea, cider) = await inventory.stock_of_products(db_session, ["green-tea", "cider"])
    assert (tea.storage_stock, cider.storage_stock) == (48 + 48, 36 + 20)


async def test_receive_when_the_supplier_is_not_registered_then_the_lost_tax_is_in_the_cost(
    shop: Any, add_supplier: Any, add_offer: Any
) -> None:
    shop.supplier = await add_supplier(shop.database, "個人商店", registration_number="")
    offer = {"pack_size": 8, "is_tax_included": True}
    shop.offers = [await add_offer(shop.database, shop.supplier, "green-tea", 2_160, **offer)]
    number = await shop.sent(1)
    before = await shop.balances()
    await shop.receive(number, ReceiptLineBody(line=1, units=8))
    # 160 yen of tax are inside; 70 % of it from October 2026 on
    assert await shop.moved(before) == {"1101": 2_048, "1150": 112, "2001": -2_160}


async def test_receive_when_more_comes_or_at_another_price_then_it_is_refused_until_a_person_accepts(
    shop: Any,
) -> None:
    number = await shop.sent(2, 1)
    line = ReceiptLineBody(line=1, units=72, price=2_100)
    with pytest.raises(DifferencesError, match=r"over delivery.*48 expected, 72 found.*wrong price.*2016.*2100"):
        await shop.receive(number, line)
    before = await shop.balances()
    await shop.receive(number, line, accept_differences=True)
    assert (await shop.moved(before))["1101"] == 3 * 2_100 + 800
    async with shop.database.read() as db_session:
        steps = (await ordering.detail(db_session, number)).steps
    assert "注文より多い 1 green-tea: 48 → 72" in steps[-1].note


async def test_receive_when_units_were_sold_before_then_the_receipt_settles_them(shop: Any) -> None:
    gone = inventory.Movement("sold/early", "green-tea", 58, shop.now_ms, from_place="warehouse")
    event = entries.Event("sold/early", TODAY, shop.now_ms)
    async with shop.database.write() as db_session:
        (cost,) = await inventory.move(db_session, [gone])
        assert (cost.stock_minor, cost.uncovered_minor) == (48 * 84, 10 * 84)
        sold = entries.cost_of_sale(
            event, "緑茶", from_stock_minor=cost.stock_minor, uncovered_minor=cost.uncovered_minor
        )
        await accounting.post(db_session, [sold])
    number = await shop.sent(1)
    before = await shop.balances()
    await shop.receive(number, ReceiptLineBody(line=1, units=24))
    # 2,816 for 24 units with shipping; 10 of them had gone, their cost stood on 5102
    assert await shop.moved(before) == {"1101": 1_643, "1150": 241, "2001": -3_057, "5102": 1_173}


async def test_order_when_invoiced_and_paid_then_it_ends_and_nothing_is_owed(shop: Any) -> None:
    number = await shop.sent(2, 1)
    before = await shop.balances()
    first = await shop.receive(number, ReceiptLineBody(line=1, units=24))
    second = await shop.receive(number, ReceiptLineBody(line=1, units=24), ReceiptLineBody(line=2, units=20))
    # 161 + 301 are the taxes of the deliveries; the invoice is rounded once over 5,787
    invoice = await shop.invoice([first, second], (8, 5_787, 462), (10, 800, 80))
    assert await shop.status(number) == "invoiced"
    async with shop.database.write() as db_session:
        await payables.pay(db_session, invoice, 5_000, TODAY, shop.by())
    assert await shop.status(number) == "invoiced"
    async with shop.database.write() as db_session:
        with pytest.raises(payables.WrongInvoiceStateError, match="2129 yen are left"):
            await payables.pay(db_session, invoice, 2_130, TODAY, shop.by())
    async with shop.database.write() as db_session:
        await payables.pay(db_session, invoice, 2_129, TODAY, shop.by(), fee_minor=330)
    assert await shop.status(number) == "paid"
    found = await shop.moved(before)
    assert (found.get("2001", 0), found["1010"], found["6002"]) == (0, -7_129 - 330, 300)
    assert found["1101"] + found["1150"] == 7_129 + 30


async def test_invoice_when_only_the_rounding_differs_then_it_is_booked_and_nobody_is_asked(shop: Any) -> None:
    number = await shop.sent(2, 1)
    rows = [
        await shop.receive(number, ReceiptLineBody(line=2, units=units))
        for units in (3, 3, 14)  # 263 + 264 + 1,228, taxes 21 + 21 + 98
    ]
    before = await shop.balances()
    await shop.invoice(rows, (8, 1_755, 141), (10, 800, 80))
    assert await shop.moved(before) == {"1150": 1, "2001": -1}


async def test_invoice_when_the_price_differs_then_it_waits_and_what_is_accepted_goes_to_the_cost_of_sales(
    shop: Any,
) -> None:
    number = await shop.sent(2)
    receipt = await shop.receive(number, ReceiptLineBody(line=1, units=48))
    before = await shop.balances()
    invoice = await shop.invoice([receipt], (8, 4_132, 330), (10, 800, 80))
    assert await shop.moved(before) == {}
    async with shop.database.read() as db_session:
        found = await payables.detail(db_session, invoice)
    assert (found.status, found.left) == ("differs", 0)
    assert [(row.kind, row.expected, row.found) for row in found.differences] == [
        ("net", "4032", "4132"),
        ("tax", "322", "330"),
    ]
    async with shop.database.write() as db_session:
        with pytest.raises(payables.WrongInvoiceStateError):
            await payables.pay(db_session, invoice, 1, TODAY, shop.by())
    async with shop.database.write() as db_session:
        await payables.accept(db_session, invoice, "price rose", shop.by("boss@example.com"))
    assert await shop.moved(before) == {"1150": 8, "2001": -108, "5002": 100}
    assert await shop.status(number) == "invoiced"


async def test_invoice_when_it_names_no_registration_number_then_accepting_it_loses_tax(shop: Any) -> None:
    number = await shop.sent(2)
    receipt = await shop.receive(number, ReceiptLineBody(line=1, units=48))
    before = await shop.balances()
    invoice = await shop.invoice([receipt], (8, 4_032, 322), (10, 800, 80), registration_number="")
    async with shop.database.write() as db_session:
        assert (await payables.detail(db_session, invoice)).differences[0].kind == "registration"
        await payables.accept(db_session, invoice, "they have none any more", shop.by())
    lost = 402 - (322 * 70 // 100 + 80 * 70 // 100)
    assert await shop.moved(before) == {"1150": -lost, "5002": lost}


async def test_invoice_when_it_is_taken_back_then_its_receipts_are_free_for_the_right_one(shop: Any) -> None:
    number = await shop.sent(2)
    receipt = await shop.receive(number, ReceiptLineBody(line=1, units=48))
    wrong = await shop.invoice([receipt], (8, 9_999, 799))
    with pytest.raises(payables.BadInvoiceError, match="already"):
        await shop.invoice([receipt], (8, 4_032, 322))
    with pytest.raises(payables.BadInvoiceError, match="on another invoice"):
        await shop.invoice([receipt], (8, 4_032, 322), number="S-2")
    async with shop.database.write() as db_session:
        await payables.withdraw(db_session, wrong, shop.by())
    right = await shop.invoice([receipt], (8, 4_032, 322), (10, 800, 80))
    async with shop.database.read() as db_session:
        found = {row.id: row.status for row in await payables.listing(db_session, limit=9)}
    assert found == {wrong: "withdrawn", right: "open"}


async def test_order_when_the_rest_does_not_come_then_it_is_closed_and_goes_on(shop: Any) -> None:
    number = await shop.sent(2)
    receipt = await shop.receive(number, ReceiptLineBody(line=1, units=24))
    await shop.invoice([receipt], (8, 2_016, 161), (10, 800, 80))
    assert await shop.status(number) == "partly_received"
    async with shop.database.write() as db_session:
        await ordering.take_step(db_session, number, "close_short", shop.by())
    assert await shop.status(number) == "invoiced"
    async with shop.database.read() as db_session:
        found = (await service.reliability(db_session))[shop.supplier]
    assert (found.deliveries, found.on_time, found.complete) == (1, 1, 0)


async def test_ageing_when_days_pass_then_what_is_owed_grows_older_and_adds_up_to_the_ledger(shop: Any) -> None:
    number = await shop.sent(2)
    receipt = await shop.receive(number, ReceiptLineBody(line=1, units=24))
    await shop.receive(number, ReceiptLineBody(line=1, units=24))
    await shop.invoice([receipt], (8, 2_016, 161), (10, 800, 80), due_on=date(2026, 12, 31))
    found = {}
    async with shop.database.read() as db_session:
        for day in (TODAY, date(2027, 1, 1), date(2027, 1, 31), date(2027, 3, 2), date(2027, 4, 1)):
            (row,) = (await ageing.on_day(db_session, day)).rows
            assert row.not_invoiced == 2_177
            found[day] = (row.not_due, row.days_1_30, row.days_31_60, row.days_61_90, row.days_over_90)
    assert list(found.values()) == [tuple(3_057 * (at == place) for at in range(5)) for place in range(5)]


async def test_rebuild_when_goods_were_bought_with_lots_then_stock_and_books_are_made_again_to_the_yen(
    shop: Any,
) -> None:
    number = await shop.sent(2, 1)
    line = ReceiptLineBody(line=1, units=24, expires_on=date(2027, 5, 31))
    receipt = await shop.receive(number, line, ReceiptLineBody(line=2, units=20, lot="C-7"))
    invoice = await shop.invoice([receipt], (8, 3_771, 301), (10, 800, 80))
    async with shop.database.write() as db_session:
        await payables.pay(db_session, invoice, 1_000, TODAY, shop.by())
    found = await rebuild(shop.database)
    assert found.differences == []
    assert found.carried > 2


async def test_order_when_followed_over_the_api_then_each_step_answers_and_two_clicks_book_once(
    client: AsyncClient, shop: Any, seeded: Database
) -> None:
    body = {"supplier_id": shop.supplier, "lines": [{"offer_id": shop.offers[0], "packs": 20}]}
    made = (await client.post(f"{API}/orders", json=body)).json()
    here = f"{API}/orders/{made['id']}"
    assert (made["status"], made["is_above_limit"]) == ("pending_human_approval", True)
    own = await client.post(f"{here}/approve", json={})
    assert (own.status_code, own.json()["code"]) == (409, "own_order")
    async with seeded.write() as db_session:
        await create_user(db_session, "second@example.com", await new_password("correct horse"))
    await client.post("/api/v1/admin/login", json={"email": "second@example.com", "password": "correct horse"})
    stale = await client.post(f"{here}/approve", json={}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    assert (await client.post(f"{here}/approve", json={"note": "ok"})).json()["status"] == "approved"
    assert (await client.post(f"{here}/send", json={"note": "fax"})).json()["status"] == "sent"
    assert (await client.post(f"{here}/send", json={})).json()["code"] == "wrong_step"
    receipt = {"lines": [{"line": 1, "units": 480}]}
    twice = [
        await client.post(f"{here}/receipts", json=receipt, headers={"Idempotency-Key": "van-1"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in twice] == [201, 200]
    assert twice[0].json() == twice[1].json()
    assert [row["what"] for row in (await client.get(here)).json()["steps"]] == [
        "make",
        "approve",
        "send",
        "receive_all",
    ]
    journal = (await client.get("/api/v1/accounting/journal")).json()["items"]
    assert sum(row["source"].startswith("receipt:") for row in journal) == 2
