"""Find the shortest scenario that still fails: fewer steps, earlier power cuts.

Not responsible for what failing means: the caller says. Source: Zeller and Hildebrandt, "Simplifying and Isolating
Failure-Inducing Input" (delta debugging).
"""

from collections.abc import Callable
from typing import Final

from tools.chaos.scenario import Scenario
from tools.chaos.steps import Action, with_ticks

Fails = Callable[[Scenario], bool]
MOST_TRIES: Final = 600


class _Budget:
    """Counts runs, so that a slow failure ends too."""

    def __init__(self, fails: Fails, tries: int) -> None:
        self._fails = fails
        self._left = tries

    def fails(self, scenario: Scenario) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        return self._fails(scenario)


def shrink(scenario: Scenario, fails: Fails, most_tries: int = MOST_TRIES) -> Scenario:
    """The shortest scenario found that fails.

    Args:
        scenario: fails.
        fails: runs a scenario and says whether it fails in the same way.
        most_tries: runs at most.

    Returns:
        A scenario of the same seed; no single step can be left out, unless the tries ran out.
    """
    budget = _Budget(fails, most_tries)
    while True:
        shorter = _earlier_cuts(_fewer_steps(scenario, budget), budget)
        if shorter == scenario:
            return shorter
        scenario = shorter


def _fewer_steps(scenario: Scenario, budget: _Budget) -> Scenario:
    size = max(1, len(scenario.steps) // 2)
    while True:
        start, is_shorter = 0, False
        while start < len(scenario.steps):
            numbered = scenario.numbered()
            candidate = scenario.only(numbered[:start] + numbered[start + size :])
            if budget.fails(candidate):
                scenario, is_shorter = candidate, True
            else:
                start += size
        if size == 1 and not is_shorter:
            return scenario
        size = max(1, size // 2)


def _earlier_cuts(scenario: Scenario, budget: _Budget) -> Scenario:
    for position, step in enumerate(scenario.steps):
        if step.name != "cut":
            continue
        for ticks in range(1, int(step.args[1])):
            candidate = _replaced(scenario, position, with_ticks(step, ticks))
            if budget.fails(candidate):
                scenario = candidate
                break
    return scenario


def _replaced(scenario: Scenario, position: int, step: Action) -> Scenario:
    numbered = scenario.numbered()
    numbered[position] = (numbered[position][0], step)
    return scenario.only(numbered)
