"""Restock slot by slot: by the pick list of this trip where there is one, else up to par. Each slot is one write."""

from dataclasses import dataclass
from typing import Final

from edge.screens.maintenance.task import Machine, StillTask
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
from edge.service.inputs import Removal, SlotServiced
from edge.service.slots import Refusal, why_not
from edge.vend.state import MachineState
from protocol.desired import PlanogramSlot, RestockLine

WHYS: Final = ("expired", "damaged", "other")
"""Reasons to take units out that a person may give here."""


@dataclass(slots=True)
class Draft:
    """What is being typed about one slot; nothing of it is true before it is saved."""

    slot: str
    believed: int
    found: int
    removed: int
    why: str
    added: int
    is_own: bool = False
    """Somebody typed what they added: it is not suggested any more."""
    lot: str = ""
    best_before: str = ""
    removed_lot: str = ""
    removed_best_before: str = ""

    def as_input(self) -> SlotServiced:
        """What to write down."""
        removed = (Removal(self.removed, self.why, self.removed_lot, self.removed_best_before),) if self.removed else ()
        found = None if self.found == self.believed else self.found
        lot, day = (self.lot, self.best_before) if self.added else ("", "")
        return SlotServiced(self.slot, found, removed, self.added, lot, day)


def line_of(state: MachineState, slot: str) -> RestockLine | None:
    """The pick list's line of a slot, as long as it is not done."""
    if state.restock_list is None or slot in state.restock_done:
        return None
    return next((line for line in state.restock_list.lines if line.slot == slot), None)


def wanted(state: MachineState, row: PlanogramSlot, left: int) -> int:
    """Units to put in, when so many are left in the slot: the pick list's, else up to par; never more than fit."""
    line = line_of(state, row.slot)
    units = line.take if line is not None else row.par_level - left
    return max(0, min(units, row.capacity - left))


def slots_to_do(state: MachineState) -> list[str]:
    """Slots that still want a hand, in the planogram's order. Those that change over have a task of their own."""
    rows = [row for row in (state.planogram.slots if state.planogram else []) if row.slot not in state.changing]
    if state.restock_list is not None and state.restock_list.lines:
        return [row.slot for row in rows if line_of(state, row.slot) is not None]
    visited = state.visit.slots if state.visit else ()
    return [
        row.slot for row in rows if row.slot not in visited and wanted(state, row, state.on_hand.get(row.slot, 0)) > 0
    ]


class Restock(StillTask):
    """The list of slots, and the page of one."""

    def __init__(self, machine: Machine) -> None:
        """`machine`: gives the state, takes what was done."""
        self._machine = machine
        self._draft: Draft | None = None

    # --- what is shown --------------------------------------------------------------------------
    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - the same at every moment
        """See `Task`."""
        row = self._machine.state.slot(self._draft.slot) if self._draft is not None else None
        if self._draft is None or row is None:
            return self._list(language)
        return _slot_page(self._machine.state, row, self._draft, language)

    def _list(self, language: str) -> Page:
        state = self._machine.state
        todo = slots_to_do(state)
        rows = state.planogram.slots if state.planogram else []
        first = sorted(rows, key=lambda row: row.slot not in todo)
        items = [_row_item(state, row, language, is_todo=row.slot in todo) for row in first]
        is_listed = state.restock_list is not None and bool(state.restock_list.lines)
        note = Note(text(language, "maintenance.restock.by_list" if is_listed else "maintenance.restock.to_par"))
        keys = [back_key(language)]
        if todo:
            keys.append(main_key(f"slot:{todo[0]}", language, "maintenance.restock.next"))
        return Page("restock", text(language, "maintenance.restock"), (note, *items), tuple(keys))

    # --- what is pressed and typed --------------------------------------------------------------
    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        kind, _, which = action.partition(":")
        if self._draft is None:
            if kind == "slot":
                self._open(which)
            return action != "back"
        if action == "back":
            self._draft = None
        elif kind == "why" and which in WHYS:
            self._draft.why = which
        elif action == "save":
            self._save(self._draft, language)
        return True

    def enter(self, field: str, value: str, language: str, now: float) -> None:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        draft = self._draft
        if draft is None:
            return
        if field in {"found", "removed", "added"}:
            setattr(draft, field, number_of(value, MOST_UNITS, language))
            draft.is_own = draft.is_own or field == "added"
            self._suggest(draft)
        elif field in {"best_before", "removed_best_before"}:
            setattr(draft, field, day_of(value, language))
        elif field in {"lot", "removed_lot"}:
            setattr(draft, field, value.strip()[:MOST_LOT])

    def _open(self, slot: str) -> None:
        state = self._machine.state
        if state.slot(slot) is None or slot in state.changing:
            return
        line, believed = line_of(state, slot), state.on_hand.get(slot, 0)
        draft = Draft(slot, believed, believed, 0, WHYS[0], 0)
        if line is not None:
            draft.removed = min(line.remove, believed)
            draft.why = line.why_remove if line.why_remove in WHYS else "other" if line.why_remove else WHYS[0]
            names = ("lot", "best_before") if line.take else ("removed_lot", "removed_best_before")
            for name, value in zip(names, (line.lot, line.best_before), strict=True):
                setattr(draft, name, value)
        self._draft = draft
        self._suggest(draft)

    def _suggest(self, draft: Draft) -> None:
        row = self._machine.state.slot(draft.slot)
        if row is not None and not draft.is_own:
            draft.added = wanted(self._machine.state, row, max(0, draft.found - draft.removed))

    def _save(self, draft: Draft, language: str) -> None:
        done = draft.as_input()
        if draft.believed != self._machine.state.on_hand.get(draft.slot, 0):
            self._open(draft.slot)  # sold meanwhile: what was found was found before that
            refuse(Refusal("sold_meanwhile"), language)
        refuse(why_not(self._machine.state, done), language)
        self._machine.apply(done)
        self._draft = None
        todo = slots_to_do(self._machine.state)
        if todo:
            self._open(todo[0])


