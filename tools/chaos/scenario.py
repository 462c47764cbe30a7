"""Scenarios: what customers, staff and bad luck do to one machine, as plain data from a seed.

Not responsible for doing any of it (`machine.py`) nor for judging the end (`checker.py`). Same seed, same steps.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

PRICES: Final = {"A1": 160, "A2": 120, "A3": 180}
"""Slot -> price in yen. Every product is named after its slot: `p-A1`."""
STOCK: Final = 8
FLOAT: Final = {10: 60, 50: 20, 100: 40, 500: 6}
"""Coins that staff keep in each hopper."""
VISITS: Final = 40
"""Customers in one scenario."""
COIN_SETS: Final = (
    (100, 100),
    (100, 50, 10),
    (500,),
    (100, 10, 10),
    (50, 50, 50, 10),
    (100, 100, 1),
    (500, 100),
    (100,),
)

Argument = int | str


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that is done to the machine; `ACTIONS` in `hands.py` says what each name means."""

    name: str
    args: tuple[Argument, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, (self.name, *self.args)))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A seed and the steps it gives, or a selection of them.

    `kept` are the positions of the steps in the seed's full list; `ticks` overrides when a power cut strikes.
    """

    seed: int
    steps: tuple[Action, ...]
    kept: tuple[int, ...]

    @classmethod
    def from_seed(cls, seed: int, visits: int = VISITS) -> "Scenario":
        """The whole scenario of a seed."""
        steps = tuple(_Author(seed).write(visits))
        return cls(seed, steps, tuple(range(len(steps))))

    @classmethod
    def from_line(cls, line: str) -> "Scenario":
        """Read `SEED` or `SEED:STEP,STEP@TICKS,…`, as `line` prints it.

        Raises:
            ValueError: not such a line, or the seed has no such step.
        """
        seed, _, rest = line.partition(":")
        whole = cls.from_seed(int(seed))
        if not rest:
            return whole
        kept, steps = [], []
        for word in rest.split(","):
            position, _, ticks = word.partition("@")
            if not 0 <= int(position) < len(whole.steps):
                raise ValueError(f"seed {seed} has {len(whole.steps)} steps, there is no step {position}")
            step = whole.steps[int(position)]
            kept.append(int(position))
            steps.append(with_ticks(step, int(ticks)) if ticks else step)
        return cls(whole.seed, tuple(steps), tuple(kept))

    @property
    def line(self) -> str:
        """What `--replay` takes."""
        words = [f"{at}@{step.args[1]}" if step.name == "cut" else str(at) for at, step in self.numbered()]
        return f"{self.seed}:{','.join(words)}"

    def numbered(self) -> list[tuple[int, Action]]:
        """Each step with its position in the seed's full list."""
        return list(zip(self.kept, self.steps, strict=True))

    def only(self, numbered: Sequence[tuple[int, Action]]) -> "Scenario":
        """The same seed with these steps alone."""
        return replace(self, steps=tuple(step for _, step in numbered), kept=tuple(at for at, _ in numbered))


def with_ticks(cut: Action, ticks: int) -> Action:
    """The same power cut, at another moment."""
    return replace(cut, args=(cut.args[0], ticks, *cut.args[2:]))


class _Author:
    """Writes the steps of one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - must repeat, not surprise
        self._steps: list[Action] = []

    def write(self, visits: int) -> list[Action]:
        chance = self._random
        if chance.random() < 0.2:
            self._do("wire", chance.choice((5, 15, 30)), chance.choice((0, 5, 15)), chance.randrange(10_000))
        for _ in range(visits):
            if chance.random() < 0.12:
                self._bad_luck()
            if chance.random() < 0.10:
                self._power_cut()
            self._customer()
            if chance.random() < 0.12:
                self._do("staff")
        return self._steps

    def _do(self, name: str, *args: Argument) -> None:
        self._steps.append(Action(name, args))

    def _slot(self) -> str:
        return self._random.choice(list(PRICES))

    def _kind(self) -> int:
        return self._random.choice(list(FLOAT))

    def _customer(self) -> None:
        chance = self._random
        chooses_first = chance.random() < 0.3
        if chooses_first:
            self._do("choose", self._slot())
        for coin in chance.choice(COIN_SETS):
            self._do("coin", coin)
            if chance.random() < 0.03:
                self._do("lever")
        if chance.random() < 0.06:
            self._do("clear")
        if not chooses_first or chance.random() < 0.3:
            self._do("choose", self._slot())
        if chance.random() < 0.08:
            self._do("coin", self._kind())
        if chance.random() < 0.05:
            self._do("pause", chance.randint(100, 3000))
            self._do(chance.choice(("lever", "door")))
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

    def _power_cut(self) -> None:
        chance = self._random
        for _ in range(1 if chance.random() < 0.7 else chance.randint(2, 3)):
            kind = chance.choice(("kill", "kill", "kill", "kill", "mains", "mains", "amnesia"))
            delay_ms = chance.choice((0, 0, 0, chance.randint(1, 2600), chance.randint(1, 20_000)))
            self._do("cut", kind, chance.randint(1, 30), delay_ms, chance.choice((5, 300, 1500, 5000)))
        if chance.random() < 0.25:
            self._do("blind_coin", chance.choice((10, 50, 100, 500, 1)))

    def _bad_luck(self) -> None:
        chance = self._random
        choices: tuple[Callable[[], None], ...] = (
            lambda: self._do("jam", self._slot()),
            lambda: self._do("empty_turn", self._slot(), chance.randint(1, 2)),
            lambda: self._do("stuck_home", self._slot()),
            lambda: self._do("beam", chance.randint(50, 6000), chance.randint(0, 4000)),
            lambda: self._do("hopper_jam", self._kind()),
            lambda: self._do("hopper_empty", self._kind()),
            lambda: self._do("hopper_refuse", self._kind()),
            lambda: self._do("lose", chance.choice(("request", "reply")), chance.choice(("order", "status", "credit"))),
            lambda: self._do("silent_hoppers", chance.randint(1, 60)),
            lambda: self._do("acceptor_restart"),
        )
        chance.choice(choices)()
