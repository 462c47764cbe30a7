"""Pin maps, pin factories, and the two kinds of pin."""

import asyncio
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from hardware.board import MockBoard
from hardware.errors import DeviceError
from hardware.gpio import InputPin, OutputPin, PinMap, open_pin_factory


def test_pin_map_when_default_then_has_twelve_slots() -> None:
    slots = PinMap().slots
    assert len(slots) == 12
    assert slots["C4"] == ("C", 4)


def test_pin_map_when_much_is_wrong_then_lists_everything() -> None:
    with pytest.raises(ValidationError) as refused:
        PinMap(rows={"A": 14}, columns={1: 16, 2: 16}, home={1: 22}, door=40, drop_beam=4)
    text = str(refused.value)
    for part in (
        "rows.A = 14 is reserved for UART",
        "columns.2 = 16 is taken by columns.1",
        "door = 40 is not a BCM pin",
        "drop_beam = 4 is reserved for 1-wire",
        "home inputs [1] do not match columns [1, 2]",
    ):
        assert part in text


@pytest.mark.parametrize("kind", ["lgpio", "rpigpio"])
def test_pin_factory_when_its_library_is_missing_then_says_so(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lgpio", "RPi", "RPi.GPIO"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("gpiozero.pins.lgpio", "gpiozero.pins.rpigpio"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(DeviceError, match=f"PIN_FACTORY={kind} needs a library"):
        open_pin_factory(kind)


def test_fake_rpi_when_the_real_one_is_loaded_then_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "RPi.GPIO", types.ModuleType("RPi.GPIO"))
    with pytest.raises(DeviceError, match=r"the real RPi\.GPIO"):
        open_pin_factory("fake_rpi")


@pytest.fixture(params=["mock", "fake_rpi"])
def board(request: pytest.FixtureRequest) -> Any:
    factory = open_pin_factory(request.param)
    yield factory
    factory.close()


def test_output_when_opened_switched_and_closed_then_the_wire_follows(board: Any) -> None:
    levels: list[bool] = []
    board.watch_output(5, levels.append)
    pin = OutputPin(board, 5)
    assert levels == []
    pin.on()
    assert pin.is_on
    pin.close()
    pin.close()
    pin.off()
    assert levels == [True, False]


def test_output_when_the_factory_closes_then_the_wire_goes_low(board: Any) -> None:
    levels: list[bool] = []
    board.watch_output(5, levels.append)
    pin = OutputPin(board, 5)
    pin.on()
    board.close()
    assert levels == [True, False]


async def test_input_when_undriven_then_shows_its_pull(board: Any) -> None:
    to_ground, driven = InputPin(board, 22, active_low=True), InputPin(board, 23, active_low=False)
    assert not to_ground.is_active
    assert not driven.is_active


@pytest.mark.parametrize("is_driven_first", [True, False])
async def test_input_when_driven_then_the_level_beats_the_pull(board: Any, is_driven_first: bool) -> None:
    if is_driven_first:
        board.drive_input(22, False)
    pin = InputPin(board, 22, active_low=True)
    if not is_driven_first:
        board.drive_input(22, False)
    assert pin.is_active


async def test_input_when_it_chatters_then_reports_once_it_holds(board: Any) -> None:
    heard: list[tuple[bool, float]] = []
    loop = asyncio.get_running_loop()
    pin = InputPin(
        board, 22, active_low=True, debounce_s=0.015, on_change=lambda level: heard.append((level, loop.time()))
    )
    for level in (False, True, False, True, False):
        board.drive_input(22, level)
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)
    assert [level for level, _ in heard] == [True]
    assert heard[0][1] == pytest.approx(0.035)
    assert pin.is_held_active


async def test_input_when_a_spike_is_shorter_than_the_debounce_then_is_not_reported(board: Any) -> None:
    heard: list[bool] = []
    InputPin(board, 22, active_low=True, debounce_s=0.015, on_change=heard.append)
    board.drive_input(22, False)
    await asyncio.sleep(0.01)
    board.drive_input(22, True)
    await asyncio.sleep(0.1)
    assert heard == []


@pytest.mark.real_time
async def test_input_when_the_edge_comes_from_another_thread_then_is_reported_on_the_loop() -> None:
    factory = MockBoard()
    heard: asyncio.Queue[int] = asyncio.Queue()
    pin = InputPin(factory, 22, active_low=True, on_change=lambda _: heard.put_nowait(threading.get_ident()))
    edge: Callable[[], None] = lambda: factory.drive_input(22, False)  # noqa: E731
    thread = threading.Thread(target=edge)
    thread.start()
    assert await asyncio.wait_for(heard.get(), 10) == threading.get_ident()
    thread.join()
    pin.close()
    factory.close()


async def test_input_when_closed_then_reports_no_more(board: Any) -> None:
    heard: list[bool] = []
    pin = InputPin(board, 22, active_low=True, debounce_s=0.015, on_change=heard.append)
    board.drive_input(22, False)
    pin.close()
    pin.close()
    await asyncio.sleep(0.1)
    assert heard == []