def _row_item(state: MachineState, row: PlanogramSlot, language: str, *, is_todo: bool) -> Item:
    here = state.on_hand.get(row.slot, 0)
    line = line_of(state, row.slot)
    if row.slot in state.changing:
        detail = text(language, "maintenance.restock.changing")
        return Item(f"slot:{row.slot}", f"{row.slot} {name_of(row, language)}", detail, tone="warn", enabled=False)
    values = {"here": here, "capacity": row.capacity, "add": wanted(state, row, here)}
    detail = text(language, "maintenance.restock.row" if is_todo else "maintenance.restock.row_full", **values)
    if line is not None and line.remove:
        detail += " " + text(language, "maintenance.restock.row_remove", units=line.remove)
    is_done = row.slot in state.restock_done or (state.visit is not None and row.slot in state.visit.slots)
    badge = text(language, "maintenance.done") if is_done and not is_todo else ""
    return Item(f"slot:{row.slot}", f"{row.slot} {name_of(row, language)}", detail, badge, "ok" if badge else "neutral")


def _slot_page(state: MachineState, row: PlanogramSlot, draft: Draft, language: str) -> Page:
    left = max(0, draft.found - draft.removed)
    after = text(language, "maintenance.restock.after", units=left + draft.added, capacity=row.capacity)
    blocks: list[Block] = [
        Fact(name_of(row, language), after, "warn" if left + draft.added > row.capacity else "neutral"),
        _stepper("found", draft.found, language, believed=draft.believed),
        _stepper("removed", draft.removed, language),
    ]
    if draft.removed:
        blocks += [
            Item(
                f"why:{why}",
                text(language, f"maintenance.why.{why}"),
                badge=text(language, "maintenance.chosen") if why == draft.why else "",
                tone="ok" if why == draft.why else "neutral",
            )
            for why in WHYS
        ]
        blocks += batch("removed_", draft.removed_lot, draft.removed_best_before, language)
    blocks.append(_stepper("added", draft.added, language, suggested=wanted(state, row, left)))
    if draft.added:
        blocks += batch("", draft.lot, draft.best_before, language)
    keys = (back_key(language), main_key("save", language))
    return Page("restock.slot", f"{text(language, 'maintenance.restock')} {row.slot}", tuple(blocks), keys)


def _stepper(field: str, value: int, language: str, **said: int) -> Stepper:
    detail = text(language, f"maintenance.restock.{field}.detail", **said) if said else ""
    unit = text(language, "maintenance.unit")
    return Stepper(field, text(language, f"maintenance.restock.{field}"), value, 0, MOST_UNITS, 1, unit, detail)


def slots_left(state: MachineState) -> str:
    """How many slots still want a hand, for the menu."""
    todo = len(slots_to_do(state))
    return str(todo) if todo else ""
