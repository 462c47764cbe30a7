"""What the machine is set to and says of itself: sound and light, language, update, log."""

from collections.abc import Callable
from typing import Final, Literal, Protocol

from edge.screens.maintenance.task import Machine, RefusedEntryError, Session, StillTask
from edge.screens.maintenance.view import Block, Fact, Item, Key, Lines, Note, Page, Stepper
from edge.screens.maintenance.words import back_key, main_key
from edge.screens.texts import LANGUAGES, text
from edge.service.device_inputs import StaffReported
from edge.vend.state import Phase
from protocol.events import MachineAdjusted

_LEAST: Final[dict[Literal["volume", "brightness"], int]] = {"volume": 0, "brightness": 10}
STEP: Final = 10
"""Percent."""


class SoundLight(StillTask):
    """Two knobs; each turn is heard and seen at once."""

    def __init__(self, machine: Machine, session: Session) -> None:
        """`session`: who turns them."""
        self._machine = machine
        self._session = session

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - it changes with the machine's steps only
        """See `Task`."""
        state = self._machine.state
        values = {"volume": state.volume, "brightness": state.brightness}
        knobs = tuple(
            Stepper(name, text(language, f"maintenance.sound_light.{name}"), values[name], least, 100, STEP, "%")
            for name, least in _LEAST.items()
        )
        note = Note(text(language, "maintenance.sound_light.what"))
        return Page("sound_light", text(language, "maintenance.sound_light"), (note, *knobs), (back_key(language),))

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        return action != "back"

    def enter(self, field: str, value: str, language: str, now: float) -> None:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        for name, least in _LEAST.items():
            if name == field:
                if not (value.isdecimal() and len(value) < 4 and least <= int(value) <= 100):
                    raise RefusedEntryError(text(language, "maintenance.sound_light.refused", least=least, most=100))
                session = self._session
                told = MachineAdjusted(staff=session.staff, visit=session.visit, name=name, value=int(value))
                self._machine.apply(StaffReported(told))


class LanguagePage(StillTask):
    """The language of the maintenance screens, until log-out."""

    def __init__(self, set_language: Callable[[str], None]) -> None:
        """`set_language`: of the desk."""
        self._set_language = set_language

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - it changes when pressed only
        """See `Task`."""
        rows = tuple(
            Item(f"language:{code}", name, badge=text(language, "maintenance.language.now") if code == language else "")
            for code, name in LANGUAGES.items()
        )
        return Page("language", text(language, "maintenance.language"), rows, (back_key(language),))

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if action.startswith("language:"):
            self._set_language(action.removeprefix("language:"))
        return action != "back"


class LogPage(StillTask):
    """The newest lines; they stand still until asked for again, or nobody could read them."""

    def __init__(self, lines: Callable[[], tuple[str, ...]]) -> None:
        """`lines`: newest first, without secrets."""
        self._lines = lines
        self._shown = lines()

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - it changes when pressed only
        """See `Task`."""
        again = main_key("again", language, "maintenance.logs.again")
        none = Note(text(language, "maintenance.logs.none"))
        block: Block = Lines(self._shown) if self._shown else none
        return Page("logs", text(language, "maintenance.logs"), (block,), (back_key(language), again))

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if action == "again":
            self._shown = self._lines()
        return action != "back"


class Software(Protocol):
    """As `edge.updating.Updates`."""

    @property
    def software(self) -> str:
        """The version that runs."""
        ...

    @property
    def is_possible(self) -> bool:
        """Somebody puts newer software here."""
        ...

    @property
    def is_asked_for(self) -> bool:
        """Somebody has asked, nobody has acted."""
        ...

    def waiting(self) -> str:
        """A newer version that is ready; empty for none."""
        ...

    def ask(self, staff: str) -> None:
        """Ask for it."""
        ...


class UpdatePage(StillTask):
    """Which software runs, and which could."""

    def __init__(self, machine: Machine, software: Software, session: Session) -> None:
        """`session`: who asks for it."""
        self._machine = machine
        self._software = software
        self._session = session

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - it changes when pressed only
        """See `Task`."""
        software = self._software
        waiting = software.waiting()
        newer = waiting or text(language, "maintenance.none")
        if not software.is_possible:
            key = "impossible"
        elif software.is_asked_for:
            key = "asked"
        else:
            key = "ready" if waiting else "newest"
        blocks = (
            Fact(text(language, "maintenance.update.now"), software.software),
            Fact(text(language, "maintenance.update.waiting"), newer, "warn" if waiting else "neutral"),
            Note(text(language, f"maintenance.update.{key}")),
        )
        ask = Key("ask", text(language, "maintenance.update.ask"), is_main=True, enabled=key == "ready")
        return Page("update", text(language, "maintenance.update"), blocks, (back_key(language), ask))

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if action == "ask":
            if not self._software.waiting() or self._software.is_asked_for:
                raise RefusedEntryError(text(language, "maintenance.update.newest"))
            if self._machine.state.phase is not Phase.IDLE:
                raise RefusedEntryError(text(language, "maintenance.test.why.busy"))
            try:
                self._software.ask(self._session.staff)
            except OSError as error:
                raise RefusedEntryError(text(language, "maintenance.audit.failed", why=error.strerror or "")) from error
        return action != "back"
