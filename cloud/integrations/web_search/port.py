"""What a search gives, whoever is asked. What it finds is data from strangers: shown to a person, never acted on."""

from dataclasses import dataclass
from typing import Protocol

MOST_FINDINGS = 50


class SearchUnavailableError(Exception):
    """Nobody could be asked now; why, in words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One page, or one line of a list. All texts are cut and cleaned, none is trusted."""

    title: str
    url: str
    """Empty for a line of a list."""
    excerpt: str
    source: str
    """Who found it: the host of the search server, or the name of a list."""
    prices_minor: tuple[int, ...] = ()
    """Amounts in yen that stand in the text: nobody knows for what."""


class WebSearch(Protocol):
    """Somebody who can be asked for offers."""

    @property
    def name(self) -> str:
        """Who it is, for people."""

    async def search(self, query: str, limit: int) -> list[Finding]:
        """Ask.

        Args:
            query: words, at most 200 characters.
            limit: at most so many findings; `MOST_FINDINGS` is the most.

        Raises:
            SearchUnavailableError: it cannot be asked now.
        """
