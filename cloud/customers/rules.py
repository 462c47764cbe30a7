"""What purchases say about a customer, when a coupon may be used, which wishes are alike. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from cloud.kit.letters import folded, pairs

DAY_MS: Final = 86_400_000
WINDOW_DAYS: Final = 90
"""How far back loyalty looks."""

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of coupon codes: nothing that is read as something else."""
CODE_LENGTH: Final = 10
"""About 49 bits: guessing is hopeless."""
MOST_VALID_MS: Final = 180 * DAY_MS
MOST_WISH_CHARS: Final = 200
MOST_REASON_CHARS: Final = 200

CouponState = Literal["open", "offered", "used", "expired", "withdrawn"]
"""`offered`: a machine shows its price now. `expired` is never stored: it follows from the time."""

PartOfDay = Literal["morning", "midday", "afternoon", "evening", "night"]
_PARTS: Final[tuple[tuple[int, PartOfDay], ...]] = (
    (5, "night"),
    (11, "morning"),
    (14, "midday"),
    (17, "afternoon"),
    (21, "evening"),
    (24, "night"),
)
"""Hour before which the part of the day ends."""


# --- loyalty and tastes ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Purchase:
    """One completed sale of a customer."""

    product_id: str
    kind: str
    """drink, food or other."""
    temperature: str
    """cold, hot or ambient."""
    day: date
    hour: int
    """Of the machine's day, 0 … 23."""
    paid_minor: int


@dataclass(frozen=True, slots=True)
class LoyaltyPart:
    """Points for one thing, at most `most`."""

    name: Literal["days", "recent", "purchases", "variety", "voice"]
    points: int
    most: int


@dataclass(frozen=True, slots=True)
class Loyalty:
    """How loyal a customer is."""

    score: int
    """0 … 100."""
    parts: tuple[LoyaltyPart, ...]


def loyalty(purchases: Iterable[Purchase], today: date, voices: int = 0) -> Loyalty:
    """How loyal a customer is, from what they bought in the last 90 days. More never makes it less.

    Days with a purchase count most (5 points each, at most 40), then how long ago the last one was (20 within a week,
    10 within a month, 5 within 90 days), purchases (1 each, at most 20), different products (2 each, at most 10), and
    what they told us: wishes and conversations (2 each, at most 10).

    Args:
        purchases: any; older ones and those after `today` do not count.
        today: in the operator's time zone.
        voices: wishes and conversations, not negative.
    """
    recent = [row for row in purchases if 0 <= (today - row.day).days < WINDOW_DAYS]
    ago = min(((today - row.day).days for row in recent), default=WINDOW_DAYS)
    parts = (
        LoyaltyPart("days", min(5 * len({row.day for row in recent}), 40), 40),
        LoyaltyPart("recent", _recency(ago), 20),
        LoyaltyPart("purchases", min(len(recent), 20), 20),
        LoyaltyPart("variety", min(2 * len({row.product_id for row in recent}), 10), 10),
        LoyaltyPart("voice", min(2 * max(voices, 0), 10), 10),
    )
    return Loyalty(sum(part.points for part in parts), parts)


def _recency(days_ago: int) -> int:
    for within, points in ((7, 20), (30, 10), (WINDOW_DAYS, 5)):
        if days_ago < within:
            return points
    return 0


@dataclass(frozen=True, slots=True)
class Tastes:
    """What a customer usually buys. Shares are whole percent of their purchases."""

    purchases: int
    products: tuple[tuple[str, int], ...]
    """Product and how often, the most frequent first."""
    kinds: Mapping[str, int]
    temperatures: Mapping[str, int]
    times: Mapping[str, int]
    """Part of the day."""
    usual_price_minor: int
    """The median of what they paid; 0 without purchases."""
    highest_price_minor: int


def tastes(purchases: Sequence[Purchase]) -> Tastes:
    """What somebody with these purchases likes."""
    paid = sorted(row.paid_minor for row in purchases)
    counts = Counter(row.product_id for row in purchases)
    return Tastes(
        purchases=len(purchases),
        products=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        kinds=_shares(purchases, lambda row: row.kind),
        temperatures=_shares(purchases, lambda row: row.temperature),
        times=_shares(purchases, lambda row: part_of_day(row.hour)),
        usual_price_minor=paid[len(paid) // 2] if paid else 0,
        highest_price_minor=paid[-1] if paid else 0,
    )


def _shares(purchases: Sequence[Purchase], of: Callable[[Purchase], str]) -> dict[str, int]:
    counts = Counter(map(of, purchases))
    return {name: count * 100 // len(purchases) for name, count in sorted(counts.items(), key=lambda i: (-i[1], i[0]))}


def part_of_day(hour: int) -> PartOfDay:
    """The part of the day an hour (0 … 23) belongs to."""
    return next(name for until, name in _PARTS if hour < until)


# --- coupons -----------------------------------------------------------------------------------------------------


class CouponError(ValueError):
    """A coupon that cannot be made or used so. `code` is for programs."""

    def __init__(self, code: str, why: str) -> None:
        self.code = code
        super().__init__(why)


def check_grant(*, list_minor: int, price_minor: int, now_ms: int, valid_until_ms: int) -> None:
    """Refuse a coupon that takes nothing off, makes the price negative, or is good for too long.

    Raises:
        CouponError: code price or validity.
    """
    if not 0 <= price_minor < list_minor:
        raise CouponError("price", f"a coupon's price is from 0 to {list_minor - 1} yen, not {price_minor}")
    if not now_ms < valid_until_ms <= now_ms + MOST_VALID_MS:
        raise CouponError("validity", "a coupon is good from now on, for at most 180 days")


def coupon_state(stored: str, *, valid_until_ms: int, now_ms: int, command_state: str | None) -> CouponState:
    """What a coupon is now.

    Args:
        stored: open, offered, used or withdrawn.
        valid_until_ms: when it ends.
        now_ms: now.
        command_state: of the offer to the machine; None when there is no such command.
    """
    if stored == "used":
        return "used"
    if stored == "withdrawn":
        return "withdrawn"
    is_shown = stored == "offered" and command_state in {"created", "sent", "taken", "succeeded", "unknown"}
    if is_shown:
        # Also after its time: as long as the machine may still sell at its price, it is not offered anywhere else.
        return "offered"
    return "expired" if now_ms >= valid_until_ms else "open"


# --- wishes ------------------------------------------------------------------------------------------------------

_FILLER: Final = (
    "が欲しい", "がほしい", "を入れて", "をいれて", "を置いて", "をおいて",
    "ください", "下さい", "お願いします", "です", "ほしい",
    "please", "i want", "i would like", "could you", "sell", "add", "some", "the", "a",
)  # fmt: skip


def is_alike(one: str, other: str) -> bool:
    """Whether two wishes ask for the same thing, as far as their letters tell."""
    left, right = pairs(_core(one)), pairs(_core(other))
    return 2 * len(left & right) >= len(left | right) if left and right else folded(one) == folded(other)


def _core(text: str) -> str:
    """Without the words people wish with."""
    plain = f" {folded(text)} "
    for filler in _FILLER:
        plain = plain.replace(f" {filler} " if filler.isascii() else filler, " ")
    return plain


def grouped(texts: Sequence[tuple[int, str]]) -> list[list[int]]:
    """Wishes that are alike, together; the largest group first. Numbers in the order they came."""
    groups: list[tuple[str, list[int]]] = []
    for name, text in texts:
        for leader, members in groups:
            if is_alike(leader, text):
                members.append(name)
                break
        else:
            groups.append((text, [name]))
    return sorted((members for _, members in groups), key=len, reverse=True)
