"""Sensors live: what each one says, in words, and a try of the drop sensor with the hand."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, Protocol

from edge.screens.maintenance.task import Machine, RefusedEntryError, Session, StillTask
from edge.screens.maintenance.view import Block, Fact, Note, Page, Tone
from edge.screens.maintenance.words import back_key, main_key
from edge.screens.texts import text
from edge.sensor_watch import LOOK_S, Reading, Standing
from edge.service.device_inputs import StaffReported
from protocol.events import DeviceTested

_TONES: Final[dict[Standing, Tone]] = {"ok": "ok", "attention": "warn", "missing": "sorry", "fault": "sorry"}
_GRAVEST: Final[tuple[Standing, ...]] = ("fault", "missing", "attention", "ok")


class Sensors(Protocol):
    """As `edge.sensor_watch.SensorWatch`."""

    @property
    def has_dropped(self) -> bool:
        """Something fell since `rearm`."""
        ...

    def watch(self) -> None:
        """Somebody looks."""
        ...

    def rest(self) -> None:
        """Nobody does."""
        ...

    def readings(self) -> Sequence[Reading]:
        """What they say."""
        ...

    def rearm(self) -> bool:
        """Forget what fell; False when that cannot be now."""
        ...


class DropTry:
    """Try the drop sensor: a hand goes through the light, and the machine must have seen it."""

    def __init__(self, machine: Machine, sensors: Sensors, session: Session) -> None:
        """Not begun."""
        self._machine = machine
        self._sensors = sensors
        self._session = session
        self.is_open = False
        """Waiting for the hand, or showing that it came."""

    @property
    def has_seen(self) -> bool:
        """The hand was seen."""
        return self.is_open and self._sensors.has_dropped

    def begin(self, language: str) -> None:
        """Clear the latch, and wait.

        Raises:
            RefusedEntryError: a customer is served, or something moves.
        """
        self.end()
        if not self._sensors.rearm():
            raise RefusedEntryError(text(language, "maintenance.test.why.busy"))
        self.is_open = True

    def end(self) -> None:
        """Tell how it went; nothing when it was not begun."""
        if self.is_open:
            session, ok = self._session, self.has_seen
            self.is_open = False
            told = DeviceTested(
                staff=session.staff, visit=session.visit, test="sensor", where="drop sensor", ok=ok, detail=""
            )
            self._machine.apply(StaffReported(told))

    def block(self, language: str) -> Note:
        """What to do, or that it is well."""
        if self.has_seen:
            return Note(text(language, "maintenance.sensors.seen"), "ok")
        key = "maintenance.sensors.wave" if self.is_open else "maintenance.sensors.what"
        return Note(text(language, key), "warn" if self.is_open else "neutral")


class SensorPage(StillTask):
    """All of them on one page."""

    def __init__(self, machine: Machine, sensors: Sensors, session: Session) -> None:
        """Begin to look."""
        self._sensors = sensors
        self._try = DropTry(machine, sensors, session)
        sensors.watch()

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - the devices tell the time
        """See `Task`."""
        keys = (back_key(language), main_key("try", language, "maintenance.sensors.try"))
        blocks = (self._try.block(language), *facts(self._sensors.readings(), language))
        return Page("sensors", text(language, "maintenance.sensors"), blocks, keys)

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if action == "try":
            self._try.begin(language)
        return action != "back"

    def changes_in(self, now: float) -> float | None:  # noqa: ARG002 - as `Task` wants it
        """See `Task`: live."""
        return LOOK_S / 2

    def leave(self) -> None:
        """See `Task`: devices are left alone."""
        self._sensors.rest()
        self._try.end()


def facts(readings: Sequence[Reading], language: str) -> Iterator[Block]:
    """A row per sensor; coils by the row they stand in."""
    for one in readings:
        if one.kind != "coil":
            where = f" ¥{one.where}" if one.where else ""
            yield Fact(text(language, f"maintenance.sensor.{one.kind}") + where, _said(one, language), _tone([one]))
    coils = [one for one in readings if one.kind == "coil"]
    for shelf, row in groupby(coils, key=lambda one: one.where[:1]):
        of_row = list(row)
        bad = [f"{one.where} {_said(one, language)}" for one in of_row if one.standing != "ok"]
        said = text(language, "maintenance.list_separator").join(bad)
        value = said or text(language, "maintenance.sensor.all_home", coils=len(of_row))
        yield Fact(text(language, "maintenance.sensor.coils", row=shelf), value, _tone(of_row))


def _said(one: Reading, language: str) -> str:
    return text(language, f"maintenance.sensor.says.{one.says}")


def _tone(readings: Sequence[Reading]) -> Tone:
    standings = {one.standing for one in readings}
    return _TONES[next(standing for standing in _GRAVEST if standing in standings)]
