"""Staff in front of a machine without a display: a pure state machine, the desk on it, pages to press on."""

from collections.abc import Callable, Sequence

from edge.screens.intents import Intent
from edge.screens.maintenance.desk import MaintenanceDesk
from edge.screens.maintenance.task import Machine, TaskKind
from edge.screens.maintenance.view import Block, Fact, Item, MaintenanceView, Note
from edge.service.inputs import StaffListArrived
from edge.service.pins import hash_pin
from edge.vend import inputs as i
from edge.vend.state import MachineState
from edge.vend.state_machine import step
from edge.vend.step import Context, Step
from protocol.desired import Planogram, PlanogramSlot, StaffList, StaffMember
from protocol.events import Event

CONTEXT = Context("5f0c9b1e7a2d4c68b3e1f0a9d8c7b6a5")
PIN, OTHER_PIN = "274916", "835502"
FEW = 2**4
"""Rounds of scrypt in tests: what is slow on purpose need not be here."""
START_MS = 1_795_000_000_000
ALL = ["restock", "cash", "devices", "update"]


def member(staff: str, name: str, kana: str, pin: str, rights: Sequence[str] = ALL) -> StaffMember:
    return StaffMember(
        id=staff, name=name, name_kana=kana, pin=hash_pin(pin, b"salt of a test..", n=FEW), rights=list(rights)
    )


STAFF = StaffList(
    rev=1,
    staff=[
        member("st-2", "山田", "やまだ", OTHER_PIN, rights=["restock"]),
        member("st-1", "青木", "あおき", PIN),
    ],
)


def row(slot: str, product: str, *, name_ja: str = "", par: int = 6) -> PlanogramSlot:
    return PlanogramSlot(
        slot=slot,
        product_id=product,
        name_ja=name_ja or f"茶{product}",
        name_en=f"tea {product}",
        price_minor=160,
        capacity=8,
        par_level=par,
    )


class PureMachine:
    """The state machine alone: no store, no device."""

    def __init__(self, state: MachineState) -> None:
        self.state = state
        self.events: list[Event] = []
        self.steps = 0

    def apply(self, happened: i.Input) -> Step:
        done = step(self.state, happened, CONTEXT)
        self.state = done.state
        self.events += done.events
        self.steps += 1
        return done


class Staff:
    """Somebody of the staff; time passes when they say so."""

    def __init__(
        self,
        kinds: Callable[[Machine], Sequence[TaskKind]] = lambda _: (),
        *,
        state: MachineState | None = None,
        staff: StaffList | None = STAFF,
        local_pin: str = "",
    ) -> None:
        slots = [row("A1", "p1"), row("A2", "p2")]
        self.machine = PureMachine(
            state
            or MachineState(
                planogram=Planogram(rev=1, slots=slots), on_hand={"A1": 3, "A2": 0}, hoppers={10: 20, 100: 9}
            )
        )
        if staff is not None:
            self.machine.apply(StaffListArrived(staff))
            self.machine.events.clear()
        self.now = 1000.0
        self.online = False
        self._kinds = kinds
        self._local_pin = local_pin
        self._drawn = 0
        self.desk = self._new_desk()

    def _new_desk(self) -> MaintenanceDesk:
        return MaintenanceDesk(
            self.machine,
            self._kinds(self.machine),
            is_online=lambda: self.online,
            wall_ms=lambda: START_MS + round(self.now * 1000),
            local_pin=self._local_pin,
            draw=self._draw,
        )

    def _draw(self, size: int) -> str:
        self._drawn += 1
        return f"{self._drawn:0{2 * size}x}"

    def restart(self) -> None:
        """The controller starts again: what is not in its state is forgotten."""
        self.machine.state = MachineState.model_validate_json(self.machine.state.model_dump_json())
        self.machine.apply(i.Started("test", {}))
        self.desk = self._new_desk()

    # --- hands ----------------------------------------------------------------------------------
    def open_door(self) -> None:
        self.machine.apply(i.DoorMoved(True))

    def close_door(self) -> None:
        self.machine.apply(i.DoorMoved(False))

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def ask(self) -> MaintenanceView | None:
        self.desk.obey(Intent(maintenance="open"), "ja", self.now)
        return self.look()

    def press(self, *actions: str) -> MaintenanceView | None:
        for action in actions:
            self.desk.obey(Intent(maintenance="press", name=action), "ja", self.now)
        return self.look()

    def enter(self, field: str, value: str) -> MaintenanceView | None:
        self.desk.obey(Intent(maintenance="enter", name=field, entry=value), "ja", self.now)
        return self.look()

    def log_in(self, name: str = "青木", pin: str = PIN) -> MaintenanceView | None:
        self.press(self.item(name).action)
        return self.enter("pin", pin)

    # --- eyes -----------------------------------------------------------------------------------
    def look(self) -> MaintenanceView | None:
        return self.desk.view("ja", self.now)

    @property
    def page(self) -> str:
        view = self.look()
        return view.page.name if view is not None else "customer"

    @property
    def trouble(self) -> str:
        view = self.look()
        return view.page.trouble if view is not None else ""

    @property
    def blocks(self) -> tuple[Block, ...]:
        view = self.look()
        return view.page.blocks if view is not None else ()

    def item(self, text: str) -> Item:
        return next(block for block in self.blocks if isinstance(block, Item) and text in block.text)

    def fact(self, label: str) -> Fact:
        return next(block for block in self.blocks if isinstance(block, Fact) and label in block.label)

    def notes(self) -> str:
        return "\n".join(block.text for block in self.blocks if isinstance(block, Note))

    def told(self, kind: str) -> list[dict[str, object]]:
        return [event.to_dict() for event in self.machine.events if kind == event.KIND]
