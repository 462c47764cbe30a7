"""Read one stored event in full: envelope, body, and when it occurred. Pure."""

from dataclasses import dataclass

from cloud.machines.limits import misfits
from cloud.machines.ordering import LoggedEvent
from cloud.machines.wall_time import ClockSync, corrected
from protocol.envelope import Envelope
from protocol.events import BadBodyError, Event, parse_body
from protocol.messages import BadMessageError


@dataclass(frozen=True, slots=True)
class Understood:
    """An event with its meaning."""

    event: LoggedEvent
    envelope: Envelope
    body: Event
    occurred_at_ms: int
    sync: ClockSync

    @property
    def source(self) -> str:
        """Its key as text: what every effect of it is known by."""
        return f"{self.event.machine_id}/{self.event.epoch}/{self.event.seq}"


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
    if why := "; ".join([*misfits(vars(body)), *misfits({"boot": envelope.boot.n, "mono": envelope.mono})]):
        return Trouble("broken_body", why, envelope=envelope)
    occurred_at_ms, sync = corrected(
        wall_ms=envelope.t,
        mono_ms=envelope.mono,
        boot=envelope.boot.n,
        quality=envelope.clk,
        received_at_ms=event.received_at_ms,
        sync=sync,
    )
    return Understood(event, envelope, body, occurred_at_ms, sync)
