"""Scenarios: what customers, staff and bad luck do to one machine, as plain data from a seed.

Not responsible for choosing the steps (`author.py`), doing them (`hands/`) nor judging the end (`checker.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tools.chaos.author import Author
from tools.chaos.steps import Action, with_ticks

VISITS: Final = 40
"""Customers in one scenario."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A seed and the steps it gives, or a selection of them.

    `kept` are the positions of the steps in the seed's full list; the ticks of a power cut may differ from it.
    """

    seed: int
    steps: tuple[Action, ...]
    kept: tuple[int, ...]

    @classmethod
    def from_seed(cls, seed: int, visits: int = VISITS) -> "Scenario":
        """The whole scenario of a seed. Same seed, same steps."""
        return cls.of(seed, *Author(seed).write(visits))

    @classmethod
    def of(cls, seed: int, *steps: Action) -> "Scenario":
        """These steps; the seed only draws the store's ids."""
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
