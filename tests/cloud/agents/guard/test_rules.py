"""Each rule once allowed, once proposed, once denied, at the boundary; and any day costs at most the budget."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.agents.guard import facts, rules
from cloud.agents.guard.case import Case, Today
from cloud.agents.guard.facts import Facts
from cloud.agents.guard.limits import ACTIONS, AUTHORITY, Limits, words
from cloud.agents.guard.verdict import Ruling
from cloud.agents.guard.wording import WORDS, in_english, in_japanese
from cloud.agents.tools import AGENTS, Action

LIMITS = Limits()
DAY_MS = 24 * 3_600_000
ALLOW, PROPOSE, DENY = Ruling.ALLOW, Ruling.PROPOSE, Ruling.DENY

PRICE = facts.NewPrice("green-tea", now_minor=160, at_day_start_minor=160, new_minor=170, cost_minor=92)
COUPON = facts.CouponGrant("c1", loyalty_percent=71, open_coupons=0, list_minor=160, price_minor=130, cost_minor=92)
REFUND = facts.SaleRefund(7, 160, 0, 160, DAY_MS, "failed", is_original_method=True, is_theirs=True)
CREDIT = facts.StoreCredit("c1", 200, has_evidence=True)
GIFT = facts.GiveAway("green-tea", units=2, cost_minor=184, has_evidence=True)
ORDER = facts.Purchase(
    supplier_id=3,
    is_allowed_supplier=True,
    products=("green-tea",),
    total_minor=20_000,
    open_orders=(),
    spent_today_minor=0,
    spent_week_minor=0,
    cash_minor=100_000,
    unit_over_best_percent=0,
)
SLOTS = facts.Assortment("vm-1", ("green-tea",), changed_slots=2)
DISPENSE = facts.Dispense("green-tea", paid_minor=160, list_minor=160, is_payment_confirmed=True)

OF: dict[type, tuple[str, str, Action]] = {
    facts.NewPrice: ("vending", "schedule", Action.CHANGE_PRICE),
    facts.Assortment: ("vending", "schedule", Action.CHANGE_PLANOGRAM),
    facts.Purchase: ("procurement", "schedule", Action.ORDER_GOODS),
    facts.CouponGrant: ("customer", "customer", Action.GRANT_COUPON),
    facts.SaleRefund: ("customer", "customer", Action.REFUND_SALE),
    facts.StoreCredit: ("customer", "customer", Action.GIVE_CREDIT),
    facts.GiveAway: ("vending", "schedule", Action.GIVE_GOODS),
    facts.Dispense: ("customer", "customer", Action.DISPENSE_PRODUCT),
    facts.Looks: ("customer", "customer", Action.CHECK_INVENTORY),
    facts.Note: ("customer", "customer", Action.CUSTOMER_SERVICE),
    facts.Saying: ("customer", "customer", Action.CUSTOMER_SERVICE),
}


def case(found: Facts, **changes: Any) -> Case:
    agent, channel, action = OF[type(found)]
    values: dict[str, Any] = {"agent": agent, "channel": channel, "action": action, "customer_id": "c1"}
    return Case(facts=found, **values | changes)


TABLE = [
    # Prices: floor 92 + 10% = 102, cap 368, 15% of 160 = 24.
    ("price_change", replace(PRICE, new_minor=184), ALLOW),
    ("price_change", replace(PRICE, new_minor=185), PROPOSE),
    ("price_change", replace(PRICE, new_minor=136), ALLOW),
    ("price_change", replace(PRICE, new_minor=135), PROPOSE),
    ("price_floor", replace(PRICE, new_minor=102, at_day_start_minor=110), ALLOW),
    ("price_floor", replace(PRICE, new_minor=101, at_day_start_minor=110), DENY),
    ("price_floor", replace(PRICE, new_minor=0, cost_minor=0, at_day_start_minor=0, now_minor=0), DENY),
    ("price_cap", replace(PRICE, new_minor=368, at_day_start_minor=340), ALLOW),
    ("price_cap", replace(PRICE, new_minor=369, at_day_start_minor=340), DENY),
    ("cost_known", replace(PRICE, cost_minor=None), DENY),
    # Coupons: 20% of 160 = 32.
    ("coupon_loyalty", COUPON, ALLOW),
    ("coupon_loyalty", replace(COUPON, loyalty_percent=70), DENY),
    ("coupon_loyalty", replace(COUPON, loyalty_percent=900), DENY),
    ("coupon_open", replace(COUPON, open_coupons=1), DENY),
    ("coupon_size", replace(COUPON, price_minor=128), ALLOW),
    ("coupon_size", replace(COUPON, price_minor=127), PROPOSE),
    ("coupon_size", replace(COUPON, price_minor=160), DENY),
    ("coupon_size", replace(COUPON, price_minor=102), PROPOSE),
    ("price_floor", replace(COUPON, price_minor=101), DENY),
    ("cost_known", replace(COUPON, cost_minor=None), DENY),
    ("own_customer", replace(COUPON, customer_id="c2"), DENY),
    ("own_customer", replace(COUPON, customer_id=""), DENY),
    # Refunds.
    ("refund_evidence", REFUND, ALLOW),
    ("refund_evidence", replace(REFUND, vend_result="uncertain"), ALLOW),
    ("refund_evidence", replace(REFUND, vend_result="dispensed"), PROPOSE),
    ("refund_evidence", replace(REFUND, vend_result="unknown"), PROPOSE),
    ("refund_evidence", replace(REFUND, vend_result="the customer says so"), DENY),
    ("sale_theirs", replace(REFUND, is_theirs=False), DENY),
    ("refund_amount", replace(REFUND, amount_minor=161), DENY),
    ("refund_amount", replace(REFUND, amount_minor=0), DENY),
    ("refund_amount", replace(REFUND, refunded_minor=160), DENY),
    ("refund_amount", replace(REFUND, refunded_minor=160, amount_minor=-160), DENY),
    ("refund_age", replace(REFUND, age_ms=7 * DAY_MS), ALLOW),
    ("refund_age", replace(REFUND, age_ms=7 * DAY_MS + 1), PROPOSE),
    ("refund_age", replace(REFUND, age_ms=90 * DAY_MS + 1), DENY),
    ("refund_age", replace(REFUND, age_ms=-1), DENY),
    ("refund_size", replace(REFUND, paid_minor=500, amount_minor=500), ALLOW),
    ("refund_size", replace(REFUND, paid_minor=501, amount_minor=501), PROPOSE),
    ("refund_size", replace(REFUND, paid_minor=301, amount_minor=301, vend_result="uncertain"), PROPOSE),
    ("refund_method", replace(REFUND, is_original_method=False), PROPOSE),
    # Credits and gifts.
    ("credit_amount", replace(CREDIT, amount_minor=500), ALLOW),
    ("credit_amount", replace(CREDIT, amount_minor=501), PROPOSE),
    ("credit_amount", replace(CREDIT, amount_minor=0), DENY),
    ("credit_evidence", replace(CREDIT, has_evidence=False), PROPOSE),
    ("own_customer", replace(CREDIT, customer_id="c2"), DENY),
    ("gift_units", replace(GIFT, units=3), ALLOW),
    ("gift_units", replace(GIFT, units=4), PROPOSE),
    ("gift_units", replace(GIFT, units=0), DENY),
    ("cost_known", replace(GIFT, cost_minor=None), DENY),
    ("credit_evidence", replace(GIFT, has_evidence=False), PROPOSE),
    # Dispensing.
    ("payment_confirmed", DISPENSE, ALLOW),
    ("payment_confirmed", replace(DISPENSE, is_payment_confirmed=False), DENY),
    ("payment_confirmed", replace(DISPENSE, paid_minor=159), DENY),
    ("payment_confirmed", replace(DISPENSE, paid_minor=0, list_minor=0), DENY),
    # Orders.
    ("supplier_allowed", ORDER, ALLOW),
    ("supplier_allowed", replace(ORDER, is_allowed_supplier=False), DENY),
    ("order_open", replace(ORDER, open_orders=("green-tea",)), DENY),
    ("order_content", replace(ORDER, total_minor=0), DENY),
    ("order_content", replace(ORDER, products=()), DENY),
    ("order_size", replace(ORDER, total_minor=30_000), ALLOW),
    ("order_size", replace(ORDER, total_minor=30_001), PROPOSE),
    ("order_day", replace(ORDER, spent_today_minor=30_000), ALLOW),
    ("order_day", replace(ORDER, spent_today_minor=30_001), PROPOSE),
    ("order_week", replace(ORDER, spent_week_minor=130_000), ALLOW),
    ("order_week", replace(ORDER, spent_week_minor=130_001), PROPOSE),
    ("cash_reserve", replace(ORDER, cash_minor=70_000), ALLOW),
    ("cash_reserve", replace(ORDER, cash_minor=69_999), PROPOSE),
    ("cash_reserve", replace(ORDER, cash_minor=19_999), DENY),
    ("order_price", replace(ORDER, unit_over_best_percent=10), ALLOW),
    ("order_price", replace(ORDER, unit_over_best_percent=11), PROPOSE),
    ("order_price", replace(ORDER, unit_over_best_percent=51), DENY),
    ("restricted_goods", replace(ORDER, products=("asahi-ビール-350",)), DENY),
    ("changed_slots", replace(SLOTS, changed_slots=6), ALLOW),
    ("changed_slots", replace(SLOTS, changed_slots=7), PROPOSE),
    ("restricted_goods", replace(SLOTS, products=("whisky",)), DENY),
    # Words.
    ("text_leaving", facts.Saying("160円をお返しします", "customer", "c1"), ALLOW),
    ("text_leaving", facts.Saying("振込先 普通 1234567 へ", "customer", "c1"), DENY),
    ("reading", facts.Looks(), ALLOW),
    ("own_customer", facts.Looks("c2"), DENY),
    ("note", facts.Note("a wish"), ALLOW),
]


@pytest.mark.parametrize(("rule", "found", "ruling"), TABLE)
def test_rule_when_at_its_boundary_then_it_decides_the_whole(rule: str, found: Facts, ruling: Ruling) -> None:
    judged = rules.judge(case(found), LIMITS, Today())
    assert judged.ruling is ruling, judged.verdicts
    assert rule in {verdict.rule for verdict in judged.verdicts if verdict.ruling is ruling}


@pytest.mark.parametrize(
    ("rule", "changes", "today", "ruling"),
    [
        ("allowed_action", {"agent": "analytics"}, Today(), DENY),
        ("authority", {"channel": "customer"}, Today(), DENY),
        ("authority", {"channel": "supplier"}, Today(), DENY),
        ("facts_fit", {"action": Action.REQUEST_RESTOCK}, Today(), DENY),
        ("forbidden_pattern", {"tool": "override_safety"}, Today(), DENY),
        ("restricted_goods", {"goods": ("日本酒",)}, Today(), DENY),
        ("strangers_text", {"outside_seen": True}, Today(), PROPOSE),
        ("own_judgement", {}, Today(calls=19, suspicious=1), ALLOW),
        ("own_judgement", {}, Today(calls=18, suspicious=1), PROPOSE),
        ("proposals_open", {"outside_seen": True}, Today(open_proposals=50), DENY),
        ("proposals_open", {"outside_seen": True}, Today(open_of_customer=3), DENY),
    ],
)
def test_circumstances_when_they_forbid_then_good_figures_do_not_help(
    rule: str, changes: dict[str, Any], today: Today, ruling: Ruling
) -> None:
    judged = rules.judge(case(PRICE, **changes), LIMITS, today)
    assert judged.ruling is ruling
    assert rule in {verdict.rule for verdict in judged.verdicts if verdict.ruling is ruling}


@pytest.mark.parametrize(
    ("found", "spent", "changes", "ruling"),
    [
        (COUPON, 2_970, {}, ALLOW),
        (COUPON, 2_971, {}, DENY),
        (REFUND, 3_000, {}, ALLOW),  # the machine failed: this is the customer's money
        (replace(REFUND, vend_result="uncertain"), 2_840, {}, ALLOW),
        (replace(REFUND, vend_result="uncertain"), 2_841, {}, PROPOSE),
        (CREDIT, 2_801, {}, PROPOSE),
        (GIFT, 2_817, {}, PROPOSE),
        (replace(GIFT, has_evidence=False), 2_817, {}, DENY),
        (COUPON, 2_971, {"is_approval": True}, DENY),
        (COUPON, 2_971, {"is_approval": True, "may_exceed": True}, ALLOW),
    ],
)
def test_budget_when_it_is_nearly_spent_then_the_last_yen_decides(
    found: Facts, spent: int, changes: dict[str, Any], ruling: Ruling
) -> None:
    assert rules.judge(case(found, **changes), LIMITS, Today(loss_minor=spent)).ruling is ruling


def test_approval_when_a_person_wants_it_then_what_is_denied_stays_denied() -> None:
    wanted = case(replace(PRICE, new_minor=200), is_approval=True)
    assert rules.may_act(rules.judge(wanted, LIMITS, Today()), wanted, LIMITS)
    below = case(replace(PRICE, new_minor=90), is_approval=True, may_exceed=True)
    assert not rules.may_act(rules.judge(below, LIMITS, Today()), below, LIMITS)


def test_guardrails_when_off_in_development_then_it_is_judged_but_not_held_back() -> None:
    below = case(replace(PRICE, new_minor=1))
    loose = Limits(is_enforced=False)
    judged = rules.judge(below, loose, Today())
    assert judged.ruling is DENY
    assert rules.may_act(judged, below, loose)


def test_words_when_a_rule_speaks_then_both_languages_have_its_sentence() -> None:
    for rule, found, _ in TABLE:
        for verdict in rules.judge(case(found), LIMITS, Today()).verdicts:
            assert in_japanese(verdict.rule, dict(verdict.figures))[1] != verdict.why, rule
    assert all(len({name, english, japanese}) == 3 for name, english, japanese in WORDS.values())
    loss = {"loss": 1_200, "spent": 0, "budget": 5_000}
    assert in_english("loss_budget", loss) == ("Loss budget", "Costs 1,200 yen, 0 of 5,000 yen are spent today")
    assert in_english("loss_budget", {}, "it was too much") == ("Loss budget", "It was too much")
    assert in_english("older_rule", {}, "it was so") == ("Older rule", "It was so")


def test_prompt_when_it_names_the_limits_then_they_are_those_of_the_rules() -> None:
    text = words(Limits(coupon_percent=13, loss_budget_minor=777), "customer")
    assert "13%" in text
    assert "777 yen" in text
    assert all(words(LIMITS, agent) for agent in AGENTS)


WHOLE = st.integers(-5_000, 5_000)
ANY_FACTS = st.one_of(
    st.builds(facts.CouponGrant, st.sampled_from(["", "c1", "c2"]), WHOLE, st.integers(-1, 3), WHOLE, WHOLE,
              st.none() | WHOLE),
    st.builds(facts.SaleRefund, st.just(1), WHOLE, WHOLE, WHOLE, st.integers(-DAY_MS, 100 * DAY_MS),
              st.sampled_from(get_args(facts.VendResult)), st.booleans(), st.booleans()),
    st.builds(facts.StoreCredit, st.sampled_from(["", "c1", "c2"]), WHOLE, st.booleans()),
    st.builds(facts.GiveAway, st.just("tea"), st.integers(-2, 6), st.none() | WHOLE, st.booleans()),
    st.builds(facts.Dispense, st.just("tea"), WHOLE, WHOLE, st.booleans()),
    st.builds(facts.NewPrice, st.just("tea"), WHOLE, WHOLE, WHOLE, st.none() | WHOLE),
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(AGENTS), st.sampled_from(tuple(AUTHORITY)), st.sampled_from(Action), ANY_FACTS)),
    st.integers(0, 4_000),
)
def test_day_when_any_calls_come_with_any_facts_then_it_costs_at_most_the_budget(
    calls: list[tuple[Any, Any, Action, Facts]], budget: int
) -> None:
    limits, lost = Limits(loss_budget_minor=budget), 0
    for agent, channel, action, found in calls:
        wanted = Case(agent, channel, action, found, customer_id="c1")
        judged = rules.judge(wanted, limits, Today(loss_minor=lost))
        assert judged.loss_minor >= 0
        if rules.may_act(judged, wanted, limits):
            assert action in ACTIONS[agent]
            lost += _COSTS[type(found)](found)
    assert lost <= budget


_COSTS: dict[type, Any] = {
    facts.CouponGrant: lambda found: found.list_minor - found.price_minor,
    facts.SaleRefund: lambda found: 0 if found.vend_result == "failed" else found.amount_minor,
    facts.StoreCredit: lambda found: found.amount_minor,
    facts.GiveAway: lambda found: found.cost_minor,
    facts.Dispense: lambda found: found.list_minor - found.paid_minor,
    facts.NewPrice: lambda found: max(0, found.cost_minor - found.new_minor),
}
"""What an action really costs, told apart from the guard."""
