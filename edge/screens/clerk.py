"""The talk with the shop's clerk as plain data. Not responsible for the line to the clerk (`edge/clerk`).

A machine stands in the street: what was said is forgotten when the customer closes the talk, and by itself when nobody
touched it for `FORGET_S`, so that the next customer does not read it.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from edge.clerk.port import Answered, Clerk, Heard, Piece, Silent
from edge.screens.texts import text

FORGET_S: Final = 60.0
MOST_LINES: Final = 40
MOST_CHARACTERS: Final = 200
"""Of one thing a customer says; more is not sent."""
QUESTIONS: Final = ("recommend", "allergens", "wish", "problem")
"""What can be asked with one press, before the clerk offers something better."""

Standing = Literal["closed", "calling", "listening", "answering", "offline"]


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said."""

    who: Literal["customer", "clerk"]
    text: str
    is_whole: bool = True
    """False while the clerk is still speaking."""


@dataclass(frozen=True, slots=True)
class ClerkView:
    """What a renderer needs of the talk."""

    standing: Standing
    title: str
    note: str
    """Who answers, or why nobody does."""
    lines: tuple[Line, ...]
    questions: tuple[str, ...]
    limit: int = MOST_CHARACTERS

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


class ClerkPresenter:
    """Holds what was said and who is to speak. Time is passed in, monotonic seconds."""

    def __init__(self, clerk: Clerk | None) -> None:
        """Listen to `clerk`; without one the machine has none, and no screen offers to talk."""
        self._clerk = clerk
        self._lines: list[Line] = []
        self._offered: tuple[str, ...] = ()
        self._trouble = ""
        self._touched_at = 0.0
        self.standing: Standing = "closed"
        if clerk is not None:
            clerk.listen(self.heard)

    # --- the customer ---------------------------------------------------------------------------
    def open(self, language: str, now: float) -> None:
        """Begin to talk."""
        if self._clerk is None or self.standing != "closed":
            return
        self._touched_at = now
        self.standing = "calling"
        self._clerk.greet(language)

    def say(self, words: str, now: float) -> None:
        """Say something; ignored while the clerk is answering, and when it is nothing or too much."""
        words = words.strip()
        if self._clerk is None or self.standing != "listening" or not 0 < len(words) <= MOST_CHARACTERS:
            return
        self._touched_at = now
        self._add(Line("customer", words))
        self._offered, self._trouble = (), ""
        self.standing = "answering"
        self._clerk.say(words)

    def close(self) -> None:
        """Stop talking, and forget it."""
        if self._clerk is not None and self.standing != "closed":
            self._clerk.part()
        self._lines, self._offered, self._trouble = [], (), ""
        self.standing = "closed"

    def forget_after(self, now: float) -> float | None:
        """Seconds until an untouched talk is forgotten; None when there is none. At 0 it has been."""
        if self.standing == "closed":
            return None
        left = self._touched_at + FORGET_S - now
        if left <= 0:
            self.close()
        return max(0.0, left)

    # --- the clerk ------------------------------------------------------------------------------
    def heard(self, heard: Heard) -> None:
        """Take in what the clerk says."""
        if self.standing == "closed":
            return
        match heard:
            case Piece(words):
                spoken = self._take_unfinished()
                self._add(Line("clerk", spoken + words, is_whole=False))
            case Answered(words, questions):
                self._take_unfinished()
                self._add(Line("clerk", words))
                self._offered = questions
                self.standing = "listening"
            case Silent(why):
                self._take_unfinished()
                self._trouble = why
                self.standing = "offline" if why == "offline" else "listening"

    def _take_unfinished(self) -> str:
        if self._lines and not self._lines[-1].is_whole:
            return self._lines.pop().text
        return ""

    def _add(self, line: Line) -> None:
        self._lines = [*self._lines, line][-MOST_LINES:]

    # --- what is shown ---------------------------------------------------------------------------
    def view(self, language: str) -> ClerkView | None:
        """What to draw; None when this machine has no clerk."""
        if self._clerk is None:
            return None
        note = f"clerk.{self._trouble}" if self._trouble else f"clerk.{self.standing}"
        questions = self._offered or tuple(text(language, f"clerk.ask.{key}") for key in QUESTIONS)
        return ClerkView(
            standing=self.standing,
            title=text(language, "clerk.title"),
            note=text(language, note),
            lines=tuple(self._lines),
            questions=questions if self.standing == "listening" else (),
        )
