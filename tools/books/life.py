"""What happens to two machines and an office in some weeks: plain data, drawn from whatever chooses.

With `random.Random(seed)` a seed is a life; with Hypothesis' own randomness a failing life shrinks.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

MACHINES: Final = ("vm-books-0001", "vm-books-0002")

FOODS: Final = ("green-tea", "cider", "yokan")
GOODS: Final = (*FOODS, "towel")
"""What is bought; `towel` has the standard tax rate."""
SOLD: Final = (*GOODS, "green-tea", "never-heard-of")
"""What is sold; one product nobody has described."""

TENDERS: Final = ("cash", "cash", "cash", "bill", "card", "remote", 'pay pay; "é"\n')
"""How customers pay; a processor may be called anything."""
ENDS: Final = ("sold", "sold", "sold", "sold", "failed", "walked_off", "uncertain", "bill_gone", "double")
WAYS: Final = ("plain", "plain", "twice", "backwards", "gap", "restart", "crash", "singly", "forked")
"""What the link and the power do while events are on their way."""

MOST_STEPS: Final = 45
LEAST_BUSINESS, MOST_BUSINESS = 8, 18
"""Steps of the office that are put in between."""
LEAST_VISITS: Final = 4
"""Visits of staff, beside what the machines do."""
REFUND_WAYS: Final[tuple[Literal["original", "claim", "store_credit"], ...]] = (
    "original",
    "original",
    "claim",
    "store_credit",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One happening: its word, and numbers that mean what the word says."""

    word: str
    which: int = 0
    """The machine."""
    what: str = ""
    n: tuple[int, ...] = ()


Maker = Callable[[random.Random], Step]


def _customer(chance: random.Random) -> Step:
    coins = tuple(chance.choice((10, 50, 100, 500)) for _ in range(chance.randint(1, 4)))
    price = chance.choice((chance.randint(1, 999), 100, 120, 160))
    paid = chance.choice(TENDERS)
    how = f"{chance.choice(ENDS)}|{paid}|{chance.choice(SOLD)}"
    discount = chance.choice((0, 0, 0, 30, 7))
    short = chance.choice((0, 0, 0, 10, 40))
    return Step("customer", chance.randint(0, 1), how, (price, discount, short, *coins))


def _purchase(chance: random.Random) -> Step:
    return Step("purchase", what=chance.choice(GOODS), n=(chance.randint(1, 9), chance.randint(0, 900)))


def _restock(chance: random.Random) -> Step:
    return Step("restock", chance.randint(0, 1), chance.choice(GOODS), (chance.choice((-2, 1, 3, 6)),))


def _float(chance: random.Random) -> Step:
    return Step("float", chance.randint(0, 1), chance.choice(("mia", "changer")), (chance.choice((-3, 5, 20)),))


def _sync(chance: random.Random) -> Step:
    return Step("sync", chance.randint(0, 1), chance.choice(WAYS), (chance.choice((0, 0, 0, 2)), chance.randint(1, 9)))


def _count(chance: random.Random) -> Step:
    found = tuple(chance.choice((0, 0, 10, -10, -150)) for _ in range(4))
    return Step("count", chance.randint(0, 1), n=(chance.choice((0, 0, 50, 100)), *found))


def _days(chance: random.Random) -> Step:
    return Step("days", n=(chance.choice((0, 1, 3, 12, 31)), chance.choice((0, 7, 13))))


def _office(chance: random.Random) -> Step:
    word = chance.choice(("explain", "deposit", "reverse", "reverse", "close", "close", "reopen", "resolve", "resolve"))
    return Step(word, chance.randint(0, 1), n=(chance.randint(0, 50), chance.randint(0, 9)))


_KINDS: Final[tuple[Maker, ...]] = (
    *[_customer] * 9,
    *[_sync] * 6,
    *[_office] * 4,
    _purchase,
    _purchase,
    _purchase,
    _restock,
    _restock,
    _float,
    _count,
    _days,
    _days,
)


def _order(chance: random.Random) -> Step:
    numbers = (chance.randint(1, 9), chance.randint(1, 400), chance.choice((1, 2, 9)))
    return Step("order", chance.randint(0, 1), chance.choice(GOODS), numbers)


def _papers(chance: random.Random) -> Step:
    word = chance.choice(("receive", "invoice", "invoice", "pay", "pay"))
    return Step(word, n=(chance.choice((0, 0, 37, -20)) if word == "invoice" else chance.choice((1, 1, 2)),))


