"""Words that come in pieces reach a customer sentence by sentence, each only after all words so far were looked at."""

import re
from collections.abc import Callable
from typing import Final

from cloud.agents.mind import Hears

_END: Final = re.compile("(?<=[。\uff01\uff1f\n])|(?<=[.!?])\\s")
"""After a Japanese sentence (full-width marks), or in the space after another one: `3.5` does not end one."""


class Speaker:
    """Hears a mind, and lets a customer hear what may leave the house."""

    def __init__(self, may_leave: Callable[[str], bool], hears: Hears) -> None:
        """Begin in silence.

        Args:
            may_leave: looks at all words so far, the new sentence among them.
            hears: gets the sentences.
        """
        self._may_leave = may_leave
        self._hears = hears
        self._said = ""
        self._held = ""
        self._is_silent = False

    def __call__(self, piece: str) -> None:
        """Another piece. What is not a whole sentence waits; after one that may not leave nothing is let through."""
        self._held += piece
        while not self._is_silent and (end := _END.search(self._held)) is not None and end.end() > 0:
            sentence, self._held = self._held[: end.end()], self._held[end.end() :]
            if not self._may_leave(self._said + sentence):
                self._is_silent = True
                return
            self._said += sentence
            self._hears(sentence)
