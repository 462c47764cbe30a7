"""Looking for offers, against a real HTTP server on this machine that answers, refuses, stalls, redirects and lies."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cloud.integrations.web_search.fetch import Fetcher, FetchError, Hosts, Limits, RefusedAddressError, is_public
from cloud.integrations.web_search.lists import OwnListsSearch, parse
from cloud.integrations.web_search.port import Finding, SearchUnavailableError
from cloud.integrations.web_search.recorded import RecordedSearch
from cloud.integrations.web_search.searxng import SearxngSearch
from cloud.integrations.web_search.texts import plain, prices


def answer(body: bytes | str, status: str = "200 OK", **headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass
class Server:
    """Answers by path; a list of answers is used up, its last one stays."""

    port: int = 0
    answers: dict[str, list[bytes | None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    def says(self, path: str, *what: bytes | None) -> None:
        self.answers[path] = list(what)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            writer.close()  # the other side gave up before it had asked
            return
        target = request.split(" ")[1]
        self.asked.append(target)
        self.hosts.append(next(line[6:] for line in request.splitlines() if line.lower().startswith("host: ")))
        rows = self.answers.get(target.partition("?")[0], [answer("gone", "404 Not Found")])
        what = rows.pop(0) if len(rows) > 1 else rows[0]
        if what is None:
            await reader.read()  # silent until the other side has had enough
        else:
            writer.write(what)
            await writer.drain()
        writer.close()

    @property
    def url(self) -> str:
        return f"http://shop.test:{self.port}"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    listening = await asyncio.start_server(found.handle, "127.0.0.1", 0)
    found.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield found


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def new_fetcher(server: Server, waits: list[float]) -> Callable[..., Fetcher]:
    """A fetcher that finds every name on this machine, and may go there under the name shop.test only."""

    async def resolve(host: str, port: int) -> list[str]:
        return {"inner.test": ["10.0.0.8"], "mixed.test": ["93.184.216.34", "::1"]}.get(host, ["127.0.0.1"])

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def make(**changes: Any) -> Fetcher:
        hosts = {"trusted": frozenset({f"shop.test:{server.port}"})} | changes.pop("hosts", {})
        return Fetcher(Hosts(**hosts), Limits(**changes), sleep, resolve)

    return make


async def test_get_when_the_server_is_busy_then_it_is_tried_again_with_longer_waits(
    server: Server, new_fetcher: Any, waits: list[float]
) -> None:
    server.says("/a", answer("busy", "503 Service Unavailable"), answer("", "429 Too Many Requests"), answer("yes"))
    assert await new_fetcher().get(f"{server.url}/a", wants_robots=False) == b"yes"
    assert waits == [1, 2]
    assert server.hosts == [f"shop.test:{server.port}"] * 3
    server.says("/b", answer("busy", "503 Service Unavailable"))
    with pytest.raises(FetchError, match="answered 503, 3 times"):
        await new_fetcher().get(f"{server.url}/b", wants_robots=False)


async def test_get_when_the_answer_is_an_error_then_it_is_not_tried_again(server: Server, new_fetcher: Any) -> None:
    with pytest.raises(FetchError, match="404"):
        await new_fetcher().get(f"{server.url}/nothing", wants_robots=False)
    assert len(server.asked) == 1


async def test_get_when_nothing_comes_then_it_gives_up_in_time(
    server: Server, new_fetcher: Any, waits: list[float]
) -> None:
    server.says("/slow", None)
    with pytest.raises(FetchError, match="TimeoutError, 2 times"):
        await new_fetcher(timeout_s=0.05, tries=2).get(f"{server.url}/slow", wants_robots=False)
    assert waits == [1]


async def test_get_when_the_answer_is_too_large_then_it_is_cut_off(server: Server, new_fetcher: Any) -> None:
    server.says("/big", answer(b"x" * 5_000))
    with pytest.raises(FetchError, match="more than 4000 bytes"):
        await new_fetcher(most_bytes=4_000).get(f"{server.url}/big", wants_robots=False)
    assert await new_fetcher(most_bytes=5_000).get(f"{server.url}/big", wants_robots=False) == b"x" * 5_000


@pytest.mark.parametrize(
    "url",
    [
        "http://inner.test/",
        "http://mixed.test/",
        "http://other.test/",
        "http://shop.test:1/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://user:secret@shop.test/",
        "ftp://shop.test/",
        "file:///etc/passwd",
        "gopher://shop.test/",
    ],
)
async def test_get_when_the_address_is_not_public_then_nobody_is_asked(
    server: Server, new_fetcher: Any, url: str
) -> None:
    with pytest.raises(RefusedAddressError):
        await new_fetcher().get(url, wants_robots=False)
    assert server.asked == []


async def test_get_when_a_redirect_leads_inside_then_it_is_not_followed(server: Server, new_fetcher: Any) -> None:
    server.says("/a", answer("", "302 Found", Location="http://inner.test/admin"))
    with pytest.raises(RefusedAddressError, match=r"10\.0\.0\.8"):
        await new_fetcher().get(f"{server.url}/a", wants_robots=False)
    server.says("/b", answer("", "302 Found", Location="/b"))
    with pytest.raises(FetchError, match="redirects more than 3"):
        await new_fetcher().get(f"{server.url}/b", wants_robots=False)


@pytest.mark.parametrize(
    ("hosts", "ok"),
    [
        ({"trusted": frozenset(), "allowed": ["good.test"]}, False),
        ({"trusted": frozenset(), "denied": ["test"]}, False),
        ({"allowed": ["good.test"]}, True),
    ],
)
async def test_get_when_hosts_are_listed_then_only_they_are_asked(
    server: Server, new_fetcher: Any, hosts: Any, ok: bool
) -> None:
    server.says("/a", answer("yes"))
    if ok:
        assert await new_fetcher(hosts=hosts).get(f"{server.url}/a", wants_robots=False) == b"yes"
    else:
        with pytest.raises(RefusedAddressError, match=r"denied|is not among"):
            await new_fetcher(hosts=hosts).get(f"{server.url}/a", wants_robots=False)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_address_when_it_is_looked_at_then_only_the_open_internet_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_robots_when_they_forbid_a_page_then_it_is_not_read(server: Server, new_fetcher: Any) -> None:
    server.says("/robots.txt", answer("User-agent: *\nDisallow: /private\n"))
    server.says("/private/a", answer("secret"))
    server.says("/open", answer("yes"))
    fetcher = new_fetcher()
    with pytest.raises(RefusedAddressError, match=r"robots\.txt"):
        await fetcher.get(f"{server.url}/private/a", wants_robots=True)
    assert await fetcher.get(f"{server.url}/open", wants_robots=True) == b"yes"
    assert server.asked == ["/robots.txt", "/open"]


async def test_robots_when_they_cannot_be_read_then_nothing_is(server: Server, new_fetcher: Any) -> None:
    server.says("/open", answer("yes"))
    assert await new_fetcher().get(f"{server.url}/open", wants_robots=True) == b"yes"
    server.says("/robots.txt", answer("", "500 Internal Server Error"))
    with pytest.raises(RefusedAddressError):
        await new_fetcher().get(f"{server.url}/open", wants_robots=True)


RESULTS = {
    "results": [
        {"title": "<b>緑茶</b> 24本", "url": "http://shop.test:PORT/tea", "content": "送料込 ¥1,980\u202e です\x00"},
        {"title": "trap", "url": "javascript:alert(1)", "content": ""},
        {"title": "inside", "url": "http://inner.test/", "content": "2,000円 / 1,980円"},
        "nonsense",
        {"title": None, "url": "http://other.test/", "content": None},
    ],
}


async def test_searxng_when_it_answers_then_the_findings_are_plain_and_pages_inside_stay_closed(
    server: Server, new_fetcher: Any
) -> None:
    server.says("/search", answer(json.dumps(RESULTS).replace("PORT", str(server.port))))
    server.says("/robots.txt", answer("", "404 Not Found"))
    server.says("/tea", answer("<html><script>¥1</script><p>税込 2,138 円</p>"))
    found = await SearxngSearch(server.url, new_fetcher(), reads_pages=2).search("緑茶 卸", 10)
    assert [row.title for row in found] == ["緑茶 24本", "inside", "None"]
    assert found[0].excerpt == "送料込 ¥1,980 です"
    assert found[0].prices_minor == (1_980, 2_138)
    assert found[1].prices_minor == (2_000, 1_980)
    assert server.asked[0].startswith("/search?q=%E7%B7%91%E8%8C%B6+%E5%8D%B8&format=json")


@pytest.mark.parametrize("body", ["<html>forbidden", "[]", '{"results": 5}', "[" * 100_000])
async def test_searxng_when_the_answer_is_something_else_then_it_says_so(
    server: Server, new_fetcher: Any, body: str
) -> None:
    server.says("/search", answer(body))
    with pytest.raises(SearchUnavailableError, match=r"json|JSON|results"):
        await SearxngSearch(server.url, new_fetcher()).search("x", 5)


async def test_searxng_when_nobody_answers_then_it_says_so(server: Server, new_fetcher: Any) -> None:
    server.says("/search", answer("", "403 Forbidden"))
    with pytest.raises(SearchUnavailableError, match="403"):
        await SearxngSearch(server.url, new_fetcher()).search("x", 5)


def test_texts_when_strangers_wrote_them_then_they_are_one_plain_line() -> None:
    assert plain("a<script>evil()</script>\n<i>b</i> &lt;c&gt; \u2066d", 20) == "a b <c> d"
    assert plain("x" * 30, 20) == "x" * 20
    assert prices("¥1,980 税込2,138円、2,138円 0円 ¥99999999999 1980") == (1_980, 2_138)


async def test_recorded_when_a_query_was_not_recorded_then_nothing_is_made_up() -> None:
    known = Finding("t", "", "e", "s")
    search = RecordedSearch({"tea": [known, known]})
    assert await search.search("tea", 1) == [known]
    with pytest.raises(SearchUnavailableError):
        await search.search("coffee", 1)


CSV = "\ufeffsupplier,product_id,pack_size,price,is_tax_included\nみどり,green-tea,24,1980,true\n丸井,cider,20,1755,\n"


async def test_lists_when_they_are_searched_then_lines_with_every_word_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, "utf-8")
    rows = [{"supplier": "みどり", "product_id": "oolong-tea", "pack_size": 24, "price": 1900}]
    (tmp_path / "b.json").write_text(json.dumps(rows), "utf-8")
    found = await OwnListsSearch(tmp_path).search("みどり TEA", 10)
    assert [(row.title, row.prices_minor, row.source) for row in found] == [
        ("みどり green-tea", (1_980,), "a.csv"),
        ("みどり oolong-tea", (1_900,), "b.json"),
    ]


def test_list_when_rows_are_wrong_then_each_is_named_as_people_count_them() -> None:
    found = parse(CSV + "丸井,cider,0,1755,\n丸井,cider,20,12.5,\n,cider,20,1755,,extra\n", "csv")
    assert len(found.rows) == 2
    assert [row.field for row in found.problems] == [
        "row 4 pack_size",
        "row 5 price",
        "row 6 supplier",
        "row 6 (more columns)",
    ]
    assert parse("{}", "json").problems[0].field == "file"
    assert parse("", "csv").problems[0].problem == "the file is empty"
