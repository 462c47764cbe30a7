"""Kill -9 of the controller at random moments of many sales: nobody loses a yen, and the books agree.

Longer, and with other dice: KILL_SALES=200 KILL_SEED=7 python -m pytest tests/journeys/test_kill_many.py
"""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from edge.emulated import CoinDevice
from tests.journeys.crowd import Crowd, open_shop
from tests.journeys.shop import Shop
from tools.stack import Ports, Stack

pytestmark = pytest.mark.processes

SEED = int(os.environ.get("KILL_SEED", "20261121"))
SALES = {"hoppers": 20, "changer": 10}
"""By coin device; two to five seconds each, restarts included."""


@pytest.fixture(params=SALES)
def coin_device(request: pytest.FixtureRequest) -> CoinDevice:
    device: CoinDevice = request.param
    return device


@pytest.fixture
def stack(tmp_path: Path, coin_device: CoinDevice) -> Iterator[Stack]:
    running = Stack(tmp_path, Ports.free(), env={"COIN_DEVICE": coin_device})
    try:
        open_shop(running, coin_device)
        yield running
    finally:
        running.stop()


@pytest.fixture
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    opened = Shop(stack)
    yield opened
    await opened.close()


async def test_sales_when_the_controller_is_killed_again_and_again_then_money_and_books_agree(
    shop: Shop, coin_device: CoinDevice
) -> None:
    sales = int(os.environ.get("KILL_SALES", SALES[coin_device]))
    crowd = Crowd(shop, SEED)
    await crowd.buy(sales)
    try:
        await shop.audit()
    except AssertionError as error:
        raise AssertionError(f"{crowd.where}: {error}") from error
    assert crowd.reaper.kills >= sales // 5
    assert crowd.tenders == {"coins", "bill", "card"}
