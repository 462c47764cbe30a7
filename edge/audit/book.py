"""The audit book of one machine: counters that follow its events, kept in a file beside the store, and its exports.

The file names the event up to which it has counted, so it is only a short cut: after a power cut the events after it
are counted again. Not responsible for the texts (`dts.py`, `table.py`).
"""

import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import structlog
from pydantic import BaseModel, Field, ValidationError

from edge.audit.counters import counted
from edge.audit.dts import Read, dts
from edge.audit.table import table
from edge.store.store import Store
from edge.vend.state import MachineState
from edge.vend.step import Step

SAVE_AFTER: Final = 500
"""Events; so many are counted again at most after a restart."""
PAGE: Final = 500
Format = Literal["dts", "csv"]
_TEXT: Final[dict[Format, Callable[[Read], str]]] = {"dts": dts, "csv": table}

_log = structlog.get_logger(__name__)


class _Kept(BaseModel):
    """The file."""

    epoch: str
    seq: int = 0
    """Counted up to this event."""
    init: dict[str, int] = Field(default_factory=dict)
    read: dict[str, int] = Field(default_factory=dict)
    """`init` at the last export."""
    read_ms: int = 0
    reads: int = 0


class AuditBook:
    """Counts what the store tells; one per controller."""

    def __init__(
        self, store: Store, folder: Path, software: str, wall_ms: Callable[[], int], stick: Path | None
    ) -> None:
        """Read the book, and count what has happened since it was written.

        Args:
            store: whose events are counted.
            folder: of the machine; the book and `exports/` are in it.
            software: version, for the file.
            wall_ms: wall time, milliseconds since 1970 UTC.
            stick: folder of a USB stick; exports go there too while it is there.
        """
        self._store = store
        self._path = folder / "audit.json"
        self._exports = folder / "exports"
        self._software = software
        self._wall_ms = wall_ms
        self._stick = stick
        self._kept = self._load()
        self._init = Counter(self._kept.init)
        self._saved_seq = self._kept.seq
        self._catch_up()

    def stepped(self, step: Step) -> None:
        """Count what was just written."""
        for event in step.events:
            self._init.update(counted(event.KIND, event.to_dict()))
        self._kept.seq = self._store.last_seq
        if self._kept.seq - self._saved_seq >= SAVE_AFTER:
            self._save()

    def read(self, state: MachineState) -> Read:
        """The counters of this moment."""
        kept = self._kept
        before = datetime.fromtimestamp(kept.read_ms / 1000).astimezone() if kept.reads else None
        at = datetime.fromtimestamp(self._wall_ms() / 1000).astimezone()
        interval = self._init - Counter(kept.read)
        return Read(self._store.machine, self._software, at, before, kept.reads + 1, self._init, interval, state)

    def export(self, state: MachineState, wanted: Format) -> tuple[str, str, bool]:
        """Write a file, and begin a new interval.

        Returns:
            The file's name, its text, and whether it is on the stick too.

        Raises:
            OSError: it cannot be written; the interval goes on.
        """
        read = self.read(state)
        text = _TEXT[wanted](read)
        name = f"{read.machine}-{read.at:%Y%m%d-%H%M%S}.{wanted}"
        self._exports.mkdir(exist_ok=True)
        _write(self._exports / name, text)
        is_on_stick = self._stick is not None and self._stick.is_dir() and _try_write(self._stick / name, text)
        self._kept.read, self._kept.read_ms, self._kept.reads = dict(self._init), self._wall_ms(), read.reads
        self._save()
        return name, text, is_on_stick

    def _load(self) -> _Kept:
        try:
            kept = _Kept.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return _Kept(epoch=self._store.epoch)
        except ValidationError as error:
            _log.warning("the audit book cannot be read and is counted anew", path=str(self._path), error=str(error))
            return _Kept(epoch=self._store.epoch)
        if kept.epoch != self._store.epoch:  # a new store follows a damaged one: its events begin anew
            return kept.model_copy(update={"epoch": self._store.epoch, "seq": 0})
        return kept

    def _catch_up(self) -> None:
        while rows := self._store.read_events(self._kept.seq, PAGE):
            for seq, body in rows:
                event = json.loads(body)
                self._init.update(counted(event["kind"], event["d"]))
                self._kept.seq = seq
        if self._kept.seq != self._saved_seq:
            self._save()

    def _save(self) -> None:
        """As text under another name, then in place: a cut leaves the book before. The events are the truth."""
        self._kept.init = dict(self._init)
        try:
            _write(self._path, self._kept.model_dump_json())
        except OSError as error:
            _log.warning("the audit book cannot be written", path=str(self._path), error=str(error))
            return
        self._saved_seq = self._kept.seq


def _write(path: Path, text: str) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_bytes(text.encode("utf-8"))
    os.replace(draft, path)  # noqa: PTH105 - one call for both kinds of file


def _try_write(path: Path, text: str) -> bool:
    """A stick may be full, or pulled out just now; the machine has the file in any case."""
    try:
        _write(path, text)
    except OSError as error:
        _log.warning("the stick did not take the export", path=str(path), error=str(error))
        return False
    return True
