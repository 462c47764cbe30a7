"""What a check finds, and the run as every check reads it."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from tools.chaos.record import Record, Seen

Event = dict[str, Any]
NO_MAINS: Final = frozenset({"mains", "amnesia"})
OUTCOMES: Final = frozenset({"vend.dispensed", "vend.failed"})
PAYOUTS: Final = frozenset({"change.paid", "credit.returned"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must never happen."""

    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


@dataclass(slots=True)
class Verdict:
    """The outcome of one check."""

    findings: list[Finding] = field(default_factory=list)
    losses: Counter[str] = field(default_factory=Counter)
    """What the hardware, not the controller, lost or left open: yen and units by reason."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Events by kind."""

    def found(self, rule: str, what: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(rule, what))

    @property
    def rules(self) -> set[str]:
        """Names of the rules that were broken."""
        return {finding.rule for finding in self.findings}


class Run:
    """A record, with its events read once and its log by kind."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.events: list[Event] = [json.loads(raw) for raw in record.events]
        self.log = record.log
        self._seen: dict[str, list[Seen]] = {}
        for seen in record.log:
            self._seen.setdefault(seen.what, []).append(seen)

    def seen(self, *whats: str) -> list[Seen]:
        """Lines of these kinds, in the order of the log."""
        if len(whats) == 1:
            return self._seen.get(whats[0], [])
        return [seen for seen in self.log if seen.what in whats]

    def of_kind(self, *kinds: str) -> list[Event]:
        """Events of these kinds, in order."""
        return [event for event in self.events if event["kind"] in kinds]

    def has_trouble(self, device: str, since: int, until: int) -> bool:
        """Was this device in trouble, or without power, between event `since` and event `until`?

        Trouble lasts, and may lie in wait, until staff have seen to it.
        """
        is_on = False
        for seen in self.seen(device, f"{device}_ok", *NO_MAINS):
            if seen.seq >= until:
                break
            if seen.what == f"{device}_ok":
                is_on = False
            elif seen.seq >= since:
                return True
            else:
                is_on = is_on or seen.what == device
        return is_on

    @property
    def has_changer(self) -> bool:
        """Coins go to a coin changer with tubes."""
        return bool(self.world["changer"]["tubes"])

    @property
    def world(self) -> dict[str, Any]:
        """At the end."""
        return self.record.world
