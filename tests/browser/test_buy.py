"""A person buys a drink at the emulated machine, and the operator's dashboard shows it without a reload."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import serious
from tools.stack import MACHINE, OPERATOR, Stack

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)

SIZES = [(1024, 600), (1280, 800), (1440, 900), (390, 844)]


class Watched:
    """Pages that may talk to nobody but this computer and must not complain."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []

    async def page(self, url: str) -> Page:
        page = await self.context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda asked: self._check(asked.url))
        await page.goto(url)
        return page

    def _check(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            self.complaints.append(f"asked another host: {url}")


@pytest.fixture
async def watched(browser: Browser) -> AsyncIterator[Watched]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="ja-JP")
    context.set_default_timeout(15_000)
    opened = Watched(context)
    yield opened
    await context.close()
    assert opened.complaints == []


async def log_in(watched: Watched, stack: Stack) -> Page:
    page = await watched.page(f"{stack.cloud_url}/dashboard/")
    await page.fill('input[name="username"]', OPERATOR)
    await page.fill('input[name="password"]', stack.password)
    await page.click('button[type="submit"]')
    await expect(page.locator('[data-metric="today_revenue"]')).to_be_visible()
    return page


async def put_coin(machine: Page, value: int, credit: str) -> None:
    await machine.click(f'[data-coin="{value}"]')
    await expect(machine.locator("#credit")).to_have_text(credit)


async def test_drink_when_bought_in_the_browser_then_shows_on_the_dashboard_without_a_reload(
    watched: Watched, stack: Stack
) -> None:
    dashboard = await log_in(watched, stack)
    await expect(dashboard.locator('[data-metric="today_revenue"]')).to_have_text("¥0")
    machine = await watched.page(f"{stack.front_url}/")
    await expect(machine.locator('.slot[data-slot="A1"]')).to_have_attribute("data-state", "available")
    await put_coin(machine, 100, "¥100")
    await put_coin(machine, 100, "¥200")
    await machine.click('[data-slot="A1"]')
    await expect(machine.locator("#tray")).to_have_attribute("data-count", "1")
    await expect(machine.locator("#message")).to_contain_text("ありがとうございました")
    await machine.click('[data-do="take_products"]')
    await expect(machine.locator("#tray")).to_have_attribute("data-count", "0")
    await expect(machine.locator("#return-cup")).not_to_have_attribute("data-count", "0")
    await expect(dashboard.locator('[data-metric="today_revenue"]')).to_have_text("¥160")
    await expect(dashboard.locator("#sales")).to_contain_text("緑茶")


async def test_language_when_switched_then_the_whole_machine_speaks_it(watched: Watched, stack: Stack) -> None:
    machine = await watched.page(f"{stack.front_url}/")
    await machine.click('[data-language="en"]')
    await expect(machine.locator("#message")).to_contain_text("Please insert coins")
    await expect(machine.locator('.slot[data-slot="A1"]')).to_contain_text("Green tea")
    await machine.click('[data-language="ja"]')
    await expect(machine.locator("#message")).to_contain_text("お金を入れてください")


async def test_choice_when_credit_is_too_small_then_says_how_much_is_missing(watched: Watched, stack: Stack) -> None:
    machine = await watched.page(f"{stack.front_url}/")
    await machine.click('[data-slot="B1"]')
    await expect(machine.locator("#message")).to_contain_text("あと¥170")
    await put_coin(machine, 100, "¥100")
    await expect(machine.locator("#message")).to_contain_text("あと¥70")
    await machine.click('[data-key="clear"], [data-intent="clear"]')
    await machine.click('[data-intent="return_coins"]')
    await expect(machine.locator("#credit")).to_have_text("¥0")


async def test_coin_when_unknown_then_falls_into_the_cup(watched: Watched, stack: Stack) -> None:
    machine = await watched.page(f"{stack.front_url}/")
    await expect(machine.locator("body")).to_have_attribute("data-connection", "up")
    before = int(await machine.locator("#return-cup").get_attribute("data-count") or 0)
    await machine.click('[data-coin="1"]')
    await expect(machine.locator("#return-cup")).to_have_attribute("data-count", str(before + 1))
    await expect(machine.locator("#credit")).to_have_text("¥0")


async def test_bill_when_not_spent_then_comes_back_as_the_same_bill(watched: Watched, stack: Stack) -> None:
    machine = await watched.page(f"{stack.front_url}/")
    await machine.click('[data-do="insert_bill"]')
    await expect(machine.locator("#credit")).to_have_text("¥1,000")
    await machine.click('[data-intent="return_coins"]')
    await expect(machine.locator("#message")).to_contain_text("¥1,000をお返ししました")
    await machine.click('[data-do="take_bills"]')
    await expect(machine.locator('[data-do="insert_bill"]')).to_be_visible()


