"""Suppliers' credit notes: what goes back, what is taken off, what the books, the stock and the debt say after it."""

import re
from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.backup.rebuild import rebuild
from cloud.inventory import movements, stock
from cloud.inventory import service as inventory
from cloud.inventory.goods import GoodsRefusedError
from cloud.inventory.lots import LotShare
from cloud.inventory.rules import BadQuantityError, PoolState, send_back
from cloud.inventory.service import Movement
from cloud.procurement import credit_notes, credit_rules, payables
from cloud.procurement.credit_notes import CreditUsedError
from cloud.procurement.credit_rules import BadCreditNoteError
from cloud.procurement.credit_schemas import BackBody, CreditNoteBody, CreditNoteDetail
from cloud.procurement.matching import AtRate
from cloud.procurement.payables import WrongInvoiceStateError
from cloud.procurement.receipt_schemas import ReceiptLineBody
from cloud.procurement.schemas import RateBody

TODAY = date(2026, 11, 20)
API = "/api/v1/procurement"


def written(number: str = "C-1", *rates: tuple[int, int, int], goods: list[BackBody] | None = None) -> CreditNoteBody:
    at = [RateBody(percent=percent, net=net, tax=tax) for percent, net, tax in rates]
    return CreditNoteBody(number=number, issued_on=TODAY, reason="leaked", rates=at, goods=goods or [])


async def bought(shop: Any, **line: Any) -> tuple[int, int]:
    """48 bottles of tea at 84 yen and 800 of shipping, invoiced: (delivery, invoice)."""
    order = await shop.sent(2)
    receipt = await shop.receive(order, ReceiptLineBody(line=1, units=48, **line))
    return receipt, await shop.invoice([receipt], (8, 4_032, 322), (10, 800, 80))


async def record(shop: Any, invoice: int, body: CreditNoteBody) -> int:
    async with shop.database.write() as db_session:
        return await credit_notes.record(db_session, invoice, body, shop.by(), TODAY)


async def detail(shop: Any, number: int) -> CreditNoteDetail:
    async with shop.database.read() as db_session:
        return await credit_notes.detail(db_session, number)


# --- rules ---------------------------------------------------------------------------------------------------------


def test_send_back_when_the_average_is_another_then_the_goods_take_with_them_what_they_cost() -> None:
    pool, cost = send_back(PoolState(44, 3_816, 87), 6, 6 * 89)
    assert (pool.quantity, pool.value_minor, cost.stock_minor) == (38, 3_816 - 534, 534)


@pytest.mark.parametrize(
    ("units", "cost", "left", "value"),
    [(9, 10_000, 1, 840), (10, 10, 0, 840), (10, 10_000, 0, 840)],
    ids=["dearer than all there is", "the last, cheaper", "the last, dearer"],
)
def test_send_back_when_the_pool_cannot_give_the_cost_then_its_value_stays_within_bounds(
    units: int, cost: int, left: int, value: int
) -> None:
    pool, gone = send_back(PoolState(10, 840, 84), units, cost)
    assert (pool.quantity, gone.stock_minor) == (left, value)
    assert (pool.value_minor == 0) or pool.quantity


def test_send_back_when_there_is_less_then_it_is_refused() -> None:
    with pytest.raises(BadQuantityError):
        send_back(PoolState(3, 252, 84), 4, 336)


def test_costs_when_a_delivery_goes_back_in_parts_then_they_add_up_to_what_it_cost() -> None:
    parts, before = [], 0
    for units in (1, 3, 7, 13):
        parts.append(credit_rules.cost_of(2_817, 24, before, units))
        before += units
    assert sum(parts) == 2_817


def test_deductible_when_notes_are_small_then_together_they_take_back_what_was_deducted() -> None:
    taken = [credit_rules.deductible(1, before, 70) for before in range(100)]
    assert sum(taken) == 70
    assert set(taken) == {0, 1}


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (AtRate(10, 100, 10), "nothing on the invoice is taxed at 10 %; it has 8 %"),
        (AtRate(8, 100, 10), "not 8 % of 100 yen; about 8 would be"),
        (AtRate(8, 930, 74), "972 yen .72 of them tax. are left at 8 %, not 1004"),
    ],
)
def test_note_when_the_invoice_does_not_bear_it_then_it_says_why(note: AtRate, why: str) -> None:
    assert re.search(why, credit_rules.problem([note], {8: AtRate(8, 1_000, 80)}, {8: AtRate(8, 100, 8)}))


