"""The campaign that every change must pass, and the exhaustive ones around a single sale of each tender."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.chaos.__main__ import main
from tools.chaos.author import CHANGER_COMMANDS, LINE_FAULTS, READER_COMMANDS, VALIDATOR_COMMANDS
from tools.chaos.campaign import NOT_PLAYED, run_campaign, run_seeds
from tools.chaos.checker import check
from tools.chaos.play import play
from tools.chaos.report import OtherCampaignError
from tools.chaos.scenario import Scenario
from tools.chaos.steps import Action

VENDS = 5000
PROCESSES = 2
SALES = {
    "coins": (Action("coin", (100,)), Action("coin", (100,)), Action("choose", ("A1",)), Action("settle")),
    "bill": (Action("bill", (1000, 1700)), Action("choose", ("A1",)), Action("settle"), Action("take_bills")),
    "card": (Action("card", (1000,)), Action("choose", ("A1",)), Action("settle"), Action("card_away")),
    "phone": (Action("paid", ("A1", 20)), Action("settle")),
    "coupon": (
        Action("coupon", ("A1", 60, 15_000)), Action("coin", (100,)), Action("choose", ("A1",)), Action("settle"),
    ),
}  # fmt: skip
CHANGER = Action("changer")
ANY_SALES = SALES | {
    "changer": (CHANGER, Action("coin", (500,)), Action("choose", ("A1",)), Action("settle")),
}  # fmt: skip
"""… and on a machine with a coin changer: the change comes from two tubes."""


def test_campaign_when_thousands_of_vends_are_broken_in_every_way_then_nothing_is_lost() -> None:
    figures = run_campaign(VENDS, seed=0, jobs=PROCESSES)
    assert figures.failures == []
    assert set(figures.cuts) == {"kill", "mains", "amnesia"}
    assert figures.cuts.total() > VENDS / 10
    assert len(figures.faults) >= 33
    assert min(figures.bills, figures.payments) > VENDS / 20
    assert figures.commands > VENDS / 20
    assert figures.linked > figures.runs / 8
    assert figures.changers > figures.runs / 5


@pytest.mark.parametrize("tender", ANY_SALES)
@pytest.mark.parametrize("kind", ["kill", "mains", "amnesia"])
def test_sale_when_the_power_goes_at_any_tick_then_nothing_is_lost(kind: str, tender: str) -> None:
    sale, end = ANY_SALES[tender], (Action("lever"), Action("settle"))
    struck = 0
    for ticks in range(1, 300):
        record = play(Scenario.of(7, *sale, Action("cut", (kind, ticks, 0, 300)), *sale, *end))
        assert check(record).findings == [], f"{kind} at tick {ticks}: {record.cuts}"
        if not record.cuts:
            break
        struck += 1
    assert struck > 25


@pytest.mark.parametrize("tender", ANY_SALES)
def test_failing_sale_when_the_controller_is_killed_at_any_tick_then_nothing_is_lost(tender: str) -> None:
    settle, end = Action("settle"), (Action("lever"), Action("settle"))
    for ticks in range(1, 300):
        kill = Action("cut", ("kill", ticks, 0, 300))
        record = play(Scenario.of(7, Action("empty_turn", ("A1", 4)), kill, *ANY_SALES[tender], settle, *end))
        assert check(record).findings == [], f"tick {ticks}: {record.cuts}"
        if not record.cuts:
            break


@pytest.mark.parametrize("times", [1, 3, 60])
@pytest.mark.parametrize("fault", sorted(set(LINE_FAULTS)))
@pytest.mark.parametrize(
    ("tender", "device", "commands"),
    [
        ("bill", "validator_line", VALIDATOR_COMMANDS),
        ("card", "reader_line", READER_COMMANDS),
        ("changer", "changer_line", CHANGER_COMMANDS),
    ],
)
def test_sale_when_the_line_of_its_device_fails_at_any_command_then_nothing_is_lost(
    tender: str, device: str, commands: tuple[str, ...], fault: str, times: int
) -> None:
    for command in sorted(set(commands)):
        trouble = Action(device, (fault, command, times))
        record = play(Scenario.of(7, trouble, *ANY_SALES[tender], *ANY_SALES[tender], Action("pause", (60_000,))))
        assert check(record).findings == [], f"{fault} of {command}, {times} times"


def test_first_payout_when_its_hopper_forgets_that_it_paid_then_is_not_paid_twice() -> None:
    coin, choice, end = Action("coin", (500,)), Action("choose", ("A1",)), Action("settle")
    for ticks in range(15, 60):
        record = play(Scenario.of(7, coin, Action("cut", ("amnesia", ticks, 0, 300)), choice, end))
        assert check(record).findings == [], f"tick {ticks}: {record.cuts}"


@pytest.mark.parametrize("kind", ["kill", "mains"])
def test_key_when_the_power_goes_at_any_tick_then_the_coin_let_out_by_hand_is_told_once(kind: str) -> None:
    key = (Action("changer_key", (50,)), Action("coin", (100,)))
    for ticks in range(1, 300):
        record = play(Scenario.of(7, CHANGER, Action("cut", (kind, ticks, 0, 300)), *key))
        assert check(record).findings == [], f"tick {ticks}: {record.cuts}"
        if not record.cuts:
            break


def test_key_when_pressed_in_the_middle_of_a_payout_of_its_tube_then_books_and_events_are_right() -> None:
    steps = (CHANGER, Action("bill", (2000, 1700)), Action("blind_key", (500,)), Action("choose", ("A2",)))
    for ticks in range(40, 80):
        record = play(Scenario.of(7, *steps[:2], Action("cut", ("kill", ticks, 0, 1500)), *steps[2:], Action("settle")))
        assert check(record).findings == [], f"tick {ticks}: {record.cuts}"


@pytest.mark.parametrize("remembers", [0, 1])
def test_changer_when_it_loses_its_power_at_any_moment_of_a_sale_then_nothing_is_lost(remembers: int) -> None:
    for after_ms in range(0, 9000, 150):
        outage = Action("changer_power", (after_ms, 300, remembers))
        record = play(Scenario.of(7, CHANGER, outage, *ANY_SALES["changer"], Action("lever"), Action("settle")))
        assert check(record).findings == [], f"after {after_ms} ms"
        assert any(seen.what == "acceptor_restart" for seen in record.log)


def test_payout_of_tubes_when_the_changer_forgets_it_while_the_controller_is_dead_then_is_not_paid_twice() -> None:
    for ticks in range(30, 90):
        cut = Action("cut", ("amnesia", ticks, 200, 300))
        record = play(Scenario.of(7, cut, *ANY_SALES["changer"]))
        assert check(record).findings == [], f"tick {ticks}: {record.cuts}"


@pytest.mark.parametrize("word", ["hopper_jam", "hopper_empty", "hopper_refuse"])
def test_tube_when_it_pays_less_than_it_should_then_the_customer_has_a_claim_and_the_books_are_right(word: str) -> None:
    steps = (CHANGER, Action("coin", (500,)), Action(word, (10,)), Action("choose", ("A1",)), Action("settle"))
    record = play(Scenario.of(7, *steps))
    assert check(record).findings == []
    change = next(json.loads(raw)["d"] for raw in record.events if '"kind":"change.paid"' in raw)
    assert bool(change["claim"]) == (word != "hopper_refuse")


def test_coin_when_its_tube_is_full_then_falls_into_the_cash_box_and_is_credited() -> None:
    record = play(Scenario.of(7, CHANGER, *[Action("coin", (500,))] * 5, Action("lever"), Action("settle")))
    assert check(record).findings == []
    assert record.world["cash_box"] == {"500": 2}


def test_scenario_when_its_changer_is_left_out_then_the_machine_has_hoppers_and_no_keys() -> None:
    seed = next(seed for seed in range(99) if {"changer", "changer_key"} <= _words(Scenario.from_seed(seed)))
    whole = Scenario.from_seed(seed)
    rest = whole.only([(at, step) for at, step in whole.numbered() if step.name != "changer"])
    with_tubes, with_hoppers = play(whole), play(Scenario.from_line(rest.line))
    assert check(with_tubes).findings == check(with_hoppers).findings == []
    assert with_tubes.world["changer"]["tubes"].keys() == with_hoppers.world["hoppers"].keys()
    assert not with_tubes.world["hoppers"]
    assert not with_hoppers.world["changer"]["tubes"]


def _words(scenario: Scenario) -> set[str]:
    return {step.name for step in scenario.steps}


def test_coins_when_more_fall_into_a_dead_machine_than_its_acceptor_remembers_then_the_kept_ones_are_credited() -> None:
    blind = [Action("blind_coin", (coin,)) for coin in (10, 10, 10, 100, 100, 100, 100, 100)]
    for ticks in range(1, 30):
        kill = Action("cut", ("kill", 1, 0, 1500))
        again = Action("cut", ("kill", ticks, 0, 300))
        end = (Action("coin", (10,)), Action("settle"), Action("pause", (3000,)))
        record = play(Scenario.of(7, *blind, kill, again, *end))
        assert len(record.cuts) == 2
        assert check(record).findings == [], f"second cut at tick {ticks}: {record.cuts}"


@pytest.mark.parametrize("after_ms", range(0, 3000, 250))
@pytest.mark.parametrize("tender", SALES)
def test_sale_when_the_disk_is_full_in_the_middle_of_it_then_the_reserve_carries_it_through(
    tender: str, after_ms: int
) -> None:
    record = play(Scenario.of(7, Action("disk", ("full", after_ms)), *SALES[tender], *SALES[tender]))
    verdict = check(record)
    assert verdict.findings == []
    full = next(seen for seen in record.log if seen.what == "disk_low")
    begun = [json.loads(raw)["seq"] for raw in record.events if '"kind":"vend.started"' in raw]
    assert sum(seq > full.seq for seq in begun) <= 1, "only what was asked for before anybody looked"


def test_disk_when_even_the_reserve_is_used_up_then_the_controller_ends_and_comes_back_with_the_room() -> None:
    record = play(Scenario.of(7, Action("disk", ("used_up", 0)), *SALES["coins"], Action("pause", (30_000,))))
    assert check(record).findings == []
    assert any(seen.what == "disk_end" for seen in record.log)
    assert record.books["phase"] == "idle"


def _without_time(events: list[str]) -> list[dict[str, Any]]:
    return [json.loads(raw) | {"t": 0, "h": ""} for raw in events]


@pytest.mark.parametrize("hours", [-87_600, -1, 1, 87_600])
def test_clock_when_it_jumps_in_a_sale_then_nothing_but_the_time_stamps_changes(hours: int) -> None:
    jump = Action("clock", (hours, 800))
    steps = [step for sale in SALES.values() for step in (jump, *sale)]
    jumped, steady = play(Scenario.of(7, *steps)), play(Scenario.of(7, *(step for step in steps if step is not jump)))
    assert check(jumped).findings == []
    assert _without_time(jumped.events) == _without_time(steady.events)
    assert abs(json.loads(jumped.events[-1])["t"] - json.loads(steady.events[-1])["t"]) >= 3_600_000


def test_scenario_when_its_seed_is_the_same_then_every_byte_is_the_same() -> None:
    linked, tubed = (
        next(seed for seed in range(50) if word in _words(Scenario.from_seed(seed))) for word in ("cloud", "changer")
    )
    for seed in (3, 14, 15, linked, tubed):
        first, second = play(Scenario.from_seed(seed)), play(Scenario.from_seed(seed))
        assert first.events
        assert first == second


def test_command_when_nothing_fails_then_writes_the_report_and_ends_with_zero(tmp_path: Path) -> None:
    assert main(["--vends", "20", "--seed", "2", "--report", str(tmp_path / "chaos.md")]) == 0
    assert "| failed runs | 0 |" in (tmp_path / "chaos.md").read_text(encoding="utf-8")
    assert '"failures": []' in (tmp_path / "chaos.json").read_text(encoding="utf-8")


def test_command_when_resumed_then_goes_on_as_if_it_had_never_ended(tmp_path: Path) -> None:
    report = tmp_path / "chaos.md"
    assert main(["--vends", "20", "--seed", "2", "--report", str(report)]) == 0
    assert main(["--vends", "150", "--seed", "2", "--report", str(report), "--resume"]) == 0
    resumed = json.loads(report.with_suffix(".json").read_bytes())
    whole = run_seeds(range(2_000_000, 2_000_000 + resumed["runs"]))
    assert resumed["vends"] >= 150
    assert (resumed["events"], resumed["cut_places"]) == (whole.events, whole.cut_places)
    with pytest.raises(OtherCampaignError, match="another seed or code"):
        main(["--vends", "200", "--seed", "3", "--report", str(report), "--resume"])


def test_replay_when_steps_are_named_then_runs_these_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--replay", "5:0,1"]) == 0
    told = capsys.readouterr().out
    assert told.count("step ") == 2
    assert "no rule was broken" in told


def test_replay_when_there_is_no_such_step_then_says_so() -> None:
    with pytest.raises(ValueError, match="there is no step 9999"):
        Scenario.from_line("5:9999")


def test_code_digest_when_a_run_is_played_then_what_it_leaves_out_was_not_loaded() -> None:
    script = "import sys, tools.chaos.play; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "edge.runtime" in loaded
    left_out = tuple(path.removesuffix(".py").rstrip("/").replace("/", ".") + "." for path in NOT_PLAYED)
    assert not [name for name in loaded if f"{name}.".startswith(left_out)]
