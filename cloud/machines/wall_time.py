"""When did it really happen? A machine without a clock chip wakes up in the past; its events are put right. Pure.

A boot's monotonic clock and one trusted wall time of the same boot place every later event of that boot. An event of
a boot that has not known the time yet is dated by its arrival, the latest it can have happened.
"""

from typing import Final, NamedTuple

TRUSTED: Final = frozenset({"ntp", "rtc", "cloud"})

EARLIEST_MS: Final = 1_577_836_800_000
"""2020-01-01: a machine that claims an earlier time has lost its clock, whatever it calls the source."""

LATEST_AHEAD_MS: Final = 36 * 3_600_000
"""An event cannot have happened after it arrived; beyond this it is no small difference of clocks."""


class ClockSync(NamedTuple):
    """A trusted pair of wall and monotonic time. `boot` 0 means none."""

    boot: int = 0
    wall_ms: int = 0
    mono_ms: int = 0


def corrected(
    *, wall_ms: int, mono_ms: int, boot: int, quality: str, received_at_ms: int, sync: ClockSync
) -> tuple[int, ClockSync]:
    """The best estimate of when an event occurred.

    Args:
        wall_ms: what the machine's clock said.
        mono_ms: since its boot.
        boot: which boot.
        quality: where the machine's clock had the time from.
        received_at_ms: when the cloud stored the event.
        sync: the last trusted pair of this stream.

    Returns:
        ms since 1970 UTC, and the pair to use for the next event.
    """
    if quality in TRUSTED and EARLIEST_MS <= wall_ms <= received_at_ms + LATEST_AHEAD_MS:
        return wall_ms, ClockSync(boot, wall_ms, mono_ms)
    if sync.boot == boot:
        return sync.wall_ms + mono_ms - sync.mono_ms, sync
    return received_at_ms, sync
