"""How many wrong passwords are too many. Pure."""

from typing import Final

FREE_TRIES: Final = 5
"""Wrong passwords before waiting begins."""
FIRST_WAIT_MS: Final = 30_000
LONGEST_WAIT_MS: Final = 15 * 60_000
FORGET_AFTER_MS: Final = 24 * 3_600_000
"""A wrong password this old counts no more."""

MIN_PASSWORD_CHARS: Final = 10


def wait_after(failures: int) -> int:
    """How long an account is closed after this many wrong passwords in a row, in ms; it doubles each time."""
    if failures < FREE_TRIES:
        return 0
    return int(min(FIRST_WAIT_MS * 2 ** min(failures - FREE_TRIES, 10), LONGEST_WAIT_MS))
