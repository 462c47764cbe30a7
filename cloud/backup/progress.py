"""How far a backup, a restore or a rebuild has come, for whoever wants to show it."""

from collections.abc import Callable

Told = Callable[[str, int, int], None]
"""Called as work goes on: what is worked on (a table), how much is done, of how much."""


def nobody(_what: str, _done: int, _total: int) -> None:
    """Progress nobody wants to see."""
