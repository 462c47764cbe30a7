"""Goods in staff's hands: what was counted, taken out and put in. Pure; part of the state machine.

For every slot: units put in = units sold + units taken out + units counted missing. So what was found is told before
what was taken, and what was taken before what was added; all of one slot is one write.
"""

from dataclasses import dataclass
from typing import Any

from edge.service.inputs import SlotServiced
from edge.service.memory import Difference
from edge.service.visits import differences_with, noted, signed
from edge.vend import inputs as i
from edge.vend.state import MachineState
from edge.vend.step import Context, Step
from protocol import events


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it cannot be; its text is `maintenance.refused.<why>`."""

    why: str
    units: int = 0
    """As many as there are, or as fit."""


def why_not_now(state: MachineState, slot: str) -> Refusal | None:
    """Can anything be written down about this slot now? Not while a unit of it may be falling."""
    if state.slot(slot) is None and slot not in state.changing:
        return Refusal("unknown_slot")
    moving = state.vend.slot if state.vend else state.test.slot if state.test else ""
    return Refusal("moving") if moving == slot else None


def why_not(state: MachineState, done: SlotServiced) -> Refusal | None:
    """Why this cannot be what was done to the slot; None when it can."""
    row, refused = state.slot(done.slot), why_not_now(state, done.slot)
    if refused is not None or row is None:
        return refused or Refusal("unknown_slot")
    if done.slot in state.changing:
        return Refusal("changing")
    if (done.found or 0) < 0 or done.added < 0 or any(one.units < 1 for one in done.removed):
        return Refusal("negative")
    had = state.on_hand.get(done.slot, 0) if done.found is None else done.found
    left = had - sum(one.units for one in done.removed)
    if left < 0:
        return Refusal("removed_too_many", had)
    if done.added and left + done.added > row.capacity:
        return Refusal("over_capacity", max(0, row.capacity - left))
    return None


def slot_serviced(state: MachineState, done: SlotServiced, _: Context) -> Step:
    """Write it all down. Nothing happens when `why_not` says why."""
    if why_not(state, done) is not None:
        return Step(state)
    here = Step(state)
    if done.found is not None:
        here = count(here, done.slot, done.found)
    for one in done.removed:
        here = take_out(here, done.slot, one.units, one.why, lot=one.lot, best_before=one.best_before)
    if done.added:
        here = put_in(here, done.slot, done.added, lot=done.lot, best_before=done.best_before)
    return here if done.is_count_only else Step(seen_to(here.state, done.slot), here.events)


def seen_to(state: MachineState, slot: str) -> MachineState:
    """A slot was restocked, or needed nothing: its line of the pick list is done."""
    done = state.restock_done if slot in state.restock_done else (*state.restock_done, slot)
    return noted(state, "restock").model_copy(update={"restock_done": done})


def count(here: Step, slot: str, found: int) -> Step:
    """From now on the machine believes what was counted."""
    state = here.state
    believed = state.on_hand.get(slot, 0)
    event = events.SlotCounted(counted=found, believed=believed, on_hand=found, **_about(state, slot))
    after = _with(state, slot, found)
    if after.visit is not None:
        new = Difference(what=slot, believed=believed, counted=found)
        seen = after.visit.counted if slot in after.visit.counted else (*after.visit.counted, slot)
        after = noted(after, "count", counted=seen, differences=differences_with(after.visit, new))
    return Step(after, (*here.events, event))


def take_out(here: Step, slot: str, units: int, why: str, *, lot: str = "", best_before: str = "") -> Step:
    """Units left the slot in somebody's hands."""
    state = here.state
    left = state.on_hand.get(slot, 0) - units
    event = events.SlotRemoved(
        removed=units,
        why=why,
        lot=lot,
        best_before=best_before,
        on_hand=left,
        **_about(state, slot),
    )
    after = _with(state, slot, left)
    if after.visit is not None:
        after = noted(after, "restock", units_removed=after.visit.units_removed + units)
    return Step(after, (*here.events, event))


def put_in(here: Step, slot: str, units: int, *, lot: str = "", best_before: str = "", staff: str = "") -> Step:
    """Units stand in the slot that did not before."""
    state = here.state
    units_now = max(0, state.on_hand.get(slot, 0) + units)
    event = events.SlotRestocked(
        added=units,
        lot=lot,
        best_before=best_before,
        on_hand=units_now,
        **_about(state, slot, staff),
    )
    after = _with(state, slot, units_now)
    if after.visit is not None and not staff:
        slots = after.visit.slots if slot in after.visit.slots else (*after.visit.slots, slot)
        after = noted(after, "restock", slots=slots, units_added=after.visit.units_added + units)
    return Step(after, (*here.events, event))


def restocked(state: MachineState, filled: i.Restocked, _: Context) -> Step:
    """Units that came without a visit: the first fill of an emulated machine."""
    return put_in(Step(state), filled.slot, filled.added, staff=filled.staff)


def _about(state: MachineState, slot: str, staff: str = "") -> dict[str, str]:
    """Fields of every event about goods: which slot, what stands in it, and who says so (see `signed`)."""
    return {"slot": slot, "product_id": state.product_in(slot), **signed(state, staff)}


def _with(state: MachineState, slot: str, units: int) -> MachineState:
    update: dict[str, Any] = {"on_hand": state.on_hand | {slot: units}}
    return state.model_copy(update=update)
