"""A planogram with another product for a slot: nothing is sold from it until staff say that the new one stands there.

The units that still stand in it are the old product's, and stay in the books as that. Pure; part of the state machine.
"""

from edge.service.inputs import SlotChangedOver
from edge.service.memory import Standing
from edge.service.slots import Refusal, count, put_in, seen_to, take_out, why_not_now
from edge.service.visits import signed
from edge.vend.state import MachineState
from edge.vend.step import Context, Step, add_fault, clear_fault
from protocol import events
from protocol.desired import Planogram

CHANGING = "slot.changing"


def take_over(state: MachineState, new: Planogram) -> Step:
    """Put a newer planogram in force: lock every slot in which another product stands, free those that agree again."""
    rows = {row.slot: row for row in new.slots}
    on_hand: dict[str, int] = {}
    changing: dict[str, Standing] = {}
    for slot in [*rows, *(slot for slot in state.on_hand if slot not in rows)]:
        units, stands, row = state.on_hand.get(slot, 0), _standing(state, slot), rows.get(slot)
        if units and stands is not None and (row is None or row.product_id != stands.product_id):
            changing[slot] = stands
        if row is not None or units:
            on_hand[slot] = units
    update = {"planogram": new, "on_hand": on_hand, "changing": changing, "currency": new.currency, "chosen": ""}
    here = Step(state.model_copy(update=update), (events.SettingsApplied(name="planogram", rev=new.rev, ok=True),))
    for slot in state.changing:
        if slot not in changing:
            here = clear_fault(here, CHANGING, slot)
    for slot, stands in changing.items():
        wanted = rows[slot].product_id if slot in rows else "nothing"
        here = add_fault(here, CHANGING, slot, f"{stands.product_id} stands there, {wanted} is wanted")
    return here


def _standing(state: MachineState, slot: str) -> Standing | None:
    row = state.slot(slot)
    if slot in state.changing or row is None:
        return state.changing.get(slot)
    return Standing(product_id=row.product_id, name_ja=row.name_ja, name_en=row.name_en)


def why_not_changed(state: MachineState, done: SlotChangedOver) -> Refusal | None:
    """Why this cannot be what was done to the slot; None when it can."""
    if done.slot not in state.changing:
        return Refusal("not_changing")
    row, refused = state.slot(done.slot), why_not_now(state, done.slot)
    if refused is not None:
        return refused
    if done.taken_out < 0 or done.added < 0:
        return Refusal("negative")
    room = row.capacity if row is not None else 0
    return Refusal("over_capacity", room) if done.added > room else None


def slot_changed_over(state: MachineState, done: SlotChangedOver, _: Context) -> Step:
    """The old product leaves the books, then the new one comes. Nothing happens when `why_not_changed` says why."""
    if why_not_changed(state, done) is not None:
        return Step(state)
    here, slot = Step(state), done.slot
    if done.taken_out != state.on_hand.get(slot, 0):
        here = count(here, slot, done.taken_out)
    if done.taken_out:
        here = take_out(here, slot, done.taken_out, "changeover")
    row = state.slot(slot)
    who = signed(state)
    told = events.SlotChangedOver(
        slot=slot,
        old_product_id=state.changing[slot].product_id,
        new_product_id=row.product_id if row else "",
        planogram_rev=state.planogram.rev if state.planogram else 1,
        **who,
    )
    changing = {name: stands for name, stands in here.state.changing.items() if name != slot}
    here = Step(here.state.model_copy(update={"changing": changing}), (*here.events, told))
    here = clear_fault(here, CHANGING, slot, **who)
    if done.added:
        here = put_in(here, slot, done.added, lot=done.lot, best_before=done.best_before)
    after = seen_to(here.state, slot)
    if row is None:  # nothing is wanted there any more
        on_hand = {name: units for name, units in after.on_hand.items() if name != slot}
        after = after.model_copy(update={"on_hand": on_hand})
    return Step(after, here.events)
