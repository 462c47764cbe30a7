"""The file that tells a broker which machines may connect: written by the intake, read by the broker process.

A secret is 256 random bits, so a plain SHA-256 of it is safe to keep. mosquitto compares its own kind of hash,
PBKDF2-SHA512 (`$7$`), so both are kept. Source: mosquitto 2.0 password_mosq.c (format), mosquitto_passwd(1).
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

MOSQUITTO_ROUNDS: Final = 101
"""mosquitto's default; enough for random secrets, which is all that is hashed here."""


class BadCredentialsFileError(Exception):
    """The credentials file cannot be read; the broker refuses every machine until it can."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        super().__init__(f"credentials file {path}: {why}")


@dataclass(frozen=True, slots=True)
class Credential:
    """One machine's secret, hashed twice."""

    sha256: str
    """64 hex digits."""
    mosquitto: str
    """A line of mosquitto's password file without the name."""

    def accepts(self, secret: str) -> bool:
        """Whether `secret` is the one; takes the same time either way."""
        return hmac.compare_digest(hashlib.sha256(secret.encode()).hexdigest(), self.sha256)


def new_secret() -> str:
    """A fresh machine secret: 256 random bits as text."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> Credential:
    """Both hashes of a secret."""
    return Credential(hashlib.sha256(secret.encode()).hexdigest(), mosquitto_hash(secret))


def mosquitto_hash(secret: str) -> str:
    """`$7$rounds$salt$hash` as mosquitto 2 reads it."""
    salt = secrets.token_bytes(12)
    derived = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, MOSQUITTO_ROUNDS)
    return f"$7${MOSQUITTO_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"


def export_if_changed(path: Path, credentials: Mapping[str, Credential]) -> bool:
    """Write the file, atomically and readable by its owner only, unless it says the same already.

    Returns:
        Whether it was written.
    """
    text = json.dumps({name: asdict(row) for name, row in sorted(credentials.items())}, indent=1)
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return True


def read_credentials(path: Path) -> dict[str, Credential]:
    """Machine id to credential; empty while the file does not exist.

    Raises:
        BadCredentialsFileError: it exists but is not what `export_if_changed` writes.
    """
    try:
        found = json.loads(path.read_text())
        return {name: Credential(**row) for name, row in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise BadCredentialsFileError(path, str(error)) from error
