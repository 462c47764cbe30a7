"""Writes the steps of one seed: customers of every tender, staff, and bad luck. Same seed, same steps."""

import random
from collections.abc import Callable
from typing import Final

from tools.chaos.steps import FLOAT, PRICES, Action, Argument

COIN_SETS: Final = (
    (100, 100),
    (100, 100),
    (100, 50, 10),
    (500,),
    (500,),
    (100, 10, 10),
    (100, 50, 10, 10, 10),
    (50, 50, 50, 10),
    (100, 100, 1),
    (500, 100),
    (100,),
)
ENOUGH: Final = {120: ((100, 10, 10), (100, 50)), 160: ((100, 50, 10), (100, 100)), 180: ((100, 100), (500,))}
"""Price -> coins that pay it."""
BILLS: Final = (1000, 1000, 1000, 1000, 1000, 1000, 2000, 2000, 5000, 10_000, 500)
"""Bills customers hold to the slot; one that does not exist is refused."""
BALANCES: Final = (1000, 1000, 1000, 500, 300, 180, 150, 0)
"""Money on the cards customers bring."""
LONGEST_SALE: Final = 80
"""Ticks from the first coin to the last coin of the change, when it comes from two hoppers or tubes."""
LINE_FAULTS: Final = ("silence", "lost reply", "lost reply", "refusal")
VALIDATOR_COMMANDS: Final = ("stack", "stack", "give_back", "status", "status", "poll", "set_accepting", "start")
CHANGER_COMMANDS: Final = (
    "pay", "pay", "pay_before", "pay_after", "status", "status", "poll", "poll", "tubes", "set_accepting", "start",
)  # fmt: skip
READER_COMMANDS: Final = (
    "request", "confirm", "confirm", "fail", "fail", "payment", "payments_of", "end_session", "poll", "set_accepting",
    "start",
)  # fmt: skip

Luck = tuple[str, Callable[[], tuple[Argument, ...]]]


