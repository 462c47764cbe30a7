"""The look: contrasts hold, generated files are fresh, drawings and fonts stay small, pages ask nobody else."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jinja2
import pytest

from cloud.dashboard.forms import once
from cloud.dashboard.navigation import Menu, Shown
from tools.design import art, build, font_subset

FRONT, DASHBOARD = build.STATIC_FOLDERS
TEMPLATES = build.ROOT / "cloud/dashboard/templates"
STRINGS = build.ROOT / "edge/screens/strings"


def _pairs() -> list[tuple[str, str, str, float]]:
    """One row is: theme, colour, background, least contrast."""
    tokens = build.load_tokens()
    return [
        (theme, colour, background, rule["at_least"])
        for theme in tokens["themes"]
        for rule in tokens["contrasts"]
        for colour in rule["of"]
        for background in rule["on"]
    ]


@pytest.mark.parametrize(("theme", "colour", "background", "least"), _pairs())
def test_contrast_of_a_named_pair_is_at_least_what_the_rule_asks(
    theme: str, colour: str, background: str, least: float
) -> None:
    tokens = build.load_tokens()
    colours = tokens["fixed"] | tokens["themes"][theme]

    assert build.contrast(colours[colour], colours[background]) >= least


def test_contrast_of_black_and_white_is_twenty_one() -> None:
    assert build.contrast("#FFFFFF", "#000000") == pytest.approx(21.0)


def test_contrast_rules_ask_what_the_visual_language_asks() -> None:
    asked = {rule["what"]: rule["at_least"] for rule in build.load_tokens()["contrasts"]}

    assert all(least >= 7 for what, least in asked.items() if what.startswith("text"))
    assert asked["border of a control"] >= 3


def test_themes_when_compared_name_the_same_colours() -> None:
    themes = build.load_tokens()["themes"]

    assert set(themes["light"]) == set(themes["night"])


def test_generated_files_when_compared_with_their_sources_are_fresh() -> None:
    assert [str(path) for path in build.stale_files()] == []


@pytest.mark.parametrize("folder", build.STATIC_FOLDERS, ids=["front", "dashboard"])
def test_style_sheets_when_read_use_only_variables_that_exist(folder: Path) -> None:
    css = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.css"))
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.js"))
    used = set(re.findall(r"var\((--[\w-]+)", css))
    defined = set(re.findall(r"(--[\w-]+):", css)) | set(re.findall(r'setProperty\("(--[\w-]+)"', scripts))

    assert used - defined == set()


@pytest.mark.parametrize("product", art.PRODUCTS, ids=lambda product: product.picture)
def test_drawing_when_written_is_small_valid_svg_without_fonts(product: art.Product) -> None:
    svg = art.draw(product)
    names = {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()}  # noqa: S314 - our own

    assert len(svg.encode()) < 6 * 1024
    assert "text" not in names
    assert "style" not in svg


def test_drawings_when_listed_cover_the_twelve_seed_products() -> None:
    assert len(art.draw_all()) == 12


@pytest.mark.parametrize("folder", build.STATIC_FOLDERS, ids=["front", "dashboard"])
def test_vendored_files_when_hashed_are_what_the_list_says(folder: Path) -> None:
    listed = {
        folder / name: digest
        for page in folder.rglob("VENDORED.md")
        for name, digest in re.findall(r"^\| `([^`]+)` \|.*`([0-9a-f]{64})` \|$", page.read_text("utf-8"), re.MULTILINE)
    }
    present = [*folder.glob("fonts/*.woff2"), *folder.glob("vendor/*.js"), *folder.glob("vendor/*.css")]

    assert listed == {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in present}


@pytest.mark.parametrize("folder", build.STATIC_FOLDERS, ids=["front", "dashboard"])
def test_fonts_when_measured_stay_below_120_kib(folder: Path) -> None:
    sizes = [path.stat().st_size for path in folder.glob("fonts/*.woff2")]

    assert len(sizes) == 2
    assert max(sizes) < 120 * 1024


@pytest.mark.parametrize("folder", font_subset.TARGETS)
def test_fonts_when_compared_with_the_texts_of_their_pages_then_a_dozen_new_kanji_may_wait_and_no_more(
    folder: str,
) -> None:
    """A kanji that is missing is drawn with the system's font, which few readers see; many look patched."""
    missing = font_subset.missing(folder)
    assert len(missing) <= 12, f"run tools/design/font_subset.py, these are missing: {missing}"


