"""How screens are checked and shown: longer words for the check, contact sheets small enough for the documents."""

from pathlib import Path

import pytest
from PIL import Image

from tools.screens import contact
from tools.screens.longer import LONGER, lengthened, longer
from tools.screens.maintenance_states import every_page
from tools.screens.states import Screen


@pytest.mark.parametrize("text", ["Return", "Please choose a product", "商品をお選びください"])
def test_text_when_lengthened_then_is_forty_percent_longer_and_figures_stay(text: str) -> None:
    assert len(longer(text)) >= len(text) * LONGER - 1
    assert longer("¥1,600") == "¥1,600"


def test_view_when_lengthened_then_words_grow_and_what_renderers_go_by_stays() -> None:
    view = Screen("en").view().to_dict()
    long = lengthened(view)
    assert len(long["message"]["text"]) > len(view["message"]["text"])
    assert len(long["labels"]["clerk_key"]) > len(view["labels"]["clerk_key"])
    for key in ("screen", "language", "languages", "credit", "sound", "brightness"):
        assert long[key] == view[key], key
    for tile, before in zip(long["tiles"], view["tiles"], strict=True):
        for key in ("slot", "name", "price_text", "state", "temperature", "picture"):
            assert tile[key] == before[key], key


def test_page_when_lengthened_then_actions_fields_and_values_stay() -> None:
    for made in every_page("en"):
        view = made.view.to_dict()
        for one, before in zip(lengthened(view)["page"]["blocks"], view["page"]["blocks"], strict=True):
            for key in {"kind", "action", "field", "rows", "least", "most", "tone", "accepts"} & set(before):
                assert one[key] == before[key] or list(before[key]) == one[key], (made.name, key)
        assert lengthened(view)["page"]["title"] != view["page"]["title"]


def test_contact_sheets_when_made_then_one_for_each_renderer_size_and_language(tmp_path: Path) -> None:
    pictures, into = tmp_path / "pictures", tmp_path / "docs"
    pictures.mkdir()
    into.mkdir()
    for name in ("kiosk-800x480-ja-home", "kiosk-800x480-ja-claim", "front-800x480-en-home"):
        Image.new("RGB", (800, 480), "#12408F").save(pictures / f"{name}.png")
    made = contact.make(pictures, into)
    assert [path.name for path in made] == ["screens-front-800x480-en.webp", "screens-kiosk-800x480-ja.webp"]
    with Image.open(made[1]) as sheet:
        assert sheet.width == contact.WIDTH
    assert all(path.stat().st_size < contact.MOST_BYTES for path in made)


def test_contact_sheet_when_it_cannot_be_small_enough_then_says_what_to_do() -> None:
    picture = Image.new("RGB", (64, 64), "#12408F")
    with pytest.raises(ValueError, match="more pictures in a row"):
        contact.packed(picture, most=10)
