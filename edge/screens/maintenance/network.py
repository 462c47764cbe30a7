"""Network: does the cloud hear this machine, since when, and how much it has not heard yet."""

from collections.abc import Callable

from edge.cloud_link.standing import Standing
from edge.screens.maintenance.task import StillTask
from edge.screens.maintenance.view import Fact, Note, Page
from edge.screens.maintenance.words import back_key
from edge.screens.texts import text

MIB = 1024 * 1024


class NetworkPage(StillTask):
    """Facts only: the machine connects again by itself."""

    def __init__(self, standing: Callable[[], Standing]) -> None:
        """`standing`: of the link, now."""
        self._standing = standing

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - the link has its own clock
        """See `Task`."""
        link = self._standing()
        key = "online" if link.is_online else "offline"
        never = text(language, "maintenance.network.never")
        heard = never if link.heard_s is None else _ago(link.heard_s, language)
        blocks = (
            Fact(
                text(language, "maintenance.network.cloud"),
                text(language, f"maintenance.network.{key}"),
                "ok" if link.is_online else "warn",
                text(language, "maintenance.network.since", time=_ago(link.since_s, language)),
            ),
            Fact(text(language, "maintenance.network.heard"), heard),
            Fact(
                text(language, "maintenance.network.unsent"),
                text(language, "maintenance.network.events", events=link.unsent),
                "warn" if link.unsent and not link.is_online else "neutral",
            ),
            Fact(text(language, "maintenance.network.broker"), link.broker),
            Fact(text(language, "maintenance.network.free"), f"{link.free_bytes // MIB:,} MiB"),
            Note(text(language, f"maintenance.network.{key}.what")),
        )
        return Page("network", text(language, "maintenance.network"), blocks, (back_key(language),))

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        return action != "back"

    def changes_in(self, now: float) -> float | None:  # noqa: ARG002 - as `Task` wants it
        """See `Task`: live, calmly."""
        return 2.0


def _ago(seconds: float, language: str) -> str:
    """In the largest unit that fits."""
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= size:
            return text(language, f"maintenance.network.{unit}", count=int(seconds // size))
    return text(language, "maintenance.network.seconds", count=int(seconds))
