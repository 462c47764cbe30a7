from typing import Any

import pytest

from cloud.machines.wall_time import LATEST_AHEAD_MS, ClockSync, corrected

NO_SYNC = ClockSync()
NOW = 1_795_143_600_000


def at(quality: str = "free", wall_ms: int = 5, mono_ms: Any = 60_000, boot: Any = 3, sync: Any = NO_SYNC) -> Any:
    return corrected(wall_ms=wall_ms, mono_ms=mono_ms, boot=boot, quality=quality, received_at_ms=NOW, sync=sync)


@pytest.mark.parametrize("quality", ["ntp", "rtc", "cloud"])
def test_corrected_when_the_clock_is_good_then_it_is_believed_and_remembered(quality: str) -> None:
    assert at(quality, wall_ms=NOW - 9) == (NOW - 9, ClockSync(3, NOW - 9, 60_000))


def test_corrected_when_the_boot_knew_the_time_before_then_monotonic_time_counts_from_there() -> None:
    sync = ClockSync(3, NOW - 100_000, 50_000)
    assert at(sync=sync) == (NOW - 90_000, sync)


def test_corrected_when_the_known_time_is_of_another_boot_then_the_arrival_counts() -> None:
    sync = ClockSync(2, NOW - 100_000, 50_000)
    assert at(sync=sync) == (NOW, sync)


@pytest.mark.parametrize("wall_ms", [0, 946_684_800_000, NOW + LATEST_AHEAD_MS + 1])
def test_corrected_when_a_good_source_tells_an_impossible_time_then_the_arrival_counts(wall_ms: int) -> None:
    assert at("rtc", wall_ms=wall_ms) == (NOW, ClockSync())
