"""Settings from the environment: whatever is missing or still a placeholder is refused at start, all of it at once."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from pydantic import ValidationError

PLACEHOLDERS: Final = ("your_", "your-", "changeme", "change_me", "change-me", "placeholder", "replace_me", "xxx")
"""How example values begin; a setting that still begins so was never set."""

S = TypeVar("S")


class SettingsError(Exception):
    """The settings cannot be used. `problems` has one line per setting, named as in the environment."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"the settings are not usable; set these in the environment or in .env:\n{lines}")


def refuse_placeholder(value: Any) -> Any:
    """Return a setting's raw value unchanged.

    Raises:
        ValueError: it is still the example's.
    """
    text = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    if isinstance(text, str) and text.strip().lower().startswith(PLACEHOLDERS):
        raise ValueError("still the placeholder of the example; put a real value or leave it out")
    return value


def refuse_short(secret: str, least: int) -> None:
    """Check a secret's length.

    Raises:
        ValueError: fewer than `least` characters.
    """
    if len(secret) < least:
        raise ValueError(f"shorter than {least} characters; `openssl rand -hex 32` makes a good one")


def read(make: Callable[[], S]) -> S:
    """Make a settings object.

    Raises:
        SettingsError: with every problem there is, by environment name.
    """
    try:
        return make()
    except ValidationError as error:
        raise SettingsError([_problem(item) for item in error.errors()]) from None


def _problem(item: Any) -> str:
    name = ".".join(str(part) for part in item["loc"]).upper()
    what = "missing" if item["type"] == "missing" else item["msg"].removeprefix("Value error, ")
    return f"{name}: {what}" if name else str(what)
