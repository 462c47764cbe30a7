"""The end of a visit: what was done, what differs, what is left to do; then it is told to the cloud."""

from collections.abc import Callable, Iterator

from edge.screens.maintenance.coils import fault_name
from edge.screens.maintenance.task import Machine, StillTask
from edge.screens.maintenance.view import Block, Fact, Note, Page
from edge.screens.maintenance.words import back_key, main_key
from edge.screens.texts import text
from edge.service.inputs import VisitOver
from edge.service.memory import STEPS, Difference, Visit
from edge.service.visits import minutes_of
from edge.vend.state import MachineState


class Summary(StillTask):
    """The last page of a visit."""

    def __init__(self, machine: Machine, wall_ms: Callable[[], int]) -> None:
        """`wall_ms`: wall time, milliseconds since 1970 UTC."""
        self._machine = machine
        self._wall_ms = wall_ms

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - the same at every moment
        """See `Task`."""
        state = self._machine.state
        blocks: tuple[Block, ...] = ()
        if state.visit is not None:
            done = _done(state.visit, minutes_of(state.visit, self._wall_ms()), language)
            blocks = (*done, *_differences(state.visit, language), *_left(state, state.visit, language))
        keys = (back_key(language), main_key("end", language, "maintenance.summary.end"))
        return Page("summary", text(language, "maintenance.summary"), blocks, keys)

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if action == "end":
            self._machine.apply(VisitOver(self._wall_ms()))
        return action not in {"end", "back"}


def _done(visit: Visit, minutes: int, language: str) -> Iterator[Block]:
    units = text(language, "maintenance.units", units=visit.units_added)
    out = text(language, "maintenance.units", units=visit.units_removed)
    yield Fact(text(language, "maintenance.summary.time"), text(language, "maintenance.minutes", minutes=minutes))
    slots = text(language, "maintenance.summary.slots", slots=len(visit.slots))
    yield Fact(text(language, "maintenance.summary.added"), units, detail=slots)
    yield Fact(text(language, "maintenance.summary.removed"), out)
    yield Fact(text(language, "maintenance.summary.collected"), f"¥{visit.cash_collected_minor:,}")


def _differences(visit: Visit, language: str) -> Iterator[Block]:
    if not visit.differences:
        yield Fact(text(language, "maintenance.summary.differences"), text(language, "maintenance.none"), "ok")
    for one in visit.differences:
        yield Fact(*_told(one, language), "warn")


def _told(one: Difference, language: str) -> tuple[str, str]:
    moved = one.counted - one.believed
    is_cash = one.what in {"cash_box", "stacker", "hopper"}
    name = text(language, f"maintenance.part.{one.what}") if is_cash else one.what
    amount = f"¥{abs(moved):,}" if is_cash else text(language, "maintenance.units", units=abs(moved))
    return text(language, "maintenance.summary.difference", what=name), ("+" if moved > 0 else "−") + amount


def _left(state: MachineState, visit: Visit, language: str) -> Iterator[Block]:
    undone = [text(language, f"maintenance.step.{step}") for step in STEPS if step not in visit.done]
    if undone:
        said = text(language, "maintenance.list_separator").join(undone)
        yield Note(text(language, "maintenance.summary.undone", steps=said), "warn")
    if state.door_open:
        yield Note(text(language, "maintenance.summary.door_open"), "warn")
    faults = [f"{fault.where} {fault_name(fault.code, language)}".strip() for fault in state.faults]
    if faults:
        said = text(language, "maintenance.list_separator").join(faults)
        yield Note(text(language, "maintenance.summary.faults", faults=said), "warn")
