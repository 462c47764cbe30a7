"""Payouts: booked once, held against the sales; what does not fit stays visible; chargebacks are claims."""

from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.accounting import payouts, service
from cloud.accounting.payout_rules import BadSettlementError, PayoutLineBody, check, class_of_age, from_csv
from cloud.accounting.payouts import NothingContestedError, PayoutKnownError, Settlement
from cloud.db.database import Database

PAID = date(2026, 11, 25)
NOW = 1_795_600_000_000


def line(kind: str = "charge", payment: str = "r-1", gross: int = 160, fee: int = 0, tax: int = 0) -> PayoutLineBody:
    return PayoutLineBody(kind=kind, payment=payment, gross=gross, fee=fee, fee_tax=tax)


def settlement(*lines: PayoutLineBody, net: int, reference: str = "po-1") -> Settlement:
    return Settlement("card", reference, PAID, net, lines, "owner@example.com")


async def booked(database: Database, wanted: Settlement) -> int:
    async with database.write() as db_session:
        return await payouts.book(db_session, wanted, now_ms=NOW)


async def balances(database: Database) -> dict[tuple[str, str], int]:
    async with database.read() as db_session:
        assert await service.verify(db_session) == []
        trial = await service.trial_balance(db_session)
        found = {(row.code, ""): row.debit - row.credit for row in trial.lines}
        found |= {(row.account, row.sub_account): row.balance_minor for row in await service.by_place(db_session)}
    return found


@pytest.fixture
async def sold(seeded: Database, script: Any, book: Any, machine_id: str) -> Database:
    """Three sales by card: r-1 and r-2 of 160, r-3 of 120."""
    script.restock()
    for number, price in enumerate((160, 160, 120), start=1):
        common = {"vend_id": f"v-{number}", "currency": "JPY", "slot": "A1", "product_id": "green-tea"}
        common |= {"price_minor": price, "planogram_rev": 1, "tender": "card", "payment": f"r-{number}"}
        script.add("vend.started", common)
        script.add("vend.dispensed", common | {"credit_minor": 0, "on_hand": 5})
    await book(seeded, machine_id, script.events)
    return seeded


async def test_payout_when_booked_then_bank_fees_and_tax_stand_against_the_receivable_once(sold: Database) -> None:
    before = await balances(sold)
    wanted = settlement(line(fee=5), line(payment="r-2", fee=6, tax=1), net=308)
    first = await booked(sold, wanted)
    assert await booked(sold, wanted) == first
    after = await balances(sold)
    assert {key: amount - before.get(key, 0) for key, amount in after.items() if amount != before.get(key, 0)} == {
        ("1010", ""): 308,
        ("6002", ""): 11,
        ("1150", ""): 1,
        ("1020", ""): -320,
        ("1020", "card"): -320,
    }
    async with sold.read() as db_session:
        (owed,) = await payouts.receivables(db_session, PAID)
        shown = await payouts.one(db_session, first)
    assert (owed.balance, owed.by_age, owed.unexplained) == (120, [120, 0, 0, 0, 0], 0)
    assert [charge.payment for charge in owed.open_charges] == ["r-3"]
    assert shown is not None
    assert (shown.gross, shown.fee, shown.net, shown.findings) == (320, 11, 308, 0)


async def test_payout_when_lines_do_not_fit_the_sales_then_each_says_why_and_the_difference_stays(
    sold: Database,
) -> None:
    await booked(sold, settlement(line(), net=160))
    again = settlement(
        line(), line(payment="r-3", gross=100), line(payment="r-99", gross=50), net=310, reference="po-2"
    )
    second = await booked(sold, again)
    async with sold.read() as db_session:
        found = {row.payment: (row.finding, row.expected) for row in await payouts.lines_of(db_session, second)}
        (owed,) = await payouts.receivables(db_session, PAID)
    assert found == {
        "r-1": ("settled_before", 160),
        "r-3": ("amount_differs", 120),
        "r-99": ("unknown_payment", 0),
    }
    assert owed.balance == 440 - 160 - 310
    assert owed.unexplained == owed.balance - 160


