"""A form is carried out once, however often its button is pressed."""

import re
from pathlib import Path

import pytest
from httpx import AsyncClient

from tools.design import build

PAGE = "/dashboard/expenses"
RENT = {
    "account": "6004",
    "gross": "11000",
    "tax_percent": "10",
    "payee": "縁ビル管理",
    "is_registered": "yes",
    "paid_by": "bank",
    "day": "2026-11-20",
}
TEMPLATES = build.ROOT / "cloud/dashboard/templates"
SENT_MANY_TIMES = {"login.html", "base.html", "language.html"}
"""Logging in and out, and the language of the browser."""


async def named(client: AsyncClient) -> dict[str, str]:
    """The form of the page as a browser got it, filled in."""
    found = re.search(r'name="once" value="([0-9a-f]{32})"', (await client.get(PAGE)).text)
    assert found is not None
    return RENT | {"once": found[1]}


async def booked(client: AsyncClient) -> int:
    page = (await client.get("/api/v1/accounting/journal", params={"limit": 500})).json()
    return sum("縁ビル管理" in entry["description"] for entry in page["items"])


async def test_form_when_its_button_is_pressed_twice_then_is_carried_out_once(client: AsyncClient) -> None:
    form = await named(client)
    answers = [await client.post(PAGE, data=form, headers={"Referer": f"http://x{PAGE}"}) for _ in range(2)]
    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, PAGE)] * 2
    assert await booked(client) == 1


async def test_form_when_sent_again_with_other_values_then_is_another_one(client: AsyncClient) -> None:
    form = await named(client)
    for gross in ("11000", "22000"):
        await client.post(PAGE, data=form | {"gross": gross})
    assert await booked(client) == 2


async def test_form_when_every_page_gives_it_a_new_name_then_the_same_values_are_booked_again(
    client: AsyncClient,
) -> None:
    for _ in range(2):
        await client.post(PAGE, data=await named(client))
    assert await booked(client) == 2


async def test_form_when_sent_twice_from_elsewhere_then_leads_to_a_page_of_ours(client: AsyncClient) -> None:
    form = await named(client)
    for _ in range(2):
        answer = await client.post(PAGE, data=form, headers={"Referer": "https://elsewhere.test/trap"})
    assert answer.headers["location"] == "/dashboard/"


@pytest.mark.parametrize(
    "template", sorted(path for path in TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_template_when_it_has_a_form_that_changes_something_then_names_it(template: Path) -> None:
    html = template.read_text("utf-8")
    if template.name not in SENT_MANY_TIMES:
        assert html.count('method="post"') == html.count("{{ once() }}")
