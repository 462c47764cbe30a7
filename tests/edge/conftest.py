"""Edge tests run in virtual time; those marked `real_time` use real files and so need the real clock."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from tests.edge.machine_bench import Bench
from tools.simulator.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("real_time"):
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": VirtualTimeLoop}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_time: waits on real files, so the clock must be real")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    await made.power_on()
    await made.fill()
    yield made
    made.power_off()
