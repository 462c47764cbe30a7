"""Which events to send next, and when to send them again. Pure: it is told the time and does no I/O.

At most `window` frames are unacknowledged. Without progress for `patience` seconds everything after the
last acknowledgement is sent again (the cloud knows duplicates by their key); after three such rounds the
connection itself is doubted. Source: docs/decisions/0003.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from protocol.envelope import MAX_FRAME_BYTES, MAX_FRAME_EVENTS
from protocol.link import Ack, Hello

FIRST_PATIENCE_S: Final = 3.0
MAX_PATIENCE_S: Final = 60.0
STRIKES: Final = 3


@dataclass(slots=True)
class Window:
    """The sending side of one connection."""

    sent: int = 0
    """Highest seq sent in this connection."""
    acknowledged: int = 0
    limit: int = 20
    patience_s: float = FIRST_PATIENCE_S
    strikes: int = 0
    """Rounds without progress."""
    progress_at: float = 0.0
    """Monotonic seconds of the last progress, or of the first frame after silence."""
    wait_until: float = 0.0
    frames: deque[int] = field(default_factory=deque)
    """Last seq of each unacknowledged frame, oldest first."""
    again: deque[tuple[int, int]] = field(default_factory=deque)
    """Ranges the cloud misses."""

    def greeted(self, hello: Hello, now: float, delay_s: float) -> None:
        """The cloud said what it has: go on after it, `delay_s` from now when there is a backlog."""
        self.sent = self.acknowledged = hello.upto
        self.progress_at = now
        self.wait_until = now + delay_s

    def acked(self, ack: Ack, now: float) -> None:
        """Take an acknowledgement. Old and repeated ones do no harm."""
        self.limit = ack.win
        if ack.wait_ms:
            self.wait_until = now + ack.wait_ms / 1000
        self.again.extend(ack.want)
        if ack.upto <= self.acknowledged:
            return
        self.acknowledged = ack.upto
        self.sent = max(self.sent, ack.upto)
        self.progress_at, self.patience_s, self.strikes = now, FIRST_PATIENCE_S, 0
        while self.frames and self.frames[0] <= ack.upto:
            self.frames.popleft()

    def next_after(self, last_seq: int, now: float) -> tuple[int, int] | None:
        """(after, limit): read so many events after this seq and send them; None when there is nothing to do."""
        if now < self.wait_until:
            return None
        if self.again:
            first, last = self.again.popleft()
            count = min(MAX_FRAME_EVENTS, last - first + 1)
            if first + count <= last:
                self.again.appendleft((first + count, last))
            return first - 1, count
        if self.sent >= last_seq or len(self.frames) >= self.limit:
            return None
        return self.sent, MAX_FRAME_EVENTS

    def frame_sent(self, last: int, now: float) -> None:
        """A frame that ends with seq `last` went out."""
        if last <= self.sent:
            return  # a hole that was asked for
        if not self.frames:
            self.progress_at = now
        self.frames.append(last)
        self.sent = last

    def check(self, now: float) -> bool:
        """Look at the time; go back to the last acknowledged event when patience ran out.

        Returns:
            False when the connection should be given up.
        """
        if not self.frames or now - self.progress_at < self.patience_s:
            return True
        self.strikes += 1
        self.patience_s = min(self.patience_s * 2, MAX_PATIENCE_S)
        self.progress_at = now
        self.sent = self.acknowledged
        self.frames.clear()
        return self.strikes < STRIKES


def cut_frame(events: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """As many of these events as fit into one frame; at least one."""
    size = 0
    for index, (_, body) in enumerate(events):
        size += len(body) + 1
        if size > MAX_FRAME_BYTES and index:
            return events[:index]
    return events
