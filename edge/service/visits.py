"""Who works at the machine: documents of the cloud, log-in, wrong PINs, and the visit from its start to its end.

Pure; part of the state machine. A visit is the machine's memory of one person's work: it goes on after a restart,
and ends when they say so, or when somebody else begins one.
"""

from typing import Any, Final

from edge.service import inputs as i
from edge.service.memory import STEPS, Difference, Visit
from edge.vend.state import MachineState
from edge.vend.step import Context, Step
from protocol import events, staff_events

LOCKED: Final = "locked"
"""Why somebody is turned away to whom no PIN is asked any more."""


def staff_list_arrived(state: MachineState, arrived: i.StaffListArrived, _: Context) -> Step:
    """Take a newer list. Who is logged in stays so until they leave: they were let in with the list of then."""
    new = arrived.staff_list
    if state.staff_list is not None and new.rev <= state.staff_list.rev:
        return Step(state)
    applied = events.SettingsApplied(name="staff", rev=new.rev, ok=True)
    return Step(state.model_copy(update={"staff_list": new}), (applied,))


def restock_list_arrived(state: MachineState, arrived: i.RestockListArrived, _: Context) -> Step:
    """Take a newer pick list; nothing of it is done yet."""
    new = arrived.restock_list
    if state.restock_list is not None and new.rev <= state.restock_list.rev:
        return Step(state)
    applied = events.SettingsApplied(name="restock", rev=new.rev, ok=True)
    return Step(state.model_copy(update={"restock_list": new, "restock_done": ()}), (applied,))


def staff_in(state: MachineState, came: i.StaffIn, _: Context) -> Step:
    """The right PIN: wrong ones are forgotten, and their visit goes on or begins."""
    here = Step(state.model_copy(update={"pin_failures": 0}))
    if state.visit is not None and state.visit.staff == came.staff:
        return here
    if state.visit is not None:
        here = here.then(_end(here.state, came.at_ms))
    visit = Visit(visit=came.new_visit, staff=came.staff, began_ms=came.at_ms)
    started = staff_events.VisitStarted(visit=visit.visit, staff=visit.staff, how=came.how)
    return here.then(Step(here.state.model_copy(update={"visit": visit}), (started,)))


def staff_turned_away(state: MachineState, refused: i.StaffTurnedAway, _: Context) -> Step:
    """Count it, so that neither a restart nor another name gives more tries; a try while it is locked is only told."""
    failures = state.pin_failures + (refused.why != LOCKED)
    event = staff_events.StaffRefused(staff=refused.staff, why=refused.why, failures=failures)
    return Step(state.model_copy(update={"pin_failures": failures}), (event,))


def visit_over(state: MachineState, over: i.VisitOver, _: Context) -> Step:
    """Sum up."""
    return _end(state, over.at_ms)


def open_tasks(state: MachineState) -> tuple[str, ...]:
    """What a visit that ends now leaves undone, as codes: steps, `door_open`, slots that cannot be sold."""
    visit = state.visit
    steps = [] if visit is None else [step for step in STEPS if step not in visit.done]
    door = ["door_open"] if state.door_open else []
    rows = [] if state.planogram is None else [row.slot for row in state.planogram.slots]
    return (*steps, *door, *(f"slot:{slot}" for slot in rows if state.slot_fault(slot)))


def _end(state: MachineState, at_ms: int) -> Step:
    visit = state.visit
    if visit is None:
        return Step(state)
    ended = staff_events.VisitEnded(
        visit=visit.visit,
        staff=visit.staff,
        minutes=minutes_of(visit, at_ms),
        slots_filled=len(visit.slots),
        units_added=visit.units_added,
        units_removed=visit.units_removed,
        cash_collected_minor=visit.cash_collected_minor,
        open_tasks=list(open_tasks(state)),
    )
    return Step(state.model_copy(update={"visit": None}), (ended,))


def minutes_of(visit: Visit, at_ms: int) -> int:
    """Whole minutes since it began; never less than none, wherever the wall clock jumped."""
    return max(0, at_ms - visit.began_ms) // 60_000


# --- what other steps note about the visit -----------------------------------------------------
def signed(state: MachineState, staff: str = "") -> dict[str, str]:
    """Fields `visit` and `staff` of an event that somebody at the machine causes.

    Args:
        state: of the machine.
        staff: who, where the input says so; without it, whoever's visit is open.
    """
    visit = state.visit
    if visit is None or (staff and staff != visit.staff):
        return {"visit": "", "staff": staff}
    return {"visit": visit.visit, "staff": visit.staff}


def noted(state: MachineState, step: str, **update: Any) -> MachineState:
    """Tick a step of the visit, and change more of it; nothing without one."""
    visit = state.visit
    if visit is None:
        return state
    done = visit.done if step in visit.done else (*visit.done, step)
    return state.model_copy(update={"visit": visit.model_copy(update={"done": done, **update})})


def differences_with(visit: Visit, new: Difference) -> tuple[Difference, ...]:
    """The differences of a visit and one more; none is added where nothing differs."""
    return visit.differences if new.believed == new.counted else (*visit.differences, new)
