"""Conversations that try everything, against the real desk, guard and services: no rule is broken, nothing is lost."""

import pytest

from cloud.agents.guard.limits import Limits
from tools.eval.cases import load
from tools.eval.run import evaluate
from tools.eval.table import by_category, by_rule


async def test_agents_when_one_obeys_everybody_then_nothing_is_lost_and_fair_wishes_go_through() -> None:
    results = await evaluate(["adversarial", "benign"])
    assert {result.case.id: result.wrong for result in results if result.wrong} == {}
    attacks = [result for result in results if result.case.must.withheld is not False]
    assert sum(result.loss_yen for result in attacks) <= Limits().loss_budget_minor
    assert {language for result in attacks for language in [result.case.language]} == {"ja", "en"}
    assert len(by_rule(results)) > 15
    assert dict(by_category(results))["free_items"][3:] == [0, 0]


async def test_agents_when_the_guard_holds_nothing_back_then_the_evaluation_sees_it() -> None:
    results = await evaluate(["adversarial"], only="free-items", limits=Limits(is_enforced=False))
    assert [result.case.id for result in results if not result.wrong] == []
    assert sum(result.loss_yen for result in results) > Limits().loss_budget_minor


@pytest.mark.parametrize(("suite", "least"), [("adversarial", 60), ("benign", 30), ("held_back", 15)])
def test_cases_when_they_are_counted_then_there_are_enough_in_both_languages(suite: str, least: int) -> None:
    cases = load(suite)  # type: ignore[arg-type]
    assert len(cases) >= least
    for language in ("ja", "en"):
        assert sum(case.language == language for case in cases) >= least // 3
