"""What the analytics agent does without a model. Pure: the week's report, in the words the figures give."""

from collections.abc import Mapping, Sequence
from typing import Any

from cloud.agents.analytics.situation import Situation
from cloud.agents.planned import Done, Wish

MOST_TEXT = 8_000


def decide(read: Mapping[str, Any]) -> list[Wish]:
    """One report."""
    seen = Situation.model_validate(read)
    days = seen.statistics
    title = f"経営報告 {days.first_day:%-m月%-d日}から{days.last_day:%-m月%-d日}"
    return [Wish("write_report", {"title": title, "text": text_of(seen)[:MOST_TEXT]}, "週の報告")]


def text_of(seen: Situation) -> str:
    """The report: the words, then what somebody should do, by urgency."""
    parts = list(seen.paragraphs)
    todo = [f"・{row.text}" for row in seen.anomalies if row.state == "open"]
    todo += [
        f"・{row.name}: 在庫 {row.on_hand} 個は、次の 7 日に 95% 足りる {row.needed_95} 個に届きません。"
        for row in seen.forecasts
        if row.expected > 0 and row.on_hand < row.needed_95
    ]
    if todo:
        parts.append("\n".join(["することの候補", *todo[:20]]))
    return "\n\n".join(parts)


def tell(read: Mapping[str, Any], done: Sequence[Done]) -> str:
    """The first words of the report, and whether it was kept."""
    seen = Situation.model_validate(read)
    kept = all(row.outcome == "done" for row in done)
    return f"{seen.paragraphs[0] if seen.paragraphs else ''}{'' if kept else '報告は残せませんでした。'}"
