"""Newer software: is there any, and ask for it. Putting it in place is the service manager's work, not this process's.

Contract with it (edge/README.md): `UPDATE_DIR/VERSION` names the version that is ready there; a file `update-wanted` in
the machine's folder asks for it. Whoever acts on that file stops the controller, installs, and starts it again.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

WANTED: Final = "update-wanted"


class Updates:
    """One machine's."""

    def __init__(self, software: str, machine_dir: Path, update_dir: Path | None, wall_ms: Callable[[], int]) -> None:
        """Wire it up.

        Args:
            software: the version that runs.
            machine_dir: the request is written here.
            update_dir: where newer software is put; None where nobody ever does.
            wall_ms: wall time, milliseconds since 1970 UTC.
        """
        self.software = software
        self.is_possible = update_dir is not None
        self._wanted = machine_dir / WANTED
        self._update_dir = update_dir
        self._wall_ms = wall_ms

    def waiting(self) -> str:
        """The version that is ready and newer than this one; empty for none."""
        if self._update_dir is None:
            return ""
        try:
            ready = (self._update_dir / "VERSION").read_text("utf-8").strip()[:40]
        except (OSError, UnicodeDecodeError):
            return ""
        return ready if _number(ready) > _number(self.software) else ""

    @property
    def is_asked_for(self) -> bool:
        """Somebody has asked, and nobody has acted yet."""
        return self._wanted.exists()

    def ask(self, staff: str) -> None:
        """Ask for what is waiting.

        Raises:
            OSError: the request cannot be written.
        """
        draft = self._wanted.with_name(WANTED + ".new")
        draft.write_text(json.dumps({"version": self.waiting(), "staff": staff, "at_ms": self._wall_ms()}), "utf-8")
        os.replace(draft, self._wanted)  # noqa: PTH105 - half a request must never be seen


def _number(version: str) -> tuple[int, ...]:
    """`0.10.2` → (0, 10, 2); what is no number ends it."""
    parts: list[int] = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        parts.append(int(part))
    return tuple(parts)
