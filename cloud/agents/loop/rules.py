"""What a run may cost, when a mind only rambles, and what two minds would do differently. Pure.

Prices are whole yen per million tokens, so that tokens times price are millionths of a yen (`microyen`) without a rest.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Self

from cloud.agents.agent import Occasion
from cloud.agents.mind import Prompt, Reply, Told, Turn, Usage
from cloud.agents.tools import Action, Answer, AnyTool, Call
from cloud.settings import Settings

MICRO: Final = 1_000_000

READING: Final = frozenset({Action.SELECT_PRODUCT, Action.CHECK_INVENTORY, Action.COMPARE_OFFERS})
"""Actions that change nothing."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Yen per million tokens."""

    input: int = 0
    output: int = 0
    cache_write: int = 0
    cache_read: int = 0

    def microyen(self, usage: Usage) -> int:
        """What tokens cost, in millionths of a yen."""
        return (
            usage.input_tokens * self.input
            + usage.output_tokens * self.output
            + usage.cache_write_tokens * self.cache_write
            + usage.cache_read_tokens * self.cache_read
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """How minds are worked with; all of it from the settings."""

    prices: Prices = Prices()
    daily_tokens: int = 10_000_000
    """Of one agent, all kinds together."""
    daily_yen: int = 300
    """Of one agent."""
    decision_time_s: float = 5.0
    """For a reply somebody waits for."""
    patience_s: float = 90.0
    """For a reply nobody waits for."""
    is_shadowed: bool = False
    most_repeats: int = 3
    """The same call so often is rambling."""
    most_idle: int = 4
    """So many replies in a row without any effect or answer are rambling."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The terms an operator has set."""
        return cls(
            prices=Prices(
                settings.ai_price_input_yen,
                settings.ai_price_output_yen,
                settings.ai_price_cache_write_yen,
                settings.ai_price_cache_read_yen,
            ),
            daily_tokens=settings.ai_daily_tokens,
            daily_yen=settings.ai_daily_yen,
            decision_time_s=settings.max_decision_time,
            patience_s=settings.ai_patience_s,
            is_shadowed=settings.ai_shadow,
        )

    def reply_time_s(self, occasion: Occasion) -> float:
        """How long one reply may take."""
        return self.decision_time_s if occasion.channel == "customer" else self.patience_s

    def is_spent(self, spent: "Spent") -> bool:
        """Whether a day's budget of an agent is used up."""
        return spent.tokens >= self.daily_tokens or spent.microyen >= self.daily_yen * MICRO


OUT_OF_REACH: Final = frozenset({"down", "slow", "limited", "key", "money"})
"""Failures that the next request will very likely meet again."""
LOST: Final = frozenset({"slow", "broken"})
"""Failures after which the provider may charge for a reply nobody got."""
MOST_FAILURES: Final = 3
REST_MS: Final = 60_000


@dataclass(slots=True)
class Rest:
    """Leaves a model alone for a while that has failed several times in a row, so that nobody waits for it in vain."""

    failures: int = 0
    until_ms: int = 0

    def is_over(self, now_ms: int) -> bool:
        """Whether the model may be asked."""
        return now_ms >= self.until_ms

    def failed(self, why: str, now_ms: int) -> None:
        """A run of the model ended so; one that was no failure to reach it begins anew."""
        self.failures = self.failures + 1 if why in OUT_OF_REACH else 0
        if self.failures >= MOST_FAILURES:
            self.until_ms = now_ms + REST_MS


@dataclass(frozen=True, slots=True)
class Spent:
    """What an agent used."""

    tokens: int = 0
    microyen: int = 0

    def plus(self, usage: Usage, prices: Prices) -> "Spent":
        """With one reply more."""
        return Spent(self.tokens + tokens_of(usage), self.microyen + prices.microyen(usage))


def tokens_of(usage: Usage) -> int:
    """All tokens of a usage."""
    return usage.input_tokens + usage.output_tokens + usage.cache_write_tokens + usage.cache_read_tokens


def added(one: Usage, other: Usage) -> Usage:
    """Two usages together."""
    return Usage(
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.cache_write_tokens + other.cache_write_tokens,
        one.cache_read_tokens + other.cache_read_tokens,
    )


def in_yen(microyen: int) -> int:
    """Whole yen, rounded up."""
    return -(-microyen // MICRO)


def canonical(call: Call) -> str:
    """A call without its id: the same for the same tool and arguments."""
    return json.dumps([call.name, call.arguments], sort_keys=True, ensure_ascii=False, default=str)


@dataclass(slots=True)
class Watch:
    """Notices a mind that goes round in circles. One per run."""

    most_repeats: int
    most_idle: int
    seen: Counter[str] = field(default_factory=Counter)
    idle: int = 0

    def see(self, calls: Sequence[Call], answers: Sequence[Answer]) -> str:
        """One reply and what became of it.

        Returns:
            Why it is rambling, in words; empty while it is not.
        """
        for call in calls:
            self.seen[canonical(call)] += 1
            if self.seen[canonical(call)] >= self.most_repeats:
                return f"the same call of {call.name} {self.most_repeats} times"
        comes_to_something = any(answer.content.get("outcome") in {"done", "proposed", "shadow"} for answer in answers)
        self.idle = 0 if comes_to_something else self.idle + 1
        return f"{self.idle} replies in a row came to nothing" if self.idle >= self.most_idle else ""


CHARS_PER_TOKEN: Final = 2
"""Fewer than there are in either language, so that an estimate is rather too high."""


def lost(prompt: Prompt, turns: Sequence[Turn]) -> Usage:
    """About what a request cost whose reply never came."""
    texts = [prompt.system, *(str(tool.schema()) for tool in prompt.tools), *map(str, turns)]
    return Usage(input_tokens=sum(map(len, texts)) // CHARS_PER_TOKEN)


def prompt_hash(prompt: Prompt) -> str:
    """SHA-256 of what an agent is told and offered; changes when either does."""
    tools = [[tool.name, tool.description, tool.schema()] for tool in prompt.tools]
    return sha256(json.dumps([prompt.system, tools], sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def reads_strangers(turns: Iterable[Turn], tools: Sequence[AnyTool]) -> bool:
    """Whether text of strangers is among the answers the mind has read."""
    names = {tool.name for tool in tools if tool.reads_strangers}
    asked = {call.id for turn in turns if isinstance(turn, Reply) for call in turn.calls if call.name in names}
    return any(answer.call_id in asked for turn in turns if isinstance(turn, Told) for answer in turn.answers)


def effects(calls: Sequence[Call], tools: Sequence[AnyTool]) -> int:
    """How many calls may change something."""
    changing = {tool.name for tool in tools if tool.action not in READING}
    return sum(call.name in changing for call in calls)


def difference(model: Sequence[Call], rules: Sequence[Call], tools: Sequence[AnyTool]) -> dict[str, Any]:
    """What only the model, only the rules, and both would do; looking at something is no difference."""
    reading = {tool.name for tool in tools if tool.action in READING}
    ours, theirs = ({canonical(call) for call in calls if call.name not in reading} for calls in (model, rules))
    return {
        "only_model": [json.loads(one) for one in sorted(ours - theirs)],
        "only_rules": [json.loads(one) for one in sorted(theirs - ours)],
        "both": len(ours & theirs),
    }
