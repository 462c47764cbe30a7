"""When schedules are due, and what becomes of the tasks of dead workers: pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cloud.jobs.rules import Schedule, after_death, estimated_s, percent


def at(text: str, zone: str = "Asia/Tokyo") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


HOURLY = Schedule("h", "vending", minute=5)
DAILY = Schedule("d", "procurement", minute=0, hour=6)
WEEKLY = Schedule("w", "analytics", minute=45, hour=5, weekday=0)


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        (HOURLY, "2026-11-20T12:00:00", "2026-11-20T12:05:00"),
        (HOURLY, "2026-11-20T12:05:00", "2026-11-20T13:05:00"),
        (HOURLY, "2026-11-20T23:30:00", "2026-11-21T00:05:00"),
        (DAILY, "2026-11-20T05:59:59", "2026-11-20T06:00:00"),
        (DAILY, "2026-11-20T06:00:00", "2026-11-21T06:00:00"),
        (WEEKLY, "2026-11-20T12:00:00", "2026-11-23T05:45:00"),
        (WEEKLY, "2026-11-23T05:45:00", "2026-11-30T05:45:00"),
    ],
)
def test_following_when_a_time_is_given_then_it_is_the_first_one_after_it(
    schedule: Schedule, after: str, due: str
) -> None:
    assert schedule.following(at(after), "Asia/Tokyo") == at(due)


def test_following_when_the_clocks_go_back_then_no_day_has_two() -> None:
    first = DAILY.following(at("2026-10-24T12:00:00", "Europe/Berlin"), "Europe/Berlin")
    second = DAILY.following(first, "Europe/Berlin")
    assert first == at("2026-10-25T06:00:00", "Europe/Berlin")
    assert second == at("2026-10-26T06:00:00", "Europe/Berlin")


@pytest.mark.parametrize(
    ("schedule", "text"), [(HOURLY, "毎時 05 分"), (DAILY, "毎日 06:00"), (WEEKLY, "毎週月曜 05:45")]
)
def test_text_when_shown_then_people_can_read_it(schedule: Schedule, text: str) -> None:
    assert schedule.text() == text


@pytest.mark.parametrize(
    ("attempts", "may_have_acted", "status"),
    [(1, False, "queued"), (2, False, "queued"), (3, False, "interrupted"), (1, True, "interrupted")],
)
def test_after_death_when_nothing_was_begun_then_it_is_queued_again_but_not_for_ever(
    attempts: int, may_have_acted: bool, status: str
) -> None:
    assert after_death(attempts, may_have_acted=may_have_acted) == status


def test_estimate_when_tasks_are_ahead_then_it_is_their_mean_over_the_lanes() -> None:
    assert estimated_s(0, 2, []) == 30
    assert estimated_s(4, 2, [1_000, 3_000]) == 6
    assert estimated_s(0, 2, [1]) == 1


def test_percent_when_a_run_goes_on_then_it_never_reaches_the_end_by_itself() -> None:
    assert [percent(replies, 12) for replies in (0, 6, 12, 99)] == [5, 50, 95, 95]
