"""Argon2id: hash passwords, check them, and say when a hash is weaker than today's.

Source: RFC 9106 section 4, the second recommended option (64 MiB, three passes, four lanes).
"""

import asyncio
from functools import cached_property
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

TIME_COST: Final = 3
MEMORY_KIB: Final = 65_536
LANES: Final = 4


class Passwords:
    """Hashes and checks, in a thread: each takes a tenth of a second on purpose."""

    def __init__(self, *, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB, lanes: int = LANES) -> None:
        self._hasher = PasswordHash((Argon2Hasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes),))

    @cached_property
    def nobody(self) -> str:
        """Checked when nobody has the address, so that both answers take the same time."""
        return self._hasher.hash("nobody's password")

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, password: str, password_hash: str) -> tuple[bool, str | None]:
        """Whether a password is the right one, and the hash to keep from now on if today's is stronger."""
        return await asyncio.to_thread(self._hasher.verify_and_update, password, password_hash)
