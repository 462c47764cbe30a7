"""What is heard and what the lamp shows: every result has a sound and a colour beside its words.

A cue is given once per result and numbered, so that every renderer plays it once, whenever it joins. Not responsible
for playing it. Sounds are drawn by `tools/design/sounds.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from edge.screens.texts import text
from edge.vend.state import MachineState, Phase
from edge.vend.step import Step
from protocol import events
from protocol.faults import Severity, fault

Cue = Literal["accepted", "refused", "done", "sorry", "warning"]
"""Names of files: `sounds/<cue>.wav` in the static folder of `edge/front`."""
Colour = Literal["green", "blue", "amber", "red"]

_LOUDEST_FIRST: Final[tuple[Cue, ...]] = ("sorry", "warning", "refused", "done", "accepted")
"""Of several cues of one step only the first of this list is heard."""
_ALWAYS: Final[dict[type[events.Event], Cue]] = {
    events.CoinAccepted: "accepted",
    events.BillHeld: "accepted",
    events.CoinTested: "accepted",
    events.VisitStarted: "accepted",
    events.VendDispensed: "done",
    events.SlotRestocked: "done",
    events.SlotRemoved: "done",
    events.SlotCounted: "done",
    events.SlotChangedOver: "done",
    events.CashCounted: "done",
    events.FloatLoaded: "done",
    events.AuditExported: "done",
    events.MachineAdjusted: "accepted",
    events.VisitEnded: "done",
    events.PaymentDenied: "refused",
    events.StaffRefused: "refused",
    events.VendFailed: "sorry",
}
"""Events that sound the same whatever they say."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The newest cue. Play it when `n` grows while you are connected, never on the first view."""

    cue: Cue | Literal[""] = ""
    n: int = 0
    """Counts cues since the controller started."""
    volume: int = 0
    """Percent."""


@dataclass(frozen=True, slots=True)
class Light:
    """How the machine stands, as a colour with its words. There is no lamp on the board: the display shows it."""

    colour: Colour
    text: str


class Cues:
    """Numbers what is to be heard."""

    def __init__(self) -> None:
        self._cue: Cue | Literal[""] = ""
        self._n = 0

    def give(self, cue: Cue) -> None:
        """Something to be heard that no step tells, such as an entry that was not taken."""
        self._cue, self._n = cue, self._n + 1

    def stepped(self, step: Step) -> None:
        """Hear what happened."""
        cue = cue_of(step.events)
        if cue:
            self.give(cue)

    def sound(self, volume: int) -> Sound:
        """The newest one; `volume` in percent."""
        return Sound(self._cue, self._n, volume)


def cue_of(happened: Iterable[events.Event]) -> Cue | Literal[""]:
    """The sound of what happened in one step; empty for silence."""
    cues = {_cue_of(event) for event in happened}
    return next((cue for cue in _LOUDEST_FIRST if cue in cues), "")


def _cue_of(event: events.Event) -> Cue | Literal[""]:
    match event:
        case events.SelectionMade(refused=why):
            return "refused" if why and why != "too_little_credit" else ""
        case events.ChangePaid() | events.CreditReturned():
            return "sorry" if event.short_minor else "done"
        case events.PaymentSettled():
            return "sorry" if event.claim else ""
        case events.DeviceTested(ok=ok):
            return "done" if ok else "refused"
        case events.FaultRaised(code=code):
            return "warning" if fault(code).severity in {Severity.MACHINE, Severity.MONEY} else ""
    return _ALWAYS.get(type(event), "")


def light_of(state: MachineState, language: str) -> Light:
    """How the machine stands: red, nothing is sold; amber, staff or a part that does not work; blue, a customer."""
    severities = {fault(active.code).severity for active in state.faults}
    if state.door_open or state.phase is Phase.SERVICING:
        return Light("amber", text(language, "light.service"))
    if Severity.MACHINE in severities:
        return Light("red", text(language, "light.stopped"))
    if state.phase is not Phase.IDLE:
        return Light("blue", text(language, "light.busy"))
    if Severity.MONEY in severities:
        return Light("amber", text(language, "light.limited"))
    return Light("green", text(language, "light.selling"))
