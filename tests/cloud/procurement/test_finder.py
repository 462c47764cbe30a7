"""Who is best to buy from, by hand-made figures; and what the price monitor tells."""

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.procurement import finder, monitor
from cloud.procurement.finder import USUAL, Candidate, Ranked, Reliability, Wanted, Weights
from cloud.procurement.monitor import Quote

CHEAP = Candidate(
    offer_id=1,
    supplier_id=1,
    supplier="みどり飲料",
    pack_size=24,
    price_minor=2_000,
    is_tax_included=False,
    minimum_packs=1,
    minimum_order_minor=0,
    shipping_minor=0,
    free_shipping_minor=0,
    lead_days=0,
    share_percent=100,
    is_allowed=True,
)
DAY = date(2026, 11, 20)


def other(number: int, **changes: object) -> Candidate:
    return replace(CHEAP, offer_id=number, supplier_id=number, **changes)


def places(*rows: Candidate, units: int = 48) -> list[int]:
    return [row.candidate.offer_id for row in finder.rank(rows, Wanted(units, 8))]


def reasons(row: Ranked) -> dict[str, int]:
    return {one.criterion: one.yen for one in row.reasons}


def test_rank_when_the_cheaper_price_has_dear_shipping_then_the_landed_cost_decides() -> None:
    far = other(2, price_minor=1_900, shipping_minor=900)
    assert places(CHEAP, far) == [1, 2]
    assert places(CHEAP, far, units=480) == [2, 1]


def test_rank_when_shipping_is_free_from_a_value_then_it_is_left_out_there() -> None:
    far = other(2, price_minor=1_900, shipping_minor=900, free_shipping_minor=3_800)
    assert places(CHEAP, far) == [2, 1]


def test_rank_when_a_supplier_is_not_registered_then_the_lost_tax_counts() -> None:
    found = finder.rank([CHEAP, other(2, price_minor=1_990, share_percent=70)], Wanted(48, 8))
    assert [row.candidate.offer_id for row in found] == [1, 2]
    assert found[1].landed_minor == 3_980 + 318 - 318 * 70 // 100
    assert reasons(found[1])["tax"] == 96
    assert found[0].total_minor == 4_320


def test_rank_when_a_lot_is_larger_than_wanted_then_the_price_of_a_unit_decides_and_the_rest_is_told() -> None:
    (found,) = finder.rank([other(2, minimum_packs=5)], Wanted(24, 8))
    assert (found.packs, found.units) == (5, 120)
    assert "96" in next(one.en for one in found.reasons if one.criterion == "packs")


def test_rank_when_the_least_order_is_not_reached_then_it_stands_last_and_says_how_much_is_missing() -> None:
    poor = other(2, price_minor=100, minimum_order_minor=10_000)
    found = finder.rank([poor, CHEAP], Wanted(48, 8))
    assert [row.candidate.offer_id for row in found] == [1, 2]
    assert not found[1].is_orderable
    assert "¥9,800" in next(one.ja for one in found[1].reasons if one.criterion == "minimum_order")
    also = finder.rank([poor, CHEAP], Wanted(48, 8, {2: 9_800}))
    assert [row.candidate.offer_id for row in also] == [2, 1]


def test_rank_when_a_supplier_is_not_allowed_then_it_stands_after_all_that_are() -> None:
    assert places(other(2, price_minor=1, is_allowed=False), CHEAP) == [1, 2]


def test_rank_when_a_supplier_was_late_then_it_pays_for_it_but_not_after_too_few_deliveries() -> None:
    late = other(2, price_minor=1_990, reliability=Reliability(4, 0, 4))
    assert places(CHEAP, late) == [1, 2]
    assert places(CHEAP, replace(late, reliability=Reliability(2, 0, 0))) == [2, 1]