def _payout(chance: random.Random) -> Step:
    tender = chance.choice(("card", "remote", TENDERS[-1]))
    return Step("payout", what=tender, n=(chance.choice((1, 9)), chance.choice((0, 10))))


def _expense(chance: random.Random) -> Step:
    numbers = (chance.randint(1, 9_999), chance.choice((10, 10, 8, 0)), chance.randint(0, 2))
    return Step("expense", chance.randint(0, 1), chance.choice(("6004", "6005", "6012")), numbers)


def _goods(chance: random.Random) -> Step:
    word = chance.choice(("stocktake", "stocktake", "spoil"))
    return Step(word, chance.randint(0, 1), chance.choice(GOODS), (chance.choice((-1, 0, 1)),))


def _refund(chance: random.Random) -> Step:
    numbers = (chance.randint(0, 50), chance.choice((1, 1, 2, 3)), chance.randint(0, 1))
    return Step("refund", chance.randint(0, 3), n=numbers)


def _settle(chance: random.Random) -> Step:
    return Step("settle", n=(chance.randint(0, 1),))


_BUSINESS: Final[tuple[Maker, ...]] = (
    *[_order] * 3,
    *[_papers] * 4,
    *[_payout] * 3,
    *[_goods] * 3,
    *[_refund] * 4,
    _expense,
    _expense,
    _settle,
)


def _staff(chance: random.Random) -> Step:
    """A visit: goods taken out or counted, a slot changed over, cash counted, a coin tried."""
    word = chance.choice(("expired", "changeover", "counted", "counted", "over", "cash", "cash", "coin"))
    what = chance.choice(("hopper", "cash_box")) if word in {"cash", "coin"} else chance.choice(GOODS)
    return Step("staff", chance.randint(0, 1), f"{word}|{what}", (chance.randint(0, 9), chance.choice((0, 50, 100))))


def _credited(chance: random.Random) -> tuple[Step, ...]:
    """What may follow an invoice: goods go back or cost less, and the supplier owes us."""
    note = Step("credit_note", n=(chance.randint(0, 9), chance.choice((1, 2, 3)), 0))
    goods = [replace(note, n=(note.n[0], 2, units)) for units in (chance.choice((1, 2)), 1)]
    after = (Step("set_off", n=(chance.choice((1, 2)),)), Step("paid_back", n=(chance.choice((1, 2)),)))
    return (*goods, Step("pay", n=(1,)), note, *chance.sample(after, 2))


def _spent(chance: random.Random) -> tuple[Step, ...]:
    """Store credit, and what a customer has for it."""
    buys = [Step("spend", chance.randint(0, 1), chance.choice(SOLD), (part,)) for part in (2, 1)]
    return (Step("refund", 3, n=(chance.randint(0, 50), 1, 0)), *buys, Step("refund", 0, n=(-1, 2, 0)))


def _lapsed(chance: random.Random) -> tuple[Step, ...]:
    """A debt is refused, and much later it is asked about again."""
    return (Step("refuse"), Step("lapse", n=(chance.choice((0, 0, 9)), chance.randint(0, 2))))


def _put(life: list[Step], steps: Sequence[Step], chance: random.Random) -> None:
    """Steps in their order, anywhere in the second half."""
    places = sorted(chance.randint(len(life) // 2, len(life)) for _ in steps)
    for more, (at, step) in enumerate(zip(places, steps, strict=True)):
        life.insert(at + more, step)


def write_life(chance: random.Random, most_steps: int = MOST_STEPS) -> tuple[Step, ...]:
    """Draw a life: what happens at the machines, what the office does in between, goods that are paid, a year's end."""
    life = [chance.choice(_KINDS)(chance) for _ in range(chance.randint(most_steps // 3, most_steps))]
    for _ in range(chance.randint(LEAST_BUSINESS, MOST_BUSINESS)):
        life.insert(chance.randint(len(life) // 4, len(life)), chance.choice(_BUSINESS)(chance))
    for at, step in enumerate((_order(chance), Step("invoice", n=(chance.choice((0, 37, -20)),)), Step("pay", n=(2,)))):
        life.insert(chance.randint((at + 1) * len(life) // 4, (at + 2) * len(life) // 4), step)
    life.insert(chance.randint(2 * len(life) // 3, len(life)), Step("year", n=(chance.randint(0, 1),)))
    for _ in range(LEAST_VISITS):
        life.insert(chance.randint(len(life) // 3, len(life)), _staff(chance))
    for steps in (_credited, _spent, _lapsed):
        _put(life, steps(chance), chance)
    return tuple(life)
