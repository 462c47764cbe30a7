from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.kit.clock import local_day

ZONES = (
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Chatham",
    "Africa/Monrovia",
)


@given(at_ms=st.integers(0, 4_102_444_800_000), timezone=st.sampled_from(ZONES))
def test_local_day_when_asked_for_any_instant_then_it_is_the_calendars(at_ms: int, timezone: str) -> None:
    assert local_day(at_ms, timezone) == datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(timezone)).date()


@pytest.mark.parametrize(
    ("at_ms", "day"),
    [(1_795_186_799_999, "2026-11-20"), (1_795_186_800_000, "2026-11-21")],
)
def test_local_day_when_midnight_passes_then_the_day_changes_with_it(at_ms: int, day: str) -> None:
    assert local_day(at_ms, "Asia/Tokyo").isoformat() == day
