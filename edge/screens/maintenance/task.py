"""One maintenance task as the desk sees it: a small presenter with pages of its own."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edge.screens.maintenance.view import Page
from edge.vend.inputs import Input
from edge.vend.state import MachineState
from edge.vend.step import Step


class RefusedEntryError(ValueError):
    """What was entered or pressed cannot be; the text says what is wrong and what to do, in the page's language."""


class Machine(Protocol):
    """The machine as a task needs it; `edge.runtime.Runtime` is one."""

    @property
    def state(self) -> MachineState:
        """As it is now."""
        ...

    def apply(self, happened: Input) -> Step:
        """Decide, write, then start what is to be done.

        Raises:
            StoreFullError: it could not be written; nothing was done.
        """
        ...


class Task(Protocol):
    """A task that somebody has opened. Lives until it is closed or the person logs out; what it has applied stays."""

    def page(self, language: str, now: float) -> Page:
        """What is to be seen; `now` in monotonic seconds. Called for every view: must not change anything."""
        ...

    def press(self, action: str, language: str, now: float) -> bool:
        """Do what a key or an item says.

        Returns:
            False when the task is done or left, and the desk shows its menu again.

        Raises:
            RefusedEntryError: it cannot be done now; nothing was.
            StoreFullError: it could not be written; nothing was done.
        """
        ...

    def enter(self, field: str, value: str, language: str, now: float) -> None:
        """Take what was typed into a field.

        Raises:
            RefusedEntryError: it is not of the field's kind; the value before stays.
        """
        ...

    def changes_in(self, now: float) -> float | None:
        """Seconds until the page changes by itself (live values, time-outs); None when it does not."""
        ...

    def leave(self) -> None:
        """End what must not go on without the person: called once, however it is left."""
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has proven who they are, and the visit they are on."""

    staff: str
    """Their id, as events carry it."""
    name: str
    visit: str
    """Id of the visit, as events carry it."""
    rights: frozenset[str] = frozenset()
    """Of `protocol.desired.Right`."""


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A row of the desk's menu. Its texts are `maintenance.<key>` and `maintenance.<key>.detail`."""

    key: str
    begin: Callable[[Session], Task]
    """Open the task."""
    badge: Callable[[], str] = lambda: ""
    """What is left to do in it, short: `3`; asked for every view."""
    is_here: Callable[[], bool] = lambda: True
    """Does this machine have what the task is about?"""
    right: str = ""
    """Of `protocol.desired.Right`: who lacks it sees the row and cannot press it. Empty: everybody may."""


class StillTask:
    """What most tasks are: nothing changes by itself, nothing must be ended, and perhaps nothing can be typed."""

    def enter(self, field: str, value: str, language: str, now: float) -> None:
        """See `Task`: nothing can be typed."""

    def changes_in(self, now: float) -> float | None:  # noqa: ARG002 - as `Task` wants it
        """See `Task`: never."""
        return None

    def leave(self) -> None:
        """See `Task`: nothing goes on."""


class SlotTask(StillTask, ABC):
    """A list of slots, and the page of one: its keys are the same whatever is done to the slot."""

    def __init__(self) -> None:
        self._slot = ""
        """Whose page it is; empty: the list is shown."""

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if not self._slot:
            if action.startswith("slot:"):
                self._open(action.removeprefix("slot:"))
            return action != "back"
        if action == "back":
            self._slot = ""
        elif action == "save":
            self._save(language)
        return True

    @abstractmethod
    def _open(self, slot: str) -> None:
        """Begin with a slot, if anything can be done to it."""

    @abstractmethod
    def _save(self, language: str) -> None:
        """Write down what was done to the slot.

        Raises:
            RefusedEntryError: it cannot be.
        """
