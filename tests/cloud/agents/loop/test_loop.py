"""Runs against a fake model over real HTTP: what it may do to us, and that the business goes on."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from cloud.agents.decisions import service as decisions
from cloud.agents.loop import service
from cloud.agents.loop.loop import StoppedByPersonError
from cloud.agents.mind import MindError, Reply, Told
from cloud.agents.tools import Call
from cloud.kit.secrecy import Secrecy
from tools.fake_claude.behaviours import BEHAVIOURS
from tools.fake_claude.steps import BreakOff, CutCall, Fail, Garbage, HangUp, Refuse, Say, Script, Silence, Use

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

LOOK = Use("look", id="t1")
PRICE = Call("r1", "set_price", {"product_id": "tea", "price": 150})


async def runs_of(bench: Any) -> list[Any]:
    async with bench.database.read() as db_session:
        found = await service.runs(db_session, limit=20)
    return sorted(found, key=lambda row: (row.started_at_ms, bool(row.follows)))


async def test_run_when_there_is_no_model_then_the_rules_work_and_it_costs_nothing(bench: Any) -> None:
    bench.rules.calls = (PRICE,)
    finished = await bench.loop().run(bench.agent, bench.occasion())
    assert (finished.outcome, finished.mind, finished.fell_back) == ("done", "rules", False)
    assert finished.text == "規則どおりに済ませました。"
    assert bench.desk.seen == [("set_price", "r1", False)]
    assert finished.decisions == ("d1",)
    assert finished.cost_yen == 0


async def test_run_when_the_model_works_then_its_calls_are_carried_out_and_its_tokens_are_counted(bench: Any) -> None:
    calls = (LOOK, Use("set_price", {"product_id": "tea", "price": 150}, "t2"))
    async with bench.model([Say("見ます。", calls, output_tokens=1_000), Say("終わりました。", output_tokens=500)]) as (
        loop,
        fake,
    ):
        finished = await loop.run(bench.agent, bench.occasion(), "値段を見て")
    assert finished.outcome == "done"
    assert finished.mind == "claude-test"
    assert [name for name, _, _ in bench.desk.seen] == ["look", "set_price"]
    assert fake.refused == []
    (row,) = await runs_of(bench)
    assert (row.outcome, row.replies, row.calls, row.effects) == ("done", 2, 2, 1)
    assert finished.usage.output_tokens == 1_500
    price = bench.terms.prices
    assert row.microyen == price.microyen(finished.usage) >= 1_500 * 78
    assert finished.cost_yen == 1


async def test_transcript_when_a_run_has_ended_then_every_turn_is_there_and_only_the_key_opens_it(bench: Any) -> None:
    async with bench.model([Say("見ます。", (LOOK,)), Say("終わりました。")]) as (loop, _):
        finished = await loop.run(bench.agent, bench.occasion(), "秘密の相談です")
    async with bench.database.read() as db_session:
        kept = [row.turn for row in await service.turns(db_session, bench.secrecy, finished.run_id)]
        raw = (await db_session.scalars(text("SELECT sealed FROM agent_turns"))).all()
        closed = await service.turns(db_session, Secrecy("other" * 10), finished.run_id)
    assert tuple(kept) == finished.turns
    assert [type(turn) for turn in kept] == [Told, Reply, Told, Reply]
    assert kept[0].words == "秘密の相談です"
    assert not any("秘密".encode() in bytes(sealed) for sealed in raw)
    assert [row.turn for row in closed] == [None] * 4


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ([Fail(529)], "down"),
        ([HangUp()], "down"),
        ([Fail(429, "rate_limit_error")], "limited"),
        ([Refuse()], "refused"),
        ([BreakOff(calls=(LOOK,))], "broken"),
        ([Garbage()], "broken"),
        (BEHAVIOURS["rambling"], "rambling"),
        (BEHAVIOURS["forging"], "rambling"),
        ([CutCall("set_price")], "rambling"),
        ([Say("…", stop="pause_turn")], "rambling"),
        ([Say("見ます。", (LOOK,)), Refuse()], "refused"),
    ],
    ids=["529", "hang-up", "429", "refusal", "broken", "garbage", "rambling", "forging", "cut", "pause", "later"],
)
async def test_run_when_the_model_does_not_do_its_work_then_the_rules_take_over(
    bench: Any, script: Script, why: str
) -> None:
    bench.rules.calls = (PRICE,)
    async with bench.model(script) as (loop, _):
        finished = await loop.run(bench.agent, bench.occasion())
    assert (finished.outcome, finished.mind, finished.fell_back, finished.why) == ("done", "rules", True, why)
    assert [name for name, _, _ in bench.desk.seen].count("set_price") == 1
    given_up, took_over = await runs_of(bench)
    assert (given_up.outcome, given_up.why) == ("fell_back", why)
    assert (took_over.outcome, took_over.follows, took_over.why) == ("done", given_up.id, why)


async def test_run_when_a_customer_waits_for_a_silent_model_then_the_rules_answer_in_time(bench: Any) -> None:
    bench.terms = replace(bench.terms, decision_time_s=0.1)
    async with bench.model([Silence()]) as (loop, _):
        finished = await loop.run(bench.agent, bench.occasion(channel="customer"), "お茶ありますか")
    assert (finished.text, finished.why) == ("規則では何もしません。", "slow")


async def test_run_when_the_rules_take_over_then_their_situation_shows_what_was_done_already(bench: Any) -> None:
    script = [Say("", (Use("set_price", {"product_id": "tea", "price": 150}, "t1"),)), Fail(500)]
    async with bench.model(script) as (loop, _):
        finished = await loop.run(bench.agent, bench.occasion())
    assert finished.turns[0].situation["done"] == ["set_price"]
    assert len(bench.desk.seen) == 1


async def test_run_when_a_call_is_cut_off_then_it_is_not_carried_out_and_the_model_is_told(bench: Any) -> None:
    async with bench.model([CutCall("set_price", text="では"), Say("やめます。")]) as (loop, fake):
        finished = await loop.run(bench.agent, bench.occasion())
    assert (finished.outcome, finished.text) == ("done", "やめます。")
    assert bench.desk.seen == []
    assert fake.requests[1].body["messages"][2]["content"][0]["is_error"] is True
    assert fake.refused == []


async def test_run_when_words_are_cut_off_then_what_there_is_stands(bench: Any) -> None:
    async with bench.model([Say("長い話で", stop="max_tokens")]) as (loop, _):
        finished = await loop.run(bench.agent, bench.occasion())
    assert (finished.outcome, finished.text) == ("done", "長い話で")


async def test_run_when_the_provider_pauses_then_its_turn_is_sent_back_unchanged(bench: Any) -> None:
    async with bench.model([Say("考え中", thinking="hm", stop="pause_turn"), Say("できました。")]) as (loop, fake):
        finished = await loop.run(bench.agent, bench.occasion())
    assert finished.text == "できました。"
    paused = fake.requests[1].body["messages"][1]["content"]
    assert [block["type"] for block in paused] == ["thinking", "text"]


async def test_run_when_calls_are_unknown_or_forged_then_each_is_answered_by_the_desk(bench: Any) -> None:
    calls = (Use("approve_proposal", {"id": 1}, "x1"), Use("look", id="x1"), Use("look", {"all": True}, "x3"))
    async with bench.model([Say("", calls), Say("終")]) as (loop, fake):
        await loop.run(bench.agent, bench.occasion())
    assert [(name, key) for name, key, _ in bench.desk.seen] == [
        ("approve_proposal", "x1"),
        ("look", "x1"),
        ("look", "x3"),
    ]
    assert [block["tool_use_id"] for block in fake.requests[1].body["messages"][2]["content"]] == ["x1", "x1", "x3"]


async def test_run_when_strangers_text_was_read_then_the_desk_is_told_from_then_on(bench: Any) -> None:
    price = {"product_id": "tea", "price": 1}
    script = [
        Say("", (Use("set_price", price | {"price": 150}, "a"),)),
        Say("", (Use("set_price", price | {"price": 140}, "b"), Use("search", id="c"))),
        Say("", (Use("set_price", price, "d"),)),
        Say("終"),
    ]
    async with bench.model(script) as (loop, _):
        finished = await loop.run(bench.agent, bench.occasion())
    assert bench.desk.seen == [
        ("set_price", "a", False),
        ("set_price", "b", True),
        ("search", "c", True),
        ("set_price", "d", True),
    ]
    bench.desk.seen.clear()
    async with bench.model([Say("", (Use("set_price", price, "e"),)), Say("終")]) as (loop, _):
        await loop.run(bench.agent, bench.occasion(), "続き", earlier=finished.turns)
    assert bench.desk.seen == [("set_price", "e", True)]


async def test_run_when_the_days_budget_is_spent_then_the_model_is_not_asked_until_tomorrow(bench: Any) -> None:
    bench.terms = replace(bench.terms, daily_tokens=100)
    async with bench.model([Say("はい。", output_tokens=200)]) as (loop, fake):
        first = await loop.run(bench.agent, bench.occasion())
        second = await loop.run(bench.agent, bench.occasion())
        assert len(fake.requests) == 1
        bench.clock.now_ms += 24 * 3_600_000
        third = await loop.run(bench.agent, bench.occasion())
    assert (first.mind, second.mind, third.mind) == ("claude-test", "rules", "claude-test")
    assert (second.fell_back, second.why, second.outcome) == (True, "budget", "done")


async def test_run_when_the_budget_ends_in_its_middle_then_the_rules_finish_it(bench: Any) -> None:
    bench.terms = replace(bench.terms, daily_yen=1)
    async with bench.model([Say("", (LOOK,), output_tokens=20_000), Say("続き")]) as (loop, fake):
        finished = await loop.run(bench.agent, bench.occasion())
    assert (finished.mind, finished.why, len(fake.requests)) == ("rules", "budget", 1)
    assert finished.cost_yen == 2


async def test_run_when_shadowed_then_the_rules_are_judged_dry_and_the_difference_is_kept(bench: Any) -> None:
    bench.terms = replace(bench.terms, is_shadowed=True)
    bench.rules.calls = (PRICE, Call("r2", "look", {}))
    other = Use("set_price", {"product_id": "tea", "price": 145}, "t1")
    async with bench.model([Say("", (LOOK, other)), Say("終")]) as (loop, _):
        finished = await loop.run(bench.agent, bench.occasion())
    assert bench.desk.dry == ["set_price", "look"]
    assert [name for name, _, _ in bench.desk.seen] == ["look", "set_price"]
    async with bench.database.read() as db_session:
        row = await service.run(db_session, finished.run_id)
        (shadow,) = await service.followers(db_session, finished.run_id)
    assert shadow.is_dry
    assert row.difference == {
        "only_model": [["set_price", {"price": 145, "product_id": "tea"}]],
        "only_rules": [["set_price", {"price": 150, "product_id": "tea"}]],
        "both": 0,
    }


class StopsAt:
    def __init__(self, number: int) -> None:
        self.left = number

    async def step(self, what: str, replies: int, most_replies: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoppedByPersonError


async def test_run_when_a_person_stops_it_then_it_ends_before_the_next_call(bench: Any) -> None:
    calls = (LOOK, Use("set_price", {"product_id": "tea", "price": 150}, "t2"))
    async with bench.model([Say("", calls), Say("終")]) as (loop, _):
        finished = await loop.run(bench.agent, bench.occasion(), steps=StopsAt(2))
    assert finished.outcome == "cancelled"
    assert [name for name, _, _ in bench.desk.seen] == ["look"]
    (row,) = await runs_of(bench)
    assert (row.outcome, row.why) == ("cancelled", "stopped")


@pytest.mark.parametrize("error", [MindError("broken", "…"), ZeroDivisionError()])
async def test_run_when_the_rules_fail_too_then_it_failed_and_nothing_was_done(bench: Any, error: Exception) -> None:
    bench.rules.error = error
    async with bench.model([Fail(500)]) as (loop, _):
        finished = await loop.run(bench.agent, bench.occasion())
    assert (finished.outcome, finished.mind) == ("failed", "rules")
    assert bench.desk.seen == []


async def test_run_when_a_person_has_stopped_the_agent_then_no_model_is_asked(bench: Any) -> None:
    async with bench.database.write() as db_session:
        await decisions.set_switch(
            db_session, "vending", is_stopped=True, why="棚卸中", by="op@example.com", now_ms=bench.clock()
        )
    async with bench.model([Say("はい。")]) as (loop, fake):
        finished = await loop.run(bench.agent, bench.occasion())
    assert (finished.mind, finished.why, fake.requests) == ("rules", "stopped", [])


async def test_run_when_the_model_was_out_of_reach_again_and_again_then_it_is_left_alone(bench: Any) -> None:
    async with bench.model([Fail(529)]) as (loop, fake):
        whys = [(await loop.run(bench.agent, bench.occasion())).why for _ in range(5)]
        assert whys == ["down", "down", "down", "resting", "resting"]
        assert len(fake.requests) == 3
        bench.clock.now_ms += 60_000
        fake.play([Say("はい。")])
        finished = await loop.run(bench.agent, bench.occasion())
    assert (finished.mind, finished.outcome) == ("claude-test", "done")


async def test_run_when_a_reply_never_came_then_the_budget_counts_what_it_may_have_cost(bench: Any) -> None:
    async with bench.model([BreakOff()]) as (loop, _):
        finished = await loop.run(bench.agent, bench.occasion(), "長い話" * 100)
    assert finished.why == "broken"
    assert finished.usage.input_tokens > 150
