"""The campaign that every change must pass, and the exhaustive one around a single sale."""

from pathlib import Path

import pytest

from tools.chaos.__main__ import main
from tools.chaos.campaign import Figures, run_seeds
from tools.chaos.checker import check
from tools.chaos.hands import play
from tools.chaos.scenario import Action, Scenario

VENDS = 1000


def scenario(*steps: Action) -> Scenario:
    return Scenario(7, steps, tuple(range(len(steps))))


def test_campaign_when_a_thousand_vends_are_broken_in_every_way_then_nothing_is_lost() -> None:
    figures, seed = Figures(), 0
    while figures.vends < VENDS:
        figures.add(run_seeds(range(seed, seed + 10)))
        seed += 10
    assert figures.failures == []
    assert set(figures.cuts) == {"kill", "mains", "amnesia"}
    assert figures.cuts.total() > VENDS / 10
    assert len(figures.faults) >= 12


@pytest.mark.parametrize("kind", ["kill", "mains", "amnesia"])
def test_sale_when_the_power_goes_at_any_tick_then_nothing_is_lost(kind: str) -> None:
    sale = [Action("coin", (100,)), Action("coin", (100,)), Action("choose", ("A1",)), Action("settle")]
    struck = 0
    for ticks in range(1, 200):
        record = play(scenario(*sale, Action("cut", (kind, ticks, 0, 300)), *sale, Action("lever"), Action("settle")))
        assert check(record).findings == [], f"{kind} at tick {ticks}: {record.cuts}"
        if not record.cuts:
            break
        struck += 1
    assert struck > 25


def test_first_payout_when_its_hopper_forgets_that_it_paid_then_is_not_paid_twice() -> None:
    coin, choice, end = Action("coin", (500,)), Action("choose", ("A1",)), Action("settle")
    for ticks in range(15, 60):
        record = play(scenario(coin, Action("cut", ("amnesia", ticks, 0, 300)), choice, end))
        assert check(record).findings == [], f"tick {ticks}: {record.cuts}"


def test_coins_when_more_fall_into_a_dead_machine_than_its_acceptor_remembers_then_the_kept_ones_are_credited() -> None:
    blind = [Action("blind_coin", (coin,)) for coin in (10, 10, 10, 100, 100, 100, 100, 100)]
    for ticks in range(1, 30):
        kill = Action("cut", ("kill", 1, 0, 1500))
        again = Action("cut", ("kill", ticks, 0, 300))
        record = play(scenario(*blind, kill, again, Action("coin", (10,)), Action("settle"), Action("pause", (3000,))))
        assert len(record.cuts) == 2
        assert check(record).findings == [], f"second cut at tick {ticks}: {record.cuts}"


def test_scenario_when_its_seed_is_the_same_then_every_byte_is_the_same() -> None:
    for seed in (3, 14, 15):
        first, second = play(Scenario.from_seed(seed)), play(Scenario.from_seed(seed))
        assert first.events
        assert first == second


def test_command_when_nothing_fails_then_writes_the_report_and_ends_with_zero(tmp_path: Path) -> None:
    assert main(["--vends", "20", "--seed", "2", "--report", str(tmp_path / "chaos.md")]) == 0
    assert "| failed runs | 0 |" in (tmp_path / "chaos.md").read_text(encoding="utf-8")
    assert '"failures": []' in (tmp_path / "chaos.json").read_text(encoding="utf-8")


def test_replay_when_steps_are_named_then_runs_these_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--replay", "5:0,1"]) == 0
    told = capsys.readouterr().out
    assert told.count("step ") == 2
    assert "no rule was broken" in told


def test_replay_when_there_is_no_such_step_then_says_so() -> None:
    with pytest.raises(ValueError, match="there is no step 9999"):
        Scenario.from_line("5:9999")
