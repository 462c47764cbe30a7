"""PINs: is this one right, and how long nobody may try after wrong ones. Pure.

A PIN is six to eight digits, so what protects it is that few can be tried. The list in the machine holds salted scrypt
hashes, so that reading the disk does not tell them at once. Source: RFC 7914; NIST SP 800-63B 5.2.2 (rate limiting).
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

TRIES: Final = 5
"""Wrong ones in a row; the last of them locks."""
FIRST_LOCK_S: Final = 300.0
LONGEST_LOCK_S: Final = 3600.0
"""Doubling ends here: a passer-by who plays with the keys must not keep staff out for a day."""
MOST_WORK: Final = 2**18
"""Of n × r: 32 MiB. A hash that asks for more is refused instead of stopping the machine."""


def is_right(pin: str, kept: str) -> bool:
    """Does this PIN belong to the hash?

    Args:
        pin: as it was typed.
        kept: `scrypt$n$r$p$salt$hash`, see `protocol.desired.PinHash`. One that cannot be used fits no PIN.
    """
    try:
        _, n_text, r_text, p_text, salt_text, hash_text = kept.split("$")
        n, r, p = int(n_text), int(r_text), int(p_text)
        salt, wanted = base64.b64decode(salt_text, validate=True), base64.b64decode(hash_text, validate=True)
        if n * r > MOST_WORK or not 1 <= p <= 4 or len(wanted) < 16:
            return False
        got = hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, maxmem=64 * 2**20, dklen=len(wanted))
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(got, wanted)


def hash_pin(pin: str, salt: bytes, *, n: int = 2**13, r: int = 8) -> str:
    """The hash of a PIN as the list carries it. `n` of the default takes about 0.1 s and 8 MiB on a Pi 4."""
    made = hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=1, maxmem=64 * 2**20, dklen=32)
    return f"scrypt${n}${r}$1${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"


def lock_s(failures: int) -> float:
    """Seconds for which nobody may try after so many wrong PINs in a row; 0 while there are tries left.

    The fifth locks for five minutes; every further one locks again, twice as long each time, up to an hour.
    """
    if failures < TRIES:
        return 0.0
    return min(FIRST_LOCK_S * (1 << min(failures - TRIES, 10)), LONGEST_LOCK_S)
