"""Count slots: what is there is what the machine believes from then on. Each slot is one write."""

from edge.screens.maintenance.task import Machine, SlotTask
from edge.screens.maintenance.view import Fact, Item, Note, Page, Stepper
from edge.screens.maintenance.words import MOST_UNITS, back_key, main_key, name_of, number_of, refuse, units_text
from edge.screens.texts import text
from edge.service.inputs import SlotServiced
from edge.service.slots import Refusal, why_not
from edge.vend.state import MachineState


class Count(SlotTask):
    """The list of slots, and the page of one."""

    def __init__(self, machine: Machine) -> None:
        """`machine`: gives the state, takes what was counted."""
        super().__init__()
        self._machine = machine
        self._believed = self._found = 0

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - the same at every moment
        """See `Task`."""
        row = self._machine.state.slot(self._slot)
        if row is None:
            return self._list(language)
        moved = self._found - self._believed
        blocks = (
            Fact(name_of(row, language), text(language, "maintenance.count.believed", units=self._believed)),
            Stepper(
                "found",
                text(language, "maintenance.count.found"),
                self._found,
                0,
                MOST_UNITS,
                unit=text(language, "maintenance.unit"),
            ),
            Fact(text(language, "maintenance.difference"), f"{moved:+d}" if moved else "±0", "warn" if moved else "ok"),
        )
        keys = (back_key(language), main_key("save", language))
        return Page("count.slot", f"{text(language, 'maintenance.count')} {row.slot}", blocks, keys)

    def _list(self, language: str) -> Page:
        state = self._machine.state
        counted = state.visit.counted if state.visit else ()
        done = text(language, "maintenance.done")
        items = tuple(
            Item(
                f"slot:{row.slot}",
                f"{row.slot} {name_of(row, language)}",
                text(language, "maintenance.restock.changing")
                if row.slot in state.changing
                else units_text(state.on_hand.get(row.slot, 0), language),
                done if row.slot in counted else "",
                "ok" if row.slot in counted else "neutral",
                enabled=row.slot not in state.changing,
            )
            for row in (state.planogram.slots if state.planogram else [])
        )
        keys = [back_key(language)]
        left = slots_to_count(state)
        if left:
            keys.append(main_key(f"slot:{left[0]}", language, "maintenance.restock.next"))
        note = Note(text(language, "maintenance.count.how"))
        return Page("count", text(language, "maintenance.count"), (note, *items), tuple(keys))

    def enter(self, field: str, value: str, language: str, now: float) -> None:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if self._slot and field == "found":
            self._found = number_of(value, MOST_UNITS, language)

    def _open(self, slot: str) -> None:
        state = self._machine.state
        if state.slot(slot) is not None and slot not in state.changing:
            self._slot = slot
            self._believed = self._found = state.on_hand.get(slot, 0)

    def _save(self, language: str) -> None:
        done = SlotServiced(self._slot, self._found, is_count_only=True)
        if self._believed != self._machine.state.on_hand.get(self._slot, 0):
            self._open(self._slot)
            refuse(Refusal("sold_meanwhile"), language)
        refuse(why_not(self._machine.state, done), language)
        self._machine.apply(done)
        left = slots_to_count(self._machine.state)
        self._slot = ""
        if left:
            self._open(left[0])


def slots_to_count(state: MachineState) -> list[str]:
    """Slots that were not counted on this visit."""
    counted = state.visit.counted if state.visit else ()
    rows = state.planogram.slots if state.planogram else []
    return [row.slot for row in rows if row.slot not in counted and row.slot not in state.changing]