@pytest.mark.parametrize("tax", [7, 8])
def test_note_when_its_tax_is_rounded_either_way_then_it_is_taken(tax: int) -> None:
    assert credit_rules.problem([AtRate(8, 99, tax)], {8: AtRate(8, 1_000, 80)}, {}) == ""


# --- goods, debt, books --------------------------------------------------------------------------------------------


async def test_credit_note_when_goods_go_back_then_stock_books_and_debt_are_lowered_by_what_they_cost(
    shop: Any,
) -> None:
    receipt, invoice = await bought(shop)
    before = await shop.balances()
    # 6 of 48 bottles: 504 of goods and 100 of shipping are in their cost, and 504 + 40 come back
    number = await record(
        shop, invoice, written("C-1", (8, 504, 40), goods=[BackBody(receipt=receipt, line=1, units=6)])
    )
    assert await shop.moved(before) == {"1101": -604, "1150": -40, "2001": 544, "5002": 100}
    found = await detail(shop, number)
    assert (found.total, found.stock, found.used, found.left) == (544, 604, 544, 0)
    assert [(row.units, row.cost) for row in found.goods] == [(6, 604)]
    async with shop.database.read() as db_session:
        assert (await payables.detail(db_session, invoice)).left == 5_234 - 544
        (tea,) = await inventory.stock_of_products(db_session, ["green-tea"])
        (moved, *_) = await movements.listing(db_session, limit=1)
    assert (tea.storage_stock, moved.kind, moved.value) == (48 + 42, "sent_back", 604)


async def test_credit_note_when_it_is_an_allowance_then_only_the_cost_of_sales_is_lowered(shop: Any) -> None:
    _, invoice = await bought(shop)
    before = await shop.balances()
    await record(shop, invoice, written("C-1", (8, 403, 32)))
    assert await shop.moved(before) == {"1150": -32, "2001": 435, "5002": -403}


async def test_credit_note_when_the_supplier_is_not_registered_then_only_the_deducted_tax_goes_back(
    shop: Any,
) -> None:
    order = await shop.sent(2)
    receipt = await shop.receive(order, ReceiptLineBody(line=1, units=48))
    invoice = await shop.invoice([receipt], (8, 4_032, 322), (10, 800, 80), registration_number="")
    async with shop.database.write() as db_session:
        await payables.accept(db_session, invoice, "they have none any more", shop.by())
    before = await shop.balances()
    await record(shop, invoice, written("C-1", (8, 500, 40)))
    assert await shop.moved(before) == {"1150": -28, "2001": 540, "5002": -512}


async def test_credit_note_when_the_invoice_is_paid_then_the_rest_is_set_off_or_comes_to_the_bank(shop: Any) -> None:
    _, first = await bought(shop)
    async with shop.database.write() as db_session:
        await payables.pay(db_session, first, 5_000, TODAY, shop.by())
    number = await record(shop, first, written("C-1", (8, 1_000, 80)))
    found = await detail(shop, number)
    assert (found.used, found.left) == (234, 846)
    assert await shop.status(1) == "paid"
    order = await shop.sent(2)
    receipt = await shop.receive(order, ReceiptLineBody(line=1, units=48))
    second = await shop.invoice([receipt], (8, 4_032, 322), (10, 800, 80), number="S-2")
    before = await shop.balances()
    async with shop.database.write() as db_session:
        await credit_notes.set_off(db_session, number, second, 500, shop.by(), TODAY)
    assert await shop.moved(before) == {}
    async with shop.database.write() as db_session:
        assert (await payables.detail(db_session, second)).left == 5_234 - 500
        await credit_notes.paid_back(db_session, number, 346, TODAY, shop.by())
    assert await shop.moved(before) == {"1010": 346, "2001": -346}
    async with shop.database.write() as db_session:
        with pytest.raises(CreditUsedError, match="0 yen are left of credit note C-1, not 1"):
            await credit_notes.set_off(db_session, number, second, 1, shop.by(), TODAY)
    found = await detail(shop, number)
    assert [(row.invoice_id, row.amount) for row in found.uses] == [(first, 234), (second, 500), (None, 346)]


