"""The machine's shell: inputs in, one transaction, effects out.

`apply` decides (pure `step`), writes state and events to the store, and only then starts the effects. It
never awaits, so steps cannot overlap. Not responsible for what a step means, nor for the link or screens:
those listen. A background task that dies ends `run`, and with it the process; the store tells the next one
where it was.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

from edge.bill_orders import BillOrders
from edge.card_orders import CardOrders
from edge.devices import Devices
from edge.money_in.bills import BillsIn
from edge.money_in.cards import CardsIn
from edge.money_in.coins import CoinsIn
from edge.money_in.poller import Poller
from edge.money_in.tubes import Tubes
from edge.payout_orders import PayoutOrders
from edge.service.device_inputs import DeviceTestAsked, DeviceTestEnded
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.delivery import MAX_TURNS, judge, judge_after_restart
from edge.vend.state import MachineState, Phase, hopper_name
from edge.vend.state_machine import step
from edge.vend.step import Context, Step
from hardware.dispenser.port import SlotCondition
from hardware.errors import DeviceError
from protocol.desired import Planogram
from protocol.money import Money

DROP_WINDOW_S: Final = 2.0
"""After the coil is home, how long a product may still be falling."""
HOUSEKEEPING_S: Final = 1.0
IDLE_RETURN_S: Final = 60.0
"""Credit nobody touches for so long is given back."""

TOUCHES: Final = (
    i.CoinIn, i.BillHeld, i.CardBegun, i.Select, i.Delivered, i.NotDelivered, DeviceTestAsked,
)  # fmt: skip
"""Inputs that show that somebody is there, or has only just been served."""
TURNING: Final = frozenset({Phase.DISPENSING, Phase.SERVICING})

_log = structlog.get_logger(__name__)

StepListener = Callable[[Step], None]


class Runtime:
    """One machine. Make it, `start` it, then `run` it until cancelled."""

    def __init__(
        self,
        store: Store,
        devices: Devices,
        software: str,
        *,
        idle_return_s: float = IDLE_RETURN_S,
        is_multi_vend: bool = False,
        host_boot: str = "",
    ) -> None:
        """Wire it up.

        Args:
            store: this machine's; its last state is where the machine goes on.
            devices: not started yet.
            software: version, for the first event of this boot.
            idle_return_s: seconds after which untouched credit is paid back.
            is_multi_vend: keep the credit that is left after a sale for the next one.
            host_boot: see `edge.clock.host_boot`.
        """
        self._store = store
        self._devices = devices
        self._software = software
        self._idle_return_s = idle_return_s
        self._context = Context(store.epoch, host_boot, is_multi_vend=is_multi_vend)
        self._listeners: list[StepListener] = []
        self._offered: Planogram | None = None
        self._last_touch = 0.0
        self._last_vend_failed = False
        self._fell_late = False
        self._coils = asyncio.Lock()
        """Held while a coil turns or is looked at: the matrix has one home line per column."""
        self._chores = asyncio.Event()
        """Set with every step: there may be something to look after."""
        self._tasks: asyncio.TaskGroup | None = None
        self._waiting_effects: list[i.Effect] = []
        self._payouts = PayoutOrders(devices.hoppers)
        self._bills = BillOrders(devices.bill_validator) if devices.bill_validator is not None else None
        self._cards = CardOrders(devices.cashless_reader) if devices.cashless_reader is not None else None
        self.state: MachineState = store.load_state()
        changer, kinds = devices.coin_changer, frozenset(devices.hoppers)
        tubes = Tubes(self, changer, kinds) if changer is not None else None
        self._coins = CoinsIn(self, devices.coin_acceptor, devices.hopper_paths, tubes)
        self._pollers: list[Poller[Any]] = [self._coins.poller]
        self._bills_in: BillsIn | None = None
        if devices.bill_validator is not None and self._bills is not None:
            self._bills_in = BillsIn(self, devices.bill_validator, self._bills)
            self._pollers.append(self._bills_in.poller)
        if devices.cashless_reader is not None:
            self._pollers.append(CardsIn(self, devices.cashless_reader).poller)

    def listen(self, listener: StepListener) -> None:
        """Call `listener(step)` after each step is on the disk."""
        self._listeners.append(listener)

    # --- one step ------------------------------------------------------------------------------
    def apply(self, happened: i.Input) -> Step:
        """Decide, write, then start what is to be done.

        Raises:
            UnexpectedInputError: a bug; nothing was written.
            StoreFullError: nothing was written and nothing will move.
        """
        decided = step(self.state, happened, self._context)
        if any(isinstance(effect, i.TurnCoil) for effect in decided.effects):
            self._arm_drop_sensor()
        if decided.state is not self.state or decided.events:
            self._store.commit(happened, decided.state, decided.events)
            self.state = decided.state
        for effect in decided.effects:
            self._begin(effect)
        for poller in self._pollers:
            poller.stepped()
        self._chores.set()
        for listener in self._listeners:
            listener(decided)
        if isinstance(happened, TOUCHES):
            self.touched()
        self._take_offered_planogram()
        self._watch_room()
        return decided

    def _arm_drop_sensor(self) -> None:
        """Before the intent is written: the latch of the sale before must not answer for this one after a restart."""
        sensor = self._devices.drop_sensor
        self._fell_late = self._last_vend_failed and sensor.has_dropped
        sensor.arm()

    def _begin(self, effect: i.Effect) -> None:
        if self._tasks is None:
            self._waiting_effects.append(effect)
        else:
            self._as_task(self._tasks, self._carry_out(effect), type(effect).__name__)

    @staticmethod
    def _as_task(tasks: asyncio.TaskGroup, work: Coroutine[Any, Any, None], name: str) -> None:
        """Begin it as a task, so that its error ends the process; not begun any more when the process is ending.

        What is on disk and was not begun is taken up by the next start, which looks at every device first.
        """
        try:
            tasks.create_task(work, name=name)
        except RuntimeError as error:  # another task has failed: asyncio's TaskGroup takes no more
            work.close()
            _log.warning("the process is ending, not begun any more", work=name, reason=str(error))

    async def _carry_out(self, effect: i.Effect) -> None:
        match effect:
            case i.TurnCoil(slot):
                self.apply(await self._vend(slot))
            case i.ResolveVend(slot, kept_power):
                self.apply(await self._resolve_vend(slot, kept_power=kept_power))
            case i.MoveBill() if self._bills is not None:
                self.apply(await self._bills.move(effect))
            case i.FindBill() if self._bills is not None:
                self.apply(await self._bills.find(effect))
            case i.MoveBill() | i.FindBill():
                self.apply(i.BillUncertain("this machine has no bill validator any more"))
            case i.RequestCard() | i.SettleCard() | i.AbandonCard():
                await self._tell_reader(effect)
            case i.EndOfferAfter(command, left_ms):
                await asyncio.sleep(left_ms / 1000)
                self.apply(i.OfferEnded(command))
            case _:
                self.apply(await self._payouts.carry_out(effect))

    async def _tell_reader(self, effect: i.RequestCard | i.SettleCard | i.AbandonCard) -> None:
        cards = self._cards
        match effect:
            case i.RequestCard(session, amount):
                asked = self.state.vend
                why = "no reader" if cards is None else await cards.request(effect, Money(amount, self.state.currency))
                if self.state.phase is Phase.APPROVING and self.state.vend == asked:
                    self.apply(i.CardDenied(session, why))
            case i.SettleCard(reference):
                self.apply(i.CardUnsettled(reference, "no reader") if cards is None else await cards.settle(effect))
            case i.AbandonCard() if cards is not None:
                taken = await cards.abandon(effect)
                if effect.asked and taken is not None:
                    self.apply(i.CardTakenBack(effect.session, tuple(taken)))

    # --- wishes from outside -------------------------------------------------------------------
    def offer_planogram(self, planogram: Planogram) -> None:
        """Take a settings document over as soon as no customer is in the middle of something."""
        self._offered = planogram
        self._take_offered_planogram()

    def _take_offered_planogram(self) -> None:
        if self._offered is not None and self.state.phase is Phase.IDLE:
            offered, self._offered = self._offered, None
            self.apply(i.PlanogramArrived(offered))

    def touched(self) -> None:
        """Somebody is there: forgotten credit is not forgotten yet."""
        self._last_touch = asyncio.get_running_loop().time()

    @property
    def idle_left_s(self) -> float | None:
        """Seconds until untouched credit is returned; None while there is none."""
        if self.state.phase is not Phase.CREDIT:
            return None
        return self._last_touch + self._idle_return_s - asyncio.get_running_loop().time()

    # --- life ----------------------------------------------------------------------------------
    async def start(self) -> None:
        """Put the outputs into their safe state, look at every device, and take up what was left open."""
        devices = self._devices
        conditions = await devices.dispenser.start()
        await self._payouts.read_before_start(self.state)
        names = {"dispenser": f"{len(conditions)} coils"}
        offline: list[i.FaultSeen] = []
        for kind, hopper in devices.hoppers.items():
            try:
                names[f"hopper {kind}"] = await hopper.start()
            except DeviceError as error:
                offline.append(i.FaultSeen("coin_hopper.offline", hopper_name(kind), str(error)))
        if self._store.replaces and not self._store.last_seq:
            self.apply(i.FaultSeen("store.replaced", detail=self._store.replaces))
        self.apply(i.Started(self._software, names))
        for kind in devices.hoppers:
            self.apply_if_raised("coin_hopper.offline", hopper_name(kind))
        for fault in offline:
            self.apply(fault)
        self._report_coils(dict(conditions))
        self.apply(i.DoorMoved(devices.door.is_open))
        devices.door.on_change(self._door_moved)
        self.touched()

    async def run(self) -> None:
        """Poll, keep house and carry out effects until cancelled. An error in any of them ends it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._take_up(), name="open business")
                for poller in self._pollers:
                    tasks.create_task(poller.run(), name="money in")
                tasks.create_task(self._keep_house(), name="housekeeping")
        finally:
            self._tasks = None
            self._devices.dispenser.stop()

    async def _take_up(self) -> None:
        """What a restart left open, one after the other: the bill is found before the vend is judged."""
        while self._waiting_effects:
            await self._carry_out(self._waiting_effects.pop(0))

    # --- goods out -----------------------------------------------------------------------------
    async def _vend(self, slot: str) -> i.Delivered | i.NotDelivered:
        sensor, dispenser = self._devices.drop_sensor, self._devices.dispenser
        self._tell_late_fall()
        if sensor.is_blocked:
            self.apply(i.FaultSeen("drop_sensor.blocked"))
            return i.NotDelivered("sensor_blocked")
        is_motor_run = self.state.phase is Phase.SERVICING and self.state.open_test.test == "motor"
        outcome: i.Delivered | i.NotDelivered | None = None
        turns = 0
        while outcome is None:
            async with self._coils:
                turn = await dispenser.turn(slot)
            turns += 1
            dropped = await sensor.wait_drop(DROP_WINDOW_S)
            outcome = judge(turn, turns, dropped=dropped, most=1 if is_motor_run else MAX_TURNS)
        self._last_vend_failed = isinstance(outcome, i.NotDelivered) and not is_motor_run
        return outcome

    async def _resolve_vend(self, slot: str, *, kept_power: bool) -> i.Delivered | i.NotDelivered:
        """A restart interrupted a vend: let what is falling fall, then ask the latch and the home switch."""
        sensor = self._devices.drop_sensor
        dropped = await sensor.wait_drop(DROP_WINDOW_S)
        condition = await self.look_at_coil(slot)
        _log.warning("open vend resolved by sensors", slot=slot, dropped=dropped, coil=condition.value)
        return judge_after_restart(condition, dropped=dropped, is_blind=sensor.is_blocked, kept_power=kept_power)

    # --- the cabinet ---------------------------------------------------------------------------
    def _door_moved(self, is_open: bool) -> None:  # noqa: FBT001 - the port's listener
        if is_open:
            self._devices.dispenser.stop()
        if self._tasks is None:
            self.apply(i.DoorMoved(is_open))
        else:  # as a task, so that an error ends the process instead of a callback nobody looks at
            self._as_task(self._tasks, self._after_door_moved(is_open=is_open), "door")

    async def _after_door_moved(self, *, is_open: bool) -> None:
        self.apply(i.DoorMoved(is_open))
        if not is_open:
            self._coins.visited()
            if self._bills_in is not None:
                self._bills_in.visited()
            await self._look_at_coils()

    async def _look_at_coils(self) -> None:
        """After somebody was inside: coils that are home again and slots that were looked at can sell."""
        for fault in self.state.faults:
            if fault.code in {"slot.no_drop", "vend.uncertain", "store.replaced"}:
                self.apply(i.FaultGone(fault.code, fault.where))
        if self.state.phase not in TURNING:
            await self.look_at_coils(*sorted(self._devices.dispenser.slots))

    async def look_at_coils(self, *slots: str) -> None:
        """Report what the home switches of these coils say; a coil that is home has no fault any more."""
        self._report_coils({slot: await self.look_at_coil(slot) for slot in slots})

    def look_again(self, where: str) -> None:
        """Check the coil of a slot soon, or the drop sensor now; a fault that is gone is cleared."""
        if where not in self._devices.dispenser.slots:
            self._look_at_beam()
        elif self._tasks is not None:
            self._as_task(self._tasks, self.look_at_coils(where), "look again")

    def rearm_drop_sensor(self) -> bool:
        """Clear the latch for a person who tries the sensor; False, and nothing done, unless the machine is idle."""
        if self.state.phase is not Phase.IDLE:
            return False
        self._arm_drop_sensor()
        self._last_vend_failed = False
        self._tell_late_fall()
        return True

    def _tell_late_fall(self) -> None:
        if self._fell_late:
            self._fell_late = False
            self.apply(i.FaultSeen("drop_sensor.late", detail="a unit fell after a vend had failed"))

    def _look_at_beam(self) -> None:
        if self.state.has_fault("drop_sensor.blocked") and not self._devices.drop_sensor.is_blocked:
            self.apply(i.FaultGone("drop_sensor.blocked"))

    async def look_at_coil(self, slot: str) -> SlotCondition:
        """Look, without turning it, as soon as none turns.

        Raises:
            KeyError: there is no such slot.
        """
        async with self._coils:
            return await self._devices.dispenser.check(slot)

    def _report_coils(self, conditions: dict[str, SlotCondition]) -> None:
        for slot, condition in conditions.items():
            if condition is SlotCondition.HOME:
                for code in ("slot.jammed", "slot.not_home", "slot.missing"):
                    self.apply_if_raised(code, slot)
            else:
                self.apply(i.FaultSeen(f"slot.{condition.value}", slot))

    def apply_if_raised(self, code: str, where: str = "") -> None:
        """Clear a fault that is raised; no step when it is not."""
        if self.state.has_fault(code, where):
            self.apply(i.FaultGone(code, where))

    async def _find_hoppers(self) -> None:
        """Hoppers that did not answer are asked again; one that does may pay again."""
        for kind, hopper in self._devices.hoppers.items():
            if self.state.phase is Phase.IDLE and self.state.has_fault("coin_hopper.offline", hopper_name(kind)):
                with contextlib.suppress(DeviceError):
                    await hopper.start()
                    self.apply_if_raised("coin_hopper.offline", hopper_name(kind))

    def _watch_room(self) -> None:
        """Nothing new is sold that might not be written down; what is under way has the store's reserve."""
        if self._store.look_for_room():
            self.apply_if_raised("store.full")
        elif not self.state.has_fault("store.full"):
            self.apply(i.FaultSeen("store.full", detail="too little room on the disk"))

    async def _keep_house(self) -> None:
        """Look after what no event will tell, once a second while there is any of it."""
        while True:
            self._chores.clear()
            if not self._has_chores:
                await self._chores.wait()
                continue
            await asyncio.sleep(HOUSEKEEPING_S)
            await self._find_hoppers()
            self._watch_room()
            self._look_at_beam()
            self._clear_up_after_customer()

    @property
    def _has_chores(self) -> bool:
        """Credit or a test that may be forgotten, a choice that may be dropped, a fault that may be gone."""
        is_waiting = self.state.phase is Phase.CREDIT or self.state.is_testing_coins
        return is_waiting or bool(self.state.chosen) or bool(self.state.faults)

    def _clear_up_after_customer(self) -> None:
        if asyncio.get_running_loop().time() - self._last_touch < self._idle_return_s:
            return
        if self.state.phase is Phase.CREDIT:
            self.apply(i.ReturnCredit("idle"))
        elif self.state.is_testing_coins:
            self.apply(DeviceTestEnded())
        elif self.state.chosen:
            self.apply(i.Clear())
