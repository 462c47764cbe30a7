"""Read one stored event in full: envelope, body, and when it occurred; or loosely, for people. Pure."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from cloud.machines.limits import fits, misfits
from cloud.machines.one_pass import Fields, read_fields
from cloud.machines.ordering import LoggedEvent
from cloud.machines.wall_time import ClockSync, corrected
from protocol.envelope import Envelope
from protocol.events import BadBodyError, Event, parse_body
from protocol.messages import BadMessageError


class Understood(NamedTuple):
    """An event with its meaning."""

    event: LoggedEvent
    before: str
    """Digest of the event before it, as it names it."""
    body: Event
    occurred_at_ms: int
    sync: ClockSync
    source: str
    """Its key as text: what every effect of it is known by."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An event without a usable meaning. It stays in the log."""

    category: str
    """unknown_kind or broken_body."""
    why: str
    fingerprint: str = ""
    """What makes two of them the same; empty: the event's own digest."""
    before: str | None = None
    """Digest of the event before it, as it names it; None when it cannot be read."""


class Told(NamedTuple):
    """What an event says, for people: unchecked, so that what we do not understand can be looked at as well."""

    kind: str
    body: dict[str, Any]
    """Empty when it is none."""
    at_ms: int | None
    """By the machine's clock, ms since 1970 UTC; None when it says none."""


def told(event: LoggedEvent) -> Told:
    """What an event says, whatever it is; only its key was checked when it came."""
    try:
        found = orjson.loads(event.raw)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        return Told("?", {}, None)
    body, at_ms = found.get("d"), found.get("t")
    return Told(str(found.get("kind")), body if isinstance(body, dict) else {}, at_ms if type(at_ms) is int else None)


def read_event(event: LoggedEvent, sync: ClockSync) -> Understood | Trouble:
    """Understand an event.

    Args:
        event: as stored.
        sync: the last trusted time of its stream.
    """
    fields = read_fields(event.raw) or _step_by_step(event.raw)
    if isinstance(fields, Trouble):
        return fields
    if not fits(event.raw, fields.body, fields.boot, fields.mono_ms):
        found = misfits(vars(fields.body)) + misfits({"boot": fields.boot, "mono": fields.mono_ms})
        if found:
            return Trouble("broken_body", "; ".join(found), before=fields.before)
    occurred_at_ms, sync = corrected(
        wall_ms=fields.wall_ms,
        mono_ms=fields.mono_ms,
        boot=fields.boot,
        quality=fields.quality,
        received_at_ms=event.received_at_ms,
        sync=sync,
    )
    source = f"{event.machine_id}/{event.epoch}/{event.seq}"
    return Understood(event, fields.before, fields.body, occurred_at_ms, sync, source)


def _step_by_step(raw: bytes) -> Fields | Trouble:
    """The envelope, then the body: says what is wrong, and where."""
    try:
        envelope = Envelope.from_bytes(raw)
    except BadMessageError as error:
        return Trouble("broken_body", str(error))
    try:
        body = parse_body(envelope.kind, envelope.d)
    except BadBodyError as error:
        return Trouble("broken_body", str(error), before=envelope.h)
    if body is None:
        why = f"未知のイベント: kind {envelope.kind!r} is newer than this cloud"
        return Trouble("unknown_kind", why, fingerprint=envelope.kind, before=envelope.h)
    return Fields(body, envelope.h, envelope.boot.n, envelope.mono, envelope.t, envelope.clk)
