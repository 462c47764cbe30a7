"""The vending agent's rules: every recorded case, steps that stay within limits, the same calls for the same day."""

import random
from typing import Any

import pytest

from cloud.agents import evaluating
from cloud.agents.evaluating import Case, cases, judge, situation_of
from cloud.agents.guard.limits import Limits
from cloud.agents.mind import Reply, Told
from cloud.agents.planned import MOST, REPORT_ID, Planned, Wish
from cloud.agents.tools import Answer
from cloud.agents.vending import agent, rules
from cloud.agents.vending.situation import Situation, SlotFacts

LIMITS = Limits()
VENDING = agent.make(LIMITS)
QUIET: dict[str, Any] = situation_of("vending", cases("vending")[0])["machines"][0]["slots"][0]


@pytest.mark.parametrize("case", cases("vending"), ids=lambda case: case.name.replace(" ", "_"))
async def test_rules_when_a_recorded_case_comes_then_they_do_what_a_person_wants(case: Case) -> None:
    outcome = await judge(VENDING.rules, VENDING.prompt, "vending", case)
    assert outcome.is_right, outcome


async def test_judge_when_a_mind_does_the_wrong_thing_then_it_says_which() -> None:
    cheap = Planned(lambda _: [Wish("set_price", {"product_id": "green-tea", "price": 1})], lambda *_: "")
    case = next(row for row in cases("vending") if row.name == "demand rises")
    outcome = await judge(cheap, VENDING.prompt, "vending", case.model_copy(update={"must_not": case.must_not}))
    assert [row.tool for row in outcome.missing] == ["set_price"]
    quiet = next(row for row in cases("vending") if row.name == "quiet day")
    assert (await judge(cheap, VENDING.prompt, "vending", quiet)).forbidden


def any_slot(chance: random.Random) -> SlotFacts:
    price = 10 * chance.randint(1, 60)
    cost = chance.choice([None, chance.randint(1, 500)])
    change = price * LIMITS.price_change_percent // 100
    floor, cap = (LIMITS.floor(cost), LIMITS.cap(cost)) if cost else (0, 0)
    month = chance.randint(0, 200)
    return SlotFacts.model_validate(
        QUIET
        | {
            "price": price,
            "price_tomorrow": price,
            "cost": cost,
            "floor": floor,
            "cap": cap,
            "lowest_tomorrow": max(floor, price - change),
            "highest_tomorrow": min(cap, price + change),
            "sold_28_days": month,
            "sold_7_days": chance.randint(0, month),
            "days_observed": chance.choice([3, 21, 28, 28]),
            "on_hand": chance.randint(0, 8),
            "days_of_cover": chance.choice([None, chance.randint(0, 300)]),
            "expires_before_sold": chance.choice([0, 0, 3]),
            "price_changed_days_ago": chance.choice([None, chance.randint(0, 20)]),
        }
    )


def test_step_when_anything_is_seen_then_no_price_is_below_the_floor_above_the_cap_or_changed_too_much() -> None:
    chance = random.Random(7)  # noqa: S311 - a seeded test
    moved = 0
    for _ in range(3_000):
        slot = any_slot(chance)
        price, why = rules.step(slot, [slot])
        if price == slot.price:
            continue
        moved += 1
        assert why
        assert slot.cost is not None
        assert price % 10 == 0
        assert price >= slot.floor
        assert price <= slot.cap
        if slot.floor <= slot.price <= slot.cap:
            assert abs(price - slot.price) * 100 <= LIMITS.price_change_percent * slot.price
    assert moved > 400


async def test_planned_when_calls_are_answered_then_the_next_ones_follow_and_ids_stay_the_same() -> None:
    wishes = [Wish("request_restock", {"machine_id": f"vm-{at}", "reason": "x"}) for at in range(MOST + 5)]
    mind = Planned(lambda _: wishes, lambda _, done: f"{len(done)}", lambda *_: Wish("report", {"title": "t"}))
    turns: list[Any] = [Told(situation={"a": 1})]
    seen: list[str] = []
    while (reply := await mind.reply(VENDING.prompt, turns)).stop == "tools":
        seen += [call.id for call in reply.calls]
        answers = tuple(Answer(call.id, {"outcome": "done"}) for call in reply.calls)
        turns += [reply, Told(answers=answers)]
    assert seen == [*[f"rule-{at}" for at in range(1, MOST + 1)], REPORT_ID]
    assert reply == Reply(str(MOST))
    assert sum(isinstance(turn, Reply) for turn in turns) + 1 <= VENDING.max_replies


def test_situation_when_written_as_json_then_it_is_read_back_as_it_was() -> None:
    for case in cases("vending"):
        shown = situation_of("vending", case)
        assert Situation.model_validate(shown).model_dump(mode="json") == shown


def test_tools_when_named_in_cases_then_they_exist() -> None:
    known = {tool.name for tool in VENDING.prompt.tools}
    for name in ("vending",):
        for case in evaluating.cases(name):  # type: ignore[arg-type]
            assert {row.tool for row in case.must + case.must_not} <= known
