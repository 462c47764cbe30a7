"""A person opens 作業, types while the page lives on, and records what they found."""

import sqlite3
import time
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tools.stack import MACHINE, OPERATOR, Stack

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)

SIZES = [(1024, 600), (1280, 800), (1440, 900), (390, 844)]


def open_task(stack: Stack, kind: str, source: str, amount: int) -> None:
    """Put a task into the running cloud's database, as its worker would."""
    row = {"kind": kind, "machine_id": MACHINE, "slot": "A1", "product_id": "green-tea", "amount_minor": amount}
    row |= {"claim": "7K3Q-9MXA", "reference": "pay_" + "x" * 124, "detail": "", "source": source}
    row |= {"opened_at_ms": time.time_ns() // 1_000_000, "state": "open", "resolved_at_ms": 0}
    row |= {"resolved_by": "", "resolution": "", "note": ""}
    with sqlite3.connect(stack.folder / "cloud.db", timeout=10) as database:
        names = ", ".join(row)
        database.execute(f"INSERT INTO staff_tasks ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))  # noqa: S608 - our own column names
    database.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="ja-JP")
    opened.set_default_timeout(15_000)
    yield opened
    await opened.close()


@pytest.fixture
async def page(context: BrowserContext, stack: Stack) -> Page:
    opened = await context.new_page()
    await opened.goto(f"{stack.cloud_url}/dashboard/tasks")
    await opened.fill('input[name="username"]', OPERATOR)
    await opened.fill('input[name="password"]', stack.password)
    await opened.click('button[type="submit"]')
    await expect(opened.locator("#open_tasks")).to_be_visible()
    await expect(opened.locator("#live")).to_have_attribute("data-live", "on")
    return opened


async def test_tasks_when_one_arrives_while_somebody_types_then_it_appears_and_the_typing_stays(
    page: Page, stack: Stack
) -> None:
    await expect(page.locator("#open_tasks")).to_contain_text("人を待っている作業はありません")
    await expect(page.locator(".count")).to_be_hidden()
    open_task(stack, "debt", "first", 40)
    first = page.locator("form.resolve").first
    await first.locator('input[value="paid_out"]').check()
    await first.locator('input[name="note"]').fill("at the counter")
    await expect(page.locator(".count")).to_have_text("1")
    open_task(stack, "vend_uncertain", "second", 160)
    await expect(page.locator("form.resolve")).to_have_count(2)
    await expect(page.locator(".count")).to_have_text("2")
    await expect(first.locator('input[value="paid_out"]')).to_be_checked()
    await expect(first.locator('input[name="note"]')).to_have_value("at the counter")
    await first.locator('button[type="submit"]').click()
    await expect(page.locator("#resolved_tasks")).to_contain_text("現金でお返しした")
    await expect(page.locator("#resolved_tasks")).to_contain_text(OPERATOR)
    await expect(page.locator("form.resolve")).to_have_count(1)


async def test_tasks_when_only_a_keyboard_is_there_then_a_task_can_be_resolved(page: Page, stack: Stack) -> None:
    open_task(stack, "card_collect", "third", 160)
    form = page.locator("form.resolve", has=page.locator('input[value="collected"]'))
    await expect(form).to_be_visible()
    await form.locator('input[value="collected"]').focus()
    await page.keyboard.press("ArrowRight")
    await expect(form.locator('input[value="written_off"]')).to_be_checked()
    await page.keyboard.press("Tab")
    await page.keyboard.type("lost")
    await page.keyboard.press("Tab")
    await expect(form.locator('button[type="submit"]')).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#resolved_tasks")).to_contain_text("回収をあきらめ、損失にする")


async def test_form_when_nothing_was_chosen_then_the_browser_asks_for_it(page: Page, stack: Stack) -> None:
    open_task(stack, "store_replaced", "fourth", 0)
    form = page.locator("form.resolve", has=page.locator('input[value="counted"]'))
    await form.locator('button[type="submit"]').click()
    assert await form.locator('input[value="counted"]').evaluate("one => one.validity.valueMissing")
    await expect(form).to_be_visible()


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("path", ["tasks", ""])
async def test_tasks_when_drawn_at_any_size_then_targets_are_large_and_nothing_runs_over(
    page: Page, stack: Stack, path: str, width: int, height: int
) -> None:
    open_task(stack, "payout_uncertain", f"size {path} {width}", 1_234_567)
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(f"{stack.cloud_url}/dashboard/{path}")
    await expect(page.locator(".count")).to_be_visible()
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    small = await page.eval_on_selector_all(
        "nav :is(a, summary), .bar button, #open_tasks :is(a, button, .choice, input:not([type=radio]))",
        "all => all.filter(e => e.offsetParent).map(e => [e.textContent.trim(), e.offsetWidth, e.offsetHeight])"
        ".filter(([, w, h]) => Math.min(w, h) < 44)",
    )
    assert small == []
