"""Which visits are asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which visits."""

    machine_id: str | None = None
    staff_id: str | None = None
    before: tuple[int, str] | None = None
    """(started_at_ms, id) of the last one of the page before."""
