"""Hardware tests run in virtual time; those marked `real_time` use real files and so need the real clock."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from hardware.emulated import EmulatedMachine, emulate
from hardware.world_state import WorldState
from tools.simulator.virtual_time import VirtualTimeLoop


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_time: waits on real files, so the clock must be real")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("real_time"):
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": VirtualTimeLoop}


@pytest.fixture
def state() -> WorldState:
    return WorldState.stocked(
        {"A1": ("green-tea", 3), "A2": ("cider", 1), "B1": ("yokan", 0), "C4": ("corn-soup", 8)},
        {10: 20, 50: 10, 100: 10, 500: 2},
    )


@pytest.fixture
async def build(state: WorldState) -> AsyncIterator[Callable[..., EmulatedMachine]]:
    """Makes emulated machines and closes them in the end."""
    machines: list[EmulatedMachine] = []

    def make(world: WorldState = state, **options: Any) -> EmulatedMachine:
        machines.append(emulate(world, **options))
        return machines[-1]

    yield make
    for machine in machines:
        machine.close()
