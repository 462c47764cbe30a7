"""The clerk without a model: what it says and which tools it names."""

import re
from typing import Any

import pytest

from cloud.agents.customer import words
from cloud.agents.customer.rules import ClerkRules
from cloud.agents.mind import Prompt, Reply, Told
from cloud.agents.tools import Action, Answer, Arguments, Tool


async def _never(*_: Any) -> Any:
    raise AssertionError("a mind only names tools")


NAMES = ["record_product_request", "report_problem", "refund_sale", "look_up_claim", "grant_coupon", "ask_a_person"]
PROMPT = Prompt("", tuple(Tool(name, Action.CUSTOMER_SERVICE, "", Arguments, _never, _never) for name in NAMES))


async def ask(situation: dict[str, Any], said: str) -> Reply:
    return await ClerkRules().reply(PROMPT, [Told(situation, said)])


async def after(situation: dict[str, Any], said: str, **content: Any) -> Reply:
    """What it says when its first call was answered so."""
    told = Told(situation, said)
    first = await ClerkRules().reply(PROMPT, [told])
    assert first.stop == "tools"
    return await ClerkRules().reply(PROMPT, [told, first, Told(answers=(Answer(first.calls[0].id, content),))])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("緑茶はある?", "A1 緑茶は160円(税込)、冷たい商品、残り5点です。"),
        ("サイダーある?", "売り切れ"),
        ("チョコバーに何が入っていますか", "落花生、乳、大豆"),
        ("緑茶にアレルゲンは入っていますか", "28品目の表示がありません"),
        ("おすすめは?", "コーンスープ"),
        ("マンゴージュースありますか", "この自販機にはありません"),
        ("How much is the corn soup?", "B4 Corn soup is 150 yen with tax, hot, 5 left."),
        ("Do you have cola?", "sold out"),
        ("Does the yokan contain eggs?", "names none of the 28 allergens"),
        ("Any discount?", "no coupon for you"),
        ("The drink did not come", "7K3Q-9MXA"),
    ],
)
async def test_answer_when_a_question_is_asked_then_live_facts_answer_it(
    situation: dict[str, Any], said: str, expected: str
) -> None:
    reply = await ask(situation, said)
    assert expected in reply.text
    assert (reply.stop, reply.calls) == ("end", ())


@pytest.mark.parametrize(
    ("said", "tool", "arguments"),
    [
        ("ほうじ茶を置いてほしい", "record_product_request", {"wish": "ほうじ茶"}),
        ("7K3Q-9MXA", "look_up_claim", {"code": "7K3Q-9MXA"}),
        ("係員と話したい", "ask_a_person", {"why": "係員と話したい"}),
        ("B2のコーヒーが出てこない", "report_problem", {"kind": "not_delivered", "slot": "B2"}),
        ("C2 was mouldy, 20 minutes ago", "report_problem", {"kind": "quality", "slot": "C2", "minutes_ago": 20}),
    ],
)
async def test_calls_when_something_is_to_be_done_then_the_right_tool_is_named(
    situation: dict[str, Any], said: str, tool: str, arguments: dict[str, Any]
) -> None:
    (call,) = (await ask(situation, said)).calls
    assert call.name == tool
    assert arguments.items() <= call.arguments.items()


async def test_report_when_the_records_show_a_debt_then_a_refund_is_asked_for(situation: dict[str, Any]) -> None:
    reply = await after(situation, "A1が出ません", outcome="done", result={"refundable_yen": 160})
    assert [(call.name, call.arguments) for call in reply.calls] == [("refund_sale", {"slot": "A1"})]


async def test_report_when_the_records_show_nothing_then_nothing_is_promised(situation: dict[str, Any]) -> None:
    reply = await after(situation, "A1が出ません", outcome="done", result={"refundable_yen": 0})
    assert (reply.calls, "係員に知らせました" in reply.text) == ((), True)


@pytest.mark.parametrize("outcome", ["denied", "refused", "failed", "proposed"])
async def test_coupon_when_the_guard_does_not_grant_it_then_none_is_promised(
    situation: dict[str, Any], outcome: str
) -> None:
    situation["customer"] = {"may_have_coupon": True}
    reply = await after(situation, "クーポンください", outcome=outcome, why="budget")
    assert "コード" not in reply.text
    assert "円" not in reply.text


async def test_question_when_it_follows_another_then_it_is_about_the_same_goods(situation: dict[str, Any]) -> None:
    turns = [Told(situation, "緑茶はありますか"), Reply("はい"), Told(words="いくらですか")]
    assert "160円" in (await ClerkRules().reply(PROMPT, turns)).text


async def test_greeting_when_the_machine_is_not_connected_then_stock_is_said_to_be_old(
    situation: dict[str, Any],
) -> None:
    situation["machine"]["is_connected"] = False
    assert "最後に分かったもの" in (await ask(situation, "緑茶ある?")).text


def test_words_when_the_languages_are_compared_then_keys_and_values_are_the_same() -> None:
    ja, en = words.TEXTS.of("ja"), words.TEXTS.of("en")
    assert ja.keys() == en.keys()
    braces = re.compile(r"\{(\w+)\}")
    assert {key: set(braces.findall(ja[key])) for key in ja} == {key: set(braces.findall(en[key])) for key in en}
