"""What holds of the drawn touchscreen. Run by `test_kiosk.py` in a process with a display; needs one to be collected.

xvfb-run -a python -m pytest tests/kiosk/drawn.py
"""

# ruff: noqa: PLC0415 - Kivy reads its configuration when it is first imported

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.screens.finding import Wish
from tools.screens.kiosk import SIZES, Easel, look_at_all, open_window, settle
from tools.screens.states import Screen, Shown, every_screen

SIZE = "800x480"
SHOWN = {(shown.name, shown.language): shown for shown in every_screen()}


@pytest.fixture(scope="module", autouse=True)
def window(tmp_path_factory: pytest.TempPathFactory) -> None:
    open_window(str(tmp_path_factory.mktemp("kivy")))


def frame(shown: Shown) -> dict[str, Any]:
    return {"type": "view", "view": json.loads(json.dumps(shown.view.to_dict()))}


class Finger:
    """A finger on a widget."""

    def __init__(self, widget: Any) -> None:
        from kivy.input.motionevent import MotionEvent

        class Touch(MotionEvent):  # type: ignore[misc] # Kivy has no types
            def depack(self, args: Any) -> None:
                self.is_touch = True
                self.profile = ["pos"]
                super().depack(args)

        self._widget = widget
        self._touch = Touch("finger", 1, {})
        self._touch.x, self._touch.y = self._touch.pos = widget.center

    def down(self) -> None:
        assert self._widget.on_touch_down(self._touch)

    def up(self) -> None:
        self._touch.grab_current = self._widget
        self._widget.on_touch_up(self._touch)
        while self._widget.state == "down":  # Kivy lets a short press be seen
            settle()


def keys(stage: Any) -> Iterator[Any]:
    from edge.screens.kiosk.widgets import Key

    return (one for one in stage.walk() if isinstance(one, Key) and one.opacity)


def key(stage: Any, text: str) -> Any:
    return next(one for one in keys(stage) if one.text == text)


def easel(shown: Shown, sent: list[dict[str, Any]] | None = None) -> Any:
    from edge.screens.kiosk.stage import Stage

    stage = Stage(SIZES[SIZE], (sent if sent is not None else []).append)
    stage.heard(frame(shown))
    settle()
    return stage


def test_every_state_when_drawn_at_every_size_and_with_longer_texts_then_nothing_is_found() -> None:
    count, found = look_at_all(Wish(None, list(SIZES), ""))
    assert found == []
    assert count > 250


def test_checks_when_something_cannot_be_read_or_hit_then_each_of_it_is_found() -> None:
    from edge.screens.kiosk import look
    from edge.screens.kiosk.layout import Rect
    from edge.screens.kiosk.widgets import Key, Plate, Tile, place
    from tools.screens.checks import Drawn

    stage = easel(SHOWN["home", "en"])
    stage.clear_widgets()
    grey = look.colours()["line"]
    widgets = (
        (Key(lambda: None, text="small"), Rect(10, 10, 60, 60)),
        (Key(lambda: None, text="near"), Rect(72, 10, 90, 90)),
        (Plate(text="grey", color=grey), Rect(300, 10, 90, 90)),
        (Plate(text="too much for so little room", letters=24), Rect(300, 110, 40, 40)),
        (Plate(text="\u2603", letters=24), Rect(400, 210, 90, 40)),
        (Plate(text="tiny", letters=10), Rect(300, 210, 90, 40)),
        (Plate(fill=look.colours()["success"]), Rect(500, 10, 90, 90)),
        (Plate(text="under it", letters=24), Rect(500, 110, 90, 90)),
        (Plate(fill=look.colours()["surface"]), Rect(500, 110, 90, 90)),
        (Plate(text="maintenance.no_such_key", letters=24), Rect(10, 300, 700, 90)),
        (Key(lambda: None, text="outside"), Rect(750, 300, 90, 90)),
        (Tile(print, price="¥160", type_price=30), Rect(620, 10, 120, 120)),
    )
    for widget, rect in widgets:
        place(widget, rect)
        stage.add_widget(widget)
    settle()
    found = {one.kind for one in Drawn(stage, SIZES[SIZE], (SIZE, "en", "made")).findings()}
    to_hit, to_read = (
        {"target", "gap", "outside"},
        {"price", "contrast", "overflow", "small", "colour", "covered", "letter"},
    )
    assert found == {*to_hit, *to_read, "untranslated"}


def test_key_when_a_finger_is_on_it_then_looks_pressed_at_once_and_sends_when_lifted() -> None:
    sent: list[dict[str, Any]] = []
    stage = easel(SHOWN["credit", "ja"], sent)
    pressed = key(stage, "返却")
    before = tuple(pressed.fill)
    finger = Finger(pressed)
    finger.down()
    assert tuple(pressed.fill) != before
    assert sent == []
    finger.up()
    assert tuple(pressed.fill) == before
    assert sent == [{"intent": "return_coins"}]


def test_language_key_when_pressed_then_changes_it_and_when_held_then_asks_for_maintenance_instead() -> None:
    sent: list[dict[str, Any]] = []
    stage = easel(SHOWN["home", "ja"], sent)
    language = key(stage, "English")
    finger = Finger(language)
    finger.down()
    finger.up()
    assert sent.pop() == {"intent": "language", "code": "en"}
    finger = Finger(language)
    finger.down()
    language._hold(0.0)
    finger.up()
    assert sent == [{"intent": "maintenance", "do": "open"}]


