"""The result of a step, and the small things every step may add to one."""

from dataclasses import dataclass
from typing import Any, Self

from edge.vend.inputs import Effect
from edge.vend.state import ActiveFault, MachineState
from protocol.events import Event, FaultCleared, FaultRaised


@dataclass(frozen=True, slots=True)
class Context:
    """What the machine is, as opposed to how it is."""

    epoch: str
    """Of the store; vend ids and claim codes are made from it."""
    host_boot: str = ""
    """Changes with every start of the computer: what hangs on its supply may have forgotten since."""
    is_multi_vend: bool = False
    """Credit that is left after a sale stays for the next one, until the lever or idle time returns it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an input means: the state after it, the facts to report, and what to do once both are on disk."""

    state: MachineState
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()

    def then(self, following: Self) -> "Step":
        """This step and one that was decided on its state."""
        return Step(following.state, self.events + following.events, self.effects + following.effects)


def add_fault(here: Step, code: str, where: str = "", detail: str = "", *, again: bool = False) -> Step:
    """Raise a fault once; nothing when `code` is empty or the fault is already raised.

    `again`: each time is an event of its own, so one that is raised is cleared first.
    """
    if here.state.has_fault(code, where) and again:
        faults = tuple(fault for fault in here.state.faults if (fault.code, fault.where) != (code, where))
        cleared = FaultCleared(code=code, where=where)
        here = Step(here.state.model_copy(update={"faults": faults}), (*here.events, cleared), here.effects)
    if not code or here.state.has_fault(code, where):
        return here
    faults = (*here.state.faults, ActiveFault(code=code, where=where))
    raised = FaultRaised(code=code, where=where, detail=detail)
    return Step(here.state.model_copy(update={"faults": faults}), (*here.events, raised), here.effects)


def clear_fault(here: Step, code: str, where: str = "", *, staff: str = "", visit: str = "") -> Step:
    """Clear a fault; nothing when it is not raised. `staff`, `visit`: who did, where the machine was told."""
    if not here.state.has_fault(code, where):
        return here
    state = here.state
    update: dict[str, Any] = {"faults": tuple(f for f in state.faults if f != ActiveFault(code=code, where=where))}
    if code == "slot.no_drop":
        update["no_drop_streak"] = state.no_drop_streak | {where: 0}
    cleared = FaultCleared(code=code, where=where, staff=staff, visit=visit)
    return Step(state.model_copy(update=update), (*here.events, cleared), here.effects)
