"""Pages opened in English: nothing of ours is left in Japanese, not even where a form is refused."""

import asyncio
import re

import pytest
from httpx import AsyncClient, Response

from cloud.dashboard.bilingual import JAPANESE

BOOKS = (
    "/dashboard/sales",
    "/dashboard/sales/refunds",
    "/dashboard/cash",
    "/dashboard/payouts",
    "/dashboard/payables",
    "/dashboard/expenses",
    "/dashboard/earnings",
    "/dashboard/earnings/machine?name=vm&start=2026-11-01&end=2026-11-30",
    "/dashboard/statements",
    "/dashboard/journal",
    "/dashboard/journal/1001?start=2026-11-01&end=2026-11-30",
    "/dashboard/months",
    "/dashboard/tax-rates",
)
REFUSED = (
    ("/dashboard/expenses", "Choose an account."),
    ("/dashboard/expenses/equipment", "Enter the acquisition cost in whole yen, at least ¥1."),
    ("/dashboard/payouts", "Choose the day it was received."),
    ("/dashboard/payables/suppliers/1/invoices", "Check these fields: "),
    ("/dashboard/tax-rates", "Choose a class."),
    ("/dashboard/months/2026-11/close", "This month can be neither closed nor reopened now."),
)


@pytest.fixture
def in_english(client: AsyncClient) -> AsyncClient:
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    client.headers["Cookie"] = f"{cookies}; language=en"
    return client


def japanese(answer: Response) -> list[str]:
    """What is left: lines, without what is marked as Japanese."""
    text = re.sub(r'<(\w+)[^>]* lang="ja"[^>]*>.*?</\1>', "", answer.text)
    return [f"{answer.url.path}: {line.strip()}" for line in text.splitlines() if JAPANESE.search(line)]


async def test_books_when_opened_in_english_then_nothing_is_japanese(in_english: AsyncClient) -> None:
    answers = await asyncio.gather(*(in_english.get(path) for path in BOOKS))
    assert {answer.status_code for answer in answers} == {200}
    left = [line for answer in answers for line in japanese(answer)]
    assert not left, "\n".join(left)


async def test_books_when_a_form_is_refused_in_english_then_the_page_says_why_in_english(
    in_english: AsyncClient,
) -> None:
    for path, words in REFUSED:
        answer = await in_english.post(path, data={"x": ""})
        assert answer.status_code in {409, 422}, path
        assert words in answer.text
        assert japanese(answer) == []