def test_stage_when_the_controller_is_lost_and_back_then_only_what_it_says_is_shown() -> None:
    stage = easel(SHOWN["credit", "ja"])
    assert stage.shown is stage.customer
    stage.lost()
    assert stage.shown is stage.veil
    stage.heard({"type": "world"})
    assert stage.shown is stage.veil
    stage.heard(frame(SHOWN["home", "ja"]))
    settle()
    assert stage.shown is stage.customer
    assert any(getattr(one, "text", "") == "¥0" for one in stage.walk())
    stage.heard(frame(SHOWN["attract", "ja"]))
    assert stage.shown is stage.attract


def test_attract_when_touched_anywhere_then_wakes() -> None:
    sent: list[dict[str, Any]] = []
    stage = easel(SHOWN["attract", "en"], sent)
    finger = Finger(stage.attract)
    finger.down()
    finger.up()
    assert sent == [{"intent": "wake"}]


def test_pin_when_the_line_is_lost_while_it_is_typed_then_is_put_away() -> None:
    sent: list[dict[str, Any]] = []
    stage = easel(SHOWN["m-pin_wrong", "ja"], sent)
    for name in ("pad.type1", "pad.type2"):
        stage.maintenance.press(name)
    stage.lost()
    stage.heard(frame(SHOWN["m-pin_wrong", "ja"]))
    stage.maintenance.press("pad.type9")
    stage.maintenance.press("pad.done")
    assert sent == [{"intent": "maintenance", "do": "enter", "name": "pin", "value": "9"}]


def test_page_when_only_its_values_change_then_its_widgets_stay_under_the_finger() -> None:
    stage = easel(SHOWN["m-sensors", "ja"])
    before = list(stage.maintenance.walk())
    changed = frame(SHOWN["m-sensors", "ja"])
    changed["view"]["maintenance"]["page"]["blocks"][0]["value"] = "閉じています"
    stage.heard(changed)
    settle()
    assert list(stage.maintenance.walk()) == before
    assert any("閉じています" in getattr(one, "text", "") for one in before)


def test_sheet_when_it_hides_the_shelf_then_no_tile_is_drawn_and_when_it_comes_again_it_is_not_built_again() -> None:
    from edge.screens.kiosk.widgets import Tile

    stage = easel(SHOWN["home", "ja"])
    before = list(stage.customer.children)
    sheets = []
    for state, tiles in (("claim", 0), ("home", 12), ("claim", 0), ("home", 12)):
        stage.heard(frame(SHOWN[state, "ja"]))
        settle()
        assert sum(isinstance(one, Tile) for one in stage.walk()) == tiles
        sheets.append(stage.customer.sheet)
    assert list(stage.customer.children) == before, "the shelf is back below all else"
    assert sheets[0] is sheets[2] is not None


def test_code_when_drawn_then_is_one_picture_with_every_module_where_it_belongs() -> None:
    from kivy.graphics import Rectangle

    from edge.screens.kiosk.sheets import QUIET_ZONE, QrCode

    rows = ("110", "100", "010")
    code = QrCode(size=(330, 340), size_hint=(None, None))
    code.show(rows)
    (drawn,) = (one for one in code.canvas.children if isinstance(one, Rectangle) and one.texture)
    across = len(rows) + 2 * QUIET_ZONE
    assert drawn.size == (30 * across, 30 * across)
    pixels = drawn.texture.pixels
    found = [pixels[4 * at] < 128 for at in range(across * across)]
    from_below = [[rows[-1 - down][right] == "1" for right in range(3)] for down in range(3)]
    inside = [found[(QUIET_ZONE + down) * across + QUIET_ZONE :][:3] for down in range(3)]
    assert inside == from_below
    assert sum(found) == 4


def test_word_when_a_key_has_no_room_for_it_then_its_letters_shrink_and_it_is_not_broken() -> None:
    from edge.screens.kiosk.widgets import Plate

    for wide in range(60, 120):
        plate = Plate(text="English", letters=27, least=12, pad=0, pad_high=0, size=(wide, 90), size_hint=(None, None))
        settle()
        assert plate.lines() == "English", f"{wide} pixels"


def test_sounds_when_cues_come_then_each_is_played_once_and_none_from_before_the_line() -> None:
    from edge.screens.kiosk.sounds import Sounds

    played: list[tuple[str, float]] = []
    sounds = Sounds(lambda path, volume: played.append((path.name, volume)))
    for cue, n, volume in (("done", 3, 50), ("done", 3, 50), ("sorry", 4, 50), ("refused", 5, 0), ("", 6, 50)):
        sounds.hear({"cue": cue, "n": n, "volume": volume})
    assert played == [("sorry.wav", 0.5)]
    sounds.forget()
    sounds.hear({"cue": "done", "n": 9, "volume": 50})
    assert len(played) == 1


def test_pictures_when_kept_then_are_as_large_as_the_display(tmp_path: Path) -> None:
    from PIL import Image

    drawn = Easel(SIZE)
    shown = Shown("home", "ja", Screen("ja").view())
    drawn.draw(shown)
    with Image.open(drawn.keep(tmp_path, shown)) as picture:
        assert picture.size == (800, 480)
