"""The same drivers over a real serial port: pyserial on one side of a pseudo-terminal, the peers on the other."""

import asyncio
from collections.abc import Callable

import pytest

from hardware.coin_acceptor.port import CoinAccepted
from hardware.emulated import EmulatedMachine
from hardware.errors import DeviceOfflineError
from hardware.wire.cctalk_host import CcTalkBus
from hardware.wire.pty_link import PtyLink
from hardware.wire.serial_link import SerialLink
from protocol.money import yen

pytestmark = pytest.mark.real_time
Build = Callable[..., EmulatedMachine]


@pytest.mark.parametrize("echo", [False, True])
async def test_acceptor_when_on_a_serial_port_then_credits_coins(build: Build, echo: bool) -> None:
    machine = build(wire="pty", echo=echo)
    await machine.acceptor.start(None)
    await machine.acceptor.set_accepting(accepting=True)
    machine.world.insert_coin(100)
    machine.world.insert_coin(500)
    assert await machine.acceptor.poll() == [CoinAccepted(yen(100), 3, 1), CoinAccepted(yen(500), 4, 2)]
    assert machine.bus.has_echo is echo


async def test_hopper_when_on_a_serial_port_then_pays(build: Build) -> None:
    machine = build(wire="pty")
    await machine.hoppers[10].start()
    await machine.hoppers[10].dispense(1)
    async with asyncio.timeout(30):
        while (status := await machine.hoppers[10].status()).remaining:
            await asyncio.sleep(0.05)
    assert status.paid == 1


async def test_link_when_the_port_does_not_exist_then_says_so() -> None:
    with pytest.raises(DeviceOfflineError, match="cannot open"):
        SerialLink("/dev/does-not-exist")


async def test_link_when_nothing_comes_then_read_returns_empty() -> None:
    device = PtyLink()
    link = SerialLink(device.port)
    assert await link.read(10, 0) == b""
    assert await link.read(10, 0.01) == b""
    link.close()
    device.close()


async def test_link_when_closed_then_refuses_to_write() -> None:
    device = PtyLink()
    link = SerialLink(device.port)
    link.close()
    link.close()
    with pytest.raises(DeviceOfflineError, match="closed"):
        link.write(b"x")
    device.close()


async def test_bus_when_the_adapter_vanishes_then_says_offline() -> None:
    device = PtyLink()
    bus = CcTalkBus(SerialLink(device.port), reply_timeout_s=0.05)
    device.close()
    with pytest.raises(DeviceOfflineError):
        await bus.request(2, 254, retries=0)
    bus.close()
