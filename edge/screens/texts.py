"""Texts by key and language. A missing key is an error, not an empty label."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

LANGUAGES: Final = {"ja": "日本語", "en": "English"}
"""Code to the name of the language in its own script. The first is the one the screen falls back to."""


class MissingTextError(KeyError):
    """A key that a language does not have; `edge/screens/strings` must have it in every language."""

    def __init__(self, key: str, language: str) -> None:
        super().__init__(f"no text {key!r} in edge/screens/strings/{language}.json")


@cache
def strings(language: str) -> Mapping[str, str]:
    """Every text of a language by key."""
    raw = resources.files("edge.screens").joinpath(f"strings/{language}.json").read_text("utf-8")
    texts: Mapping[str, str] = json.loads(raw)
    return texts


def text(language: str, key: str, **values: object) -> str:
    """A text with its `{placeholders}` filled.

    Raises:
        MissingTextError: the language does not have it.
        KeyError: a placeholder has no value.
    """
    try:
        template = strings(language)[key]
    except KeyError:
        raise MissingTextError(key, language) from None
    return template.format(**values)


def allergen(language: str, code: str) -> str:
    """The word for an allergen; one that this software does not know yet (the cloud is newer) is shown by its code."""
    return strings(language).get(f"allergen.{code}", code)


def labels(language: str, prefix: str) -> dict[str, str]:
    """Texts whose key begins with `prefix`, without it: what a renderer needs besides the view."""
    return {key.removeprefix(prefix): value for key, value in strings(language).items() if key.startswith(prefix)}
