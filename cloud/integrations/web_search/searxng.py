"""A SearXNG server, asked over its JSON interface (`/search?q=…&format=json`; the server must allow that format).

Source: docs.searxng.org, Search API. The server is one the operator named, so it may be in our own network; the pages
it finds may not.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from cloud.integrations.web_search.fetch import Fetcher, FetchError, RefusedAddressError
from cloud.integrations.web_search.port import MOST_FINDINGS, Finding, SearchUnavailableError
from cloud.integrations.web_search.texts import EXCERPT_LENGTH, TITLE_LENGTH, plain, prices

URL_LENGTH = 500
QUERY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SearxngSearch:
    """Searches the web by way of a SearXNG server; with `reads_pages` the first pages are opened for their prices."""

    base_url: str
    """Such as http://127.0.0.1:8888."""
    fetcher: Fetcher
    reads_pages: int = 0
    """How many of the pages to open."""

    @property
    def name(self) -> str:
        """Host of the server."""
        return urlsplit(self.base_url).netloc

    async def search(self, query: str, limit: int) -> list[Finding]:
        """Ask the server.

        Raises:
            SearchUnavailableError: it does not answer, or not with what its interface promises.
        """
        asked = urlencode({"q": query[:QUERY_LENGTH], "format": "json", "language": "ja"})
        try:
            body = await self.fetcher.get(f"{self.base_url.rstrip('/')}/search?{asked}", wants_robots=False)
            rows = json.loads(body)["results"]
        except (FetchError, RefusedAddressError) as error:
            raise SearchUnavailableError(f"the search server cannot be asked: {error}") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise SearchUnavailableError(
                f"{self.name} did not answer with JSON results; allow the format json in its settings"
            ) from error
        if not isinstance(rows, list):
            raise SearchUnavailableError(f"{self.name} answered without a list of results")
        found = [row for row in map(self._finding, rows) if row is not None][: min(limit, MOST_FINDINGS)]
        opened = [await self._opened(row) for row in found[: self.reads_pages]]
        return opened + found[self.reads_pages :]

    def _finding(self, row: Any) -> Finding | None:
        """One result; None for one that names no web page."""
        if not isinstance(row, dict):
            return None
        url = str(row.get("url", ""))
        if len(url) > URL_LENGTH or urlsplit(url).scheme not in {"http", "https"}:
            return None
        title, excerpt = str(row.get("title", "")), str(row.get("content", "") or "")
        return Finding(
            title=plain(title, TITLE_LENGTH),
            url=url,
            excerpt=plain(excerpt, EXCERPT_LENGTH),
            source=self.name,
            prices_minor=prices(plain(f"{title} {excerpt}", EXCERPT_LENGTH)),
        )

    async def _opened(self, row: Finding) -> Finding:
        """The finding with the prices on its page; as it was when the page is not for us."""
        try:
            page = await self.fetcher.get(row.url, wants_robots=True)
        except (FetchError, RefusedAddressError):
            return row
        text = plain(page.decode(errors="replace"), self.fetcher.limits.most_bytes)
        together = dict.fromkeys([*row.prices_minor, *prices(text)])
        return Finding(row.title, row.url, row.excerpt, row.source, tuple(together)[:8])
