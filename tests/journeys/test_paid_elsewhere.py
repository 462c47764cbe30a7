"""A sale that is paid on the phone, and a coupon: from the cloud's API to the tray and back into the books."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.journeys.shop import Shop
from tools.smoke import Cloud, Page
from tools.stack import MACHINE, Stack

pytestmark = pytest.mark.processes

HERE = f"/api/v1/vending/machines/{MACHINE}"
ENDS = {"succeeded", "failed", "rejected", "expired", "unknown"}


@pytest.fixture
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    opened = Shop(stack)
    yield opened
    await opened.close()


@pytest.fixture
async def cloud(stack: Stack) -> Cloud:
    return await asyncio.to_thread(Cloud, stack.cloud_url, stack.password)


async def ready(shop: Shop, cloud: Cloud) -> Page:
    page = await shop.page()
    await page.until("stock", lambda p: p.tile("A1").get("state") in {"available", "affordable"})
    await cloud.until("the machine is online", HERE, lambda machine: machine["is_online"])
    return page


async def ended(cloud: Cloud, command: dict[str, Any]) -> dict[str, Any]:
    """The command, once it is known what became of it."""
    path = f"{HERE}/commands/{command['id']}"
    await cloud.until("the command ends", path, lambda told: told["state"] in ENDS)
    told: dict[str, Any] = cloud.get(path)
    return told


async def test_sale_when_paid_on_the_phone_then_the_unit_falls_and_the_books_name_the_payment(
    shop: Shop, cloud: Cloud
) -> None:
    page = await ready(shop, cloud)
    command = cloud.post(f"{HERE}/vend", {"slot": "A1", "payment": "phone-1"})
    assert (await ended(cloud, command))["state"] == "succeeded"
    await page.until("the product is in the tray", lambda p: bool(p.world["tray"]))
    await shop.settle(page)
    await shop.audit()
    sale = cloud.get("/api/v1/transactions?limit=1")["items"][0]
    assert (sale["tender"], sale["payment"]) == ("remote", "phone-1")


async def test_sale_when_the_machine_is_killed_while_it_delivers_then_is_delivered_once_or_refunded(
    shop: Shop, stack: Stack, cloud: Cloud
) -> None:
    page = await ready(shop, cloud)
    before = sum(shop.world().units_taken.values())
    command = cloud.post(f"{HERE}/vend", {"slot": "A2", "payment": "phone-2"})
    await page.until("the coil turns", lambda p: p.world["slots"]["A2"]["turning"])
    stack.kill("machine")
    page = await shop.page()
    told = await ended(cloud, command)
    await shop.settle(page)
    await shop.audit()
    assert sum(shop.world().units_taken.values()) - before == (told["state"] == "succeeded")
    assert told["state"] in {"succeeded", "failed"}


async def test_coupon_when_offered_then_its_price_is_shown_charged_and_booked(shop: Shop, cloud: Cloud) -> None:
    page = await ready(shop, cloud)
    command = cloud.post(f"{HERE}/offers", {"slot": "A1", "price_minor": 100, "coupon": "RAINY-DAY"})
    await page.until("the coupon's price", lambda p: p.tile("A1")["price_minor"] == 100)
    await page.insert(100)
    await page.say(type="intent", intent="select", slot="A1")
    assert (await ended(cloud, command))["state"] == "succeeded"
    await shop.settle(page)
    await shop.audit()
    sale = cloud.get("/api/v1/transactions?limit=1")["items"][0]
    assert (sale["gross_minor"], sale["coupon"]) == (100, "RAINY-DAY")
    await page.until("the list price again", lambda p: p.tile("A1")["price_minor"] == 160)
