"""The pages in English: how templates are compiled, how phrases are said, and how a browser chooses."""

import asyncio
from datetime import date

import jinja2
import pytest
from httpx import AsyncClient

from cloud.accounting import chart
from cloud.dashboard import language
from cloud.dashboard.bilingual import EnglishTemplates, Translator
from cloud.dashboard.language import Phrases, listed, named, say

TEMPLATES = {
    "{1} 件中 {2} 件": "{2} of {1}",
    "残り {1} 品": "{1} {1:item|items} left",
    "表を見る": "See <the> table",
    "相殺済み": "Settled",
    "まだ": "Not yet",
    "メモ": "Note",
    "、": ", ",
}
WORDS = {"売切": "Sold out", "故障": "Fault"}


def english(source: str, **context: object) -> str:
    environment = EnglishTemplates(Phrases(TEMPLATES, WORDS), autoescape=True)
    return environment.from_string(source).render(context)


@pytest.fixture
def in_english() -> object:
    token = language._language.set("en")
    yield
    language._language.reset(token)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("<p> {{ a }} 件中\n  {{ b }} 件 </p>", "<p> &lt;b&gt; of 1 </p>"),
        ("<p>残り {{ a }} 品</p><p>残り {{ 3 }} 品</p>", "<p>1 item left</p><p>3 items left</p>"),
        (
            '<a title="表を見る" href="/x?{{ w }}">表を見る</a>',
            '<a title="See &lt;the&gt; table" href="/x?売切">See &lt;the&gt; table</a>',
        ),
        ("{{ '相殺済み' if a == 1 else 'まだ' }}", "Settled"),
        ("{{ 'x' if w == '売切' else 'y' }}{{ w }}", "xSold out"),
        ('<i{% if a %} class="x"{% endif %} title="メモ">', '<i class="x" title="Note">'),
        ("{{ [w, b] | join('、') }}", "Sold out, &lt;b&gt;"),
        ("{{ w ~ ': ' ~ a }}", "Sold out: 1"),
        (
            '<input value="{{ w }}"><textarea>{{ w }}</textarea>{{ w }}',
            '<input value="売切"><textarea>売切</textarea>Sold out',
        ),
        ("{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{{ m('まだ') }}", "<b>Not yet</b>"),
        ("<!-- it's --><p>まだ</p>", "<!-- it's --><p>Not yet</p>"),
        ("<p>まだない言葉</p>", "<p>まだない言葉</p>"),
    ],
)
def test_template_when_compiled_in_english_then_people_read_english_and_programs_the_same(
    source: str, wanted: str
) -> None:
    assert english(source, a=1, b="<b>", w="売切") == wanted


def test_template_when_a_phrase_lacks_then_it_is_named_with_its_template_and_line() -> None:
    tree = jinja2.Environment(autoescape=True).parse("<h1>メモ</h1>\n<p>\n  新しい言葉 {{ x }}</p>")
    translator = Translator("page.html", Phrases(TEMPLATES, WORDS))
    translator.translate(tree)
    assert [(one.template, one.line, one.phrase) for one in translator.missing] == [("page.html", 3, "新しい言葉 {1}")]


def test_say_when_the_request_is_japanese_then_the_phrase_is_as_it_is_written() -> None:
    assert say("故障 {count} 件", count=1) == "故障 1 件"
    assert listed(["売切", "故障"]) == "売切、故障"
    assert named(chart.BY_CODE[chart.CASH]) == "現金"


@pytest.mark.usefixtures("in_english")
def test_say_when_the_request_is_english_then_phrases_values_and_names_are() -> None:
    assert [say("故障 {count} 件", count=count) for count in (1, 2)] == ["1 fault", "2 faults"]
    days = {"start": date(2026, 1, 2), "end": date(2026, 11, 22)}
    assert say("{start:%Y年%-m月%-d日} から {end:%Y年%-m月%-d日} まで", **days) == "2026-01-02 to 2026-11-22"
    assert say("{slot} を選びました({why})", slot="A1", why="売切") == "A1 selected (Sold out)"
    assert say("{name}", name="山田") == "山田"
    assert listed(["売切", "山田"]) == "Sold out, 山田"
    assert named(chart.BY_CODE[chart.CASH]) == "Cash"


async def test_page_when_the_cookie_says_english_then_it_is_and_others_stay_japanese(client: AsyncClient) -> None:
    pages = await asyncio.gather(
        client.get("/dashboard/", headers={"Cookie": f"{_session(client)}; language=en"}),
        client.get("/dashboard/", headers={"Cookie": f"{_session(client)}; language=xx"}),
        client.get("/dashboard/?part=metrics", headers={"Cookie": f"{_session(client)}; language=en"}),
    )
    whole, other, part = (page.text for page in pages)
    assert '<html lang="en">' in whole
    assert "<h1>Today</h1>" in whole
    assert '<html lang="ja">' in other
    assert "<h1>今日</h1>" in other
    assert "Sales today" in part
    assert 'value="ja" lang="ja">日本語</button>' in whole
    assert 'value="en" lang="en">English</button>' in other


def _session(client: AsyncClient) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


async def test_switch_when_pressed_then_the_browser_remembers_and_the_same_page_comes_back(
    client: AsyncClient,
) -> None:
    chosen = {"language": "en", "page": "/dashboard/journal?page=2"}
    answer = await client.post("/dashboard/language", data=chosen)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/journal?page=2")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("language=en;")
    assert "samesite=lax" in cookie
    assert "max-age=31536000" in cookie
    assert "<h1>Tasks</h1>" in (await client.get("/dashboard/tasks")).text
    away = await client.post("/dashboard/language", data={"language": "ja", "page": "https://example.com/"})
    assert away.headers["location"] == "/dashboard/"
    assert "<h1>作業</h1>" in (await client.get("/dashboard/tasks")).text


async def test_switch_when_another_site_presses_it_then_nothing_is_remembered(client: AsyncClient) -> None:
    headers = {"Origin": "https://example.com"}
    answer = await client.post("/dashboard/language", data={"language": "en"}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
