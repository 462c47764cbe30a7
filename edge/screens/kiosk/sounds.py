"""Plays the cue of a result where the computer can; what is heard is always also seen. Never fails without sound."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog

_log: Final = structlog.get_logger(__name__)
FOLDER: Final = Path(__file__).resolve().parents[2] / "front" / "static" / "sounds"

Play = Callable[[Path, float], None]
"""Plays a file at a volume from 0 to 1."""


class Sounds:
    """Plays every cue once, and none that was given before this display was connected."""

    def __init__(self, play: Play | None = None) -> None:
        """Begin silent.

        Args:
            play: what plays a file; Kivy's own way without one.
        """
        self._play = play or _play
        self._last: int | None = None

    def hear(self, sound: dict[str, Any]) -> None:
        """Take the newest cue of a view."""
        last, self._last = self._last, sound["n"]
        path = FOLDER / f"{sound['cue']}.wav"
        if last is not None and sound["n"] > last and sound["volume"] > 0 and path.is_file():
            self._play(path, sound["volume"] / 100)

    def forget(self) -> None:
        """The line is down: what comes first after it is not new."""
        self._last = None


def _play(path: Path, volume: float) -> None:
    player = _loaded(path)
    if player is None:
        return
    player.volume = volume
    player.stop()
    player.play()


@cache
def _loaded(path: Path) -> Any:
    """Kivy's player for a file; None where there is no provider for it."""
    try:
        from kivy.core.audio import SoundLoader  # noqa: PLC0415 - looks for sound cards; the first frame need not wait

        return SoundLoader.load(str(path))
    except Exception as error:  # noqa: BLE001 - whatever a sound library does, the machine goes on selling
        _log.warning("screen.silent", file=path.name, error=str(error))
        return None
