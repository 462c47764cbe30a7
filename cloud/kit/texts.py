"""Texts by key in several languages, one JSON file per language in a folder. The first language has every key."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any


class Texts:
    """The texts of one folder."""

    def __init__(self, folder: Path) -> None:
        """Read them when they are first asked for.

        Args:
            folder: of `ja.json`, `en.json`.
        """
        self._folder = folder

    @cached_property
    def all(self) -> dict[str, dict[str, str]]:
        """Language to key to text."""
        files = sorted(self._folder.glob("*.json"))
        return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}

    def of(self, language: str) -> dict[str, str]:
        """Every text of a language by its key.

        Raises:
            KeyError: there is no such language.
        """
        return self.all[language]

    def text(self, language: str, key: str, **values: Any) -> str:
        """One text.

        Args:
            language: one of the folder's.
            key: one of its keys.
            **values: for its braces; whole numbers get their thousands' commas.

        Raises:
            KeyError: there is no such key, or a value is missing.
        """
        shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
        return self.of(language)[key].format(**shown)
