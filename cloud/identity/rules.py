"""How many wrong passwords are too many, and what a password and an address must be. Pure."""

from typing import Final

FREE_TRIES: Final = 5
"""Wrong passwords for one e-mail address before waiting begins."""
FREE_TRIES_FROM: Final = 30
"""The same for one network address: an office shares one."""
FIRST_WAIT_MS: Final = 30_000
LONGEST_WAIT_MS: Final = 15 * 60_000
FORGET_AFTER_MS: Final = 24 * 3_600_000
"""A wrong password this old counts no more."""

MIN_PASSWORD_CHARS: Final = 10
MAX_PASSWORD_CHARS: Final = 1024
MAX_EMAIL_CHARS: Final = 254

BROWSER_HOURS: Final = 12
"""How long a browser stays logged in."""
ACCESS_MINUTES: Final = 15
"""How long an access token of a program is good."""
API_DAYS: Final = 30
"""How long a program may go on refreshing after one login."""
SESSIONS_KEPT_DAYS: Final = 90
"""How long a session that is over can still be looked up."""


class WeakPasswordError(ValueError):
    """A password that is easy to guess."""


class BadEmailError(ValueError):
    """Not an e-mail address."""


def wait_after(failures: int, free: int = FREE_TRIES) -> int:
    """How long a login is closed after this many wrong passwords in a row, in ms; it doubles each time."""
    if failures < free:
        return 0
    return int(min(FIRST_WAIT_MS * 2 ** min(failures - free, 10), LONGEST_WAIT_MS))


def normal(email: str) -> str:
    """An address as it is kept and compared."""
    return email.strip().lower()


def check_email(email: str) -> str:
    """The address as it is kept.

    Raises:
        BadEmailError: it is not one.
    """
    found = normal(email)
    name, _, host = found.rpartition("@")
    if not name or not host or len(found) > MAX_EMAIL_CHARS or not found.isprintable() or " " in found:
        raise BadEmailError(f"{email[:MAX_EMAIL_CHARS]!r} is not an e-mail address")
    return found


def check_password(password: str, email: str) -> None:
    """Refuse a password that is easy to guess.

    Raises:
        WeakPasswordError: it is too short or too long, or the e-mail address itself.
    """
    if len(password) < MIN_PASSWORD_CHARS:
        raise WeakPasswordError(f"a password needs at least {MIN_PASSWORD_CHARS} characters")
    if len(password) > MAX_PASSWORD_CHARS:
        raise WeakPasswordError(f"a password has at most {MAX_PASSWORD_CHARS} characters")
    if normal(password) == normal(email):
        raise WeakPasswordError("a password is not the e-mail address")
