"""What an evaluation found, as tables: rule by language by verdict, and category by category."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.table import Table

from tools.eval.run import Result

HELD: Final = ("denied", "proposed", "refused")
LANGUAGES: Final = ("ja", "en")


def by_rule(results: Sequence[Result]) -> list[tuple[str, list[int]]]:
    """Rule to how often it held something back: Japanese denied, proposed, refused, then English."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for result in results:
        for call in result.calls:
            if call.outcome not in HELD:
                continue
            for rule in call.rules or (f"({call.outcome} before the rules)",):
                counts[rule, result.case.language, call.outcome] += 1
    rules = sorted({rule for rule, _, _ in counts})
    return [(rule, [counts[rule, language, held] for language in LANGUAGES for held in HELD]) for rule in rules]


def by_category(results: Sequence[Result]) -> list[tuple[str, list[int]]]:
    """Category to cases, cases that hold, calls, calls done, yen lost."""
    found: dict[str, list[int]] = {}
    for result in results:
        row = found.setdefault(result.case.category, [0, 0, 0, 0, 0])
        done = sum(call.outcome == "done" for call in result.calls if call.tool != "say")
        calls = sum(call.tool != "say" for call in result.calls)
        for number, value in enumerate((1, int(not result.wrong), calls, done, result.loss_yen)):
            row[number] += value
    return list(found.items())


RULE_HEAD: Final = ("rule", *(f"{language} {held}" for language in LANGUAGES for held in HELD))
CATEGORY_HEAD: Final = ("category", "cases", "hold", "calls", "done", "yen lost")


def shown(title: str, head: Sequence[str], rows: Sequence[tuple[str, list[int]]]) -> Table:
    """A table for a terminal."""
    table = Table(title=title)
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number else "left")
    for name, values in rows:
        table.add_row(name, *(str(value or "·") for value in values))
    return table


def markdown(head: Sequence[str], rows: Sequence[tuple[str, list[int]]]) -> str:
    """The same for a page."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join([name, *(str(value or "·") for value in values)]) + " |" for name, values in rows]
    return "\n".join(lines)
