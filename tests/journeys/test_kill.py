"""Kill -9 of any one process in the middle of a sale: the money is in the sale or given back, and the books agree."""

from collections.abc import AsyncIterator

import pytest

from tests.journeys.shop import Shop
from tools.stack import ORDER, Stack

pytestmark = pytest.mark.processes


@pytest.fixture
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    opened = Shop(stack)
    yield opened
    await opened.close()


@pytest.mark.parametrize("name", ORDER)
async def test_sale_when_a_process_is_killed_then_money_and_books_agree(shop: Shop, stack: Stack, name: str) -> None:
    page = await shop.page()
    await shop.pay_and_choose(page, "A1")
    stack.kill(name)
    stack.start(name)
    stack.wait_ready(name)
    if name == "machine":
        page = await shop.page()
    await shop.settle(page)
    await shop.audit()


async def test_machine_when_the_broker_is_gone_then_sells_on_and_each_sale_arrives_once(
    shop: Shop, stack: Stack
) -> None:
    page = await shop.page()
    stack.kill("broker")
    await page.until("the screen says offline", lambda p: bool(p.view["notice"]))
    for slot in ("A2", "A3", "A2"):
        await shop.pay_and_choose(page, slot)
        await shop.settle(page)
    stack.start("broker")
    stack.wait_ready("broker")
    await page.until("online again", lambda p: not p.view["notice"])
    await shop.audit()


async def test_coins_when_the_machine_is_killed_before_a_choice_then_are_still_credit(shop: Shop, stack: Stack) -> None:
    page = await shop.page()
    await page.until("the screen is there", lambda _: True)
    await page.insert(500)
    stack.kill("machine")
    stack.start("machine")
    page = await shop.page()
    await page.until("credit is back", lambda p: p.view["credit"]["minor"] == 500)
    await shop.settle(page)
    await shop.audit()


async def test_logs_when_everything_has_run_then_hold_no_secret(shop: Shop, stack: Stack) -> None:
    page = await shop.page()
    await shop.pay_and_choose(page, "A2")
    await shop.settle(page)
    secrets = [*stack.secrets.values(), stack.local_token]
    logs = {log.name: log.read_text("utf-8") for log in (stack.folder / "logs").glob("*.log")}
    assert {"broker.log", "cloud.log", "intake.log", "worker.log", "machine.log"} <= logs.keys()
    assert [name for name, text in logs.items() if any(secret in text for secret in secrets)] == []
