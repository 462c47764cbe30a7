"""Forecasts: level, weekday, days that were sold out, rare sales; a band that holds what it promises."""

import random
from datetime import date, timedelta

import pytest

from cloud.analytics.chance import binomial_at_least, poisson_at_least, poisson_at_most, quantile, robust_z
from cloud.analytics.forecast import Day, check, forecast

MONDAY = date(2026, 6, 1)


def days(units: list[int], shares: list[float] | None = None) -> list[Day]:
    given = shares or [1.0] * len(units)
    rows = zip(units, given, strict=True)
    return [Day(MONDAY + timedelta(days=at), one, share) for at, (one, share) in enumerate(rows)]


def poisson(chance: random.Random, mean: float) -> int:
    limit, count, product = 2.718281828459045**-mean, 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count


def test_forecast_when_there_is_no_history_then_nothing_is_expected() -> None:
    assert forecast([], 7).days == ()
    assert forecast(days([0] * 30), 7).total == 0


def test_forecast_when_sales_are_steady_then_it_is_their_mean() -> None:
    found = forecast(days([5] * 60), 7)
    assert found.method == "seasonal"
    assert found.total == pytest.approx(35)
    assert found.total_low <= 35 <= found.total_high


def test_forecast_when_one_weekday_sells_more_then_that_day_is_expected_to() -> None:
    found = forecast(days([12 if at % 7 == 4 else 4 for at in range(84)]), 7)
    by_day = {row.day.weekday(): row.expected for row in found.days}
    assert by_day[4] > 1.7 * by_day[0]
    assert found.total == pytest.approx(36, rel=0.08)


def test_forecast_when_the_slot_was_sold_out_half_of_the_time_then_demand_is_not_taken_for_small() -> None:
    units = [6 if at % 2 else 0 for at in range(60)]
    seen = [1.0 if at % 2 else 0.0 for at in range(60)]
    assert forecast(days(units, seen), 7).total > 1.8 * forecast(days(units), 7).total
    assert forecast(days(units, seen), 7).total == pytest.approx(42, rel=0.05)


def test_forecast_when_it_sells_rarely_then_the_share_of_selling_days_counts() -> None:
    found = forecast(days([2 if at % 10 == 9 else 0 for at in range(100)]), 10)
    assert found.method == "intermittent"
    assert 0.5 < found.total < 6


def test_forecast_when_demand_scatters_more_than_poisson_then_the_band_still_covers_four_weeks_of_five() -> None:
    chance = random.Random(20261121)  # noqa: S311 - a seeded test
    inside = weeks = 0
    for _ in range(24):
        units: list[int] = []
        for at in range(26 * 7):
            week = 1.5 if (at // 7) % 3 == 0 else 0.75
            units.append(poisson(chance, 4 * week))
        quality = check(days(units), 8)
        inside += round((quality.covered_percent or 0) * quality.weeks / 100)
        weeks += quality.weeks
    assert 0.7 <= inside / weeks <= 0.95


def test_check_when_there_are_fewer_than_five_weeks_then_nothing_is_claimed() -> None:
    quality = check(days([3] * 30))
    assert (quality.weeks, quality.covered_percent, quality.wape_percent) == (0, None, None)


@pytest.mark.parametrize(("mean", "ratio"), [(0.2, 1.0), (3.0, 1.0), (3.0, 2.5), (40.0, 4.0)])
def test_quantile_when_asked_then_it_is_the_least_count_with_that_probability(mean: float, ratio: float) -> None:
    rows = [quantile(mean, ratio, share) for share in (0.1, 0.5, 0.9, 0.99)]
    assert rows == sorted(rows)
    if ratio == 1.0:
        assert poisson_at_most(rows[2], mean) >= 0.9
        assert rows[2] == 0 or poisson_at_most(rows[2] - 1, mean) < 0.9


def test_chances_when_compared_with_hand_made_values_then_they_agree() -> None:
    assert poisson_at_least(3, 1.0) == pytest.approx(0.0803, abs=1e-4)
    assert binomial_at_least(3, 5, 0.5) == pytest.approx(0.5)
    assert robust_z(10, [1, 2, 3, 4, 100]) == pytest.approx(0.6745 * 7 / 1)
    assert robust_z(1, [2, 2, 2, 2]) is None
