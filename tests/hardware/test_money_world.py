"""Bills, cards and tubes of a whole machine: whatever happens, and whoever loses power, nothing is lost or made."""

import asyncio
import contextlib
import random
from collections.abc import Callable

import pytest

from hardware.bill_validator.simulated import SimulatedBillValidator
from hardware.cashless_reader.simulated import PowerLoss, SimulatedCashlessReader
from hardware.coin_changer.simulated import SimulatedCoinChanger
from hardware.emulated import EmulatedMachine
from hardware.errors import DeviceError
from hardware.port_faults import Fault
from hardware.world import World
from hardware.world_state import TubeState, ValidatorState, WorldState
from protocol.money import yen

Build = Callable[..., EmulatedMachine]
CARDS = {"card-1": 2000, "card-2": 300}


def stocked() -> WorldState:
    state = WorldState(validator=ValidatorState(capacity=6))
    state.changer.tubes |= {10: TubeState(capacity=8), 50: TubeState(), 100: TubeState(capacity=4)}
    world = World(state)
    for card, balance in CARDS.items():
        world.issue_card(card, balance)
    for value, coins in {10: 8, 50: 5, 100: 2}.items():
        world.load_tube(value, coins)
    return state


class Life:
    """One seeded life of a machine, its customers, its staff and its bad luck, over restarts of the controller."""

    def __init__(self, build: Build, seed: int) -> None:
        self.build = build
        self.seed = seed
        self.dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.state = stocked()
        self.machine: EmulatedMachine
        self.seen: set[str] = set()
        self.references: list[str] = []

    async def controller_on(self) -> None:
        self.machine = self.build(self.state, changer=True)
        self.machine.world.on_change = self.audit
        for device in self.devices():
            with contextlib.suppress(DeviceError):
                await device.start()
                await device.set_accepting(accepting=True)

    def audit(self) -> None:
        assert self.state.coins_unaccounted() == {}, f"seed {self.seed}"
        assert self.state.bills_unaccounted() == {}, f"seed {self.seed}"
        assert self.state.cards_unaccounted() == {}, f"seed {self.seed}"
        self.note()

    async def live(self, actions: int) -> None:
        await self.controller_on()
        happenings = [self.customer, self.customer, self.customer, self.orders, self.orders, self.trouble, self.cut]
        for _ in range(actions):
            with contextlib.suppress(DeviceError):
                await self.dice.choice(happenings)()
            await asyncio.sleep(self.dice.choice([0.1, 0.5, 3.0]))
            if self.dice.random() < 0.03:
                await self.replace_controller()
        await asyncio.sleep(300)
        self.audit()

    def note(self) -> None:
        """Which corners this life has been to, so that a test can tell it was no idle one."""
        state = self.state
        corners = {
            "stacked": state.validator.stacked,
            "taken back": state.bills_taken,
            "jammed": state.validator.is_jammed,
            "cut while moving": state.validator.is_checking and state.validator.movement != "rest",
            "charged": any(card.charges for card in state.cards.values()),
            "released": any(item.state == "released" for item in state.reader.payments.values()),
            "paid": state.changer.payouts,
            "cash box": state.cash_box,
        }
        self.seen |= {name for name, has_been in corners.items() if has_been}

    async def replace_controller(self) -> None:
        self.machine.close()
        self.state = WorldState.model_validate_json(self.state.model_dump_json())
        await self.controller_on()

    async def customer(self) -> None:
        world, dice = self.machine.world, self.dice
        dice.choice(
            [
                lambda: world.insert_bill(dice.choice([1000, 1000, 5000, 777])),
                lambda: world.insert_coin(dice.choice([1, 10, 50, 100, 500])),
                lambda: world.present_card(dice.choice(list(CARDS))),
                lambda: world.present_card(dice.choice(list(CARDS))),
                world.remove_card,
                world.take_bills,
                world.take_coins,
            ]
        )()

    async def orders(self) -> None:
        validator, reader, changer = self.devices()
        for event in await reader.poll():
            if reference := getattr(event, "reference", ""):
                self.references.append(reference)
        reference = self.dice.choice(self.references or ["payment-1"])
        await self.dice.choice(
            [
                validator.stack,
                validator.give_back,
                validator.poll,
                changer.poll,
                lambda: changer.pay({self.dice.choice([10, 50, 100]): self.dice.randint(1, 4), 10: 1}),
                lambda: reader.request(self.state.reader.session, yen(self.dice.randint(100, 400)), "A1"),
                lambda: reader.request(self.state.reader.session, yen(self.dice.randint(100, 400)), "A1"),
                lambda: reader.confirm(reference),
                lambda: reader.fail(reference),
                lambda: reader.end_session(self.state.reader.session),
            ]
        )()

    async def trouble(self) -> None:
        dice, world = self.dice, self.machine.world
        validator, reader, changer = self.devices()
        fault = dice.choice(list(Fault))
        remembers = dice.random() < 0.7
        outcome = dice.choice([PowerLoss.CHARGES, PowerLoss.RELEASES, *[PowerLoss.KEEPS] * remembers])
        dice.choice(
            [
                lambda: validator.power_cycle(remembers=remembers),
                lambda: validator.power_cycle(remembers=remembers),
                lambda: reader.power_cycle(outcome, remembers=remembers),
                lambda: changer.power_cycle(remembers=remembers),
                lambda: dice.choice([validator, reader, changer]).fail_next(fault),
                world.bill_jam,
                validator.repair,
                validator.repair,
                validator.give_up,
                lambda: (validator.remove_stacker(), validator.insert_stacker()),
                lambda: world.tube_jam(50, jammed=dice.random() < 0.3),
                lambda: changer.press_key(10),
                reader.deny_next,
                reader.ignore_next,
                reader.lose_next_refund,
            ]
        )()

    async def cut(self) -> None:
        """Power fails in the middle of something."""
        validator, reader, changer = self.devices()
        self.machine.world.insert_bill(1000)
        await asyncio.sleep(self.dice.choice([0.5, 4.0]))
        with contextlib.suppress(DeviceError):
            await self.dice.choice([validator.stack, validator.give_back, lambda: changer.pay({10: 3})])()
        await asyncio.sleep(self.dice.random() * 1.2)
        self.dice.choice([validator, validator, reader, changer]).power_cycle()

    def devices(self) -> tuple[SimulatedBillValidator, SimulatedCashlessReader, SimulatedCoinChanger]:
        machine = self.machine
        assert machine.bill_validator is not None
        assert machine.cashless_reader is not None
        assert machine.coin_changer is not None
        return machine.bill_validator, machine.cashless_reader, machine.coin_changer


