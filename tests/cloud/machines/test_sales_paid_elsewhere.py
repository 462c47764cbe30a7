"""Sales with a coupon or paid in the cloud: what is recorded, taxed and booked is what was really paid."""

from typing import Any

import pytest

from cloud.accounting import service as accounting
from cloud.db.database import Database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.sales import service as sales


def dispensed(**changes: Any) -> dict[str, Any]:
    body = {"vend_id": "v-1", "slot": "A1", "product_id": "green-tea", "price_minor": 160, "planogram_rev": 1}
    return body | {"credit_minor": 0, "on_hand": 5} | changes


async def booked(database: Database, clock: Any, script: Any) -> tuple[Any, dict[str, int]]:
    """The one sale, and what its events changed in the books."""
    script.restock()
    before = await balances(database)
    await Receiver(database, clock).handle(script.messages(per_frame=20))
    await Interpreter(database, clock=clock).run_once()
    after = await balances(database)
    async with database.read() as db_session:
        (sale,) = await sales.listing(db_session, limit=10)
    changed = {code: after[code] - before.get(code, 0) for code in after if after[code] != before.get(code, 0)}
    return sale, changed


async def balances(database: Database) -> dict[str, int]:
    async with database.read() as db_session:
        trial = await accounting.trial_balance(db_session)
    return {line.code: line.debit - line.credit for line in trial.lines}


async def test_sale_when_paid_in_the_cloud_then_a_receivable_and_the_payment_is_named(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.add("vend.dispensed", dispensed(tender="remote", payment="pay-1", command="c" * 32))
    sale, changed = await booked(seeded, clock, script)
    assert (sale.tender, sale.payment, sale.list_minor, sale.coupon) == ("remote", "pay-1", 0, "")
    assert changed == {"1020": 160, "1101": -84, "2050": -11, "4001": -149, "5002": 84}


@pytest.mark.parametrize(("tender", "account"), [("cash", "2110"), ("remote", "1020")])
async def test_sale_when_a_coupon_lowered_the_price_then_revenue_and_tax_are_on_what_was_paid(
    seeded: Database, clock: Any, script: Any, tender: str, account: str
) -> None:
    script.add("vend.dispensed", dispensed(price_minor=110, list_minor=140, coupon="RAIN", tender=tender))
    sale, changed = await booked(seeded, clock, script)
    assert (sale.gross_minor, sale.tax_minor, sale.net_minor) == (110, 8, 102)
    assert (sale.list_minor, sale.coupon) == (140, "RAIN")
    assert changed == {account: 110, "1101": -84, "2050": -8, "4001": -102, "5002": 84}


async def test_sale_when_it_was_a_gift_then_only_its_cost_is_booked(seeded: Database, clock: Any, script: Any) -> None:
    script.add("vend.dispensed", dispensed(price_minor=0, list_minor=160, coupon="BIRTHDAY", tender="remote"))
    sale, changed = await booked(seeded, clock, script)
    assert (sale.status, sale.gross_minor) == ("completed", 0)
    assert changed == {"1101": -84, "5002": 84}


async def test_transactions_when_listed_then_each_names_payment_coupon_and_list_price(
    client: Any, seeded: Database, clock: Any, script: Any
) -> None:
    paid = dispensed(price_minor=110, list_minor=160, coupon="RAIN", tender="remote", payment="pay-1")
    script.add("vend.dispensed", paid)
    await booked(seeded, clock, script)
    (row,) = (await client.get("/api/v1/transactions")).json()["items"]
    assert {name: row[name] for name in ("tender", "payment", "coupon", "list_minor", "gross_minor")} == {
        "tender": "remote",
        "payment": "pay-1",
        "coupon": "RAIN",
        "list_minor": 160,
        "gross_minor": 110,
    }
    page = (await client.get("/dashboard/")).text
    assert "支払い済み · クーポン RAIN · 定価 ¥160" in page