def test_rank_when_the_operator_weighs_otherwise_then_the_order_follows_and_the_reasons_say_by_how_much() -> None:
    late = other(2, price_minor=1_990, lead_days=3, reliability=Reliability(4, 0, 4))
    assert places(CHEAP, late) == [1, 2]
    free = finder.rank([CHEAP, late], Wanted(48, 8, weights=Weights(0, 0)))
    assert [row.candidate.offer_id for row in free] == [2, 1]
    (dear,) = finder.rank([late], Wanted(48, 8, weights=Weights(15, 200)))
    assert (reasons(dear)["lead_time"], reasons(dear)["reliability"]) == (3_980 * 45 // 1000, 398)
    words = {one.criterion: one.ja for one in dear.reasons}
    assert "1 日につき商品の 1.5%" in words["lead_time"]
    assert "最大で商品の 20%" in words["reliability"]


def test_weights_when_nothing_is_set_then_the_settings_say_what_the_code_says(new_settings: Any) -> None:
    found = new_settings()
    assert Weights(found.supplier_lead_day_per_mille, found.supplier_unreliable_per_mille) == USUAL


def test_rank_when_goods_come_later_then_waiting_has_a_price() -> None:
    assert places(CHEAP, other(2, price_minor=1_999, lead_days=14)) == [1, 2]


@settings(max_examples=150, derandomize=True, database=None)
@given(data=st.data(), units=st.integers(1, 500))
def test_rank_when_offers_are_drawn_then_reasons_add_up_and_the_order_is_that_of_the_scores(
    data: st.DataObject, units: int
) -> None:
    rows = [
        Candidate(
            offer_id=number,
            supplier_id=number,
            supplier=str(number),
            pack_size=data.draw(st.integers(1, 48)),
            price_minor=data.draw(st.integers(1, 10_000)),
            is_tax_included=data.draw(st.booleans()),
            minimum_packs=data.draw(st.integers(1, 5)),
            minimum_order_minor=data.draw(st.integers(0, 20_000)),
            shipping_minor=data.draw(st.integers(0, 2_000)),
            free_shipping_minor=data.draw(st.integers(0, 30_000)),
            lead_days=data.draw(st.integers(0, 30)),
            share_percent=data.draw(st.sampled_from([100, 70])),
            is_allowed=data.draw(st.booleans()),
        )
        for number in range(1, data.draw(st.integers(2, 6)))
    ]
    found = finder.rank(rows, Wanted(units, 8))
    assert sorted(row.candidate.offer_id for row in found) == [row.offer_id for row in rows]
    for row in found:
        assert row.units >= units
        assert row.units % row.candidate.pack_size == 0
        assert sum(reasons(row).values()) == row.score_minor
        assert row.landed_minor <= row.total_minor
    for kind in (True, False):
        scores = [row.score_minor / row.units for row in found if row.is_orderable is kind]
        assert all(a <= b + 1e-5 for a, b in pairwise(scores))
    assert [row.is_orderable for row in found] == sorted((row.is_orderable for row in found), reverse=True)


def quote(number: int, net: int, supplier: int = 1, day: date = DAY, to: date | None = None) -> Quote:
    return Quote(number, supplier, "green-tea", 24, net, day, to)


def test_alerts_when_a_price_rises_by_more_than_the_limit_then_it_is_told() -> None:
    rows = [quote(1, 2_000), quote(2, 2_101)]
    (found,) = monitor.alerts(rows, DAY, 5)
    assert (found.kind, found.percent, found.other_offer_id) == ("price_rise", 5, 1)
    assert monitor.alerts([quote(1, 2_000), quote(2, 2_100)], DAY, 5) == []


def test_alerts_when_packs_differ_then_units_are_compared() -> None:
    rows = [quote(1, 2_400), replace(quote(2, 1_200), pack_size=12)]
    assert monitor.alerts(rows, DAY, 0) == []
    assert [row.kind for row in monitor.alerts([rows[0], replace(rows[1], net_minor=1_300)], DAY, 0)] == ["price_rise"]


def test_alerts_when_an_offer_ends_then_it_is_told_before_and_after() -> None:
    rows = [quote(1, 2_000, day=date(2026, 1, 1), to=date(2026, 11, 30))]
    assert [row.kind for row in monitor.alerts(rows, DAY)] == ["offer_ends_soon"]
    assert [row.kind for row in monitor.alerts(rows, date(2026, 12, 1))] == ["offer_expired"]
    assert monitor.alerts(rows, date(2026, 10, 1)) == []


def test_alerts_when_another_supplier_is_cheaper_than_the_usual_one_then_it_is_told() -> None:
    rows = [quote(1, 2_000), quote(2, 1_800, supplier=2)]
    (found,) = monitor.alerts(rows, DAY, usual={"green-tea": 1})
    assert (found.kind, found.supplier_id, found.percent) == ("cheaper_elsewhere", 2, 10)
    assert monitor.alerts(rows, DAY, usual={"green-tea": 2}) == []
    assert monitor.alerts([replace(row, is_confirmed=False) for row in rows], DAY, usual={"green-tea": 1}) == []
