"""Audit: what the machine has sold and what went through its hands, and the file that auditors read."""

from collections.abc import Iterator
from typing import Final, Literal, Protocol

from edge.audit.counters import total
from edge.audit.dts import Read
from edge.screens.codes import qr_code
from edge.screens.maintenance.task import Machine, RefusedEntryError, Session, StillTask
from edge.screens.maintenance.view import Block, Code, Fact, Item, Note, Page
from edge.screens.maintenance.words import back_key
from edge.screens.texts import text
from edge.service.device_inputs import StaffReported
from edge.vend.state import MachineState
from protocol.events import AuditExported

MOST_IN_CODE: Final = 2000
"""Bytes; a larger code cannot be read from a small display."""

Format = Literal["dts", "csv"]


class Book(Protocol):
    """As `edge.audit.book.AuditBook`."""

    def read(self, state: MachineState) -> Read:
        """The counters of this moment."""
        ...

    def export(self, state: MachineState, wanted: Format) -> tuple[str, str, bool]:
        """Write a file; gives its name, its text, and whether it is on the stick too."""
        ...


class AuditPage(StillTask):
    """Figures since the last export, and two ways to export."""

    def __init__(self, machine: Machine, book: Book, session: Session) -> None:
        """`session`: who takes the file."""
        self._machine = machine
        self._book = book
        self._session = session
        self._made: tuple[str, str, bool] | None = None

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - it changes with the machine's steps only
        """See `Task`."""
        read = self._book.read(self._machine.state)
        blocks = (*self._result(language), *_figures(read, language), *_ways(language))
        back = back_key(language)
        return Page("audit", text(language, "maintenance.audit"), blocks, (back,))

    def _result(self, language: str) -> Iterator[Block]:
        if self._made is None:
            return
        name, content, is_on_stick = self._made
        key = "maintenance.audit.on_stick" if is_on_stick else "maintenance.audit.in_folder"
        yield Fact(text(language, "maintenance.audit.made"), name, "ok", text(language, key))
        if len(content.encode()) <= MOST_IN_CODE:
            code = qr_code(content, text(language, "maintenance.audit.code"))
            yield Code(code.says, code.rows, code.caption)

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        match action:
            case "dts" | "csv":
                self._export(action, language)
            case "back":
                return False
        return True

    def _export(self, wanted: Format, language: str) -> None:
        try:
            self._made = self._book.export(self._machine.state, wanted)
        except OSError as error:
            raise RefusedEntryError(text(language, "maintenance.audit.failed", why=error.strerror or "")) from error
        session, is_on_stick = self._session, self._made[2]
        told = AuditExported(
            staff=session.staff, visit=session.visit, format=wanted, to="usb" if is_on_stick else "file"
        )
        self._machine.apply(StaffReported(told))


def _figures(read: Read, language: str) -> Iterator[Block]:
    before = f"{read.before:%Y-%m-%d %H:%M}" if read.before else text(language, "maintenance.none")
    yield Fact(text(language, "maintenance.audit.before"), before)
    rows = {
        "sold": (total(read.interval, "vend.*.*.paid"), total(read.interval, "vend.*.*.n")),
        "in": (read.interval["in"], None),
        "out": (read.interval["out"], None),
    }
    for name, (worth, count) in rows.items():
        detail = text(language, "maintenance.units", units=count) if count is not None else ""
        yield Fact(text(language, f"maintenance.audit.{name}"), f"¥{worth:,}", detail=detail)


def _ways(language: str) -> Iterator[Block]:
    yield Note(text(language, "maintenance.audit.what"))
    for way in ("dts", "csv"):
        yield Item(way, text(language, f"maintenance.audit.{way}"), text(language, f"maintenance.audit.{way}.detail"))
