"""Answers that were recorded before: for tests and for showing the pages without a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud.integrations.web_search.port import Finding, SearchUnavailableError


@dataclass(frozen=True, slots=True)
class RecordedSearch:
    """Gives what was recorded for a query; what was not recorded is not answered."""

    answers: Mapping[str, Sequence[Finding]]
    name: str = "recorded"

    async def search(self, query: str, limit: int) -> list[Finding]:
        """What was recorded for this very query.

        Raises:
            SearchUnavailableError: nothing was.
        """
        if query not in self.answers:
            raise SearchUnavailableError(f"nothing is recorded for {query!r}")
        return list(self.answers[query][:limit])
