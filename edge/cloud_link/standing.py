"""How the way to the cloud stands, for staff: no address with a password in it, no secret."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from edge.cloud_link.link import CloudLink
from edge.store.room import free_bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """At one moment."""

    is_online: bool
    since_s: float
    """For so long it has been so."""
    heard_s: float | None
    """Since the cloud last acknowledged something; None: not since the controller started."""
    unsent: int
    """Events that the cloud does not have yet."""
    broker: str
    """Host and port."""
    free_bytes: int
    """On the disk of the store."""


class LinkWatch:
    """Remembers since when; make it before the link runs."""

    def __init__(self, link: CloudLink, mqtt_url: str) -> None:
        parts = urlsplit(mqtt_url)
        self._broker = f"{parts.hostname or ''}:{parts.port or (8883 if parts.scheme == 'mqtts' else 1883)}"
        self._link = link
        self._changed_at = asyncio.get_running_loop().time()
        link.on_change(self._changed)

    def _changed(self, _is_online: bool) -> None:  # noqa: FBT001 - the link's listener
        self._changed_at = asyncio.get_running_loop().time()

    def standing(self) -> Standing:
        """How it stands now."""
        link, now = self._link, asyncio.get_running_loop().time()
        return Standing(
            is_online=link.is_online,
            since_s=now - self._changed_at,
            heard_s=None if link.heard_at is None else now - link.heard_at,
            unsent=link.store.last_seq - link.store.acknowledged,
            broker=self._broker,
            free_bytes=free_bytes(link.store.path.parent),
        )
