from typing import Any

import pytest

from cloud.commands import rules
from cloud.commands.rules import BadStepError, CannotOrderError
from cloud.seed import demo_planogram

NO = None
"""Refused."""

LIFE: dict[str, tuple[str | None, ...]] = {
    # in state     sending  ran_out     no_answer  taken        succeeded    failed    rejected    expired
    "created":   ("sent",   "expired",  NO,        "taken",     "succeeded", "failed", "rejected", "expired"),
    "sent":      ("sent",   NO,         "unknown", "taken",     "succeeded", "failed", "rejected", "expired"),
    "taken":     (NO,       NO,         "unknown", "taken",     "succeeded", "failed", "rejected", "expired"),
    "succeeded": (NO,       NO,         NO,        "succeeded", "succeeded", NO,       NO,         NO),
    "failed":    (NO,       NO,         NO,        "failed",    NO,          "failed", NO,         NO),
    "rejected":  (NO,       NO,         NO,        "rejected",  NO,          NO,       "rejected", NO),
    "expired":   (NO,       NO,         NO,        "expired",   "succeeded", "failed", "rejected", "expired"),
    "unknown":   (NO,       NO,         NO,        "taken",     "succeeded", "failed", "rejected", "expired"),
}  # fmt: skip


def test_life_when_written_as_a_table_then_it_names_every_state_and_happening() -> None:
    assert tuple(LIFE) == rules.STATES
    assert {len(row) for row in LIFE.values()} == {len(rules.HAPPENINGS)}
    assert set(rules.TRANSITIONS) == set(rules.STATES)


@pytest.mark.parametrize(
    ("state", "happening", "following"),
    [
        (state, happening, following)
        for state, row in LIFE.items()
        for happening, following in zip(rules.HAPPENINGS, row, strict=True)
    ],
)
def test_after_when_something_happens_then_the_state_follows_the_table(
    state: str, happening: str, following: str | None
) -> None:
    if following is None:
        with pytest.raises(BadStepError, match=state):
            rules.after(state, happening)
    else:
        assert rules.after(state, happening) == following


def test_after_when_a_newer_machine_has_another_outcome_then_it_is_refused() -> None:
    with pytest.raises(BadStepError, match="postponed"):
        rules.after("taken", "postponed")


ENDS = 100_000
GRACE, DONE = rules.ANSWER_GRACE_MS, rules.DONE_WITHIN_MS


@pytest.mark.parametrize(
    ("state", "kind", "taken_at_ms", "now_ms", "happening"),
    [
        ("created", "vend.paid", 0, ENDS - 1, None),
        ("created", "vend.paid", 0, ENDS, "ran_out"),
        ("sent", "vend.paid", 0, ENDS + GRACE - 1, None),
        ("sent", "vend.paid", 0, ENDS + GRACE, "no_answer"),
        ("taken", "vend.paid", 50_000, 50_000 + DONE - 1, None),
        ("taken", "vend.paid", 50_000, 50_000 + DONE, "no_answer"),
        ("taken", "coupon.offer", 1, 1 + DONE, "no_answer"),
        ("unknown", "vend.paid", 0, ENDS * 1000, None),
        ("rejected", "vend.paid", 0, ENDS * 1000, None),
    ],
)
def test_overdue_when_time_passes_then_each_state_has_its_own_patience(
    state: str, kind: str, taken_at_ms: int, now_ms: int, happening: str | None
) -> None:
    assert rules.overdue(state, kind, ends_at_ms=ENDS, taken_at_ms=taken_at_ms, now_ms=now_ms) == happening


def test_overdue_when_an_offer_holds_for_hours_then_it_is_waited_for_until_it_ends() -> None:
    hours = 5 * 3_600_000
    waited = [
        rules.overdue("taken", "coupon.offer", ends_at_ms=hours, taken_at_ms=1, now_ms=now_ms)
        for now_ms in (hours, hours + GRACE - 1, hours + GRACE)
    ]
    assert waited == [None, None, "no_answer"]


@pytest.mark.parametrize(
    ("sent_with", "sent_at_ms", "now_ms", "due"),
    [
        ("", 0, 1_000, True),
        ("old", 900, 1_000, True),
        ("new", 600, 1_000, False),
        ("new", 499, 1_000, True),
        ("new", 600, 600 + rules.RESEND_MS, True),
    ],
)
def test_is_due_when_a_connection_is_new_or_silence_is_long_then_it_is_sent_again(
    sent_with: str, sent_at_ms: int, now_ms: int, due: bool
) -> None:
    known: Any = {"sent_with": sent_with, "sent_at_ms": sent_at_ms, "now_ms": now_ms}
    assert rules.is_due(conn="new", born_at_ms=500, **known) is due


def test_paid_vend_when_only_the_slot_is_named_then_product_and_price_are_the_machines() -> None:
    found = rules.paid_vend(demo_planogram(), "A1", payment="p-1")
    assert (found.product_id, found.list_minor, found.paid_minor, found.currency) == ("green-tea", 160, 160, "JPY")


def test_paid_vend_when_it_is_a_gift_then_nothing_paid_is_not_the_list_price() -> None:
    assert rules.paid_vend(demo_planogram(), "A1", payment="p-1", paid_minor=0).paid_minor == 0


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"slot": "Z9"}, "no_such_slot"),
        ({"slot": "A1", "product_id": "cider"}, "other_product"),
        ({"slot": "A1", "paid_minor": 161}, "price_too_high"),
    ],
)
def test_paid_vend_when_the_planogram_says_otherwise_then_it_is_refused(wanted: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotOrderError) as caught:
        rules.paid_vend(demo_planogram(), payment="p-1", **wanted)
    assert caught.value.code == code


def test_orders_when_no_planogram_is_applied_then_they_are_refused() -> None:
    with pytest.raises(CannotOrderError) as caught:
        rules.coupon_offer(None, "A1", price_minor=1, coupon="X")
    assert caught.value.code == "no_planogram"


def test_coupon_offer_when_it_would_cost_more_then_it_is_refused() -> None:
    assert rules.coupon_offer(demo_planogram(), "A1", price_minor=160, coupon="X").price_minor == 160
    with pytest.raises(CannotOrderError, match="161 is no offer"):
        rules.coupon_offer(demo_planogram(), "A1", price_minor=161, coupon="X")
