"""Who is asked when somebody looks for a supplier, from the settings."""

from urllib.parse import urlsplit

from cloud.integrations.web_search.fetch import Fetcher, Hosts
from cloud.integrations.web_search.lists import OwnListsSearch
from cloud.integrations.web_search.port import WebSearch
from cloud.integrations.web_search.searxng import SearxngSearch
from cloud.settings import Settings


def searches_of(settings: Settings) -> list[WebSearch]:
    """Who is asked when somebody looks for a supplier."""
    found: list[WebSearch] = []
    if settings.supplier_lists_dir is not None:
        found.append(OwnListsSearch(settings.supplier_lists_dir))
    if settings.searxng_url:
        parts = urlsplit(settings.searxng_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        hosts = Hosts(
            allowed=[name for name in settings.search_allowed_hosts.replace(" ", "").split(",") if name],
            denied=[name for name in settings.search_denied_hosts.replace(" ", "").split(",") if name],
            trusted=frozenset({f"{parts.hostname}:{port}"}),
        )
        found.append(SearxngSearch(settings.searxng_url, Fetcher(hosts), settings.search_pages))
    return found
