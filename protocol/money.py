"""Money: a whole number of minor units and a currency. No float ever touches it."""

from dataclasses import dataclass
from typing import Final, Self

MINOR_DIGITS: Final = {"JPY": 0, "USD": 2, "EUR": 2, "GBP": 2}
"""Decimals of each currency (ISO 4217). Yen has none: 160 minor units are 160 yen."""


class CurrencyMismatchError(ValueError):
    """Two amounts in different currencies met in one sum or comparison."""

    def __init__(self, left: "Money", right: "Money") -> None:
        self.left = left
        self.right = right
        super().__init__(f"{left} and {right} are in different currencies; convert one of them first")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, possibly negative.

    Raises:
        TypeError: `minor` is not an int (a float or a bool is a bug, not an amount).
        ValueError: the currency is not one we know the decimals of.
    """

    minor: int
    """Minor units: 195 is 1.95 EUR, or 195 JPY."""
    currency: str = "JPY"
    """ISO 4217 code, upper case."""

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"money is a whole number of minor units, not {self.minor!r}")
        if self.currency not in MINOR_DIGITS:
            raise ValueError(f"unknown currency {self.currency!r}; known are {', '.join(MINOR_DIGITS)}")

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise CurrencyMismatchError(self, other)
        return other.minor

    def __add__(self, other: "Money") -> Self:
        return type(self)(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> Self:
        return type(self)(self.minor - self._same(other), self.currency)

    def __mul__(self, times: int) -> Self:
        return type(self)(self.minor * times, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        digits = MINOR_DIGITS[self.currency]
        if not digits:
            return f"{self.minor} {self.currency}"
        sign = "-" if self.minor < 0 else ""
        units, rest = divmod(abs(self.minor), 10**digits)
        return f"{sign}{units}.{rest:0{digits}d} {self.currency}"


def yen(amount: int) -> Money:
    """`amount` yen."""
    return Money(amount, "JPY")
