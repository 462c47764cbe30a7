"""Requests that must not be carried out twice: the caller names one, and the name is kept with what it made.

The name is claimed in the transaction that carries the request out, so that both stand or fall together. What a request
made is kept as an id, not as the answer: a repeated request is answered with what the thing is now, and no secret
that was in the first answer lies in a table.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.statements import upsert
from cloud.kit.models import IdempotencyKey

KEPT_MS: Final = 30 * 24 * 3_600_000
"""A name is remembered this long."""


class KeyReusedError(ValueError):
    """An idempotency key that came with another request before."""

    def __init__(self, key: str, made: str) -> None:
        super().__init__(f"idempotency key {key!r} belongs to another request, which made {made}")


@dataclass(frozen=True, slots=True)
class Name:
    """A caller's name for a request, and what the request is."""

    caller: str
    key: str
    request: Any
    """Everything that makes it this request: method, path, body."""

    def digest(self) -> str:
        """Tells a repeated request from another one."""
        content = json.dumps(self.request, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return sha256(content.encode()).hexdigest()


async def claim(db_session: AsyncSession, name: Name, now_ms: int) -> str | None:
    """Claim a name before carrying the request out; another request of this name waits until commit.

    Returns:
        None for a new name: carry it out, then `keep` what it made. Else the id of what it made before.

    Raises:
        KeyReusedError: the name belongs to another request.
    """
    await db_session.execute(delete(IdempotencyKey).where(IdempotencyKey.at_ms < now_ms - KEPT_MS))
    values = {"caller": name.caller, "key": name.key, "request_sha256": name.digest(), "made": "", "at_ms": now_ms}
    statement = upsert(db_session, IdempotencyKey.__table__).values(values).on_conflict_do_nothing()
    if await db_session.scalar(statement.returning(IdempotencyKey.key)) is not None:
        return None
    row = await db_session.get_one(IdempotencyKey, (name.caller, name.key), populate_existing=True)
    if row.request_sha256 != values["request_sha256"]:
        raise KeyReusedError(name.key, row.made)
    return row.made


async def keep(db_session: AsyncSession, name: Name, made: str) -> None:
    """Remember what the request of a claimed name made."""
    statement = update(IdempotencyKey).where(IdempotencyKey.caller == name.caller, IdempotencyKey.key == name.key)
    await db_session.execute(statement.values(made=made))
