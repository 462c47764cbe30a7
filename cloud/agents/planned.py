"""A mind of rules: from the situation follows what to do, all of it; then the answers are put into words.

It keeps nothing between turns. What it wishes follows from the first turn alone, so the same situation gives the same
calls with the same ids, and a run that was cut off goes on where it was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cloud.agents.mind import Hears, Prompt, Reply, Told, Turn
from cloud.agents.tools import Answer, Call
from cloud.agents.waiting import Asked, is_same

AT_ONCE: Final = 8
"""Calls in one turn."""
MOST: Final = 72
"""Wishes in one run; what is less urgent waits for the next one. Nine turns of calls, one of the report, one to end."""
REPORT_ID: Final = "rule-report"


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing to do, and why, for people."""

    tool: str
    arguments: Mapping[str, Any]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A wish and what became of it."""

    wish: Wish
    answer: Answer

    @property
    def outcome(self) -> str:
        """done, proposed, denied, refused or failed."""
        return str(self.answer.content.get("outcome", "failed"))


Decide = Callable[[Mapping[str, Any]], Sequence[Wish]]
Tell = Callable[[Mapping[str, Any], Sequence[Done]], str]


class Planned:
    """Rules behind the interface of a model."""

    name = "rules"

    def __init__(
        self, decide: Decide, tell: Tell, report: Callable[[Mapping[str, Any], str], Wish] | None = None
    ) -> None:
        """Make a mind.

        Args:
            decide: situation to wishes, the most urgent first. Pure.
            tell: situation and what became of the wishes to the last words. Pure.
            report: situation and last words to a call that keeps them, when there were wishes; None keeps nothing.
        """
        self._decide = decide
        self._tell = tell
        self._report = report

    async def reply(self, prompt: Prompt, turns: Sequence[Turn], hears: Hears | None = None) -> Reply:
        """The next calls, or the last words."""
        situation = next((turn.situation for turn in turns if isinstance(turn, Told) and turn.situation), {})
        answers = {row.call_id: row for turn in turns if isinstance(turn, Told) for row in turn.answers}
        known = {tool.name for tool in prompt.tools}
        before = [Asked.model_validate(row) for row in situation.get("asked_before", ())]
        wishes = [row for row in self._decide(situation) if row.tool in known and not _is_asked(row, before)][:MOST]
        numbered = [(f"rule-{at}", row) for at, row in enumerate(wishes, start=1)]
        waiting = [(name, row) for name, row in numbered if name not in answers]
        if waiting:
            calls = tuple(Call(name, row.tool, dict(row.arguments)) for name, row in waiting[:AT_ONCE])
            return Reply("", calls, stop="tools")
        words = self._tell(situation, [Done(row, answers[name]) for name, row in numbered])
        if self._report is not None and numbered and REPORT_ID not in answers:
            wish = self._report(situation, words)
            if wish.tool in known:
                return Reply("", (Call(REPORT_ID, wish.tool, dict(wish.arguments)),), stop="tools")
        if hears is not None:
            hears(words)
        return Reply(words)


def _is_asked(wish: Wish, before: Sequence[Asked]) -> bool:
    return any(is_same(row, wish.tool, dict(wish.arguments)) for row in before)


def became(done: Sequence[Done]) -> str:
    """How many wishes ended how, in Japanese; empty when there were none."""
    names = {"done": "実行", "proposed": "承認待ち", "denied": "禁止", "refused": "実行できず", "failed": "失敗"}
    counts = {key: sum(row.outcome == key for row in done) for key in names}
    return "、".join(f"{names[key]} {count} 件" for key, count in counts.items() if count)
