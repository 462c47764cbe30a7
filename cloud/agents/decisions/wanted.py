"""Which decisions to list. Pure."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions; None lets every value through."""

    agent: str | None = None
    outcome: str | None = None
    run_id: str | None = None
    conversation_id: str | None = None
    day: date | None = None
    is_costly: bool | None = None
    """Only what took something from the loss budget."""
