"""What looking at drawn screens finds, and the command line that both renderers' lookers have."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """Something nobody could read, hit or understand."""

    size: str
    language: str
    state: str
    kind: str
    """target, gap, overlap, outside, overflow, small, price, covered, contrast, colour, letter, untranslated, or
    broken: a word on two lines."""
    what: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn."""

    folder: Path | None
    """Where the pictures go, and there it is; None: they are only looked at."""
    sizes: Sequence[str]
    only: str
    """In the names of the states."""


def asked(description: str, sizes: Iterable[str]) -> Wish:
    """Read the command line; `sizes` are those there are."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "folder", type=Path, nargs="?", help="where the pictures go; without it they are only looked at"
    )
    parser.add_argument("--size", choices=list(sizes), action="append", help="only this size (may be given again)")
    parser.add_argument("--only", default="", help="only states with this in their name")
    given = parser.parse_args()
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
    return Wish(given.folder, given.size or list(sizes), given.only)


def told(found: Sequence[Finding], count: int) -> int:
    """Print what was found in so many screens; the exit code tells whether something was."""
    for one in found:
        print(*astuple(one), sep="  ")
    print(f"{len(found)} findings in {count} screens")
    return 1 if found else 0
