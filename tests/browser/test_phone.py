"""A customer's phone: the page, the clerk over its socket, a complaint; in both languages and colours, on real HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from cloud import main
from cloud.settings import load_settings
from tests.browser.axe import serious
from tools.eval.world import MACHINE, build

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)
PATIENCE_S = 20.0


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[str]:
    """The cloud alone, with a machine that has a past."""
    world = await build(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    values: dict[str, Any] = {"mqtt_password": "p" * 20, "jwt_secret_key": "j" * 40, "encryption_key": "e" * 40}
    database_url = f"sqlite+aiosqlite:///{world.file}"
    settings = load_settings(_env_file=None, database_url=database_url, data_dir=tmp_path, port=port, **values)
    stop = asyncio.Event()
    task = asyncio.create_task(main.serve(settings, stop))
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url) as client, asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(httpx.TransportError):
                await client.get("/ready")
                break
            await asyncio.sleep(0.05)
    yield f"{url}/m/{MACHINE}"
    stop.set()
    await asyncio.wait_for(task, PATIENCE_S)


async def opened(browser: Browser, url: str, width: int, scheme: Any, said: list[str]) -> Page:
    context = await browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = await context.new_page()
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request", lambda asked: said.append(asked.url) if url.split("/m/", maxsplit=1)[0] not in asked.url else None
    )
    await page.goto(url)
    return page


async def test_phone_when_a_customer_uses_it_then_everything_works_in_both_languages(
    browser: Browser, served: str
) -> None:
    said: list[str] = []
    for width, scheme, lang, question, answer in (
        (390, "light", "ja", "緑茶はありますか?", "緑茶は160円"),
        (320, "dark", "en", "Is there anything hot?", "Corn soup is 150 yen"),
    ):
        page = await opened(browser, f"{served}?lang={lang}", width, scheme, said)
        await expect(page.locator(".good")).to_have_count(12)
        await page.fill("#words", question)
        await page.keyboard.press("Enter")
        await expect(page.locator("#log .clerk").last).to_contain_text(answer)
        await expect(page.locator("#words")).to_have_value("")
        await expect(page.locator("#say button")).to_be_enabled()  # not while the clerk is still answering
        await page.locator("#suggested .chip").first.click()
        await expect(page.locator("#log .clerk")).to_have_count(2)
        await expect(page.locator("#say button")).to_be_enabled()
        assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        small = "[...document.querySelectorAll('a, button, select, textarea, input:not([type=hidden])')]"
        assert (
            await page.evaluate(f"{small}.filter((one) => one.offsetHeight < 24 || one.offsetWidth < 24).length") == 0
        )
        assert await serious(page) == []
        await page.reload()
        await expect(page.locator("#log li")).to_have_count(4)
        await page.context.close()
    assert said == []


async def test_phone_when_scripts_are_off_then_the_forms_do_it(browser: Browser, served: str) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{served}?lang=ja")
    await page.fill("#words", "おすすめは?")
    await page.click("#say button")
    await expect(page.locator("#log .clerk")).to_contain_text("おすすめは")
    await page.select_option('select[name="kind"]', "not_delivered")
    await page.select_option('select[name="slot"]', "B2")
    await page.fill('input[name="minutes_ago"]', "10")
    await page.click("#report button")
    await expect(page.locator("#report .answer")).to_contain_text("係員に知らせました")
    await page.fill('#claim input[name="code"]', "7k3q 9mxa")
    await page.click("#claim button")
    await expect(page.locator("#claim .answer")).to_contain_text("40円をお返しする件")
    await context.close()
