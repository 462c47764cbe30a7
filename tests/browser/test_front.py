"""The machine's page in real Chromium: every state at every size, what a press sends, what a screen reader meets."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from hardware.world import World
from hardware.world_state import WorldState
from tests.browser.axe import serious
from tools.screens.front import SIZES, Front
from tools.screens.longer import lengthened
from tools.screens.states import STATES, Screen, Shown, every_screen

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


def seen(language: str) -> Iterator[Shown]:
    return (shown for shown in every_screen() if shown.language == language)


PAGES = {shown.name: shown.view.to_dict() for shown in seen("ja") if shown.name.startswith("m-")}


def view_of(state: str) -> dict[str, Any]:
    screen = Screen("ja")
    STATES[state](screen)
    return screen.view().to_dict()


@pytest_asyncio.fixture(loop_scope="module")
async def front(one_browser: Browser) -> AsyncIterator[Front]:
    page = await one_browser.new_page(reduced_motion="reduce", viewport={"width": 1024, "height": 600})
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    opened = Front(page)
    await opened.open()
    yield opened
    await page.context.close()
    assert complaints == []


@pytest.mark.parametrize("size", SIZES)
async def test_front_when_drawn_in_any_state_then_fingers_hit_it_and_nothing_runs_over(front: Front, size: str) -> None:
    width, height = SIZES[size]
    await front.page.set_viewport_size({"width": width, "height": height})
    found = []
    some_english = [one for one in seen("en") if size == "800x480" and one.name.startswith(("home", "clerk", "m-"))]
    for shown in [*seen("ja"), *some_english]:
        await front.show(shown.view.to_dict(), shown.presses)
        found += [(shown.name, *one) for one in await front.findings()]
    for shown in seen("en"):  # the longer language, and longer still
        await front.show(lengthened(shown.view.to_dict()), shown.presses)
        found += [(f"{shown.name}+40%", *one) for one in await front.findings()]
    assert found == []


@pytest.mark.parametrize(
    ("where", "style", "kind"),
    [
        (".t-key", "min-height:0;height:20px", "target"),
        (".t-name", "height:6px;overflow:hidden", "overflow"),
        ("#t-keys", "gap:8px", "gap"),
        (".t-name", "color:#767676", "contrast"),
        ('[data-key="language"]', "word-break:break-all;padding:0 60px", "broken"),
    ],
)
async def test_findings_when_something_is_hard_to_hit_or_to_read_then_says_so(
    front: Front, where: str, style: str, kind: str
) -> None:
    await front.show(view_of("home"))
    assert await front.findings() == []
    await front.page.evaluate(
        "([where, style]) => (document.querySelector(where).style.cssText = style)", [where, style]
    )
    assert kind in {found for found, _ in await front.findings()}


async def test_code_pad_when_turned_to_figures_then_they_fit_fingers_and_the_layer_stays(front: Front) -> None:
    page = front.page
    await front.show(PAGES["m-restock_lot"], ("5.value", "pad.layer"))
    for width, height in SIZES.values():
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        await expect(page.locator('.m-pad [data-pad="7"]')).to_be_visible()
        await expect(page.locator('.m-pad [data-pad="A"]')).to_be_hidden()
        assert await front.findings() == []
    for _ in PAGES["m-restock_lot"]["maintenance"]["page"]["blocks"][5]["value"]:
        await page.click('.m-pad [data-pad="delete"]')
    await page.click('.m-pad [data-pad="7"]')
    await page.click('.m-pad [data-pad="-"]')
    await page.keyboard.type("b")  # a keyboard has no layers
    await page.click('.m-pad [data-pad="layer"]')
    await page.click('.m-pad [data-pad="C"]')
    await page.click('.m-pad [data-pad="done"]')
    assert [one["value"] for one in front.pressed] == ["7-BC"]


async def test_front_when_read_by_axe_then_nothing_is_serious_in_any_state(front: Front) -> None:
    found = {}
    for shown in seen("ja"):
        await front.show(shown.view.to_dict(), shown.presses)
        found[shown.name] = await serious(front.page)
    assert {name: one for name, one in found.items() if one} == {}


async def test_touch_when_pressed_then_sends_what_the_key_says_and_changes_nothing_itself(front: Front) -> None:
    page = front.page
    await front.show(view_of("credit"))
    await page.click('#touch [data-slot="A2"]')
    for key in ("return_coins", "language", "clerk"):
        await page.click(f'#t-keys [data-key="{key}"]')
    assert await page.locator("#touch .t-tile").count() == 6
    await page.click('#t-keys [data-key="page"]')
    await page.click("#touch .t-tile >> nth=0")
    await expect(page.locator("#t-credit-text")).to_have_text("¥200")
    assert front.pressed == [
        {"type": "intent", "intent": "select", "slot": "A2"},
        {"type": "intent", "intent": "return_coins"},
        {"type": "intent", "intent": "language", "code": "en"},
        {"type": "intent", "intent": "clerk_open"},
        {"type": "intent", "intent": "select", "slot": "B3"},
    ]


async def test_touch_when_it_greets_or_asks_then_any_touch_wakes_it_and_the_answer_is_a_key(front: Front) -> None:
    await front.show(view_of("attract"))
    await front.page.click("#t-attract")
    await front.show(view_of("still_there"))
    await front.page.click('#t-sheet [data-key="stay"]')
    assert [one["intent"] for one in front.pressed] == ["wake", "stay"]


@pytest.mark.parametrize("place", ["#t-credit", "#credit"], ids=["touchscreen", "cabinet"])
async def test_credit_when_held_for_three_seconds_then_asks_for_maintenance(front: Front, place: str) -> None:
    await front.page.clock.install()
    if place == "#credit":
        front.send({"type": "world", "world": World(WorldState.stocked({"A1": ("tea", 3)}, {100: 20})).snapshot()})
    await front.show(view_of("home"))
    box = await front.page.locator(place).bounding_box()
    assert box is not None
    await front.page.mouse.move(box["x"] + 9, box["y"] + 9)
    await front.page.mouse.down()
    await front.page.clock.run_for(2500)
    assert front.pressed == []
    await front.page.clock.run_for(1000)
    assert front.pressed == [{"type": "intent", "intent": "maintenance", "do": "open"}]


async def test_maintenance_when_used_then_sends_actions_and_whole_entries(front: Front) -> None:
    page = front.page
    await front.show(PAGES["m-menu"])
    await page.click('[data-name="changeover"]')
    await front.show(PAGES["m-restock"])
    await page.click('[data-name="found-more"]')
    await page.click('[data-name="added"]')
    for digit in "42":
        await page.click(f'.m-pad [data-pad="{digit}"]')
    await page.click('.m-pad [data-pad="done"]')
    await page.click('[data-name="sheet-next"]')
    await page.click('[data-name="best_before"]')
    await page.click('.m-pad [data-pad="delete"]')
    await page.keyboard.type("0")
    await page.click('.m-pad [data-pad="done"]')
    await page.click('#maintenance [data-name="close"]')
    assert [{key: one[key] for key in one if key not in {"type", "intent"}} for one in front.pressed] == [
        {"do": "press", "name": "changeover"},
        {"do": "enter", "name": "found", "value": "7"},
        {"do": "enter", "name": "added", "value": "4"},
        {"do": "enter", "name": "best_before", "value": "2027-03-30"},
        {"do": "close"},
    ]


async def test_pin_when_typed_then_goes_whole_and_stands_nowhere_on_the_page(front: Front) -> None:
    page = front.page
    await front.show(PAGES["m-pin"])
    await page.click('.m-keypad [data-pad="7"]')
    await page.keyboard.type("391")
    await expect(page.locator(".m-dots")).to_have_text("●●●●")
    assert "7391" not in await page.content()
    await page.click('.m-keypad [data-pad="done"]')
    assert front.pressed == [{"type": "intent", "intent": "maintenance", "do": "enter", "name": "pin", "value": "7391"}]
    await expect(page.locator(".m-dots")).to_have_text("")
