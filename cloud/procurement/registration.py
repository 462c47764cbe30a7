"""登録番号: the number of a qualified invoice issuer. Pure.

T and 13 digits: for companies the corporate number, whose first digit checks the other twelve. Source: ministry
ordinance on the designation of corporate numbers, article 2: 9 - (sum of digit x weight mod 9), weights 1, 2, 1, 2 …
from the right. Sole traders' numbers are taken to have the same check digit (unverified): a number that fails is
refused with words that say what to compare.
"""

import re
from typing import Final

_FORM: Final = re.compile(r"^T[1-9][0-9]{12}$")


class BadRegistrationNumberError(ValueError):
    """Not a registration number."""

    def __init__(self, number: str, why: str) -> None:
        self.number = number
        super().__init__(f"{number!r} {why}")


def check_digit(digits: str) -> int:
    """The digit that goes before twelve others, 1 to 9."""
    total = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return 9 - total % 9


def checked(number: str) -> str:
    """A registration number as it is kept: `T` and 13 digits, no spaces, no hyphens, no full-width digits.

    Args:
        number: as typed; empty for a supplier that is not registered.

    Raises:
        BadRegistrationNumberError: the form or the check digit is wrong.
    """
    plain = number.translate(_PLAIN).strip().upper()
    if not plain:
        return ""
    if not _FORM.match(plain):
        raise BadRegistrationNumberError(number, "is not T and 13 digits; copy it from the invoice (T1234567890123)")
    if check_digit(plain[2:]) != int(plain[1]):
        raise BadRegistrationNumberError(number, "has a wrong check digit; compare it with the invoice digit by digit")
    return plain


_PLAIN: Final = str.maketrans("０１２３４５６７８９Ｔｔ", "0123456789Tt", "-‐－ー \u3000")
