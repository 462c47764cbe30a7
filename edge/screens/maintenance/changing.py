"""Change a slot over: all of the old product out and counted, the new one in. Each slot is one write."""

from edge.screens.maintenance.task import Machine, SlotTask
from edge.screens.maintenance.view import Block, Fact, Item, Note, Page, Stepper
from edge.screens.maintenance.words import (
    MOST_LOT,
    MOST_UNITS,
    back_key,
    batch,
    day_of,
    main_key,
    name_of,
    number_of,
    refuse,
)
from edge.screens.texts import text
from edge.service.changeover import why_not_changed
from edge.service.inputs import SlotChangedOver


class ChangeOver(SlotTask):
    """The slots that wait for it, and the page of one."""

    def __init__(self, machine: Machine) -> None:
        """`machine`: gives the state, takes what was done."""
        super().__init__()
        self._machine = machine
        self._numbers = {"taken_out": 0, "added": 0}
        self._lot = self._best_before = ""

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - the same at every moment
        """See `Task`."""
        return self._one(language) if self._slot in self._machine.state.changing else self._list(language)

    def _list(self, language: str) -> Page:
        state = self._machine.state
        blocks: list[Block] = [
            Item(f"slot:{slot}", slot, self._from_to(slot, language), tone="warn") for slot in state.changing
        ]
        key = "maintenance.changeover.how" if blocks else "maintenance.changeover.nothing"
        back = back_key(language)
        title = text(language, "maintenance.changeover")
        return Page("changeover", title, (Note(text(language, key)), *blocks), (back,))

    def _from_to(self, slot: str, language: str) -> str:
        state = self._machine.state
        row = state.slot(slot)
        new = name_of(row, language) if row else text(language, "maintenance.changeover.empty")
        return text(language, "maintenance.changeover.from_to", old=name_of(state.changing[slot], language), new=new)

    def _one(self, language: str) -> Page:
        state, slot = self._machine.state, self._slot
        row, unit = state.slot(slot), text(language, "maintenance.unit")
        out, put = self._numbers["taken_out"], self._numbers["added"]
        believed = text(language, "maintenance.restock.found.detail", believed=state.on_hand.get(slot, 0))
        label = text(language, "maintenance.changeover.taken_out", product=name_of(state.changing[slot], language))
        blocks: list[Block] = [
            Fact(slot, self._from_to(slot, language)),
            Stepper("taken_out", label, out, 0, MOST_UNITS, 1, unit, believed),
        ]
        if row is not None:
            label = text(language, "maintenance.changeover.added", product=name_of(row, language))
            fits = text(language, "maintenance.restock.added.detail", suggested=row.par_level)
            blocks.append(Stepper("added", label, put, 0, row.capacity, 1, unit, fits))
            if put:
                blocks += batch("", self._lot, self._best_before, language)
        keys = (back_key(language), main_key("save", language, "maintenance.changeover.save"))
        return Page("changeover.slot", text(language, "maintenance.changeover"), tuple(blocks), keys)

    def press(self, action: str, language: str, now: float) -> bool:
        """See `Task`."""
        if self._slot not in self._machine.state.changing:
            self._slot = ""
        return super().press(action, language, now)

    def enter(self, field: str, value: str, language: str, now: float) -> None:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if field in self._numbers:
            self._numbers[field] = number_of(value, MOST_UNITS, language)
        elif field == "lot":
            self._lot = value.strip()[:MOST_LOT]
        elif field == "best_before":
            self._best_before = day_of(value, language)

    def _open(self, slot: str) -> None:
        state = self._machine.state
        if slot not in state.changing:
            return
        row = state.slot(slot)
        self._slot = slot
        self._numbers = {"taken_out": state.on_hand.get(slot, 0), "added": row.par_level if row else 0}
        self._lot = self._best_before = ""

    def _save(self, language: str) -> None:
        done = SlotChangedOver(self._slot, **self._numbers, lot=self._lot, best_before=self._best_before)
        refuse(why_not_changed(self._machine.state, done), language)
        self._machine.apply(done)
        self._slot = ""