async def test_card_when_tapped_then_pays_and_shows_as_a_receivable(watched: Watched, stack: Stack) -> None:
    machine = await watched.page(f"{stack.front_url}/")
    await machine.click('[data-do="present_card"]')
    await expect(machine.locator("#message")).to_contain_text("カードでお買い物できます")
    await machine.click('[data-slot="B2"]')
    await expect(machine.locator("#tray")).not_to_have_attribute("data-count", "0")
    await expect(machine.locator("#message")).to_contain_text("ありがとうございました")
    await machine.click('[data-do="remove_card"]')
    await machine.click('[data-do="take_products"]')
    dashboard = await log_in(watched, stack)
    await dashboard.goto(f"{stack.cloud_url}/dashboard/statements")
    await expect(dashboard.locator("body")).to_contain_text("売掛金(カード)")


async def test_line_when_cut_in_the_drawer_then_cash_still_buys_and_the_sale_arrives_when_it_is_joined(
    watched: Watched, stack: Stack
) -> None:
    machine = await watched.page(f"{stack.front_url}/")
    await machine.click("#breaker-toggle")
    await machine.click('[data-break="line"]')
    await expect(machine.locator("#notice")).to_contain_text("通信が切れています")
    await put_coin(machine, 100, "¥100")
    await put_coin(machine, 50, "¥150")
    await machine.click("#breaker-toggle")
    await machine.click('.slot[data-slot="A4"]')
    await expect(machine.locator("#tray")).not_to_have_attribute("data-count", "0")
    await machine.click('[data-do="take_products"]')
    await machine.click("#breaker-toggle")
    await machine.click('[data-break="line"]')
    await expect(machine.locator("#notice")).to_be_hidden(timeout=90_000)
    dashboard = await log_in(watched, stack)
    await expect(dashboard.locator("#sales")).to_contain_text("サイダー")


async def test_power_when_cut_in_the_drawer_then_the_process_is_killed_and_the_next_one_knows_the_money(
    watched: Watched, stack: Stack
) -> None:
    machine = await watched.page(f"{stack.front_url}/")
    await put_coin(machine, 100, "¥100")
    await machine.click("#breaker-toggle")
    await machine.click('[data-break="power"]')
    await expect(machine.locator("body")).to_have_attribute("data-connection", "lost")
    assert await asyncio.to_thread(stack.running["machine"].wait, 15) == -signal.SIGKILL
    stack.start("machine")
    await asyncio.to_thread(stack.wait_ready, "machine")
    await expect(machine.locator("body")).to_have_attribute("data-connection", "up")
    await expect(machine.locator("#credit")).to_have_text("¥100")
    await machine.click("#breaker-toggle")
    await machine.click('[data-intent="return_coins"]')
    await expect(machine.locator("#credit")).to_have_text("¥0")
    watched.complaints = [said for said in watched.complaints if "WebSocket" not in said]


async def test_machine_and_dashboard_when_read_by_axe_then_nothing_is_serious(watched: Watched, stack: Stack) -> None:
    machine = await watched.page(f"{stack.front_url}/")
    await machine.click("#breaker-toggle")
    await machine.click("#wire-toggle")
    found = {"machine": await serious(machine)}
    page = await log_in(watched, stack)
    for path in ("", "tasks", "stock", "journal", "statements", "users", f"machines/{MACHINE}"):
        await page.goto(f"{stack.cloud_url}/dashboard/{path}")
        found[path or "today"] = await serious(page)
    assert {path: one for path, one in found.items() if one} == {}


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_machine_when_drawn_at_any_size_then_targets_are_large_and_nothing_runs_over(
    watched: Watched, stack: Stack, width: int, height: int
) -> None:
    machine = await watched.page(f"{stack.front_url}/")
    await machine.set_viewport_size({"width": width, "height": height})
    await expect(machine.locator('.slot[data-slot="A1"]')).to_be_visible()
    small = await machine.eval_on_selector_all(
        "button, [role=button]",
        "all => all.filter(e => e.offsetParent).map(e => [e.textContent.trim(), e.offsetWidth, e.offsetHeight])"
        ".filter(([, w, h]) => Math.min(w, h) < 44)",
    )
    assert small == []
    wide = await machine.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0


async def test_login_when_the_password_is_wrong_then_says_so_and_stays(watched: Watched, stack: Stack) -> None:
    page = await watched.page(f"{stack.cloud_url}/dashboard/")
    await page.fill('input[name="username"]', OPERATOR)
    await page.fill('input[name="password"]', "not the password")
    await page.click('button[type="submit"]')
    await expect(page.locator("body")).to_contain_text("パスワード")
    await expect(page.locator('input[name="password"]')).to_be_visible()
    watched.complaints = [said for said in watched.complaints if "401" not in said]


@pytest.mark.parametrize(
    "path", ["", "machines/vm-tokyo-0001", "journal", "statements", "tasks", "inbox", "users", "activity", "account"]
)
async def test_dashboard_page_when_opened_then_is_whole_and_light(watched: Watched, stack: Stack, path: str) -> None:
    page = await log_in(watched, stack)
    answer = await page.goto(f"{stack.cloud_url}/dashboard/{path}")
    assert answer is not None
    assert answer.status == 200
    await expect(page.locator("h1")).to_be_visible()
    weight = await page.evaluate(
        "performance.getEntriesByType('resource').filter(e => !e.name.includes('/fonts/'))"
        ".reduce((sum, e) => sum + e.decodedBodySize, 0)"
    )
    assert weight + len(await answer.body()) <= 200 * 1024
