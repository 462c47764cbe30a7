"""Faults: what is wrong since when, what to do, and clear it where a person can know."""

from collections.abc import Callable, Iterator
from datetime import datetime

from edge.screens.maintenance.coils import fault_name
from edge.screens.maintenance.task import Machine, RefusedEntryError, Session, StillTask
from edge.screens.maintenance.view import Block, Fact, Item, Key, Note, Page, Tone
from edge.screens.maintenance.words import back_key, main_key
from edge.screens.texts import text
from edge.service.clearing import CHECKED, who_clears
from edge.vend.inputs import FaultGone
from edge.vend.state import ActiveFault
from protocol.faults import Severity, fault

RaisedMs = Callable[[str, str], int | None]
"""Code and place of a fault → wall time when it was raised, milliseconds since 1970 UTC; None when nobody knows."""
LookAgain = Callable[[str], None]
"""Have the machine look at a place again, soon: a slot, or anything else for the drop sensor."""
_TONES: dict[Severity, Tone] = {Severity.MACHINE: "sorry", Severity.SLOT: "warn", Severity.MONEY: "warn"}


class FaultList(StillTask):
    """The list, and one fault."""

    def __init__(self, machine: Machine, session: Session, raised_ms: RaisedMs, look_again: LookAgain) -> None:
        """Wire it up.

        Args:
            machine: has the faults.
            session: who clears them.
            raised_ms: since when.
            look_again: for faults that the machine can check at once.
        """
        self._machine = machine
        self._session = session
        self._raised_ms = raised_ms
        self._look_again = look_again
        self._shown: ActiveFault | None = None
        self._has_looked = False

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - it changes with the machine's steps only
        """See `Task`."""
        title, back = text(language, "maintenance.faults"), back_key(language)
        faults = self._machine.state.faults
        if self._shown is None or self._shown not in faults:
            rows: tuple[Block, ...] = tuple(_item(one, language) for one in faults)
            none = Note(text(language, "maintenance.faults.none"), "ok")
            return Page("faults", title, rows or (none,), (back,))
        return Page("faults.one", title, tuple(self._one(self._shown, language)), (back, *_keys(self._shown, language)))

    def _one(self, one: ActiveFault, language: str) -> Iterator[Block]:
        row, since = fault(one.code), self._since(one, language)
        yield Fact(one.where or fault_name(one.code, language), fault_name(one.code, language), _tone(one), since)
        yield Fact(
            text(language, "maintenance.faults.effect"), text(language, f"maintenance.faults.effect.{row.severity}")
        )
        yield Fact(text(language, "maintenance.faults.do"), text(language, f"maintenance.fault.{one.code}.do"))
        yield Note(text(language, f"maintenance.faults.by.{who_clears(one.code)}"))
        if self._has_looked:
            yield Note(text(language, "maintenance.faults.checked"), "warn")

    def _since(self, one: ActiveFault, language: str) -> str:
        raised_ms = self._raised_ms(one.code, one.where)
        if raised_ms is None:
            return ""
        at = datetime.fromtimestamp(raised_ms / 1000).astimezone()
        return text(language, "maintenance.faults.since", day=f"{at:%m/%d}", time=f"{at:%H:%M}")

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if action == "back":
            was, self._shown = self._shown, None
            return was is not None and was in self._machine.state.faults
        if action == "clear" and self._shown is not None:
            clear(self._machine, self._shown, self._session, language)
            self._shown = None
        elif action == "check" and self._shown is not None:
            self._look_again(self._shown.where)
            self._has_looked = True
        else:
            chosen = (one for one in self._machine.state.faults if action == _action(one))
            self._shown, self._has_looked = next(chosen, None), False
        return True


def clear(machine: Machine, one: ActiveFault, session: Session, language: str) -> None:
    """Clear a fault in somebody's name.

    Raises:
        RefusedEntryError: a person cannot know that it is over.
    """
    if who_clears(one.code) != "staff":
        raise RefusedEntryError(text(language, "maintenance.faults.not_yours"))
    machine.apply(FaultGone(one.code, one.where, session.staff, session.visit))


def _keys(one: ActiveFault, language: str) -> Iterator[Key]:
    if who_clears(one.code) == "staff":
        yield main_key("clear", language, "maintenance.faults.clear")
    elif one.code in CHECKED:
        yield main_key("check", language, "maintenance.faults.check")


def _action(one: ActiveFault) -> str:
    return f"fault:{one.code}:{one.where.replace(' ', '_')}"


def _item(one: ActiveFault, language: str) -> Item:
    effect = text(language, f"maintenance.faults.effect.{fault(one.code).severity}")
    title = f"{one.where}  {fault_name(one.code, language)}".strip()
    return Item(_action(one), title, effect, tone=_tone(one))


def _tone(one: ActiveFault) -> Tone:
    return _TONES.get(fault(one.code).severity, "neutral")
