"""Who may clear a fault: a person who has looked, or only the machine, which looks itself. Pure."""

from typing import Final, Literal

BY_STAFF: Final = frozenset({
    "slot.no_drop", "slot.out_of_use", "vend.uncertain", "drop_sensor.late", "coin_acceptor.lost_events",
    "coin_acceptor.jammed", "coin_acceptor.fraud", "bill_validator.fraud", "coin_hopper.short", "payout.uncertain",
    "store.replaced",
})  # fmt: skip
"""What a person can put right, or has to have looked at, and no sensor can."""
BY_OPERATOR: Final = frozenset({"bill.lost", "payment.claim", "planogram.missing", "store.full"})
"""Money that is settled elsewhere, and what only the cloud or a bigger disk ends."""
CHECKED: Final = frozenset({"slot.jammed", "slot.not_home", "slot.missing", "drop_sensor.blocked"})
"""What the machine can be asked to look at again at once; of all others it finds out by itself."""


def who_clears(code: str) -> Literal["staff", "operator", "machine"]:
    """Who says that this is over."""
    if code in BY_STAFF:
        return "staff"
    return "operator" if code in BY_OPERATOR else "machine"