async def test_set_off_when_the_invoice_is_not_for_it_then_it_is_refused(shop: Any, add_supplier: Any) -> None:
    _, invoice = await bought(shop)
    number = await record(shop, invoice, written("C-1", (8, 100, 8)))
    async with shop.database.write() as db_session:
        with pytest.raises(CreditUsedError, match="0 yen are left of credit note"):
            await credit_notes.paid_back(db_session, number, 1, TODAY, shop.by())
        await payables.pay(db_session, invoice, 5_234 - 108, TODAY, shop.by())
        with pytest.raises(WrongInvoiceStateError, match="only an open one"):
            await credit_notes.set_off(db_session, number, invoice, 1, shop.by(), TODAY)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_credit_note_when_it_cannot_be_then_it_is_refused_and_nothing_is_kept(shop: Any) -> None:
    receipt, invoice = await bought(shop)
    six = [BackBody(receipt=receipt, line=1, units=6)]
    await record(shop, invoice, written("C-1", (8, 504, 40), goods=six))
    before = await shop.balances()
    early = written("C-2", (8, 504, 40)).model_copy(update={"issued_on": date(2026, 11, 19)})
    late = early.model_copy(update={"issued_on": date(2026, 11, 21)})
    for body, why in (
        (written("C-1", (8, 504, 40)), "already"),
        (early, "before the day of the invoice"),
        (late, "has not come yet"),
        (written("C-2", (8, 3_600, 288)), r"3810 yen \(282 of them tax\) are left"),
        (written("C-2", (8, 84, 6), goods=[BackBody(receipt=receipt, line=2, units=1)]), "has no line 2"),
        (written("C-2", (8, 84, 6), goods=[BackBody(receipt=receipt, line=1, units=43)]), "42 units are left"),
    ):
        with pytest.raises(BadCreditNoteError, match=why):
            await record(shop, invoice, body)
    elsewhere = written("C-2", (8, 84, 6), goods=six).model_copy(update={"place_id": "vm-test-0001/A1"})
    with pytest.raises(GoodsRefusedError, match="the books have"):
        await record(shop, invoice, elsewhere)
    assert await shop.moved(before) == {}
    another = await shop.receive(await shop.sent(2), ReceiptLineBody(line=1, units=48))
    differs = await shop.invoice([another], (8, 9, 0), number="S-2")
    with pytest.raises(WrongInvoiceStateError, match="differs: accept it first"):
        await record(shop, differs, written("C-9", (8, 1, 0)))


async def test_rebuild_when_goods_went_back_with_their_lot_then_stock_and_books_are_made_again_to_the_yen(
    shop: Any,
) -> None:
    receipt, invoice = await bought(shop, lot="L-7", expires_on=date(2027, 5, 31))
    goods = [BackBody(receipt=receipt, line=1, units=5)]
    await record(shop, invoice, written("C-1", (8, 420, 33), goods=goods))
    async with shop.database.read() as db_session:
        (held,) = await stock.held(db_session, place_id="warehouse", product_id="green-tea")
    assert [(lot.code, lot.quantity) for lot in held.lots if lot.code == "L-7"] == [("L-7", 43)]
    found = await rebuild(shop.database)
    assert found.differences == []


# --- API and pages -------------------------------------------------------------------------------------------------


