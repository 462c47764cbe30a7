"""The newest log lines of this process, for staff without a terminal. A log processor: sees only what is masked."""

from collections import deque
from collections.abc import MutableMapping
from typing import Any, Final

KEPT: Final = 200
_HEAD: Final = ("timestamp", "level", "event", "logger")


class LogRing:
    """Keeps lines as short texts; stands right before the renderer, behind the masking of secrets."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT)

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Keep one line; the event goes on as it is."""
        more = " ".join(f"{key}={value}" for key, value in event.items() if key not in _HEAD and key[0] != "_")
        time = str(event.get("timestamp", ""))[11:19]
        line = f"{time} {str(event.get('level', '')).upper()[:4]} {event.get('event', '')} {more}"
        self._lines.append(" ".join(line.split()))
        return event

    def lines(self) -> tuple[str, ...]:
        """Newest first; times in UTC."""
        return tuple(reversed(self._lines))
