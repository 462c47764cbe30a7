"""The maintenance screen on a display: every part has room, can be hit, and says what was pressed. No Kivy."""

import json
from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest

from edge.screens.kiosk.layout import GAP_MM, TARGET_MM, Display
from edge.screens.kiosk.letters import lines_of
from edge.screens.kiosk.maintenance_hand import Hand
from edge.screens.kiosk.maintenance_pads import nudged
from edge.screens.kiosk.parts import SMALL_MM, Box, Does, Part
from edge.screens.maintenance.tasks import Fittings, goods_and_cash
from edge.screens.maintenance.view import (
    Entry,
    Item,
    Keypad,
    Lines,
    MaintenanceView,
    Note,
    Page,
    Picture,
    Stepper,
)
from edge.vend.inputs import FaultSeen
from tests.edge.staff_bench import Staff
from tests.edge.test_maintenance_devices import Shop
from tools.screens.maintenance_states import every_page

SMALL, WIDE, TALL = Display(800, 480, 7.0), Display(1024, 600, 7.0), Display(1080, 1920, 21.5)
DISPLAYS = [SMALL, WIDE, TALL, Display(1280, 800, 10.1)]
SLACK = 0.999
PIN = Page("pin", "Log in", (Keypad("pin", "PIN", most=6),))


def hand(page: Page, display: Display = SMALL) -> Hand:
    found = Hand(display, lambda: date(2026, 11, 21))
    show(found, page)
    return found


def show(shown: Hand, page: Page) -> None:
    shown.show(json.loads(json.dumps(MaintenanceView(page).to_dict())))


def names(shown: Hand) -> set[str]:
    return {part.name for part in shown.parts()}


def press(shown: Hand, name: str) -> dict[str, str] | None:
    does = next(part.does for part in shown.parts() if part.name == name)
    assert does is not None, name
    return shown.do(does)


def apart(one: Box, other: Box) -> float:
    return max(other.x - one.right, one.x - other.right, other.y - one.bottom, one.y - other.bottom)


def sheets(shown: Hand) -> list[tuple[Part, ...]]:
    found = [shown.parts()]
    while any(part.name == "turn.next" and part.does for part in found[-1]):
        shown.do(Does("turn", value="1"))
        found.append(shown.parts())
    return found


def check(found: list[tuple[Part, ...]], display: Display, name: str) -> None:
    for parts in found:
        keys = [part for part in parts if part.is_key]
        assert keys, name
        assert len({part.name for part in parts}) == len(parts)
        assert min(min(key.box.width, key.box.height) for key in keys) >= TARGET_MM * SLACK, name
        for one, other in combinations(keys, 2):
            assert apart(one.box, other.box) >= GAP_MM * SLACK, (name, one.name, other.name)
        for part in parts:
            assert part.letters >= SMALL_MM, part
            assert part.box.x >= 0, part
            assert part.box.y >= 0, part
            assert part.box.right <= display.width / display.px_per_mm, part
            assert part.box.bottom <= display.height / display.px_per_mm, part


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_pages_when_laid_out_then_every_key_is_large_apart_and_on_the_display(display: Display, language: str) -> None:
    for made in every_page(language):
        shown = Hand(display)
        shown.show(json.loads(json.dumps(made.view.to_dict())))
        check(sheets(shown), display, made.name)


def test_page_when_it_has_more_than_fits_then_all_of_it_is_on_some_sheet() -> None:
    rows = tuple(Item(f"slot-{n}", f"A{n}") for n in range(30))
    shown = hand(Page("slots", "Slots", rows))
    found = sheets(shown)
    pressed = [part.does.name for parts in found for part in parts if part.does and part.does.wish == "press"]
    assert pressed == [row.action for row in rows]
    assert len(found) > 2
    assert press(shown, "turn.before") is None
    assert names(shown) == {part.name for part in found[-2]}


def test_log_when_long_then_goes_on_on_the_next_sheet() -> None:
    log = Lines(tuple(f"line {n}" for n in range(40)))
    texts = [part.text for parts in sheets(hand(Page("logs", "Logs", (log,)))) for part in parts if part.is_code]
    assert texts == list(log.lines)


def test_page_when_another_comes_then_begins_at_its_first_sheet_and_the_same_one_stays_where_it_is() -> None:
    rows = tuple(Item(f"slot-{n}", f"A{n}") for n in range(30))
    shown = hand(Page("slots", "Slots", rows))
    press(shown, "turn.next")
    second = names(shown)
    show(shown, Page("slots", "Slots", rows))
    assert names(shown) == second
    show(shown, Page("other", "Other", rows))
    assert "0" in names(shown)


def test_pin_when_typed_then_is_sent_whole_and_kept_nowhere() -> None:
    shown = hand(PIN)
    for digit in "135790":
        assert press(shown, f"pad.type{digit}") is None
    press(shown, "pad.erase")
    assert next(part.text for part in shown.parts() if part.name == "pin.typed") == "●●●●●"
    assert "13579" not in repr(shown.parts())
    assert press(shown, "pad.done") == {"intent": "maintenance", "do": "enter", "name": "pin", "value": "13579"}
    assert not shown.is_typing_pin
    assert "13579" not in repr(vars(shown))


def test_pin_when_longer_than_allowed_then_stops_and_when_forgotten_or_left_then_is_gone() -> None:
    shown = hand(PIN)
    for _ in range(9):
        press(shown, "pad.type7")
    assert next(part.text for part in shown.parts() if part.name == "pin.typed") == "●" * 6
    shown.forget()
    assert next(part.does for part in shown.parts() if part.name == "pad.done") is None
    press(shown, "pad.type7")
    show(shown, Page("menu", "Menu", (Item("a", "A"),)))
    assert not shown.is_typing_pin