async def test_chargeback_when_taken_back_then_it_is_a_claim_until_won_or_lost(sold: Database) -> None:
    await booked(sold, settlement(line(), line(payment="r-2"), net=320))
    taken = (line("chargeback", "r-1", fee=15), line("chargeback", "r-2"))
    await booked(sold, settlement(*taken, net=-335, reference="po-2"))
    assert (await balances(sold))["1030", "card"] == 320
    await booked(sold, settlement(line("chargeback_won", "r-2"), net=160, reference="po-3"))
    async with sold.write() as db_session:
        await payouts.lose(db_session, "card", 160, "no receipt", on=PAID, now_ms=NOW)
        with pytest.raises(NothingContestedError):
            await payouts.lose(db_session, "card", 1, "", on=PAID, now_ms=NOW)
        await payouts.clear(db_session, "card", 20, "their rounding", on=PAID, now_ms=NOW)
        await payouts.clear(db_session, "card", -20, "their rounding", on=PAID, now_ms=NOW)
    found = await balances(sold)
    assert (found["8001", ""], found["7001", ""]) == (20, -20)
    assert (found["1030", "card"], found["6014", ""], found["1020", "card"]) == (0, 160, 120)


async def test_payout_when_it_does_not_add_up_or_has_other_figures_then_it_is_refused(sold: Database) -> None:
    with pytest.raises(BadSettlementError, match="missing line"):
        await booked(sold, settlement(line(), net=161))
    with pytest.raises(BadSettlementError, match="no lines"):
        await booked(sold, settlement(net=0))
    await booked(sold, settlement(line(), net=160))
    with pytest.raises(PayoutKnownError):
        await booked(sold, settlement(line(fee=1), net=159))


def test_check_when_one_file_charges_a_payment_twice_then_the_second_is_found() -> None:
    found = check([line(), line()], {"r-1": 160}, [])
    assert [row.finding for row in found] == ["", "settled_before"]


def test_class_of_age_when_at_the_edge_then_it_is_the_younger_one() -> None:
    assert [class_of_age(days) for days in (0, 7, 8, 30, 60, 90, 91)] == [0, 0, 1, 1, 2, 3, 4]


def test_csv_when_good_then_amounts_may_have_commas_and_empty_fees() -> None:
    text = '\ufeffkind,payment,gross,fee,fee_tax\ncharge,r-1,"1,600",,\nfee,,0,33,3\n'
    assert from_csv(text) == [line(gross=1600), line("fee", "", 0, 33, 3)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n", "heading lacks kind, payment, gross"),
        ("kind,payment,gross\nsale,r-1,1\n", "line 2: kind 'sale'"),
        ("kind,payment,gross\ncharge,r-1,1.5\ncharge,r-2,-3\n", "line 3: gross must be whole yen"),
    ],
)
def test_csv_when_bad_then_each_row_says_what_to_do(text: str, words: str) -> None:
    with pytest.raises(BadSettlementError) as raised:
        from_csv(text)
    assert words in str(raised.value)


async def test_payouts_when_booked_over_http_and_by_form_then_the_page_shows_what_does_not_fit(
    client: AsyncClient, sold: Database
) -> None:
    body = {"processor": "card", "reference": "po-1", "paid_on": "2026-11-25", "net": 155}
    lines = [{"kind": "charge", "payment": "r-1", "gross": 160, "fee": 5}]
    made = await client.post("/api/v1/accounting/payouts", json=body | {"lines": lines})
    assert (made.status_code, made.json()["findings"]) == (201, 0)
    csv = "kind,payment,gross\ncharge,r-2,150\n"
    bad = await client.post("/api/v1/accounting/payouts/files", json=body | {"reference": "x", "csv": "kind\n"})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_settlement")
    form = body | {"reference": "po-2", "net": "149", "csv": csv}
    refused = await client.post("/dashboard/payouts", data=form)
    assert (refused.status_code, "come to 150 yen" in refused.text, csv.split()[1] in refused.text) == (422, True, True)
    sent = await client.post("/dashboard/payouts", data=form | {"net": "150"})
    assert sent.status_code == 303
    assert "金額が違う" in (await client.get(sent.headers["location"])).text
    page = (await client.get("/dashboard/payouts")).text
    assert "1 件合わない" in page
    owed = (await client.get("/api/v1/accounting/receivables")).json()
    assert owed[0]["balance"] == 440 - 310
