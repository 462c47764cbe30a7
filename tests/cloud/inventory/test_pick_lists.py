from datetime import date
from typing import Any

from cloud.inventory.lots import LotShare
from cloud.inventory.pick_lists import Held, Take, lines_of
from cloud.inventory.stock import HeldLot

TODAY = date(2026, 11, 20)
YESTERDAY, TOMORROW = date(2026, 11, 19), date(2026, 11, 21)


def line(slot: str, product: str, take: int, **more: Any) -> dict[str, Any]:
    return {"slot": slot, "product_id": product, "take": take} | more


def test_lines_when_goods_are_loaded_then_each_says_how_many_and_which_lot_first() -> None:
    lot = HeldLot(code="K9", best_before=TOMORROW, quantity=4)
    takes = [Take("B2", "cola", 4, []), Take("A1", "tea", 6, [lot])]
    assert lines_of(takes, {}, {}, TODAY) == [
        line("A1", "tea", 6, lot="K9", best_before="2026-11-21"),
        line("B2", "cola", 4, lot="", best_before=""),
    ]


def test_lines_when_something_in_a_slot_is_over_its_day_then_it_is_taken_out_first() -> None:
    shares = [LotShare("old", 2, YESTERDAY), LotShare("today", 1, TODAY), LotShare("ever", 1, None)]
    found = lines_of([Take("A1", "tea", 3, [])], {("A1", "tea"): Held(4, shares)}, {"A1": "tea"}, TODAY)
    assert found == [line("A1", "tea", 3, lot="", best_before="", remove=2, why_remove="expired")]


def test_lines_when_the_planogram_has_another_product_there_then_the_old_one_comes_out_whole() -> None:
    held = {("A1", "tea"): Held(5, []), ("A1", "cola"): Held(0, []), ("B1", "mist"): Held(-2, [])}
    found = lines_of([Take("A1", "cola", 6, [])], held, {"A1": "cola", "B1": "tea"}, TODAY)
    assert found == [
        line("A1", "cola", 6, lot="", best_before=""),
        line("A1", "tea", 0, remove=5, why_remove="changeover"),
    ]
