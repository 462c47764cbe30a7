"""The checker is proven by what it catches: one planted bug of each kind, within some thousand vends."""

import pytest

from tests.chaos.mutants import MUTANTS
from tools.chaos.checker import check
from tools.chaos.play import play
from tools.chaos.scenario import Scenario
from tools.chaos.shrink import shrink

FIRST_SEED = 5000
MOST_VENDS = 3000


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_mutant_when_it_runs_a_campaign_then_is_caught(name: str) -> None:
    mutant = MUTANTS[name]
    vends, seed = 0, FIRST_SEED
    while vends < MOST_VENDS:
        scenario = Scenario.from_seed(seed)
        seed += 1
        if mutant.needs and mutant.needs not in {step.name for step in scenario.steps}:
            continue
        verdict = check(play(scenario, mutant.parts))
        if verdict.rules & mutant.rules:
            return
        vends += verdict.kinds["vend.started"]
    pytest.fail(f"{name} was not caught within {vends} vends")


def test_failure_when_shrunk_then_few_steps_are_left_and_its_line_fails_too() -> None:
    mutant = MUTANTS["stacks_blindly"]

    def fails(scenario: Scenario) -> bool:
        return "bill lost" in check(play(scenario, mutant.parts)).rules

    failing = next(s for seed in range(FIRST_SEED, FIRST_SEED + 60) if fails(s := Scenario.from_seed(seed)))
    shortest = shrink(failing, fails)
    assert len(shortest.steps) <= 12
    assert fails(Scenario.from_line(shortest.line))
    assert not check(play(shortest)).findings
