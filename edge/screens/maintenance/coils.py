"""Motor run and test vend: choose a slot, turn its spiral, see how it ended."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from edge.screens.maintenance.task import Machine, RefusedEntryError, Session, StillTask
from edge.screens.maintenance.view import MARKS, Block, Fact, Item, Key, Note, Page
from edge.screens.maintenance.words import back_key
from edge.screens.texts import text
from edge.service.device_inputs import DeviceTestAsked
from edge.service.devices import why_not
from edge.vend.state import MachineState

CoilTest = Literal["motors", "test_vend"]
_TEST: Final[dict[CoilTest, Literal["motor", "vend"]]] = {"motors": "motor", "test_vend": "vend"}


class CoilTask(StillTask):
    """One of the two; what is told about them differs, and what counts as well done."""

    def __init__(self, machine: Machine, slots: Sequence[str], key: CoilTest, session: Session) -> None:
        """Begin with the choice of a slot.

        Args:
            machine: turns them.
            slots: those that have a motor.
            key: which of the two.
            session: whose test it is.
        """
        self._machine = machine
        self._slots = slots
        self._key = key
        self._session = session
        self._slot = ""
        self._has_run = False

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - it changes with the machine's steps only
        """See `Task`."""
        title = text(language, f"maintenance.{self._key}")
        state, back = self._machine.state, back_key(language)
        if not self._slot:
            note = Note(text(language, "maintenance.test.choose"))
            rows = tuple(slot_item(state, slot, language) for slot in self._slots)
            return Page(self._key, title, (note, *rows), (back,))
        blocks: tuple[Block, ...] = (
            Note(text(language, f"maintenance.test.{self._key}.what")),
            *slot_facts(state, self._slot, language),
            *self._standing(state, language),
        )
        may = not why_not(state, _TEST[self._key], self._slot)
        run = Key("run", text(language, "maintenance.test.run"), is_main=True, enabled=may)
        return Page(f"{self._key}.slot", f"{title} {self._slot}", blocks, (back, run))

    def _standing(self, state: MachineState, language: str) -> Iterator[Block]:
        why = why_not(state, _TEST[self._key], self._slot)
        if state.test is not None:
            yield Note(text(language, "maintenance.test.running"), "warn")
        elif self._has_run:
            yield from outcome_of(state, self._slot, language)
        if why and state.test is None:
            yield Note(text(language, f"maintenance.test.why.{why}"), "warn")

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        slot = action.removeprefix("slot:")
        if slot != action and slot in self._slots:
            self._slot, self._has_run = slot, False
        elif action == "run" and self._slot:
            turn(self._machine, _TEST[self._key], self._slot, self._session, language)
            self._has_run = True
        elif action == "back":
            was, self._slot = self._slot, ""
            return bool(was)
        return True


def turn(machine: Machine, test: Literal["motor", "vend"], slot: str, session: Session, language: str) -> None:
    """Order one turn.

    Raises:
        RefusedEntryError: not now; the text says why.
    """
    why = why_not(machine.state, test, slot)
    if why:
        raise RefusedEntryError(text(language, f"maintenance.test.why.{why}"))
    machine.apply(DeviceTestAsked(test, slot, session.staff, session.visit))


def outcome_of(state: MachineState, slot: str, language: str) -> Iterator[Block]:
    """How the newest test of this slot ended."""
    tested = state.tested
    if tested is not None and tested.slot == slot:
        key = f"maintenance.test.outcome.{tested.detail.removeprefix('slot.')}"
        yield Fact(text(language, "maintenance.test.result"), text(language, key), "ok" if tested.ok else "sorry")


def slot_facts(state: MachineState, slot: str, language: str) -> Iterator[Block]:
    """What the slot has and what is wrong with it."""
    units = text(language, "maintenance.units", units=state.on_hand.get(slot, 0))
    yield Fact(text(language, "maintenance.test.stock"), units, detail=goods_in(state, slot, language))
    fault = state.slot_fault(slot)
    said = fault_name(fault, language) if fault else text(language, "maintenance.test.no_fault")
    yield Fact(text(language, "maintenance.test.fault"), said, "warn" if fault else "ok")


def goods_in(state: MachineState, slot: str, language: str) -> str:
    """The name of what stands in a slot; empty when nobody said."""
    row = state.changing.get(slot) or state.slot(slot)
    if row is None:
        return ""
    return row.name_ja if language == "ja" else row.name_en


def fault_name(code: str, language: str) -> str:
    """A fault in few words."""
    return text(language, f"maintenance.fault.{code}")


def slot_item(state: MachineState, slot: str, language: str) -> Item:
    """A row to choose a slot by."""
    fault = state.slot_fault(slot)
    units = text(language, "maintenance.units", units=state.on_hand.get(slot, 0))
    return Item(
        f"slot:{slot}",
        f"{slot}  {goods_in(state, slot, language)}".rstrip(),
        f"{MARKS['warn']} {fault_name(fault, language)}" if fault else "",
        units,
        "warn" if fault else "neutral",
    )
