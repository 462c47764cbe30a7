"""The jam guide: one slot, step by step with pictures, until it sells again or is left locked on purpose."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from edge.screens.maintenance.coils import goods_in, outcome_of, slot_facts, slot_item, turn
from edge.screens.maintenance.faults import clear
from edge.screens.maintenance.sensors import DropTry, Sensors
from edge.screens.maintenance.task import Machine, RefusedEntryError, Session, StillTask
from edge.screens.maintenance.view import Block, Item, Key, Note, Page, Picture
from edge.screens.maintenance.words import back_key, main_key
from edge.screens.texts import text
from edge.sensor_watch import LOOK_S
from edge.service.clearing import who_clears
from edge.service.devices import why_not
from edge.vend.inputs import FaultSeen

Stage = Literal["choose", "door-open", "look", "free-spiral", "door-close", "motor-run", "drop-sensor", "end"]
STAGES: Final[tuple[Stage, ...]] = (
    "choose", "door-open", "look", "free-spiral", "door-close", "motor-run", "drop-sensor", "end",
)  # fmt: skip
"""In order. Those between the first and the last have a picture of the same name."""


class JamGuide(StillTask):
    """Somebody frees one slot. Nothing keeps them from turning back, or from skipping what they have done already."""

    def __init__(self, machine: Machine, slots: Sequence[str], sensors: Sensors, session: Session) -> None:
        """Begin with the choice of a slot; those that are locked come first."""
        self._machine = machine
        self._slots = slots
        self._session = session
        self._try = DropTry(machine, sensors, session)
        self._stage: Stage = "choose"
        self._slot = ""
        self._has_run = False

    # --- what is shown --------------------------------------------------------------------------
    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - the machine and the sensor tell
        """See `Task`."""
        title = text(language, "maintenance.jam")
        if self._stage == "choose":
            ordered = sorted(self._slots, key=lambda slot: not self._machine.state.slot_fault(slot))
            rows = tuple(slot_item(self._machine.state, slot, language) for slot in ordered)
            note = Note(text(language, "maintenance.jam.choose"))
            return Page("jam", title, (note, *rows), (back_key(language),))
        step = text(language, "maintenance.jam.step", step=STAGES.index(self._stage), steps=len(STAGES) - 1)
        name = f"{self._slot} {goods_in(self._machine.state, self._slot, language)}".strip()
        blocks = (*self._picture(language), *self._standing(language))
        return Page(f"jam.{self._stage}", f"{title} {name}  {step}", blocks, tuple(self._keys(language)))

    def _picture(self, language: str) -> Iterator[Block]:
        if self._stage != "end":
            yield Picture(self._stage, text(language, f"maintenance.jam.{self._stage}"))

    def _standing(self, language: str) -> Iterator[Block]:
        state = self._machine.state
        if self._stage == "motor-run":
            if state.test is not None:
                yield Note(text(language, "maintenance.test.running"), "warn")
            elif self._has_run:
                yield from outcome_of(state, self._slot, language)
            why = why_not(state, "motor", self._slot)
            if why and state.test is None:
                yield Note(text(language, f"maintenance.test.why.{why}"), "warn")
            yield Item("run", text(language, "maintenance.test.run"), enabled=not why)
        elif self._stage == "drop-sensor":
            yield self._try.block(language)
            yield Item("try", text(language, "maintenance.sensors.try"))
        elif self._stage == "end":
            yield from slot_facts(state, self._slot, language)
            key = "end.locked" if state.slot_fault(self._slot) else "end.free"
            yield Note(text(language, f"maintenance.jam.{key}"))
            yield Item("leave_locked", text(language, "maintenance.jam.leave_locked"))

    def _keys(self, language: str) -> Iterator[Key]:
        """Back and on; what is tried on the way is a row of the page, wide enough to be read."""
        yield back_key(language)
        if self._stage == "end":
            yield main_key("sell", language, "maintenance.jam.sell")
        else:
            yield main_key("next", language, "maintenance.jam.next")

    # --- what is pressed ------------------------------------------------------------------------
    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if action.startswith("slot:"):
            self._choose(action.removeprefix("slot:"))
        elif action == "back":
            return self._go(-1)
        elif self._slot and action == "next":
            return self._go(1)
        elif self._slot and action == "run":
            turn(self._machine, "motor", self._slot, self._session, language)
            self._has_run = True
        elif self._slot and action == "try":
            self._try.begin(language)
        elif self._stage == "end":
            return not self._ends(action, language)
        return True

    def _choose(self, slot: str) -> None:
        if slot in self._slots:
            self._slot, self._has_run = slot, False
            self._stage = "door-open"

    def _go(self, steps: int) -> bool:
        self._try.end()
        at = STAGES.index(self._stage) + steps
        if at < 0:
            return False
        self._stage = STAGES[min(at, len(STAGES) - 1)]
        return True

    def _ends(self, action: str, language: str) -> bool:
        """Is the guide done? Selling again needs that the machine agrees; leaving it locked never fails."""
        state = self._machine.state
        if action == "leave_locked":
            self._machine.apply(FaultSeen("slot.out_of_use", self._slot, f"by {self._session.staff}"))
            return True
        if action != "sell":
            return False
        for one in [one for one in state.faults if one.where == self._slot and who_clears(one.code) == "staff"]:
            clear(self._machine, one, self._session, language)
        if self._machine.state.slot_fault(self._slot):
            raise RefusedEntryError(text(language, "maintenance.jam.still_locked"))
        return True

    def changes_in(self, now: float) -> float | None:  # noqa: ARG002 - as `Task` wants it
        """See `Task`: live while a hand is waited for."""
        return LOOK_S / 2 if self._try.is_open else None

    def leave(self) -> None:
        """See `Task`."""
        self._try.end()
