"""How often a phone may ask: by customer, and by address, since a cookie is easily thrown away."""

from typing import Final

from cloud.kit.rates import Rate, Rates
from cloud.phone.guests import Caller

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000

LIMITS: Final = {
    "connect": (Rate(20, MINUTE_MS), Rate(120, MINUTE_MS)),
    "say": (Rate(20, MINUTE_MS), Rate(60, MINUTE_MS)),
    "report": (Rate(5, HOUR_MS), Rate(30, HOUR_MS)),
    "credit": (Rate(10, MINUTE_MS), Rate(30, MINUTE_MS)),
    "claim": (Rate(10, 10 * MINUTE_MS), Rate(30, 10 * MINUTE_MS)),
}
"""What is asked to how often, for one customer and for one address. A shop's guests share an address."""


class Counter:
    """Counts one process's requests."""

    def __init__(self) -> None:
        self._rates = {what: (Rates(one), Rates(many)) for what, (one, many) in LIMITS.items()}

    def allows(self, what: str, caller: Caller, now_ms: int) -> bool:
        """Whether this customer may ask once more, from this address."""
        by_customer, by_address = self._rates[what]
        return by_address.allows(caller.address, now_ms) and by_customer.allows(caller.customer_id, now_ms)
