"""Rates of consumption tax have days: one to come can be entered, what was taxed stays as it was."""

from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.accounting import service as accounting
from cloud.accounting.rules import Draft, Leg
from cloud.catalogue import service as catalogue
from cloud.catalogue.service import PastRateError
from cloud.db.database import Database

TODAY = date(2026, 11, 20)
APRIL = date(2027, 4, 1)


async def test_rate_when_entered_for_a_day_to_come_then_goods_are_taxed_by_their_day_and_it_can_be_changed(
    seeded: Database,
) -> None:
    async with seeded.write() as db_session:
        for percent in (5, 0):
            await catalogue.set_rate(db_session, "food", APRIL, percent, TODAY)
        names = await catalogue.load(db_session)
        found = [names.split("green-tea", 108, day) for day in (date(2027, 3, 31), APRIL)]
        shown = [row for row in await catalogue.tax_rates(db_session, TODAY) if row.tax_class == "food"]
    assert [(row.percent, row.tax_minor) for row in found] == [(8, 8), (0, 0)]
    assert [(row.valid_from, row.percent, row.is_current) for row in shown] == [
        (date(2019, 10, 1), 8, True),
        (APRIL, 0, False),
    ]


async def test_rate_when_its_day_has_come_or_something_is_booked_on_it_then_it_is_refused(seeded: Database) -> None:
    async with seeded.write() as db_session:
        for day in (TODAY, date(2019, 10, 1)):
            with pytest.raises(PastRateError, match="2026-11-21 or later"):
                await catalogue.set_rate(db_session, "food", day, 0, TODAY)
        ahead = Draft("ahead", APRIL, 0, "a machine whose clock is ahead", (Leg("1001", 5), Leg("4001", -5)))
        await accounting.post(db_session, [ahead])
        with pytest.raises(PastRateError, match="2027-04-02"):
            await catalogue.set_rate(db_session, "food", APRIL, 0, TODAY)


async def test_rates_when_set_over_http_and_by_form_then_page_and_api_show_them(client: AsyncClient) -> None:
    body: dict[str, Any] = {"tax_class": "food", "valid_from": "2027-04-01", "percent": 0}
    made = await client.put("/api/v1/accounting/tax-rates", json=body)
    assert (made.status_code, made.json()) == (200, (await client.get("/api/v1/accounting/tax-rates")).json())
    past = await client.put("/api/v1/accounting/tax-rates", json=body | {"valid_from": "2026-11-20"})
    assert (past.status_code, past.json()["code"]) == (409, "past_day")
    form = {"tax_class": "standard", "valid_from": "2027-10-01", "percent": "12"}
    for name, wrong in (("percent", "8.5"), ("valid_from", "2026-01-01"), ("valid_from", "")):
        refused = await client.post("/dashboard/tax-rates", data=form | {name: wrong})
        assert (refused.status_code, f'id="bad-{name}"' in refused.text) == (422, True)
    assert (await client.post("/dashboard/tax-rates", data=form)).status_code == 303
    page = (await client.get("/dashboard/tax-rates")).text
    assert "2027-04-01" in page
    assert "12%" in page
