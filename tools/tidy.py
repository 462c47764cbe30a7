"""Our own rules, as a test: sizes, no float near money, aware datetimes, our words, a README where people look.

Run: python -m tools.tidy
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_FUNCTION_LINES: Final = 70
MAX_FILE_LINES: Final = 600
PACKAGES: Final = ("protocol", "hardware", "edge", "cloud", "tools")
TOP_LEVEL: Final = {
    "edge", "cloud", "protocol", "hardware", "tests", "tools", "docs",
    "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md",
}  # fmt: skip

MONEY_NAME: Final = re.compile(r"(price|amount|credit|cost|money|yen|owed|paid|minor)(_|$)")
BARE_WORDS: Final = re.compile(r"\b(sla[v]e|mas[t]er)s?\b", re.IGNORECASE)
ALLOWED_WORDS: Final = re.compile(r"mas[t]er[ _]inhibit|openpty", re.IGNORECASE)
"""The ccTalk specification's name of header 228, and the standard library's name for an end of a pty."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a rule."""

    path: Path
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.why}"


def tracked(root: Path) -> list[Path]:
    """Files git knows, or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return [Path(line) for line in listed.stdout.splitlines() if (root / line).is_file()]


def check_python(path: Path, source: str) -> Iterator[Finding]:
    """Rules about one Python file of the product."""
    lines = source.splitlines()
    if len(lines) > MAX_FILE_LINES:
        yield Finding(path, 1, f"{len(lines)} lines; split it before {MAX_FILE_LINES}")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                yield Finding(path, node.lineno, f"{node.name} has {length} lines; the limit is {MAX_FUNCTION_LINES}")
        yield from _check_money(path, node)
        yield from _check_time(path, node)
    for number, line in enumerate(lines, start=1):
        if BARE_WORDS.search(line) and not ALLOWED_WORDS.search(line):
            yield Finding(path, number, "say peripheral and controller, not the old pair of words")


def _check_money(path: Path, node: ast.AST) -> Iterator[Finding]:
    """No float is named like money, and money is not turned into one."""
    if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
        name = node.arg if isinstance(node, ast.arg) else getattr(node.target, "id", "")
        if MONEY_NAME.search(name) and "float" in ast.unparse(node.annotation):
            yield Finding(path, node.lineno, f"{name} is a float; money is an integer of minor units")
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float" and node.args:
        inside = ast.unparse(node.args[0])
        if MONEY_NAME.search(inside):
            yield Finding(path, node.lineno, f"float({inside}): money never becomes a float")


def _check_time(path: Path, node: ast.AST) -> Iterator[Finding]:
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in {"datetime.now", "datetime.utcnow"}:
        return
    if not node.args and not any(keyword.arg == "tz" for keyword in node.keywords):
        yield Finding(path, node.lineno, "a naive datetime; pass a time zone")


def check_tree(root: Path, files: list[Path]) -> Iterator[Finding]:
    """Rules about what lies where."""
    for name in sorted({file.parts[0] for file in files} - TOP_LEVEL):
        if not name.startswith("."):
            yield Finding(Path(name), 1, "does not belong at the top level")
    for package in PACKAGES:
        for folder in sorted({file.parent for file in files if file.parts[0] == package and file.suffix == ".py"}):
            depth = len(folder.parts)
            if depth <= 2 and (root / folder / "__init__.py").exists() and not (root / folder / "README.md").exists():
                yield Finding(folder, 1, "a package without a README.md: owns, words, invariants, where to start")


def main() -> int:
    """Print every finding; 1 when there is one."""
    root = Path(__file__).resolve().parent.parent
    files = tracked(root)
    findings = list(check_tree(root, files))
    for file in files:
        if file.suffix == ".py" and file.parts[0] in PACKAGES:
            findings.extend(check_python(file, (root / file).read_text("utf-8")))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
