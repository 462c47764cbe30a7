"""What a PIN may be, and how it is kept. Pure, but for the salt.

Machines check PINs themselves, offline; so their hashes travel. Six digits resist guessing at a machine (five tries,
then a lock that doubles), not somebody who takes a machine's disk home: scrypt makes that a matter of days, and a PIN
is for machines only.
"""

import base64
import hashlib
import re
import secrets
from typing import Final

LEAST_DIGITS: Final = 6
MOST_DIGITS: Final = 8

SCRYPT: Final = {"n": 2**14, "r": 8, "p": 1}
"""16 MiB and about a tenth of a second on a Pi. Source: RFC 7914 section 2."""
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32

_DIGITS: Final = re.compile(rf"[0-9]{{{LEAST_DIGITS},{MOST_DIGITS}}}")
_RUNS: Final = "01234567890123456789 98765432109876543210"


class WeakPinError(ValueError):
    """A PIN that is not one, or that is tried first by everybody."""

    def __init__(self, why: str) -> None:
        super().__init__(why)


def check_pin(pin: str) -> str:
    """Return `pin` unchanged.

    Raises:
        WeakPinError: not 6 to 8 digits, all the same, or counting up or down.
    """
    if not _DIGITS.fullmatch(pin) or not pin.isascii():
        raise WeakPinError(f"a PIN has {LEAST_DIGITS} to {MOST_DIGITS} digits")
    if len(set(pin)) == 1 or pin in _RUNS:
        raise WeakPinError("this PIN is guessed first: all digits the same, or counting up or down")
    return pin


def drawn_pin() -> str:
    """A PIN at random that `check_pin` lets pass."""
    while True:
        pin = "".join(str(secrets.randbelow(10)) for _ in range(LEAST_DIGITS))
        if len(set(pin)) > 1 and pin not in _RUNS:
            return pin


def hash_pin(pin: str, salt: bytes | None = None) -> str:
    """`scrypt$n$r$p$salt$hash`, as `protocol.desired.PinHash` says it. Takes a tenth of a second."""
    salt = salt or secrets.token_bytes(SALT_BYTES)
    found = hashlib.scrypt(pin.encode(), salt=salt, dklen=HASH_BYTES, **SCRYPT)
    texts = [base64.b64encode(part).decode() for part in (salt, found)]
    return "$".join(["scrypt", *(str(number) for number in SCRYPT.values()), *texts])
