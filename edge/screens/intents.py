"""What a page may ask for, checked before anything acts on it."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from edge.screens.clerk import MOST_CHARACTERS
from edge.vend.inputs import Clear, Input, ReturnCredit, Select
from protocol.ids import SLOT_PATTERN

_slot: Final = re.compile(SLOT_PATTERN)
_key: Final = re.compile(r"^[A-Za-z0-9]$")
_language: Final = re.compile(r"^[a-z]{2}$")
_name: Final = re.compile(r"^[A-Za-z0-9_.:-]{1,60}$")
_entry: Final = re.compile(r"^[^\x00-\x1f]{0,60}$")


class BadIntentError(ValueError):
    """A page asked for something that is not an intent; the message says what."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One wish. Exactly one of the fields says something."""

    input: Input | None = None
    key: str = ""
    language: str = ""
    is_staying: bool = False
    """The customer wants more time."""
    is_turning_low: bool = False
    """The customer wants the controls down, or up again."""
    is_waking: bool = False
    """Somebody has touched the screen that greets."""
    clerk: Literal["", "open", "close", "say"] = ""
    words: str = ""
    """With `say`: to the clerk."""
    maintenance: Literal["", "open", "press", "enter", "close"] = ""
    """Of staff: ask for the maintenance screens, press `name`, enter `entry` into the field `name`, log out."""
    name: str = ""
    entry: str = ""
    world: str = ""
    value: int = 0
    slot: str = ""
    """With `world`: which coil a hand is at; empty for none."""

    @staticmethod
    def select(slot: str) -> Input:
        """The input of a completed keypad selection."""
        return Select(slot)


def read_intent(raw: str | bytes) -> Intent:
    """Read one message of a page.

    Raises:
        BadIntentError: not JSON, an unknown intent, or a field of the wrong shape.
    """
    try:
        message = json.loads(raw)
    except ValueError as error:
        raise BadIntentError(f"not JSON: {error}") from error
    if not isinstance(message, dict):
        raise BadIntentError("an intent is a JSON object")
    if message.get("type") == "world":
        return _world(message)
    if message.get("type") != "intent":
        raise BadIntentError(f"unknown message type {message.get('type')!r}; known are 'intent' and 'world'")
    return _intent(message)


def _maintenance(message: dict[str, Any]) -> Intent:
    match message.get("do"):
        case "open":
            return Intent(maintenance="open")
        case "close":
            return Intent(maintenance="close")
        case "press":
            return Intent(maintenance="press", name=_text(message, "name", _name))
        case "enter":
            return Intent(
                maintenance="enter", name=_text(message, "name", _name), entry=_text(message, "value", _entry)
            )
        case other:
            raise BadIntentError(f"unknown 'do' {other!r}; there are open, press, enter and close")


_INTENTS: Final[dict[str, Callable[[dict[str, Any]], Intent]]] = {
    "select": lambda message: Intent(input=Select(_text(message, "slot", _slot))),
    "key": lambda message: Intent(key=_text(message, "key", _key)),
    "clear": lambda _: Intent(input=Clear()),
    "stay": lambda _: Intent(is_staying=True),
    "wake": lambda _: Intent(is_waking=True),
    "low_position": lambda _: Intent(is_turning_low=True),
    "return_coins": lambda _: Intent(input=ReturnCredit("lever")),
    "clerk_open": lambda _: Intent(clerk="open"),
    "clerk_close": lambda _: Intent(clerk="close"),
    "clerk_say": lambda message: Intent(clerk="say", words=_words(message)),
    "maintenance": _maintenance,
    "language": lambda message: Intent(language=_text(message, "code", _language)),
}


def _intent(message: dict[str, Any]) -> Intent:
    name = message.get("intent")
    read = _INTENTS.get(name) if isinstance(name, str) else None
    if read is None:
        raise BadIntentError(f"unknown intent {name!r}")
    return read(message)


def _world(message: dict[str, Any]) -> Intent:
    value = message.get("value", 0)
    if type(value) is not int or not 0 <= value <= 10_000:
        raise BadIntentError("'value' is a whole number from 0 to 10000")
    slot = _text(message, "slot", _slot) if "slot" in message else ""
    return Intent(world=_text(message, "do", re.compile(r"^[a-z_]{1,30}$")), value=value, slot=slot)


def _words(message: dict[str, Any]) -> str:
    words = message.get("words")
    if not isinstance(words, str) or not 0 < len(words.strip()) <= MOST_CHARACTERS:
        raise BadIntentError(f"'words' is missing, empty or longer than {MOST_CHARACTERS} characters")
    return words.strip()


def _text(message: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not pattern.match(value):
        raise BadIntentError(f"{name!r} is missing or not of the form {pattern.pattern}")
    return value
