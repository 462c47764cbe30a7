"""A campaign's figures as JSON and Markdown."""

import json
from collections import Counter
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from tools.chaos.campaign import Failure, Figures

PLACES_SHOWN: Final = 30
MONEY: Final = (
    "coin lost", "credit", "credit invented", "payout invented", "hopper books", "tube books", "bill lost",
    "bill invented", "settled in words only", "charged without a sale", "payment invented", "left reserved",
)  # fmt: skip
UNITS: Final = ("charge without goods", "goods without charge", "unit without vend", "delivered unpaid")
TWICE: Final = (
    "double vend", "double payout", "vend twice", "bill credited twice", "card charged twice", "payment settled twice",
)  # fmt: skip


class OtherCampaignError(ValueError):
    """A report that the campaign asked for cannot go on from."""


def write_report(path: Path, figures: Figures, command: str, campaign: dict[str, Any]) -> None:
    """Write `path` (Markdown) and the same figures beside it as JSON.

    Args:
        path: of the Markdown file; the JSON file has the same name with `.json`.
        figures: to show.
        command: that makes the report again.
        campaign: what the figures depend on: the seed and the code.
    """
    # Not asdict: it makes a Counter out of a Counter's pairs.
    data = {field.name: getattr(figures, field.name) for field in fields(figures)}
    data["failures"] = [asdict(failure) for failure in figures.failures]
    data |= {"seconds": round(figures.seconds, 1), "command": command, "campaign": campaign}
    path.with_suffix(".json").write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(_markdown(figures, command, campaign), encoding="utf-8")


def read_report(path: Path, campaign: dict[str, Any]) -> Figures:
    """The figures of a campaign that was not finished.

    Args:
        path: as for `write_report`.
        campaign: likewise.

    Raises:
        OtherCampaignError: it is of another seed or another code.
        FileNotFoundError: there is no report.
    """
    data = json.loads(path.with_suffix(".json").read_bytes())
    if data.pop("campaign", None) != campaign:
        raise OtherCampaignError(f"{path} is of another seed or code; start anew, without --resume")
    del data["command"]
    counters = {name: Counter(data[name]) for name in ("cuts", "cut_places", "faults", "losses")}
    failures = [Failure(**failure) for failure in data["failures"]]
    return Figures(**(data | counters | {"failures": failures}))


def _markdown(figures: Figures, command: str, campaign: dict[str, Any]) -> str:
    rules = Counter(rule for failure in figures.failures for rule in failure.rules)
    rows = {
        "runs": figures.runs,
        "vends tried": figures.vends,
        "units sold": figures.sold,
        "bills taken in": figures.bills,
        "card payments": figures.payments,
        "sales paid elsewhere and coupons": figures.commands,
        "runs with a coin changer": figures.changers,
        "runs with a cloud behind a bad network": figures.linked,
        "events checked": figures.events,
        "starts of the controller": figures.boots,
        "places where a cut could strike": figures.ticks,
        "power cuts": figures.cuts.total(),
        "different places cut": len(figures.cut_places),
        "hours of virtual time": round(figures.virtual_s / 3600, 1),
        "vends per second": round(figures.vends / figures.seconds, 1),
        "most starts in one run": f"{figures.worst_boots} (seed {figures.worst_seed})",
        "money lost / units lost / sold twice": _zeroes(rules),
        "failed runs": len(figures.failures),
    }
    parts = [
        "# Chaos campaign",
        f"`{command}` (code {campaign['code']})",
        _table(("what", "figure"), [(key, str(value)) for key, value in rows.items()]),
        "## Power cuts by kind",
        _counts(figures.cuts),
        "## Bad luck by kind",
        _counts(figures.faults),
        "## Lost by the hardware, as the design allows (tools/chaos/README.md)",
        _counts(figures.losses),
        "## Power cuts by place, most frequent first",
        _counts(Counter(dict(figures.cut_places.most_common(PLACES_SHOWN)))),
    ]
    if figures.failures:
        parts += ["## Failures", "\n".join(f"- `--replay {f.seed}`: {'; '.join(f.findings)}" for f in figures.failures)]
    return "\n\n".join(parts) + "\n"


def _zeroes(rules: Counter[str]) -> str:
    return " / ".join(str(sum(rules[rule] for rule in group)) for group in (MONEY, UNITS, TWICE))


def _counts(counts: Counter[str]) -> str:
    if not counts:
        return "none"
    return _table(("kind", "count"), [(kind, str(count)) for kind, count in counts.most_common()])


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---:|", *(f"| {key} | {value} |" for key, value in rows)]
    return "\n".join(lines)
