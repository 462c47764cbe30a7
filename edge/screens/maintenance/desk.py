"""The maintenance screens of one machine: who is there, which task is open, what is pressed goes where.

The door's opening shows the log-in; with the door closed it must be asked for, and gives way to a customer's money.
Nobody stays logged in who does not touch the screen for `SESSION_S`; their visit stays open. Not responsible for what
the tasks do, nor for drawing. Time is passed in, monotonic seconds.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from edge.screens.intents import Intent
from edge.screens.maintenance.login import DrawId, LogIn
from edge.screens.maintenance.menu import menu_page
from edge.screens.maintenance.summary import Summary
from edge.screens.maintenance.task import Machine, RefusedEntryError, Session, Task, TaskKind
from edge.screens.maintenance.view import MaintenanceView, Page
from edge.screens.texts import LANGUAGES, labels, text
from edge.service.visits import minutes_of
from edge.vend.state import MachineState, Phase

SESSION_S: Final = 180.0
"""Untouched for so long, the PIN is asked for again."""
UNANSWERED_S: Final = 60.0
"""The log-in page of a closed machine goes away after so long."""
REFUSED_S: Final = 6.0
"""How long a customer's screen says that the customer comes first."""
CUSTOMERS: Final = {Phase.CREDIT, Phase.APPROVING, Phase.DISPENSING, Phase.SETTLING}


