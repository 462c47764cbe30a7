"""Planted bugs: the runtime or the store, each wrong in one way. The checker must catch every one."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.bill_orders import BillOrders, BillOutcome
from edge.devices import Devices
from edge.payout_orders import LegOutcome, PayoutOrders
from edge.runtime import Runtime
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import MachineState
from edge.vend.step import Step
from hardware.coin_changer.adapters import ChangerAcceptor, ChangerTube
from hardware.coin_changer.port import CoinChanger
from hardware.coin_hopper.port import HopperStatus
from hardware.errors import DeviceError, DeviceOfflineError, DeviceRefusedError
from protocol.events import Event
from protocol.money import yen
from tools.chaos.cloud import Reply, TinyCloud
from tools.chaos.machine import IDLE_RETURN_S, Parts
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

    async def _resolve_vend(self, slot: str, *, kept_power: bool) -> i.Delivered | i.NotDelivered:
        del kept_power
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


class CreditInMemory(PoweredStore):
    """The credit of a coin is only in memory until the next step: a cut in between takes it."""

    def write(self, happened: i.Input, state: MachineState, events: Sequence[Event]) -> None:
        if isinstance(happened, i.CoinIn) and state.credit >= happened.amount:
            state = state.model_copy(update={"credit": state.credit - happened.amount})
        super().write(happened, state, events)


class CreditsInEscrow(Runtime):
    """A bill is credited as soon as it is held, and once more when it is stacked."""

    def apply(self, happened: i.Input) -> Step:
        is_new = isinstance(happened, i.BillHeld) and self.state.bill is None
        decided = super().apply(happened)
        if isinstance(happened, i.BillHeld) and is_new and self.state.bill is not None:
            self.state = self.state.model_copy(update={"credit": self.state.credit + happened.amount})
        return decided


class StacksBlindly(BillOrders):
    """The order goes out first, after a restart too, and a refusal is taken for a bill that is gone."""

    async def move(self, effect: i.MoveBill) -> BillOutcome:
        if effect.order == "stack":
            try:
                await self._validator.stack()
            except DeviceRefusedError:
                return i.BillBack(effect.amount)
            except DeviceOfflineError:
                pass
        return await super().move(effect)


class BlindStacker(Runtime):
    """Orders a bill into the stacker without asking where it is."""

    def __init__(self, store: Store, devices: Devices, software: str, *, idle_return_s: float, host_boot: str) -> None:
        super().__init__(store, devices, software, idle_return_s=idle_return_s, host_boot=host_boot)
        if devices.bill_validator is not None:
            self._bills = StacksBlindly(devices.bill_validator)


class TrustsTheLatch(Runtime):
    """A drop latch that lost its supply is believed all the same."""

    async def _resolve_vend(self, slot: str, *, kept_power: bool) -> i.Delivered | i.NotDelivered:
        del kept_power
        return await super()._resolve_vend(slot, kept_power=True)


class ChargesFirst(Runtime):
    """A card is charged when the goods are ordered, not when they fell."""

    async def _vend(self, slot: str) -> i.Delivered | i.NotDelivered:
        card, reader = self.state.card, self._devices.cashless_reader
        if card is not None and card.reference and reader is not None:
            with contextlib.suppress(DeviceError):
                await reader.confirm(card.reference)
        return await super()._vend(slot)


class ForgetsToRelease(Runtime):
    """After a failed vend the reader is not told; the reservation stands until its own time-out."""

    async def _tell_reader(self, effect: i.RequestCard | i.SettleCard | i.AbandonCard) -> None:
        if isinstance(effect, i.SettleCard) and effect.order == "release":
            self.apply(i.CardSettled(effect.reference))
        elif not isinstance(effect, i.AbandonCard):
            await super()._tell_reader(effect)


class SellsOnAFullDisk(Runtime):
    """Nobody looks how much room there is."""

    def _watch_room(self) -> None:
        """Not now."""


class TakesAgain(Runtime):
    """A command that comes again is carried out again: its number is not looked at."""

    def apply(self, happened: i.Input) -> Step:
        if isinstance(happened, i.PaidVendAsked):
            self.state = self.state.model_copy(update={"last_command": happened.order.n - 1})
        return super().apply(happened)


class CountsItsOwnPayouts(ChangerTube):
    """A tube counts the orders of this process, not the changer's payouts: after a restart none was ever taken."""

    _orders = 0

    async def dispense(self, count: int) -> None:
        await super().dispense(count)
        self._orders += 1

    async def status(self) -> HopperStatus:
        return replace(await super().status(), event_counter=1 + self._orders)


class TellsCoinsAgain(ChangerAcceptor):
    """After a restart nobody looks which coins the journal has: what the changer tells again is credited again."""

    async def start(self, last_counter: int | None) -> str:
        return await super().start(None if last_counter is None else 0)


class TakesAnyPayout(PayoutOrders):
    """After a restart the changer's last payout is taken for the open order, whichever tube it came from."""

    def __init__(self, devices: Devices, changer: CoinChanger) -> None:
        super().__init__(devices.hoppers)
        self._changer = changer

    async def _resolve(self, kind: int, count: int, before: int) -> LegOutcome:
        await super()._settled(kind, count)
        paid = (await self._changer.status()).paid
        return i.LegUncertain("it forgot") if paid is None else i.LegDone(min(count, sum(paid.values())))


