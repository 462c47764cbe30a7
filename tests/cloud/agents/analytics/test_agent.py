"""The analytics agent: recorded cases, and a report through the desk that a reader can check."""

from typing import Any

import pytest

from cloud.agents.agent import Occasion
from cloud.agents.analytics import agent, rules
from cloud.agents.analytics.situation import Situation
from cloud.agents.decisions.asked import Run
from cloud.agents.decisions.desk import Desk
from cloud.agents.evaluating import Case, calls_of, cases, judge, situation_of
from cloud.agents.guard.limits import Limits
from cloud.agents.tools import Call
from cloud.analytics import service
from cloud.db.database import Database

ANALYTICS = agent.make(Limits())


@pytest.mark.parametrize("case", cases("analytics"), ids=lambda case: case.name.replace(" ", "_"))
async def test_rules_when_a_recorded_case_comes_then_they_do_what_a_person_wants(case: Case) -> None:
    outcome = await judge(ANALYTICS.rules, ANALYTICS.prompt, "analytics", case)
    assert outcome.is_right, outcome


def test_report_when_a_machine_is_silent_and_stock_is_short_then_both_stand_in_it() -> None:
    silent = next(row for row in cases("analytics") if row.name == "a machine is silent")
    text = rules.text_of(Situation.model_validate(situation_of("analytics", silent)))
    assert "40 時間売れていません" in text
    assert "することの候補" in text
    assert "届きません" in text


def test_tools_when_listed_then_none_of_them_changes_anything_but_the_report() -> None:
    assert [tool.name for tool in ANALYTICS.prompt.tools] == ["statistics", "anomalies", "forecast", "write_report"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_run_when_the_rules_do_the_weeks_work_then_the_report_is_kept_with_its_figures(
    seeded: Database, clock: Any
) -> None:
    desk = Desk(seeded, Limits(), "Asia/Tokyo", clock)
    run = Run("run-1", "analytics", "schedule")
    async with seeded.read() as db_session:
        seen = await ANALYTICS.situation(db_session, Occasion("schedule", clock(), "Asia/Tokyo"))
    more = [
        Call("a", "statistics", {"days": 7}),
        Call("b", "anomalies", {}),
        Call("c", "forecast", {"product_id": "green-tea"}),
    ]
    made = await calls_of(ANALYTICS.rules, ANALYTICS.prompt, seen)
    for call in [*more, *made]:
        answer = await desk.carry_out(run, call, ANALYTICS.prompt.tools, outside_seen=False)
        assert answer.content["outcome"] == "done", answer
    wrong = Call("d", "forecast", {"product_id": "nothing"})
    answer = await desk.carry_out(run, wrong, ANALYTICS.prompt.tools, outside_seen=False)
    assert answer.content["outcome"] in {"refused", "failed"}
    async with seeded.read() as db_session:
        (kept,) = await service.reports(db_session, limit=9)
    assert (kept.kind, kept.made_by, kept.run_id) == ("business", "agent:analytics", "run-1")
    assert kept.figures["sales"]["units"] == 0
    assert "売上はありません" in kept.text