class MaintenanceDesk:
    """One per machine; however many renderers show it, they show the same page."""

    def __init__(
        self,
        machine: Machine,
        kinds: Sequence[TaskKind],
        *,
        is_online: Callable[[], bool],
        wall_ms: Callable[[], int],
        local_pin: str = "",
        draw: DrawId = secrets.token_hex,
    ) -> None:
        """Wire it up.

        Args:
            machine: gives the state, takes what staff do.
            kinds: rows of the menu, in order.
            is_online: is the cloud there?
            wall_ms: wall time, milliseconds since 1970 UTC.
            local_pin: see `LogIn`.
            draw: gives an id of so many random bytes as hex.
        """
        self._machine = machine
        self._kinds = kinds
        self._is_online = is_online
        self._wall_ms = wall_ms
        self._login = LogIn(machine, local_pin=local_pin, wall_ms=wall_ms, draw=draw)
        self._language = ""
        """What the person who is logged in is spoken to in; empty: as the customer."""
        self._session: Session | None = None
        self._task: Task | None = None
        self._is_asked_for = False
        self._was_open = False
        """The door, when this was last settled."""
        self._trouble = ""
        self._touched_at = 0.0
        self._refused_until = 0.0

    # --- what is shown --------------------------------------------------------------------------
    def view(self, language: str, now: float) -> MaintenanceView | None:
        """The page of this moment; None while the customer's screen is shown.

        Args:
            language: of the customer's screen.
            now: monotonic seconds.
        """
        self.settle(now)
        if not self._is_shown:
            return None
        language = self.language(language)
        page = self._page(language, now)
        if self._trouble:
            page = replace(page, trouble=self._trouble)
        name = self._session.name if self._session else ""
        return MaintenanceView(page, name, self._standing(language), labels(language, "maintenance.label."))

    def language(self, customers: str) -> str:
        """What is spoken here, while the customer's screen speaks `customers`."""
        return self._language or customers

    def is_refusing(self, now: float) -> bool:
        """Somebody asked for the maintenance screens a moment ago, and a customer comes first."""
        return now < self._refused_until and self._is_customers_turn

    def changes_in(self, now: float) -> float | None:
        """Seconds until the view changes by itself; None when it does not."""
        self.settle(now)
        waits = [self._refused_until - now] if now < self._refused_until else []
        if self._is_shown:
            waits += [60.0] if self._session else []  # the visit's minutes
            locked_s = self._login.locked_left_s(now)
            waits += [min(locked_s, 30.0)] if locked_s and not self._session else []
            waits += [self._touched_at + self._patience_s - now] if self._session or self._is_asked_for else []
            own = self._task.changes_in(now) if self._task is not None else None
            waits += [own] if own is not None else []
        return max(0.05, min(waits)) if waits else None

    def _page(self, language: str, now: float) -> Page:
        if self._session is None:
            return self._login.page(language, now)
        if self._task is not None:
            return self._task.page(language, now)
        return menu_page(self._machine.state, self._session, self._kinds, language)

    def _standing(self, language: str) -> str:
        state = self._machine.state
        parts = [
            text(language, "maintenance.standing.door_open" if state.door_open else "maintenance.standing.door_closed"),
            text(language, "maintenance.standing.online" if self._is_online() else "maintenance.standing.offline"),
        ]
        if state.visit is not None:
            minutes = minutes_of(state.visit, self._wall_ms())
            parts.append(text(language, "maintenance.standing.visit", minutes=minutes))
        return text(language, "maintenance.standing.separator").join(parts)

    # --- what is pressed ------------------------------------------------------------------------
    def set_language(self, code: str) -> None:
        """Speak another language to whoever is here; an unknown code is ignored."""
        if code in LANGUAGES:
            self._language = code

    def obey(self, intent: Intent, language: str, now: float) -> None:
        """Do what staff pressed or typed. What is refused is told on the page.

        Args:
            intent: one with `maintenance`.
            language: of the customer's screen.
            now: monotonic seconds.

        Raises:
            StoreFullError: it could not be written; nothing was done.
        """
        self.settle(now)
        if intent.maintenance == "open":
            self._open(now)
        if not self._is_shown or intent.maintenance == "open":
            return
        self._touched_at, self._trouble = now, ""
        if intent.maintenance == "close":
            self.log_out()
            return
        try:
            self._route(intent, self.language(language), now)
        except RefusedEntryError as error:
            self._trouble = str(error)
        self.settle(now)

    def _open(self, now: float) -> None:
        self._touched_at = now
        if self._machine.state.door_open or not self._is_customers_turn:
            self._is_asked_for = True
        else:
            self._refused_until = now + REFUSED_S

    def _route(self, intent: Intent, language: str, now: float) -> None:
        is_typed = intent.maintenance == "enter"
        if self._session is None:
            if not is_typed:
                self._login.press(intent.name)
                return
            self._session = self._login.enter(intent.name, intent.entry, language, now)
            if self._session is not None:
                self.set_language(self._login.language_of(self._session.staff))
        elif self._task is None:
            if not is_typed:
                self._choose(intent.name, self._session, language)
        elif is_typed:
            self._task.enter(intent.name, intent.entry, language, now)
        elif not self._task.press(intent.name, language, now):
            self._leave_task()

    def _choose(self, action: str, session: Session, language: str) -> None:
        if action == "log_out":
            self.log_out()
        elif action == "end_visit":
            self._task = Summary(self._machine, self._wall_ms)
        kind = next((one for one in self._kinds if action == f"task:{one.key}" and one.is_here()), None)
        if kind is None:
            return
        if kind.right and kind.right not in session.rights:
            raise RefusedEntryError(text(language, "maintenance.menu.no_right"))
        self._task = kind.begin(session)

    def log_out(self) -> None:
        """Nobody is here any more; the visit stays open."""
        self._leave_task()
        self._session = None
        self._is_asked_for = False
        self._language = self._trouble = ""
        self._login.forget()

    def _leave_task(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.leave()

    # --- what time and the machine do -----------------------------------------------------------
    def settle(self, now: float) -> None:
        """Bring the desk in line with the machine and the clock."""
        state = self._machine.state
        if state.door_open != self._was_open:
            self._was_open = state.door_open
            self._touched_at = now
            if self._session is None:
                self.log_out()
        if self._session is None and not self._is_asked_for:
            return
        is_over = self._session is not None and not _is_on(self._session, state)
        is_forgotten = now - self._touched_at >= self._patience_s
        if is_over or is_forgotten or (self._is_customers_turn and not state.door_open):
            self.log_out()

    @property
    def _is_shown(self) -> bool:
        return self._machine.state.door_open or self._session is not None or self._is_asked_for

    @property
    def _patience_s(self) -> float:
        return SESSION_S if self._session is not None else UNANSWERED_S

    @property
    def _is_customers_turn(self) -> bool:
        state = self._machine.state
        return bool(state.due_to_customer) or state.phase in CUSTOMERS


def _is_on(session: Session, state: MachineState) -> bool:
    return state.visit is not None and state.visit.visit == session.visit
