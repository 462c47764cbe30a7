"""Planted bugs: the runtime or the store, each wrong in one way. The checker must catch every one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.devices import Devices
from edge.runtime import Runtime
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import MachineState
from edge.vend.step import Step
from protocol.events import Event
from tools.chaos.machine import IDLE_RETURN_S, RuntimeMaker, make_runtime
from tools.chaos.power import PoweredStore


class SkippedFsync(PoweredStore):
    """The newest commit is only in the cache of the disk: a power cut loses it."""

    _unsynced: tuple[i.Input, MachineState, Sequence[Event]] | None = None

    def write(self, happened: i.Input, state: MachineState, events: Sequence[Event]) -> None:
        self._sync()
        self._unsynced = (happened, state, events)

    def _sync(self) -> None:
        if self._unsynced is not None:
            Store.commit(self, *self._unsynced)
            self._unsynced = None

    def lose_power(self) -> None:
        self._unsynced = None

    def close(self) -> None:
        self._sync()
        super().close()


class BlindRetry(Runtime):
    """After a restart the motor simply turns again."""

    async def _resolve_vend(self, slot: str) -> i.Delivered | i.NotDelivered:
        return await self._vend(slot)


class PaysAgain(Runtime):
    """After a restart the order to the hopper simply goes out again."""

    async def _carry_out(self, effect: i.Effect) -> None:
        if isinstance(effect, i.ResolveLeg):
            effect = i.OrderCoins(effect.denomination, effect.count)
        await super()._carry_out(effect)


class ForgetsALeg(Runtime):
    """Orders of 10 yen coins are reported as paid and never go out."""

    async def _carry_out(self, effect: i.Effect) -> None:
        if isinstance(effect, i.OrderCoins) and effect.denomination == 10:
            self.apply(i.LegDone(effect.count))
        else:
            await super()._carry_out(effect)


class CreditsFirst(Runtime):
    """The credit is written first, the acceptor's counter with the next step: a cut in between credits it twice."""

    def apply(self, happened: i.Input) -> Step:
        if not isinstance(happened, i.CoinIn):
            return super().apply(happened)
        before = self.state.coin_counter
        decided = super().apply(i.CoinIn(happened.amount, happened.routed_to, before or 0))
        super().apply(i.CoinCounterMoved(happened.counter))
        return decided


class AcknowledgesFirst(Runtime):
    """The acceptor's counter is written before the credit: a cut in between loses the coin."""

    def apply(self, happened: i.Input) -> Step:
        if isinstance(happened, i.CoinIn):
            super().apply(i.CoinCounterMoved(happened.counter))
        return super().apply(happened)


class ChargesForNothing(Runtime):
    """A coil that came home is taken for a product that fell."""

    async def _vend(self, slot: str) -> i.Delivered | i.NotDelivered:
        outcome = await super()._vend(slot)
        if isinstance(outcome, i.NotDelivered) and outcome.reason == "no_drop":
            return i.Delivered(turns=2)
        return outcome


class ArmsLate(Runtime):
    """The drop latch is cleared after the intent is written: a cut in between finds the fall of the sale before."""

    def _arm_drop_sensor(self) -> None:
        """Not yet."""

    async def _vend(self, slot: str) -> i.Delivered | i.NotDelivered:
        self._devices.drop_sensor.arm()
        return await super()._vend(slot)


@dataclass(frozen=True)
class Mutant:
    rules: frozenset[str]
    """At least one of these must be broken."""
    make: RuntimeMaker = make_runtime
    store: type[PoweredStore] = PoweredStore


def _runtime(kind: type[Runtime]) -> Callable[[PoweredStore, Devices], Runtime]:
    return lambda store, devices: kind(store, devices, "chaos", idle_return_s=IDLE_RETURN_S)


MUTANTS = {
    "skipped_fsync": Mutant(
        frozenset({"double payout", "unit without vend", "credit invented", "coin lost", "hopper books"}),
        store=SkippedFsync,
    ),
    "blind_retry": Mutant(frozenset({"double vend"}), _runtime(BlindRetry)),
    "pays_again": Mutant(frozenset({"double payout"}), _runtime(PaysAgain)),
    "forgets_a_leg": Mutant(frozenset({"payout invented"}), _runtime(ForgetsALeg)),
    "credits_first": Mutant(frozenset({"credit invented"}), _runtime(CreditsFirst)),
    "acknowledges_first": Mutant(frozenset({"coin lost"}), _runtime(AcknowledgesFirst)),
    "charges_for_nothing": Mutant(frozenset({"charge without goods"}), _runtime(ChargesForNothing)),
    "arms_late": Mutant(frozenset({"charge without goods"}), _runtime(ArmsLate)),
}