def test_pages_when_read_name_no_other_host_and_no_inline_code() -> None:
    pages = [*FRONT.glob("*.html"), *FRONT.glob("*.css"), *FRONT.glob("*.js")]
    pages += [*TEMPLATES.rglob("*.html"), *DASHBOARD.glob("*.css"), *DASHBOARD.glob("*.js")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    text = text.replace('"http://www.w3.org/2000/svg"', "")  # the name of a language, which nobody asks for

    assert re.findall(r"""["'(]\s*(?:https?:)?//""", text) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text) == []


def test_machine_page_when_read_uses_only_texts_that_both_languages_have() -> None:
    sources = [FRONT / "index.html", *FRONT.glob("*.js")]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    used = set(re.findall(r'data-(?:text|label)="(\w+)"', text))
    for call in re.findall(r"\blabel\(([^)`]*)\)", text):  # a text in backticks is put together
        used |= set(re.findall(r'"([a-z_]+)"', call))

    assert len(used) > 20
    for language in ("ja", "en"):
        known: dict[str, str] = json.loads((STRINGS / f"{language}.json").read_text(encoding="utf-8"))
        assert {f"front.{key}" for key in used} - set(known) == set()


def _machine() -> dict[str, Any]:
    return {
        "id": "vm-1",
        "refused_rev": 3,
        "online": False,
        "state_text": "連絡なし",
        "last_seen_text": "14分前",
        "boot": 2,
        "last_seq": 9,
    }


def _contexts() -> dict[str, dict[str, Any]]:
    """One small context per page, as the Python of the dashboard promises them."""
    event = {"time": "12:30", "machine": "vm-1", "text": "<販売>", "kind": "k", "href": "/e/1", "tone": "ok"}
    fleet = _machine() | {"units": 3, "capacity": 8, "stockouts": 1}
    metrics = dict.fromkeys(
        ("today_transactions", "low_stock_alerts", "out_of_stock", "gross_profit", "machines_online", "machines_total"),
        1,
    ) | {"today_revenue": 1234567, "change_percent": -3}
    sale = {"time": "1", "machine": "m", "product": "緑茶", "picture": "green-tea", "price": 160, "href": "/e/1"}
    sale |= {"note": "クーポン <販売>"}
    slot = {"slot": "A1", "product": "緑茶", "picture": "green-tea", "price": 160}
    stock = {"on_hand": 2, "capacity": 8, "par_level": 7, "tone": "low"}
    posting = {"account_code": "1120", "account_name": "現金", "place": "safe", "debit": 160, "credit": None}
    entry = {"id": 1, "date": "d", "time": "t", "description": "販売", "reference": "r", "event_href": "/e/1"}
    line = {"label": "売上高", "amount": -160, "level": 1, "strong": False, "href": None, "href_before": None}
    line |= {"before": 160, "heading": False}
    fault = {"code": "x", "where": "A1", "meaning": "つまり", "since": "12:21", "severity": "error"}
    account = {"code": "1120", "name": "現金", "debit": 160, "credit": 0, "href": "/a"}
    item = {"id": 1, "received": "r", "topic": "t", "why": "w", "raw_preview": "<b>"}
    task = {
        "id": 1,
        "what": "<販売>",
        "todo": "<販売>",
        "machine": "m",
        "claim": "7K3Q",
        "detail": "<販売>",
        "since": "1",
    }
    task |= {"href": "/e/1", "choices": [("noted", "確認した")]}
    done = task | {"resolution": "確認した", "resolved_by": "o", "resolved_at": "2", "note": "<販売>"}
    user = {"id": 1, "email": "<販売>", "role": "owner", "is_active": False, "revision": 1, "sessions": 2}
    deed = {"at": "1", "who": "<販売>", "role": "<販売>", "text": "<販売>", "is_refused": True, "target": "<販売>"}
    deed |= {"detail": "<販売>", "from": "<販売>"}
    balance = {"assets": [line], "claims": [line | {"heading": True}]}
    return {
        "login.html": {"user": None, "error": "違います"},
        "home.html": {
            "metrics": metrics,
            "machines": [fleet],
            "events": [event],
            "sales": [sale],
            "hourly": [0] * 23 + [160],
        },
        "machine.html": {
            "machine": _machine(),
            "slots": [slot | stock],
            "events": [event],
            "faults": [fault],
            "may_count": True,
        },
        "journal.html": {"entries": [entry | {"postings": [posting]}], "page": 1, "pages": 2, "here": "&account=1001"}
        | {"ledger": None},
        "statements.html": {
            "period_text": "11月",
            "before_text": "10月",
            "month": "2026-11",
            "is_closed": False,
            "earlier": "2026-10",
            "later": "",
            "asked": "start=2026-11-01&end=2026-11-30",
            "here": "&month=2026-11",
            "pl": [line],
            "cf": [],
            "bs": balance,
            "trial": [account],
            "trial_total": {"debit": 160, "credit": 160},
        },
        "queue.html": {"items": [item]},
        "tasks.html": {
            "tasks": [task],
            "resolved": [done],
            "refused_debts": [task | done],
            "note_length": 500,
            "error": "<販売>",
            "may_resolve": True,
        },
        "users.html": {"users": [user], "roles": {"owner": "<販売>"}, "least": 10, "error": "<販売>"},
        "activity.html": {
            "rows": [deed],
            "wanted": {"who": "<販売>", "action": "", "outcome": ""},
            "actions": {"user.added": "<販売>"},
            "older": 7,
            "is_first": False,
        },
        "account.html": {"role": "<販売>", "least": 10, "error": "<販売>"},
        "refused.html": {"user": None, "code": "not_allowed"},
    }


