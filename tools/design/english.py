"""What the dashboard's English catalogue lacks, and whether it is whole.

Run: python -m tools.design.english --missing [area], for a skeleton to fill in; --add <area> <file>, to put it into the
catalogue once it is filled; or --check.
"""

import ast
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from string import Formatter
from typing import Any, Final

import jinja2

from cloud.dashboard.bilingual import JAPANESE, PLACE, Translator
from cloud.dashboard.language import FOLDER, Phrases

ROOT: Final = Path(__file__).resolve().parents[2]
DASHBOARD: Final = ROOT / "cloud" / "dashboard"
TEMPLATES: Final = DASHBOARD / "templates"

FRAME: Final = "frame"
"""The area of the phrases that several areas use."""
AREAS: Final = {
    FRAME: (
        "base.html", "macros.html", "login.html", "refused.html", "account*", "home.html", "machine.html", "queue.html",
        "task*", "parts/attention.html", "parts/metrics.html", "parts/hourly.html", "parts/sales.html",
        "parts/machine*", "parts/events.html", "parts/faults.html", "parts/slots.html", "parts/items.html",
        "parts/*_tasks.html", "parts/language.html", "parts/refused_debts.html",
        "pages.py", "contexts.py", "navigation.py", "wording.py", "staff_wording.py",
        "live.py", "locks.py", "metrics.py", "endpoints.py", "forms.py", "__init__.py",
    ),
    "books": (
        "journal.html", "statements*", "months*", "cash*", "earn*", "expenses*", "payout*", "tax*", "sale*",
        "payables*", "credit_note*", "parts/entries.html", "parts/profit.html", "parts/balance.html", "parts/cash_*",
        "parts/statement_lines.html", "parts/trial.html",
    ),
    "goods": (
        "stock*", "product*", "price*", "planogram*", "procurement*", "supplier*", "crew*", "visit*", "goods_page.py",
        "restock_page.py", "table.html", "tables_page.py", "parts/stock_lines.html",
    ),
    "agents": (
        "agent*", "decision*", "proposals.html", "conversation*", "customer*", "analytics*", "users*", "activity*",
        "api*", "parts/agents_*", "parts/coupon_lines.html", "parts/talk_lines.html",
    ),
}  # fmt: skip
"""Whose phrases stand in which file of the catalogue: patterns of templates and modules; the first that fits."""
ELSEWHERE: Final = {
    "cloud/analytics/report.py": "agents",
    "cloud/analytics/words.py": "agents",
    "cloud/jobs/rules.py": "agents",
}
"""Modules of other capabilities whose phrases pages show by handing them `say`, and their areas."""
NOT_SHOWN: Final = ("bilingual.py", "charts.py", "language.py")
"""Modules whose Japanese no page shows: the mechanism itself, and charts for programs."""


@dataclass(frozen=True, slots=True)
class Use:
    """A phrase where it is used."""

    phrase: str
    part: str
    """templates or words."""
    area: str
    where: str
    """file:line"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something a person must mend."""

    area: str
    text: str


def area_of(file: str) -> str:
    """The area of a template or module.

    Raises:
        LookupError: nobody has said.
    """
    order = ("parts/agents_*", *(one for patterns in AREAS.values() for one in patterns))
    fits = next((pattern for pattern in order if fnmatchcase(file, pattern)), None)
    for area, patterns in AREAS.items():
        if fits in patterns:
            return area
    message = f"{file} belongs to no area; name it in AREAS of tools/design/english.py"
    raise LookupError(message)


def of_templates() -> Iterator[Use]:
    """Every phrase of the templates."""
    environment = jinja2.Environment(autoescape=True)
    for file in sorted(TEMPLATES.rglob("*.html")):
        name = file.relative_to(TEMPLATES).as_posix()
        translator = Translator(name, Phrases({}, {}))
        translator.translate(environment.parse(file.read_text("utf-8"), name))
        for found in translator.found:
            yield Use(found.phrase, "templates", area_of(name), f"{name}:{found.line}")


def of_modules(mistakes: list[Mistake]) -> Iterator[Use]:
    """Every Japanese text of the modules, docstrings excepted; `mistakes` gets what is put together without `say`."""
    ours = sorted(set(DASHBOARD.glob("*.py")) - {DASHBOARD / name for name in NOT_SHOWN})
    areas = {file: area_of(file.name) for file in ours} | {ROOT / name: area for name, area in ELSEWHERE.items()}
    for file, area in areas.items():
        tree = ast.parse(file.read_text("utf-8"))
        skipped = _not_words(tree)
        for node in ast.walk(tree):
            if id(node) not in skipped and (why := _put_together(node)):
                where = f"{file.name}:{getattr(node, 'lineno', 0)}"
                mistakes.append(Mistake(area, f"{where}: {why}; use say() or listed() of cloud/dashboard/language.py"))
                skipped |= {id(one) for one in ast.walk(node) if isinstance(node, ast.JoinedStr)}
            if id(node) not in skipped and _is_japanese(node):
                yield Use(_text(node), "words", area, f"{file.name}:{getattr(node, 'lineno', 0)}")


