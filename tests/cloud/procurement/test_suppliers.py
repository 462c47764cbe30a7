"""Suppliers and offers: who may be paid, which price holds today, what the API answers."""

from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.db.database import Database
from cloud.procurement import service
from cloud.procurement.service import ChangedMeanwhileError, NameTakenError
from cloud.procurement.supplier_schemas import SupplierBody

TODAY = date(2026, 11, 20)
API = "/api/v1/procurement"


async def test_supplier_when_its_name_or_number_changes_then_money_may_not_go_there_any_more(
    database: Database, add_supplier: Any
) -> None:
    number = await add_supplier(database, "みどり")
    async with database.write() as db_session:
        before = await service.supplier(db_session, number)
        body = SupplierBody(name="みどり", kana="ミドリ", registration_number="T7000012050002", lead_days=9)
        await service.change_supplier(db_session, number, body, before.revision)
        assert (await service.supplier(db_session, number)).is_allowed
        other = body.model_copy(update={"registration_number": "T1180301018771"})
        await service.change_supplier(db_session, number, other, None)
        assert not (await service.supplier(db_session, number)).is_allowed
        with pytest.raises(ChangedMeanwhileError):
            await service.change_supplier(db_session, number, body, before.revision)


async def test_supplier_when_another_has_its_name_then_it_is_refused(database: Database, add_supplier: Any) -> None:
    await add_supplier(database, "みどり")
    with pytest.raises(NameTakenError):
        await add_supplier(database, "みどり")


async def test_find_when_offers_follow_each_other_then_the_newest_valid_one_counts(
    seeded: Database, add_supplier: Any, add_offer: Any
) -> None:
    seller = await add_supplier(seeded, "みどり")
    usual = await add_offer(seeded, seller, "green-tea", 2_000)
    week = {"valid_from": date(2026, 11, 16), "valid_to": date(2026, 11, 22)}
    campaign = await add_offer(seeded, seller, "green-tea", 1_800, **week)
    await add_offer(seeded, seller, "green-tea", 1, who="")
    await add_offer(seeded, seller, "green-tea", 2_500, valid_from=date(2027, 1, 1))
    async with seeded.read() as db_session:
        found = {
            day: [row.candidate.offer_id for row in await service.find(db_session, "green-tea", 24, day)]
            for day in (TODAY, date(2026, 11, 23))
        }
    assert found == {TODAY: [campaign], date(2026, 11, 23): [usual]}


async def test_find_when_a_registration_ends_then_the_tax_after_it_is_cost(
    seeded: Database, add_supplier: Any, add_offer: Any
) -> None:
    seller = await add_supplier(seeded, "みどり", registered_to=TODAY)
    await add_offer(seeded, seller, "green-tea", 2_000)
    async with seeded.read() as db_session:
        shares = [
            (await service.find(db_session, "green-tea", 24, day))[0].candidate.share_percent
            for day in (TODAY, date(2026, 11, 21), date(2028, 10, 1), date(2031, 10, 1))
        ]
    assert shares == [100, 70, 50, 0]


SUPPLIER = {"name": "みどり飲料", "kana": "ミドリ", "registration_number": "T7000-0120-50002", "shipping": 800}


async def test_supplier_when_it_is_added_over_the_api_then_it_is_there_once_and_changes_need_the_newest_state(
    client: AsyncClient,
) -> None:
    answers = [
        await client.post(f"{API}/suppliers", json=SUPPLIER, headers={"Idempotency-Key": "one"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 200]
    made = answers[0].json()
    assert (made["registration_number"], made["is_allowed"]) == ("T7000012050002", False)
    tag = (await client.get(f"{API}/suppliers/{made['id']}")).headers["etag"]
    changed = [
        await client.put(f"{API}/suppliers/{made['id']}", json=SUPPLIER, headers={"If-Match": tag}) for _ in range(2)
    ]
    assert [answer.status_code for answer in changed] == [200, 412]
    assert (await client.post(f"{API}/suppliers", json=SUPPLIER)).status_code == 409


async def test_supplier_when_the_registration_number_is_mistyped_then_the_answer_names_the_field(
    client: AsyncClient,
) -> None:
    answer = await client.post(f"{API}/suppliers", json=SUPPLIER | {"registration_number": "T7000012050003"})
    (field,) = answer.json()["fields"]
    assert (answer.status_code, field["field"]) == (422, "body.registration_number")
    assert "check digit" in field["what_to_do"]


async def test_offers_when_they_are_recorded_then_finder_history_and_alerts_know_them(client: AsyncClient) -> None:
    seller = (await client.post(f"{API}/suppliers", json=SUPPLIER)).json()["id"]
    offers = f"{API}/suppliers/{seller}/offers"
    body = {"product_id": "green-tea", "pack_size": 24, "price": 2000, "valid_from": "2026-01-01"}
    assert (await client.post(offers, json=body)).status_code == 201
    assert (await client.post(offers, json=body | {"price": 2300, "valid_from": "2026-11-01"})).status_code == 201
    unknown = await client.post(offers, json=body | {"product_id": "no-such-tea"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "no_such_product")
    (best,) = (await client.get(f"{API}/finder", params={"product_id": "green-tea", "units": 30})).json()
    assert (best["place"], best["packs"], best["units"], best["is_orderable"]) == (1, 2, 48, False)
    assert best["landed_cost"] == 2 * 2300 + 800
    assert best["unit_cost"] == "112.50"
    assert {row["criterion"] for row in best["reasons"]} >= {"price", "shipping", "tax", "approval", "lead_time"}
    prices = (await client.get(f"{API}/prices/green-tea")).json()
    assert [row["price"] for row in prices] == [2000, 2300]
    (alert,) = (await client.get(f"{API}/prices/alerts")).json()
    assert (alert["kind"], alert["percent"]) == ("price_rise", 15)
    await client.put(f"{API}/suppliers/{seller}/standing", json={"is_allowed": True})
    (best,) = (await client.get(f"{API}/finder", params={"product_id": "green-tea", "units": 30})).json()
    assert best["is_orderable"]