class Author:
    """Writes the steps of one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - must repeat, not surprise
        self._steps: list[Action] = []
        self._has_changer = False
        self._customers: tuple[tuple[Callable[[], None], float], ...] = (
            (self._pays_with_coins, 0.47),
            (self._pays_with_bill, 0.22),
            (self._pays_with_card, 0.22),
            (self._pays_by_phone, 0.05),
            (self._mixes, 0.04),
        )
        self._coin_luck = self._luck_with_coins()
        self._bad_luck: tuple[tuple[float, tuple[Luck, ...]], ...] = (
            (0.2, self._luck_with_goods()),
            (0.25, self._coin_luck),
            (0.25, self._luck_with_bills()),
            (0.2, self._luck_with_cards()),
            (0.1, self._luck_with_computer()),
        )

    def write(self, visits: int) -> tuple[Action, ...]:
        """Steps of so many customers."""
        chance = self._random
        if chance.random() < 0.33:
            self._has_changer = True
            self._do("changer")
        elif chance.random() < 0.2:
            self._do("wire", chance.choice((5, 15, 30)), chance.choice((0, 5, 15)), chance.randrange(10_000))
        if chance.random() < 0.25:
            self._do("cloud", chance.choice((0, 20, 100)), chance.choice((0, 20, 60)), chance.randrange(10_000))
        customers, weights = zip(*self._customers, strict=True)
        for _ in range(visits):
            if chance.random() < 0.16:
                self._meets_bad_luck()
            if chance.random() < 0.14:
                self._power_cut()
            chance.choices(customers, weights)[0]()
            while chance.random() < 0.5:
                self._buys_again()
            if chance.random() < 0.14:
                self._do("staff")
        return tuple(self._steps)

    def _do(self, name: str, *args: Argument) -> None:
        self._steps.append(Action(name, args))

    def _slot(self) -> str:
        return self._random.choice(list(PRICES))

    def _kind(self) -> int:
        return self._random.choice(list(FLOAT))

    # --- customers
    def _pays_with_coins(self) -> None:
        self._visit(self._throws_coins)

    def _pays_with_bill(self) -> None:
        self._visit(self._holds_bill)
        if self._random.random() < 0.7:
            self._do("take_bills")

    def _pays_with_card(self) -> None:
        self._visit(self._presents_card)
        if self._random.random() < 0.9:
            self._do("card_away")

    def _pays_by_phone(self) -> None:
        self._do("paid", self._slot(), self._random.choice((0, 0, 20, 120)))
        self._do("settle")
        self._ending()

    def _buys_again(self) -> None:
        """Nothing special, as most sales: enough money, a choice, and the goods are taken."""
        chance = self._random
        slot = self._slot()
        tender = chance.choices(("coins", "card", "bill"), (0.5, 0.3, 0.2))[0]
        if tender == "coins":
            for coin in chance.choice(ENOUGH[PRICES[slot]]):
                self._do("coin", coin)
        elif tender == "card":
            self._do("card", BALANCES[0])
        else:
            self._do("bill", BILLS[0], 1700)
        self._do("choose", slot)
        self._do("settle")
        for hand in ("take", "card_away", "take_bills")[: 1 if tender == "coins" else 3]:
            self._do(hand)

    def _mixes(self) -> None:
        ways = self._random.sample((self._throws_coins, self._holds_bill, self._presents_card), 2)

        def pay() -> None:
            for way in ways:
                way()

        self._visit(pay)
        self._do("card_away")
        self._do("take_bills")

    def _throws_coins(self) -> None:
        for coin in self._random.choice(COIN_SETS):
            self._do("coin", coin)
            if self._random.random() < 0.03:
                self._do("lever")

    def _holds_bill(self) -> None:
        chance = self._random
        self._do("bill", chance.choice(BILLS), chance.choice((1700, 1700, 1700, 2500, 400)))
        if chance.random() < 0.08:
            self._do("bill", chance.choice(BILLS), 1700)
        if chance.random() < 0.05:
            self._do("lever")

    def _presents_card(self) -> None:
        chance = self._random
        self._do("card", chance.choice(BALANCES))
        if chance.random() < 0.04:
            self._do("card_away")

    def _visit(self, pay: Callable[[], None]) -> None:
        """One customer, whichever way they pay."""
        chance = self._random
        if chance.random() < 0.06:
            self._do("coupon", self._slot(), chance.choice((10, 50, 120)), chance.choice((300, 5000, 15_000)))
        chooses_first = chance.random() < 0.3
        if chooses_first:
            self._do("choose", self._slot())
        pay()
        if chance.random() < 0.06:
            self._do("clear")
        if not chooses_first or chance.random() < 0.3:
            self._do("choose", self._slot())
        if chance.random() < 0.08:
            self._do("coin", self._kind())
        if chance.random() < 0.05:
            self._do("pause", chance.randint(100, 3000))
            self._do(chance.choice(("lever", "door", "card_away")))
        self._do("settle")
        self._ending()

    def _ending(self) -> None:
        chance = self._random
        luck = chance.random()
        if luck < 0.35:
            self._do("lever")
            self._do("settle")
        elif luck < 0.40:
            self._do("leave")
        if chance.random() < 0.7:
            self._do("take")

    # --- bad luck
    def _power_cut(self) -> None:
        chance = self._random
        for _ in range(1 if chance.random() < 0.7 else chance.randint(2, 3)):
            kind = chance.choice(("kill", "kill", "kill", "kill", "mains", "mains", "amnesia"))
            delay_ms = chance.choice(
                (0, 0, 0, chance.randint(1, 3600), chance.randint(1, 3600), chance.randint(1, 20_000))
            )
            ticks = chance.randint(1, chance.choice((12, 40, LONGEST_SALE)))
            self._do("cut", kind, ticks, delay_ms, chance.choice((5, 300, 1500, 5000)))
        if chance.random() < 0.25:
            self._do("blind_coin", chance.choice((10, 50, 100, 500, 1)))
        if chance.random() < 0.1:
            self._do("blind_bill", chance.choice(BILLS))
        if self._has_changer and chance.random() < 0.1:
            self._do("blind_key", self._kind())

    def _meets_bad_luck(self) -> None:
        weights = [weight for weight, _ in self._bad_luck]
        _, kinds = self._random.choices(self._bad_luck, weights)[0]
        if self._has_changer and kinds is self._coin_luck:
            kinds += self._luck_with_changer()
        name, draw = self._random.choice(kinds)
        self._do(name, *draw())

    def _luck_with_goods(self) -> tuple[Luck, ...]:
        chance = self._random
        return (
            ("jam", lambda: (self._slot(),)),
            ("empty_turn", lambda: (self._slot(), chance.randint(1, 2))),
            ("stuck_home", lambda: (self._slot(),)),
            ("beam", lambda: (chance.randint(50, 6000), chance.randint(0, 4000))),
        )

    def _luck_with_coins(self) -> tuple[Luck, ...]:
        chance = self._random
        return (
            ("hopper_jam", lambda: (self._kind(),)),
            ("hopper_empty", lambda: (self._kind(),)),
            ("hopper_refuse", lambda: (self._kind(),)),
            ("lose", lambda: (chance.choice(("request", "reply")), chance.choice(("order", "status", "credit")))),
            ("silent_hoppers", lambda: (chance.randint(1, 60),)),
            ("acceptor_restart", lambda: ()),
        )

    def _luck_with_changer(self) -> tuple[Luck, ...]:
        chance = self._random
        return (
            ("changer_key", lambda: (self._kind(),)),
            ("changer_line", lambda: self._line_fault(CHANGER_COMMANDS)),
            ("changer_line", lambda: self._line_fault(CHANGER_COMMANDS)),
            ("changer_power", lambda: (chance.randint(0, 6000), *self._outage(), chance.randint(0, 1))),
        )

    def _luck_with_bills(self) -> tuple[Luck, ...]:
        chance = self._random
        return (
            ("bill_refused", lambda: (chance.randint(0, 1),)),
            ("bill_given_up", lambda: (chance.randint(0, 6000),)),
            ("bill_jam", lambda: ()),
            ("stacker_out", lambda: (chance.randint(0, 6000),)),
            ("stacker_full", lambda: ()),
            ("validator_line", lambda: self._line_fault(VALIDATOR_COMMANDS)),
            ("validator_line", lambda: self._line_fault(VALIDATOR_COMMANDS)),
            ("validator_silent", lambda: (chance.randint(0, 6000), chance.choice((300, 5000, 50_000)))),
            ("validator_power", lambda: (chance.randint(0, 6000), *self._outage(), chance.randint(0, 1))),
        )

    def _luck_with_cards(self) -> tuple[Luck, ...]:
        chance = self._random
        return (
            ("card_denied", lambda: ()),
            ("card_amount", lambda: (chance.choice((10, 100, 500)),)),
            ("card_ignored", lambda: ()),
            ("refund_lost", lambda: ()),
            ("reader_line", lambda: self._line_fault(READER_COMMANDS)),
            ("reader_line", lambda: self._line_fault(READER_COMMANDS)),
            ("reader_silent", lambda: (chance.randint(0, 6000), chance.choice((300, 5000, 90_000)))),
            (
                "reader_power",
                lambda: (
                    chance.randint(0, 6000),
                    *self._outage(),
                    chance.choice(("keeps", "keeps", "charges", "releases", "forgets")),
                ),
            ),
        )

    def _luck_with_computer(self) -> tuple[Luck, ...]:
        chance = self._random
        return (
            ("disk", lambda: (chance.choice(("low", "low", "full", "full", "used_up")), chance.randint(0, 4000))),
            ("clock", lambda: (chance.choice((-87_600, -24, -1, 1, 24, 87_600)), chance.randint(0, 4000))),
        )

    def _line_fault(self, commands: tuple[str, ...]) -> tuple[Argument, ...]:
        return (self._random.choice(LINE_FAULTS), self._random.choice(commands), self._random.randint(1, 3))

    def _outage(self) -> tuple[Argument, ...]:
        return (self._random.choice((5, 300, 5000, 25_000)),)