async def test_api_when_a_note_is_sent_twice_then_it_is_recorded_once_and_can_be_found(
    client: AsyncClient, shop: Any
) -> None:
    receipt, invoice = await bought(shop)
    body = written("C-1", (8, 504, 40), goods=[BackBody(receipt=receipt, line=1, units=6)]).model_dump(mode="json")
    answers = [
        await client.post(f"{API}/invoices/{invoice}/credit-notes", json=body, headers={"Idempotency-Key": "c-1"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    listed = (await client.get(f"{API}/credit-notes", params={"invoice_id": invoice})).json()["items"]
    assert [row["number"] for row in listed] == ["C-1"]
    assert (await client.get(f"{API}/credit-notes", params={"is_open": True})).json()["items"] == []
    refused = await client.post(f"{API}/credit-notes/1/refunds", json={"amount": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "credit_used")
    future = await client.post(f"{API}/credit-notes/1/refunds", json={"amount": 1, "paid_on": "2030-01-01"})
    assert (future.status_code, future.json()["code"]) == (422, "paid_in_the_future")
    assert (await client.get(f"{API}/credit-notes/9")).status_code == 404


async def test_pages_when_a_note_is_written_by_form_then_it_leads_from_the_invoice_to_the_bank(
    client: AsyncClient, shop: Any
) -> None:
    receipt, invoice = await bought(shop)
    async with shop.database.write() as db_session:
        await payables.pay(db_session, invoice, 5_000, TODAY, shop.by())
    here = f"/dashboard/payables/invoices/{invoice}"
    assert f'href="{here}/credit-notes/new"' in (await client.get(here)).text
    form = await client.get(f"{here}/credit-notes/new")
    assert "あと48個まで" in form.text
    typed = {"number": "C-1", "issued_on": "2026-11-20", "reason": "液漏れ", "net_8": "504", "tax_8": "99"}
    typed |= {f"units_{receipt}_1": "6", "place_id": "warehouse"}
    wrong = await client.post(f"{here}/credit-notes", data=typed)
    assert (wrong.status_code, "about 40" in wrong.text, 'value="99"' in wrong.text) == (422, True, True)
    nameless = await client.post(f"{here}/credit-notes", data=typed | {"number": ""})
    assert 'id="bad-number"' in nameless.text
    made = await client.post(f"{here}/credit-notes", data=typed | {"tax_8": "40"})
    note = made.headers["location"]
    page = (await client.get(note)).text
    assert "未相殺あり" in page
    assert "C-1" in (await client.get("/dashboard/payables")).text
    too_much = await client.post(f"{note}/refunds", data={"amount": "311", "paid_on": "2026-11-20"})
    assert (too_much.status_code, "残りより多くは" in too_much.text) == (409, True)
    done = await client.post(f"{note}/refunds", data={"amount": "310", "paid_on": "2026-11-20"})
    assert done.status_code == 303
    assert "相殺済み" in (await client.get(note)).text
    journal = (await client.get("/dashboard/journal/2001?place=supplier:1")).text
    for href in set(re.findall(r'href="(/dashboard/payables/credit-[^"]+/\d+)"', journal)):
        assert (await client.get(href)).status_code in {200, 303}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_credit_note_when_two_deliveries_had_one_lot_then_no_more_of_it_goes_back_than_there_is(
    shop: Any,
) -> None:
    order = await shop.sent(4)
    line = ReceiptLineBody(line=1, units=24, lot="L-7", expires_on=date(2027, 5, 31))
    receipts = [await shop.receive(order, line) for _ in range(2)]
    receipts.append(await shop.receive(order, ReceiptLineBody(line=1, units=48, lot="M-8")))
    invoice = await shop.invoice(receipts, (8, 8_064, 645), (10, 800, 80))
    sold = (LotShare("L-7", 42, None),)
    gone = Movement("test:gone", "green-tea", 42, shop.now_ms, from_place="warehouse", lots=sold)
    async with shop.database.write() as db_session:
        await inventory.move(db_session, [gone])
    back = [BackBody(receipt=number, line=1, units=5) for number in receipts[:2]]
    await record(shop, invoice, written("C-1", (8, 840, 67), goods=back))
    async with shop.database.read() as db_session:
        moved = await movements.listing(db_session, limit=2)
        held = (await inventory.lots_at(db_session, ["warehouse"]))["warehouse", "green-tea"]
    assert [[(lot.code, lot.quantity) for lot in row.lots] for row in moved] == [[], [("L-7", 5)]]
    assert {("L-7", 1), ("M-8", 48)} <= {(lot.code, lot.quantity) for lot in held}
