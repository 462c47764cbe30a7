"""The clerk as the screen needs one: one conversation at a time, words in, words out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of an answer while they come."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer, in the place of its pieces."""

    text: str
    questions: tuple[str, ...] = ()
    """What the customer may want to say next, in their language."""


@dataclass(frozen=True, slots=True)
class Silent:
    """No answer will come to what was said last."""

    why: Literal["offline", "busy", "too_long", "refused"]


Heard = Piece | Answered | Silent


class Clerk(Protocol):
    """A clerk somebody can talk to. None of its methods waits."""

    def listen(self, listener: Callable[[Heard], None]) -> None:
        """Call `listener` with everything that is heard."""

    def greet(self, language: str) -> None:
        """A new customer: the conversation before is over, and its words are no longer sent. A greeting is heard."""

    def say(self, words: str) -> None:
        """Say something; an answer is heard, or that none will come."""

    def part(self) -> None:
        """The customer is gone."""
