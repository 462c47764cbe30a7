"""The desk's first page: what is done on this visit and what can be done."""

from collections.abc import Sequence

from edge.screens.maintenance.task import Session, TaskKind
from edge.screens.maintenance.view import MARKS, Fact, Item, Key, Page
from edge.screens.maintenance.words import main_key
from edge.screens.texts import text
from edge.service.memory import STEPS
from edge.vend.state import MachineState


def menu_page(state: MachineState, session: Session, kinds: Sequence[TaskKind], language: str) -> Page:
    """Steps with ticks, then every task that this machine has."""
    done = state.visit.done if state.visit else ()
    steps = "  ".join(
        (MARKS["ok"] if step in done else "・") + text(language, f"maintenance.step.{step}") for step in STEPS
    )
    is_all = all(step in done for step in STEPS)
    progress = Fact(text(language, "maintenance.menu.steps"), steps, "ok" if is_all else "neutral")
    items = tuple(_item(kind, session, language) for kind in kinds if kind.is_here())
    keys = (
        Key("log_out", text(language, "maintenance.menu.log_out")),
        main_key("end_visit", language, "maintenance.menu.end_visit"),
    )
    return Page("menu", text(language, "maintenance.menu"), (progress, *items), keys)


def _item(kind: TaskKind, session: Session, language: str) -> Item:
    may = not kind.right or kind.right in session.rights
    detail = text(language, f"maintenance.{kind.key}.detail") if may else text(language, "maintenance.menu.no_right")
    title = text(language, f"maintenance.{kind.key}")
    return Item(f"task:{kind.key}", title, detail, kind.badge() if may else "", enabled=may)
