"""What the cabinet door is to the machine."""

from collections.abc import Callable
from typing import Protocol


class Door(Protocol):
    """Open or closed. A cut wire reads as open."""

    @property
    def is_open(self) -> bool:
        """Debounced."""
        ...

    def on_change(self, listener: Callable[[bool], None]) -> None:
        """Call `listener(is_open)` on the event loop after every debounced change. One listener."""
        ...

    def close(self) -> None:
        """Let go of the pin; nothing moves, for a machine cannot shut its own door. Safe to call twice."""
        ...
