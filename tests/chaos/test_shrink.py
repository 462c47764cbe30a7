"""Delta debugging on scenarios that are never played."""

from tools.chaos.scenario import Scenario
from tools.chaos.shrink import shrink

WHOLE = Scenario.from_seed(14)
CUT = next(at for at, step in WHOLE.numbered() if step.name == "cut" and int(step.args[1]) > 3)


def test_shrink_when_two_steps_are_enough_then_leaves_these_two() -> None:
    wanted = {3, len(WHOLE.steps) - 2}
    assert set(shrink(WHOLE, lambda scenario: wanted <= set(scenario.kept)).kept) == wanted


def test_shrink_when_an_earlier_cut_fails_too_then_takes_the_earliest() -> None:
    def fails(scenario: Scenario) -> bool:
        return any(at == CUT and int(step.args[1]) >= 3 for at, step in scenario.numbered())

    shortest = shrink(WHOLE, fails)
    assert shortest.line == f"14:{CUT}@3"
    assert Scenario.from_line(shortest.line) == shortest


def test_shrink_when_tries_run_out_then_ends_with_what_it_has() -> None:
    tries = 0

    def fails(_: Scenario) -> bool:
        nonlocal tries
        tries += 1
        return True

    assert len(shrink(WHOLE, fails, most_tries=2).steps) < len(WHOLE.steps)
    assert tries == 2
