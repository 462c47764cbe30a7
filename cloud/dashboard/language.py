"""The language of the pages: Japanese, or English for a browser that asks for it by a cookie.

The code speaks Japanese. One rule for its fixed phrases: they stay as they are, and an English page exchanges a value
that is, as a whole, a phrase of the catalogue (`words` of `english/*.json`) where it is shown. Phrases with values in
them are made by `say`. What people typed is never changed where a form sends it back. Not responsible for the words of
templates: `bilingual.py`.
"""

import json
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final, Literal, Protocol

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

Language = Literal["ja", "en"]
LANGUAGES: Final[dict[Language, str]] = {"ja": "日本語", "en": "English"}
"""Each under its own name."""
COOKIE: Final = "language"
COOKIE_S: Final = 365 * 24 * 3600
PAGES: Final = ("/dashboard", "/docs")
FOLDER: Final = Path(__file__).parent / "english"

_language: ContextVar[Language] = ContextVar("language", default="ja")


@dataclass(frozen=True, slots=True)
class Phrases:
    """The catalogue: Japanese to English. A phrase that stays Japanese on purpose has itself."""

    templates: Mapping[str, str]
    """Of templates, with `{1}` for the first expression of the phrase."""
    words: Mapping[str, str]
    """Of Python modules; `{name}` is a value that `say` is given."""

    def in_template(self, phrase: str) -> str | None:
        """The English of a phrase of a template; None when nobody has translated it."""
        return self.templates.get(phrase, self.words.get(phrase))

    def in_english(self, value: Any) -> Any:
        """A phrase of the modules in English; anything else untouched."""
        return self.words.get(value, value) if type(value) is str else value


class Named(Protocol):
    """Something with a name in both languages: an account, a product."""

    @property
    def name_ja(self) -> str:
        """The Japanese name."""

    @property
    def name_en(self) -> str:
        """The English name; may be empty."""


class LanguageOfRequests:
    """ASGI middleware: a page's code runs in the language its browser asks for. The API does not know languages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, in its language."""
        if scope["type"] != "http" or not scope["path"].startswith(PAGES):
            await self._app(scope, receive, send)
            return
        token = _language.set(language_named(HTTPConnection(scope).cookies.get(COOKIE, "")))
        try:
            await self._app(scope, receive, send)
        finally:
            _language.reset(token)


def language_named(code: str) -> Language:
    """The language of a code; Japanese for one we do not speak."""
    return "en" if code == "en" else "ja"


def language() -> Language:
    """The language of the request that is being answered."""
    return _language.get()


@cache
def phrases() -> Phrases:
    """The whole catalogue, read once.

    Raises:
        ValueError: a file that is not JSON.
    """
    templates: dict[str, str] = {}
    words: dict[str, str] = {}
    for file in sorted(FOLDER.glob("*.json")):
        found = json.loads(file.read_text("utf-8"))
        for kept, part in ((templates, "templates"), (words, "words")):
            kept.update({japanese: japanese if text is None else text for japanese, text in found[part].items()})
    return Phrases(templates, words)


class _English(Formatter):
    """`str.format`, with `{count:item|items}` for one or several, and values that are phrases in English too."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" in format_spec:
            return one_or_many(value, *format_spec.split("|"))
        return str(super().format_field(phrases().in_english(value), format_spec))


_ENGLISH: Final = _English()


def say(phrase: str, /, **slots: Any) -> str:
    """A phrase with its values, in the language of the request.

    Args:
        phrase: Japanese, with `{name}` or `{name:,}` for values.
        slots: the values; more than the phrase needs do no harm. A value that is itself a phrase is translated.
    """
    if language() == "ja":
        return phrase.format_map(slots)
    return _ENGLISH.vformat(phrases().words.get(phrase, phrase), (), slots)


def listed(words: Iterable[str]) -> str:
    """Several words in a row: 、 between them, or a comma."""
    between = "、" if language() == "ja" else ", "
    return between.join(word if language() == "ja" else str(phrases().in_english(word)) for word in words)


def named(row: Named) -> str:
    """Its name in the language of the request; the Japanese one where there is no other."""
    return row.name_ja if language() == "ja" else row.name_en or row.name_ja


def one_or_many(count: Any, one: str, many: str) -> str:
    """The word for one or for several.

    Args:
        count: a number, or its text as it is shown.
        one: item.
        many: items.
    """
    return one if str(count) in {"1", "-1", "−1"} else many
