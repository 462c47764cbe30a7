"""The demo's machine as its clerk sees it; no database is asked."""

from typing import Any

import pytest

from cloud.agents.customer.shelf import Good, good_json
from cloud.seed import LABELS, SEEDS


def good(number: int, on_hand: int = 5, **changes: Any) -> Good:
    seed = SEEDS[number]
    label = LABELS[seed.product_id]
    state = "available" if on_hand else "sold_out"
    values: dict[str, Any] = {
        "slot": seed.slot,
        "product_id": seed.product_id,
        "name_ja": seed.name_ja,
        "name_en": seed.name_en,
        "kana": label.kana,
        "price_minor": seed.price_minor,
        "temperature": seed.temperature,
        "size": f"{label.size} {label.unit}",
        "allergens": tuple(label.allergens),
        "on_hand": on_hand,
        "state": state,
        "picture": seed.product_id,
    }
    return Good(**values | changes)


@pytest.fixture
def goods() -> list[Good]:
    """Everything is there but the cider."""
    return [good(number, on_hand=0 if seed.product_id == "cider" else 5) for number, seed in enumerate(SEEDS)]


@pytest.fixture
def situation(goods: list[Good]) -> dict[str, Any]:
    machine = {"id": "vm-1", "name": "デモ自販機", "is_connected": True, "is_selling": True, "notices": []}
    return {"machine": machine, "goods": [good_json(row) for row in goods], "customer": {}, "recommended": ["B4"]}
