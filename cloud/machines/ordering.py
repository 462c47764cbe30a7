"""In which order stored events are interpreted, so that a replay of the log gives the same books. Pure.

Within a stream the order is the seq. Between streams it is the arrival: an event counts as arrived when it and all
before it had arrived. This depends on the log alone, never on how far or how often the interpreter ran.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class LoggedEvent(NamedTuple):
    """One stored event with the stream it belongs to."""

    stream_id: int
    machine_id: str
    epoch: str
    seq: int
    raw: bytes
    received_at_ms: int


class Ready(NamedTuple):
    """An event and the moment from which it could be interpreted."""

    ready_ms: int
    event: LoggedEvent

    @property
    def key(self) -> tuple[int, int, int]:
        """Sorts the log."""
        return self.ready_ms, self.event.stream_id, self.event.seq


def readied(events: Iterable[LoggedEvent], last_ready_ms: int) -> list[Ready]:
    """Give the events of one stream, in seq order, the moment they became ready.

    Args:
        events: a stretch without gaps, following what was interpreted before.
        last_ready_ms: of the event just before the stretch; 0 at the start of a stream.
    """
    found = []
    for event in events:
        if event.received_at_ms > last_ready_ms:  # noqa: PLR1730 - of every event that comes: no call
            last_ready_ms = event.received_at_ms
        found.append(Ready(last_ready_ms, event))
    return found


def merged(stretches: Sequence[tuple[list[Ready], bool]]) -> list[Ready]:
    """One sequence out of several streams' stretches.

    Args:
        stretches: each with whether the stream goes on beyond it (only part of it was read).

    Returns:
        Everything up to the first point where a stream's unread part might come next.
    """
    if len(stretches) == 1:
        return stretches[0][0]
    # Compared as they are: by moment, then stream, then seq, since machine and epoch are those of the stream.
    cuts = [stretch[-1] for stretch, goes_on in stretches if goes_on and stretch]
    everything = sorted(item for stretch, _ in stretches for item in stretch)
    if not cuts:
        return everything
    return everything[: bisect_right(everything, min(cuts))]
