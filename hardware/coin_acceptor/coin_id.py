"""Coin identifiers as devices report them: JP100A is the 100-yen coin. Pure.

Source: ccTalk Generic Specification 4.6, part 2, header 184: country, value in minor units, issue.
"""

import re
from typing import Final

from protocol.money import Money

_CURRENCIES: Final = {"JP": "JPY", "US": "USD", "EU": "EUR", "GB": "GBP"}
"""Country code of the identifier to ISO 4217. JPY has no minor unit, so its three digits are yen."""

_COIN = re.compile(r"([A-Z]{2})(\d{3})[A-Z]")


def parse_coin_id(raw: bytes) -> Money | None:
    """What a coin of this identifier is worth; None when the position is empty or we do not know the coin.

    Values above 999 use a multiplier letter that varies between makers; such coins count as unknown.
    """
    match = _COIN.fullmatch(raw.decode("ascii", errors="replace"))
    if match is None or match[1] not in _CURRENCIES:
        return None
    value = int(match[2])
    return Money(value, _CURRENCIES[match[1]]) if value else None
