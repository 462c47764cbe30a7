"""How likely counts are. Pure; needs nothing but `math`.

Source: textbook forms of the Poisson, binomial and negative binomial distributions; the robust z of Iglewicz and
Hoaglin (1993): 0.6745 (x - median) / MAD.
"""

from collections.abc import Sequence
from math import exp, lgamma, log
from statistics import median
from typing import Final

MOST_UNITS: Final = 100_000
"""Where a search for a quantile gives up."""


def poisson_at_most(count: int, mean: float) -> float:
    """P(X <= count) of a Poisson with this mean."""
    if mean <= 0:
        return 1.0
    return min(1.0, sum(exp(at * log(mean) - mean - lgamma(at + 1)) for at in range(count + 1)))


def poisson_at_least(count: int, mean: float) -> float:
    """P(X >= count) of a Poisson with this mean."""
    return 1.0 if count <= 0 else max(0.0, 1.0 - poisson_at_most(count - 1, mean))


def binomial_at_least(count: int, tries: int, share: float) -> float:
    """P(X >= count) of `tries` that each succeed with probability `share`."""
    if count <= 0:
        return 1.0
    if share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    found = 0.0
    for at in range(count, tries + 1):
        ways = lgamma(tries + 1) - lgamma(at + 1) - lgamma(tries - at + 1)
        found += exp(ways + at * log(share) + (tries - at) * log(1 - share))
    return min(1.0, found)


def quantile(mean: float, ratio: float, probability: float) -> int:
    """The least count that is not passed with this probability.

    Args:
        mean: expected count.
        ratio: variance over mean; up to 1 means Poisson, above it a negative binomial.
        probability: between 0 and 1.
    """
    if mean <= 0:
        return 0
    total, count = 0.0, 0
    if ratio <= 1.001:
        chance = exp(-mean)
        while total + chance < probability and count < MOST_UNITS:
            total += chance
            count += 1
            chance *= mean / count
        return count
    share = 1 / ratio
    size = mean * share / (1 - share)
    chance = exp(size * log(share))
    while total + chance < probability and count < MOST_UNITS:
        total += chance
        count += 1
        chance *= (size + count - 1) / count * (1 - share)
    return count


def robust_z(value: float, others: Sequence[float]) -> float | None:
    """How far a value is from the median of others, in deviations that a few outliers do not change.

    Returns:
        None when there are fewer than four others, or they are all the same: then there is no scale.
    """
    if len(others) < 4:
        return None
    middle = median(others)
    spread = median(abs(one - middle) for one in others)
    return 0.6745 * (value - middle) / spread if spread else None
