"""What the guard says about an action: each rule by itself, and the hardest of them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Ruling(IntEnum):
    """What may happen; the highest of several holds."""

    ALLOW = 0
    PROPOSE = 1
    """A person with the right role decides."""
    DENY = 2
    """Nobody decides: it does not happen."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's word on one action."""

    rule: str
    """Its name, as it stands in the log and on the pages."""
    ruling: Ruling
    why: str = ""
    """With the figures it was judged by; for people and for the model."""
    figures: Mapping[str, int | str] = field(default_factory=dict)
    """The same, for pages that say it in other words (`wording.py`)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """All rules that had something to say, in their order."""

    verdicts: tuple[Verdict, ...]
    loss_minor: int = 0
    """Yen this takes from the day's loss budget when it happens."""

    @property
    def ruling(self) -> Ruling:
        """The hardest word of all rules; what no rule spoke about is denied."""
        return max((verdict.ruling for verdict in self.verdicts), default=Ruling.DENY)

    def why(self) -> str:
        """The reasons of the rules that decided."""
        return "; ".join(v.why for v in self.verdicts if v.ruling is self.ruling and v.why)

    def to_json(self) -> list[dict[str, Any]]:
        """As it is kept in the log."""
        return [
            {"rule": v.rule, "ruling": v.ruling.name.lower(), "why": v.why, "figures": dict(v.figures)}
            for v in self.verdicts
        ]