@pytest.mark.parametrize("seed", range(10))
async def test_money_when_anything_happens_and_power_fails_then_none_is_lost_or_made(build: Build, seed: int) -> None:
    life = Life(build, seed)
    await life.live(actions=300)
    assert all(not card.reserved for card in life.state.cards.values()), f"seed {seed}"


async def test_lives_when_put_together_then_have_been_in_every_corner(build: Build) -> None:
    seen: set[str] = set()
    for seed in range(100, 106):
        life = Life(build, seed)
        await life.live(actions=200)
        seen |= life.seen
    assert seen == {
        "stacked", "taken back", "jammed", "cut while moving", "charged", "released", "paid", "cash box",
    }  # fmt: skip


async def test_life_when_lived_again_then_ends_the_same(build: Build) -> None:
    ends: list[str] = []
    for _ in range(2):
        life = Life(build, 7)
        await life.live(actions=150)
        ends.append(life.state.model_dump_json())
    assert ends[0] == ends[1]


async def test_emulate_when_told_what_is_fitted_then_gives_these_devices(build: Build) -> None:
    usual = build()
    assert usual.bill_validator is not None
    assert usual.cashless_reader is not None
    assert usual.coin_changer is None
    bare = build(WorldState(), bills=False, cards=False)
    assert (bare.bill_validator, bare.cashless_reader, bare.coin_changer) == (None, None, None)


async def test_changer_when_fitted_then_the_coin_slot_is_its_own(build: Build) -> None:
    machine = build(stocked(), changer=True)
    assert machine.coin_changer is not None
    await machine.coin_changer.set_accepting(accepting=True)
    machine.world.insert_coin(50)
    assert machine.world.state.changer.tubes[50].count == 6
    assert machine.world.state.acceptor.counter == 0


def test_load_tube_when_it_does_not_fit_then_is_refused() -> None:
    world = World(stocked())
    with pytest.raises(ValueError, match="do not fit"):
        world.load_tube(10, 1)
    with pytest.raises(KeyError):
        world.load_tube(500, 1)


def test_eject_from_tube_when_empty_then_is_a_value_error() -> None:
    world = World(WorldState())
    world.state.changer.tubes[10] = TubeState()
    with pytest.raises(ValueError, match="is empty"):
        world.eject_from_tube(10)
