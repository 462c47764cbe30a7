"""Read one stored event in full: envelope, body, and when it occurred. Pure."""

from dataclasses import dataclass
from typing import NamedTuple

from cloud.machines.limits import misfits
from cloud.machines.ordering import LoggedEvent
from cloud.machines.wall_time import ClockSync, corrected
from protocol.envelope import Envelope
from protocol.events import BadBodyError, Event, parse_body
from protocol.messages import BadMessageError


class Understood(NamedTuple):
    """An event with its meaning."""

    event: LoggedEvent
    envelope: Envelope
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
    envelope: Envelope | None = None


def read_event(event: LoggedEvent, sync: ClockSync) -> Understood | Trouble:
    """Understand an event.

    Args:
        event: as stored.
        sync: the last trusted time of its stream.
    """
    try:
        envelope = Envelope.from_bytes(event.raw)
    except BadMessageError as error:
        return Trouble("broken_body", str(error))
    try:
        body = parse_body(envelope.kind, envelope.d)
    except BadBodyError as error:
        return Trouble("broken_body", str(error), envelope=envelope)
    if body is None:
        why = f"未知のイベント: kind {envelope.kind!r} is newer than this cloud"
        return Trouble("unknown_kind", why, fingerprint=envelope.kind, envelope=envelope)
    if found := misfits(vars(body)) + misfits({"boot": envelope.boot.n, "mono": envelope.mono}):
        return Trouble("broken_body", "; ".join(found), envelope=envelope)
    occurred_at_ms, sync = corrected(
        wall_ms=envelope.t,
        mono_ms=envelope.mono,
        boot=envelope.boot.n,
        quality=envelope.clk,
        received_at_ms=event.received_at_ms,
        sync=sync,
    )
    source = f"{event.machine_id}/{event.epoch}/{event.seq}"
    return Understood(event, envelope, body, occurred_at_ms, sync, source)
