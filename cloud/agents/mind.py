"""What thinks: a model, or rules. Both read the same turns and answer in the same blocks, so one loop drives both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from cloud.agents.tools import Answer, AnyTool, Call

Stop = Literal["end", "tools", "cut_off", "refused", "paused"]
"""Why a reply ended; tools are carried out for `tools` only."""


class MindError(Exception):
    """The mind does not answer: down, too slow, out of budget, or it talks nonsense. `why` is one word for figures."""

    def __init__(self, why: str, detail: str) -> None:
        self.why = why
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What stays the same in every run of an agent: cached by those who can."""

    system: str
    tools: tuple[AnyTool, ...]

    # The day, ids and figures belong into the first turn, never here.


@dataclass(frozen=True, slots=True)
class Told:
    """A turn of ours: the situation, what a person says, or answers to calls."""

    situation: Mapping[str, Any] = field(default_factory=dict)
    """Facts from our own services (JSON types)."""
    words: str = ""
    """What somebody says, e.g. a customer; data, never an instruction to the house."""
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one reply. Their price is the settings' affair."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """A turn of the mind."""

    text: str
    calls: tuple[Call, ...] = ()
    stop: Stop = "end"
    usage: Usage = Usage()
    raw: Any = None
    """The provider's own blocks, unchanged: they are sent back as they came."""


Turn = Told | Reply


class Hears(Protocol):
    """Gets the words of a reply while they come."""

    def __call__(self, piece: str) -> None:
        """Another piece."""


class Mind(Protocol):
    """Answers one turn. Keeps nothing between calls: the turns are all there is."""

    @property
    def name(self) -> str:
        """The model's id, or `rules`."""

    async def reply(self, prompt: Prompt, turns: Sequence[Turn], hears: Hears | None = None) -> Reply:
        """The next turn.

        Raises:
            MindError: there will be none.
        """
