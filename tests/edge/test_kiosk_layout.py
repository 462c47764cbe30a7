"""Where everything stands on the touchscreen: fingers hit it, eyes read it, nothing is on top of something else."""

from itertools import combinations

import pytest

from edge.screens.kiosk.layout import GAP_MM, LOW_SHARE, TARGET_MM, TILE_MM, Arrangement, Display, Rect, arrange

SMALL, WIDE, TALL = Display(800, 480, 7.0), Display(1024, 600, 7.0), Display(1080, 1920, 21.5)
DISPLAYS = [SMALL, WIDE, TALL, Display(1280, 800, 10.1)]
SLACK = 0.999


def rects(places: Arrangement) -> list[Rect]:
    return [*places.tiles, *places.keys, places.credit, places.message, *([places.sign] if places.sign else [])]


def apart(one: Rect, other: Rect) -> float:
    return max(other.x - one.right, one.x - other.right, other.y - one.top, one.y - other.top)


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("is_low", [False, True])
@pytest.mark.parametrize("keys", [4, 6])
def test_layout_when_arranged_then_targets_are_large_apart_and_on_the_display(
    display: Display, is_low: bool, keys: int
) -> None:
    places = arrange(display, 4, 3, is_low=is_low, keys=keys)
    mm = display.px_per_mm
    assert (len(places.tiles), len(places.keys)) == (12, keys)
    for rect in rects(places):
        assert rect.x >= 0
        assert rect.y >= 0
        assert rect.right <= display.width
        assert rect.top <= display.height
    assert min(min(key.width, key.height) for key in places.keys) >= TARGET_MM * mm * SLACK
    assert min(min(tile.width, tile.height) for tile in places.tiles) >= TILE_MM * mm * SLACK
    for one, other in combinations([*places.tiles, *places.keys], 2):
        assert apart(one, other) >= GAP_MM * mm * SLACK
    for one, other in combinations(rects(places), 2):
        assert apart(one, other) >= 0


def test_layout_when_low_then_all_that_is_touched_is_in_the_lowest_part_and_a_small_display_needs_none() -> None:
    places = arrange(TALL, 4, 3, is_low=True)
    assert max(rect.top for rect in (*places.tiles, *places.keys)) <= TALL.height * LOW_SHARE
    assert places.sign is not None
    assert not WIDE.has_low_position
    assert arrange(WIDE, 4, 3, is_low=True).sign is None


@pytest.mark.parametrize("display", DISPLAYS)
def test_letters_when_on_any_display_then_are_as_high_as_they_must_be(display: Display) -> None:
    places = arrange(display, 4, 3)
    assert places.type.tag >= 8.0 * places.mm * SLACK
    assert places.type.body >= 4.5 * places.mm * SLACK


def test_shelf_when_it_has_more_rows_than_fit_then_there_are_pages() -> None:
    assert arrange(WIDE, 4, 9).per_page < 4 * 9


def test_display_when_it_has_no_room_for_a_tile_then_is_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match="no room for a tile of 22 mm"):
        arrange(Display(320, 240, 2.8), 4, 3)