def _not_words(tree: ast.Module) -> set[int]:
    """Texts that stand by themselves, and formats of values."""
    specs = (node.format_spec for node in ast.walk(tree) if isinstance(node, ast.FormattedValue) and node.format_spec)
    parts = {id(part) for spec in specs for part in ast.walk(spec)}
    return parts | {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _is_japanese(node: ast.AST) -> bool:
    return bool(JAPANESE.search(_text(node)))


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _put_together(node: ast.AST) -> str:
    """Why an English page could not exchange this text; empty when it can."""
    if isinstance(node, ast.JoinedStr) and any(map(_is_japanese, node.values)):
        return "Japanese in an f-string"
    if isinstance(node, ast.BinOp) and (_is_japanese(node.left) or _is_japanese(node.right)):
        return "Japanese put together with an operator"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_japanese(node.func.value):
        return f"Japanese put together with .{node.func.attr}()"
    return ""


def catalogue() -> dict[str, dict[str, dict[str, str | None]]]:
    """The files: area, part, Japanese to English."""
    return {
        area: json.loads((FOLDER / f"{area}.json").read_text("utf-8"), object_pairs_hook=_without_repeats)
        for area in AREAS
    }


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        message = f"a phrase stands twice in one file: {[key for key, _ in pairs]}"
        raise ValueError(message)
    return found


def missing(uses: Iterable[Use], kept: Mapping[str, Mapping[str, Mapping[str, str | None]]]) -> dict[str, list[Use]]:
    """By area, the uses of phrases that have no English. A phrase that several areas use is the frame's."""
    known = {part: {phrase for file in kept.values() for phrase in file[part]} for part in ("templates", "words")}
    known["templates"] |= known["words"]
    uses = list(uses)
    areas: defaultdict[str, set[str]] = defaultdict(set)
    for use in uses:
        areas[use.phrase].add(use.area)
    lacking: dict[str, list[Use]] = {area: [] for area in AREAS}
    for use in uses:
        if use.phrase not in known[use.part]:
            shared = areas[use.phrase]
            lacking[use.area if len(shared) == 1 else FRAME].append(use)
    return lacking


def skeleton(uses: Iterable[Use]) -> dict[str, Any]:
    """What a translator fills in, and where each phrase is used."""
    uses = list(uses)
    words = {use.phrase for use in uses if use.part == "words"}
    parts = {"words": words, "templates": {use.phrase for use in uses} - words}
    where: defaultdict[str, list[str]] = defaultdict(list)
    for use in uses:
        where[use.phrase].append(use.where)
    order = list(where)
    filled = {part: dict.fromkeys(sorted(parts[part], key=order.index), "") for part in ("templates", "words")}
    return filled | {"where": {phrase: ", ".join(places[:4]) for phrase, places in where.items()}}


def findings() -> list[Mistake]:
    """All that keeps the catalogue from being whole."""
    mistakes: list[Mistake] = []
    uses = [*of_templates(), *of_modules(mistakes)]
    kept = catalogue()
    for area, lacking in missing(uses, kept).items():
        mistakes += [Mistake(area, f"{use.where}: no English for {use.phrase!r}") for use in lacking]
    return mistakes + list(_wrong(uses, kept))


def _wrong(uses: list[Use], kept: Mapping[str, Mapping[str, Mapping[str, str | None]]]) -> Iterator[Mistake]:
    """Phrases nobody uses, that stand in two files, or whose places differ."""
    used = {part: {use.phrase for use in uses if use.part == part} for part in ("templates", "words")}
    used["words"] |= used["templates"]
    first: dict[tuple[str, str], str] = {}
    for area, file in kept.items():
        for part, texts in file.items():
            for phrase, english in texts.items():
                other = first.setdefault((part, phrase), area)
                if other != area:
                    yield Mistake(area, f"{area}.json: {phrase!r} stands in {other}.json too")
                if phrase not in used[part]:
                    yield Mistake(area, f"{area}.json: no page uses {phrase!r} any more")
                if english is not None and (why := wrong_english(part, phrase, english)):
                    yield Mistake(area, f"{area}.json: {why} in {english!r} for {phrase!r}")


def wrong_english(part: str, phrase: str, english: str) -> str:
    """What is wrong with the English of a phrase; empty when nothing is."""
    if not english.strip():
        return "nothing"
    if JAPANESE.search(english):
        return "Japanese"
    if set("‘’“”") & set(english):
        return "a curly quote, which the pages' font draws as wide as a kanji,"
    if part == "templates":
        wanted, given = ({match[1] for match in PLACE.finditer(text)} for text in (phrase, english))
    else:
        wanted, given = _slots(phrase), _slots(english)
    return "" if wanted == given else f"places {sorted(given)} instead of {sorted(wanted)}"


def _slots(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"unreadable"}


def add(area: str, filled: Mapping[str, Any]) -> None:
    """Put the phrases of a filled skeleton into the area's file; what is still empty is left out."""
    file = FOLDER / f"{area}.json"
    kept = json.loads(file.read_text("utf-8"))
    whole = {part: kept[part] | {a: b for a, b in filled[part].items() if b != ""} for part in ("templates", "words")}
    ordered = {part: dict(sorted(texts.items())) for part, texts in whole.items()}
    file.write_text(json.dumps(ordered, ensure_ascii=False, indent=2) + "\n", "utf-8")


def main(arguments: list[str]) -> int:
    """Print what lacks, or with `--check` what is wrong; 1 when something is."""
    if "--check" in arguments:
        wrong = findings()
        for mistake in wrong:
            print(mistake.text)
        return 1 if wrong else 0
    if arguments[:1] == ["--add"] and len(arguments) == 3:
        add(arguments[1], json.loads(Path(arguments[2]).read_text("utf-8")))
        return 0
    mistakes: list[Mistake] = []
    lacking = missing([*of_templates(), *of_modules(mistakes)], catalogue())
    wanted = [area for area in AREAS if area in arguments] or list(AREAS)
    for area in wanted:
        print(json.dumps(skeleton(lacking[area]), ensure_ascii=False, indent=2))
    for mistake in mistakes:
        if mistake.area in wanted:
            print(mistake.text, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
