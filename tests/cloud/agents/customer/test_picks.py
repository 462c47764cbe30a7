"""What is recommended, and what a coupon costs."""

from types import SimpleNamespace

from cloud.agents.customer.picks import recommended
from cloud.agents.customer.shelf import Good


def test_recommended_when_nothing_was_bought_then_three_that_are_there(goods: list[Good]) -> None:
    found = recommended(goods, [])
    assert len(found) == 3
    assert "cider" not in {row.product_id for row in found}


def test_recommended_when_soup_was_bought_then_soup_comes_first_and_hot_drinks_follow(goods: list[Good]) -> None:
    bought = [SimpleNamespace(product_id="corn-soup", temperature="hot")]
    found = [row.product_id for row in recommended(goods, bought)]
    assert found == ["corn-soup", "black-coffee", "milk-coffee"]


def test_recommended_when_it_is_sold_out_then_what_is_like_it(goods: list[Good]) -> None:
    bought = [SimpleNamespace(product_id="cider", temperature="cold")]
    assert {row.temperature for row in recommended(goods, bought)} == {"cold"}