MENUS = [
    Menu("", (Shown("/dashboard/", "今日", is_here=True), Shown("/dashboard/tasks", "作業", is_here=False))),
    Menu("お金", (Shown("/dashboard/cash", "現金", is_here=False),)),
]


def _render(name: str, context: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals |= {
        "once": once,
        "language": "ja",
        "other_language": {"code": "en", "name": "English"},
        "apart": "",
    }
    base = {
        "title": "今日",
        "path": "/dashboard/",
        "user": "operator",
        "updated_at": "12:31:05",
        "online": True,
        "stay": "/",
    }
    base |= {"open_tasks": 2, "navigation": MENUS, "stay": "/"}
    return environment.get_template(name).render(base | context)


@pytest.mark.parametrize("page", _contexts())
def test_page_when_rendered_uses_only_the_promised_names_and_escapes_them(page: str) -> None:
    html = _render(page, _contexts()[page])

    assert "{{" not in html
    assert "<販売>" not in html
    assert "<pre><b>" not in html


FORMS = {"login.html", "users.html", "activity.html", "account.html", "refused.html"}
"""Pages that stay as they are: nothing is replaced under the hands of somebody who types."""


@pytest.mark.parametrize("page", _contexts())
def test_page_when_rendered_can_refresh_each_block_from_its_own_part(page: str) -> None:
    context = _contexts()[page]
    parts = re.findall(r'id="(\w+)"[^>]*hx-get="[^"?]*\?part=(\w+)', _render(page, context))

    assert parts or page in FORMS
    for element_id, part in parts:
        assert element_id == part
        assert f'id="{part}"' in _render(f"parts/{part}.html", context)


def test_money_when_rendered_has_separators_and_a_real_minus() -> None:
    assert "¥1,234,567" in _render("home.html", _contexts()["home.html"])
    assert "−¥160" in _render("statements.html", _contexts()["statements.html"])


def test_trial_balance_when_sums_differ_says_so() -> None:
    context = _contexts()["statements.html"] | {"trial_total": {"debit": 160, "credit": 159}}

    assert "一致していません" in _render("statements.html", context)
