"""Words of customers in two languages, and what the clerk reads in them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.agents.customer.phrases import Intent
from cloud.agents.customer.shelf import Good
from cloud.agents.customer.understanding import code_in, language_of, understand

INTENTS = [
    ("こんにちは", Intent.GREETING),
    ("緑茶はありますか?", Intent.STOCK),
    ("まだコーンスープ残ってる?", Intent.STOCK),
    ("何がありますか", Intent.STOCK),
    ("コーヒーいくら?", Intent.PRICE),
    ("おすすめは?", Intent.RECOMMEND),
    ("ピーナッツが入っていない商品は?", Intent.ALLERGENS),
    ("ほうじ茶を置いてほしいです", Intent.WISH),
    ("麦茶もあったらいいな", Intent.WISH),
    ("お釣りが足りない", Intent.COMPLAINT),
    ("A1を押したのに出てこなかった", Intent.COMPLAINT),
    ("ポテトチップスが期限切れでした", Intent.COMPLAINT),
    ("7K3Q-9MXA", Intent.CLAIM),
    ("番号 7k3q 9mxa の返金はどうなっていますか", Intent.CLAIM),
    ("クーポンはありますか", Intent.COUPON),
    ("もう少し安くして", Intent.COUPON),
    ("何時まで営業してますか", Intent.HOURS),
    ("カードは使えますか", Intent.PAYMENT),
    ("人と話したい", Intent.PERSON),
    ("ありがとう", Intent.THANKS),
    ("水ください", Intent.PRODUCT),
    ("????", Intent.UNKNOWN),
    ("hello", Intent.GREETING),
    ("Do you have green tea?", Intent.STOCK),
    ("How much is the corn soup?", Intent.PRICE),
    ("What do you recommend?", Intent.RECOMMEND),
    ("Anything gluten-free?", Intent.ALLERGENS),
    ("Does the chocolate bar contain peanuts?", Intent.ALLERGENS),
    ("Could you stock oat milk?", Intent.WISH),
    ("The machine ate my money at B2, 10 minutes ago", Intent.COMPLAINT),
    ("My drink didn't come out", Intent.COMPLAINT),
    ("What is the status of my refund 7K3Q-9MXA", Intent.CLAIM),
    ("Any discount today?", Intent.COUPON),
    ("Can I pay by card?", Intent.PAYMENT),
    ("I'd like to talk to a human", Intent.PERSON),
    ("thanks!", Intent.THANKS),
    ("Something hot please", Intent.PRODUCT),
]


@pytest.mark.parametrize(("words", "intent"), INTENTS)
def test_intent_when_a_customer_writes_then_it_is_understood(words: str, intent: Intent, goods: list[Good]) -> None:
    assert understand(words, goods).intent is intent


@pytest.mark.parametrize(
    ("words", "products"),
    [
        ("りょくちゃある?", ["green-tea"]),
        ("リョクチャある?", ["green-tea"]),
        ("あったかい飲み物ある?", ["black-coffee", "milk-coffee", "corn-soup"]),
        ("コーヒーいくら?", ["black-coffee", "milk-coffee"]),
        ("how much is A3", ["spring-water"]),
        ("the one in c4", ["yokan"]),
        ("コーラはある?", ["cider"]),
    ],
)
def test_goods_when_a_name_a_reading_a_kind_or_a_slot_is_said_then_they_are_found(
    words: str, products: list[str], goods: list[Good]
) -> None:
    assert [row.product_id for row in understand(words, goods).goods] == products


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("7K3Q-9MXA", "7K3Q-9MXA"),
        ("番号は7k3q9mxaです", "7K3Q-9MXA"),
        ("I want a refund for code 7K3Q 9MXA", "7K3Q-9MXA"),
        ("7K3Q-9MXA です", "7K3Q-9MXA"),
        ("code O1O1-1I1L", "0101-1111"),
        ("NEWPRICE", ""),
        ("call me at 09012345678", ""),
        ("some text with words", ""),
    ],
)
def test_code_when_it_is_typed_in_any_way_then_it_is_read_as_the_machine_wrote_it(words: str, code: str) -> None:
    assert code_in(words) == code


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("ほうじ茶を置いてほしいです", "ほうじ茶"),
        ("麦茶もあったらいいな", "麦茶"),
        ("Could you stock oat milk?", "oat milk"),
        ("I wish you had sparkling water", "sparkling water"),
    ],
)
def test_wish_when_something_is_asked_for_then_only_the_thing_is_kept(words: str, wish: str, goods: list[Good]) -> None:
    assert understand(words, goods).wish == wish


def test_allergens_when_nuts_are_named_then_every_nut_is_meant(goods: list[Good]) -> None:
    found = understand("ナッツアレルギーです", goods).allergens
    assert {"peanut", "walnut", "almond", "cashew", "macadamia"} <= set(found)


def test_allergens_when_the_price_is_asked_then_ikura_is_no_roe(goods: list[Good]) -> None:
    assert understand("いくら?", goods).allergens == ()


def test_language_when_words_show_none_then_it_stays() -> None:
    assert [language_of(words, "en") for words in ("お茶", "tea", "7K3Q-9MXA", "?!")] == ["ja", "en", "en", "en"]


@given(st.text(max_size=300))
@settings(max_examples=40, deadline=None)
def test_understand_when_any_text_comes_then_there_is_an_intent(words: str) -> None:
    found = understand(words, [])
    assert found.intent in Intent
    assert len(found.wish) <= 300