def test_pin_pad_when_locked_out_then_takes_nothing() -> None:
    locked = replace(PIN, blocks=(Keypad("pin", "PIN", enabled=False),), trouble="Locked for 5 minutes.")
    assert not [part for part in hand(locked).parts() if part.does]


def test_stepper_when_at_its_end_then_cannot_go_on_and_a_typed_number_must_be_within() -> None:
    shown = hand(Page("slot", "A1", (Stepper("added", "Added", 6, 0, 6, step=4),)))
    assert {part.name: part.does for part in shown.parts() if part.is_key}["0.more"] is None
    assert press(shown, "0.less") == {"intent": "maintenance", "do": "enter", "name": "added", "value": "2"}
    press(shown, "0.value")
    press(shown, "pad.type7")
    assert {part.name: part.does for part in shown.parts()}["pad.done"] is None
    press(shown, "pad.erase")
    press(shown, "pad.type5")
    assert press(shown, "pad.done") == {"intent": "maintenance", "do": "enter", "name": "added", "value": "5"}
    assert "0.value" in names(shown)


def test_pad_when_cancelled_or_its_field_is_gone_then_the_page_is_back() -> None:
    page = Page("slot", "A1", (Stepper("added", "Added", 0, 0, 6),))
    shown = hand(page)
    press(shown, "0.value")
    press(shown, "pad.cancel")
    assert "0.more" in names(shown)
    press(shown, "0.value")
    show(shown, replace(page, blocks=(Note("Done."),)))
    assert "0" in names(shown)


def test_code_pad_when_letters_and_digits_are_typed_then_are_entered_together() -> None:
    shown = hand(Page("bag", "Bag", (Entry("bag", "Bag", "", "code", most=4),)))
    press(shown, "0.value")
    press(shown, "pad.B")
    press(shown, "pad.-")
    press(shown, "pad.layer")
    press(shown, "pad.7")
    press(shown, "pad.0")
    assert {part.name: part.does for part in shown.parts()}["pad.1"] is None
    assert press(shown, "pad.done") == {"intent": "maintenance", "do": "enter", "name": "bag", "value": "B-70"}


def test_date_pad_when_nothing_was_entered_then_begins_today_and_steps_by_the_calendar() -> None:
    shown = hand(Page("slot", "A1", (Entry("best_before", "Best before", "", "date"),)))
    press(shown, "0.value")
    press(shown, "pad.year1")
    press(shown, "pad.day-1")
    assert press(shown, "pad.done") == {
        "intent": "maintenance",
        "do": "enter",
        "name": "best_before",
        "value": "2027-11-20",
    }


@pytest.mark.parametrize(
    ("day", "part", "by", "then"),
    [
        ("2027-01-31", "month", 1, "2027-02-28"),
        ("2028-02-29", "year", 1, "2029-02-28"),
        ("2026-12-31", "day", 1, "2027-01-01"),
        ("2026-01-15", "month", -1, "2025-12-15"),
    ],
)
def test_date_when_nudged_then_is_a_day_of_the_calendar(day: str, part: str, by: int, then: str) -> None:
    assert nudged(day, part, by) == then


def test_picture_when_there_is_room_then_takes_it_and_its_words_have_theirs() -> None:
    guide = Page("guide", "Jam", (Picture("jam-1", "Pull the product towards you."),))
    for display in DISPLAYS:
        boxes = {part.name: part.box for part in hand(guide, display).parts()}
        assert boxes["0.picture"].height >= 50
        assert apart(boxes["0.picture"], boxes["0.caption"]) >= 0


def test_lines_when_estimated_then_words_break_at_spaces_and_japanese_anywhere() -> None:
    assert lines_of("", 10) == 0
    assert lines_of("あいうえお", 5) == 1
    assert lines_of("あいうえおか", 5) == 2
    assert lines_of("one two", 4) == 2
    assert lines_of("a\nb", 10) == 2


def at_work(shop: Shop) -> Staff:
    staff = Staff(lambda machine: [*goods_and_cash(machine, Fittings((10, 100))), *shop.kinds(machine)])
    staff.machine.apply(FaultSeen("slot.jammed", "A1"))
    staff.ask()
    staff.log_in()
    return staff


def looks(staff: Staff) -> None:
    """Every sheet of the page that is shown, in both languages, on every display."""
    for language in ("ja", "en"):
        view = staff.desk.view(language, staff.now)
        assert view is not None
        for display in DISPLAYS:
            shown = Hand(display)
            shown.show(json.loads(json.dumps(view.to_dict())))
            check(sheets(shown), display, view.page.name)


def test_tasks_when_opened_at_the_real_desk_then_every_page_has_room_on_every_display() -> None:
    seen = set()
    tasks = [one.action for one in at_work(Shop()).blocks if isinstance(one, Item)]
    assert len(tasks) > 10
    for task in tasks:
        staff = at_work(Shop())
        looks(staff)
        for _ in range(3):  # into the task, its first row, and that one's
            rows = [one.action for one in staff.blocks if isinstance(one, Item) and one.enabled]
            wanted = task if staff.page == "menu" else rows[0] if rows else ""
            if not wanted or staff.press(wanted) is None:
                break
            seen.add(staff.page)
            looks(staff)
    assert len(seen) > 15
