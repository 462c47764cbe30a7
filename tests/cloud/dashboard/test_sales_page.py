"""The pages of sales: every sale, one sale with its refunds, and the form that gives it back."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.db.database import Database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver


@pytest.fixture
async def sold(seeded: Database, script: Any, clock: Callable[[], int]) -> None:
    """Sale 1 of 160 yen in cash; 2 failed."""
    script.restock()
    script.sale()
    script.failed_vend()
    await Receiver(seeded, clock).handle([script.birth(), *script.messages()])
    await Interpreter(seeded, clock=clock).run_once()


@pytest.mark.usefixtures("sold")
async def test_sale_when_given_back_by_form_then_once_and_its_page_the_list_and_the_tasks_say_so(
    client: AsyncClient,
) -> None:
    assert 'href="/dashboard/sales/1"' in (await client.get("/dashboard/sales?machine=vm-test-0001")).text
    page = (await client.get("/dashboard/sales/1")).text
    once = re.search(r'name="once" value="(\w+)"', page)
    assert once is not None
    form = {"amount": "100", "method": "original", "customer": "", "reason": "冷えていない", "once": once[1]}
    for name, wrong in (("amount", "1.5"), ("amount", "161"), ("reason", ""), ("customer", "c-1")):
        refused = await client.post("/dashboard/sales/1/refund", data=form | {name: wrong})
        assert (refused.status_code, f'id="bad-{name}"' in refused.text) == (422, True), name
    for _ in range(2):
        sent = await client.post("/dashboard/sales/1/refund", data=form)
        assert sent.status_code == 303
    page = (await client.get("/dashboard/sales/1")).text
    assert page.count("冷えていない") == 1
    assert "¥60" in page
    assert "冷えていない" in (await client.get("/dashboard/sales/refunds")).text
    assert "¥100 をお客様に返金します" in (await client.get("/dashboard/tasks")).text
    assert (await client.get("/dashboard/sales/refunds/1")).headers["location"] == "/dashboard/sales/1"


@pytest.mark.usefixtures("sold")
async def test_sale_when_nothing_was_charged_or_nobody_knows_it_then_there_is_nothing_to_give_back(
    client: AsyncClient,
) -> None:
    assert "返金する" not in (await client.get("/dashboard/sales/2")).text
    form = {"amount": "1", "method": "original", "reason": "x"}
    refused = await client.post("/dashboard/sales/2/refund", data=form)
    assert (refused.status_code, "代金をいただいていない" in refused.text) == (422, True)
    assert (await client.get("/dashboard/sales/99")).status_code == 404
    assert (await client.post("/dashboard/sales/99/refund", data=form)).status_code == 404
    assert (await client.get("/dashboard/sales/refunds/99")).status_code == 404
