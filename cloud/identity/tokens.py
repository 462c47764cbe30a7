"""Signed tokens: which session somebody speaks for. What the session may do is looked up each time.

A token names its key, so that keys can be changed.

Source: RFC 8725 (one pinned algorithm; issuer and audience checked).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import uuid4

import jwt

ALGORITHM: Final = "HS256"
ISSUER: Final = "ai-vending-cloud"
AUDIENCE: Final = "ai-vending-api"


class BadTokenError(Exception):
    """A token that is forged, expired, or of somebody who may not enter any more."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says."""

    user_id: int
    session_id: str


def key_id(key: str) -> str:
    """The name of a key in the tokens it signed; tells nothing of the key."""
    return sha256(f"key id:{key}".encode()).hexdigest()[:16]


class TokenSigner:
    """Signs with one key and reads what it or its predecessors signed."""

    def __init__(self, key: str, earlier: Sequence[str] = ()) -> None:
        self._id = key_id(key)
        self._keys = {key_id(one): one for one in (key, *earlier)}

    def sign(self, claims: Claims, *, now_ms: int, until_ms: int) -> str:
        """A token that is good until `until_ms` (ms since 1970 UTC)."""
        content = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(claims.user_id),
            "sid": claims.session_id,
            "iat": now_ms // 1000,
            "exp": until_ms // 1000,
            "jti": uuid4().hex,
        }
        return jwt.encode(content, self._keys[self._id], algorithm=ALGORITHM, headers={"kid": self._id})

    def read(self, token: str, *, now_ms: int) -> Claims:
        """What a token says.

        Raises:
            BadTokenError: it is not ours or has expired.
        """
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            # The expiry is compared below, with our own clock.
            content = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["exp", "sub", "sid"], "verify_exp": False, "verify_iat": False},
            )
            claims, until_s = Claims(int(content["sub"]), str(content["sid"])), int(content["exp"])
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
            raise BadTokenError("the token is not valid; log in again") from error
        if until_s * 1000 <= now_ms:
            raise BadTokenError("the token has expired; log in again")
        return claims