class BelievesAnyTube(Runtime):
    """Resolves its payouts with `TakesAnyPayout`."""

    def __init__(self, store: Store, devices: Devices, software: str, *, idle_return_s: float, host_boot: str) -> None:
        super().__init__(store, devices, software, idle_return_s=idle_return_s, host_boot=host_boot)
        if devices.coin_changer is not None:
            self._payouts = TakesAnyPayout(devices, devices.coin_changer)


class ForgetsTheTube(Runtime):
    """A coin that fell into a tube is not added to the books of the tube; the next count hides it."""

    def apply(self, happened: i.Input) -> Step:
        if isinstance(happened, i.CoinIn) and self._devices.coin_changer is not None:
            happened = replace(happened, routed_to="cash_box")
        return super().apply(happened)


class EagerCloud(TinyCloud):
    """Acknowledges what it has received, commits afterwards, and may crash in between."""

    def _frame(self, events: list[str], reply: Reply) -> bool:
        first, last = json.loads(events[0]), json.loads(events[-1])
        if first["seq"] <= len(self.end.log) + 1:
            self.send_ack(first["ep"], last["seq"], reply)
        return super()._frame(events, lambda *_: None)


class LetsOldUnitsVanish(Runtime):
    """A new planogram empties the slots whose product it changes."""

    def apply(self, happened: i.Input) -> Step:
        if isinstance(happened, i.PlanogramArrived):
            wanted = {row.slot: row.product_id for row in happened.planogram.slots}
            kept = {
                slot: n for slot, n in self.state.on_hand.items() if self.state.product_in(slot) == wanted.get(slot)
            }
            self.state = self.state.model_copy(update={"on_hand": kept})
        return super().apply(happened)


class ForgetsStackedBills(Runtime):
    """Bills are credited and never counted as the stacker's."""

    def apply(self, happened: i.Input) -> Step:
        done = super().apply(happened)
        self.state = self.state.model_copy(update={"stacker": {}})
        return done


@dataclass(frozen=True)
class Mutant:
    rules: frozenset[str]
    """At least one of these must be broken."""
    parts: Parts
    needs: str = ""
    """A word of the scenarios in which it differs from the machine as it is sold; empty: of all."""


def _mutant(kind: type[Runtime] | type[PoweredStore] | type[TinyCloud], *rules: str) -> Mutant:
    if issubclass(kind, PoweredStore):
        return Mutant(frozenset(rules), Parts(store=kind))
    if issubclass(kind, TinyCloud):
        return Mutant(frozenset(rules), Parts(cloud=kind))

    def make(store: PoweredStore, devices: Devices, host_boot: str) -> Runtime:
        return kind(store, devices, "chaos", idle_return_s=IDLE_RETURN_S, host_boot=host_boot)

    return Mutant(frozenset(rules), Parts(make=make))


def _changer_mutant(
    *rules: str, slot: type[ChangerAcceptor] = ChangerAcceptor, tube: type[ChangerTube] = ChangerTube
) -> Mutant:
    def make(store: PoweredStore, devices: Devices, host_boot: str) -> Runtime:
        changer = devices.coin_changer
        if changer is not None:
            acceptor = slot(changer)
            hoppers = {kind: tube(changer, acceptor, yen(kind)) for kind in devices.hoppers}
            devices = replace(devices, coin_acceptor=acceptor, hoppers=hoppers)
        return Runtime(store, devices, "chaos", idle_return_s=IDLE_RETURN_S, host_boot=host_boot)

    return Mutant(frozenset(rules), Parts(make=make), needs="changer")


MUTANTS = {
    "skipped_fsync": _mutant(
        SkippedFsync, "double payout", "unit without vend", "credit invented", "coin lost", "hopper books"
    ),
    "blind_retry": _mutant(BlindRetry, "double vend"),
    "pays_again": _mutant(PaysAgain, "double payout"),
    "forgets_a_leg": _mutant(ForgetsALeg, "payout invented"),
    "credits_first": _mutant(CreditsFirst, "credit invented"),
    "acknowledges_first": _mutant(AcknowledgesFirst, "coin lost"),
    "charges_for_nothing": _mutant(ChargesForNothing, "charge without goods"),
    "arms_late": _mutant(ArmsLate, "charge without goods"),
    "trusts_the_latch": _mutant(TrustsTheLatch, "goods without charge"),
    "credit_in_memory": _mutant(CreditInMemory, "credit"),
    "credits_in_escrow": _mutant(CreditsInEscrow, "credit"),
    "stacks_blindly": _mutant(BlindStacker, "bill lost"),
    "charges_first": _mutant(ChargesFirst, "charged before the drop"),
    "forgets_to_release": _mutant(ForgetsToRelease, "settled in words only"),
    "sells_on_a_full_disk": _mutant(SellsOnAFullDisk, "sold on a full disk"),
    "takes_again": _mutant(TakesAgain, "command"),
    "lets_old_units_vanish": _mutant(LetsOldUnitsVanish, "slot told"),
    "forgets_stacked_bills": _mutant(ForgetsStackedBills, "cash books"),
    "eager_cloud": _mutant(EagerCloud, "link"),
    "counts_its_own_payouts": _changer_mutant("double payout", tube=CountsItsOwnPayouts),
    "tells_coins_again": _changer_mutant("credit invented", slot=TellsCoinsAgain),
    "believes_any_tube": replace(_mutant(BelievesAnyTube, "payout invented"), needs="changer"),
    "forgets_the_tube": replace(_mutant(ForgetsTheTube, "tube books"), needs="changer"),
}
