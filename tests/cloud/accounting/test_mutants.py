"""The invariants are proven by what they catch: one planted bug at a time, in a ledger of its own process."""

import json
import subprocess
import sys
from typing import Any, Final

import pytest

from tools.books.mutants import MUTANTS

LIVES: Final = 3
"""For each bug; the first is one in which it shows. `python -m tools.books --mutants` looks at more."""


@pytest.fixture(scope="module")
def verdicts() -> dict[str, dict[str, Any]]:
    """What the checks said of each bug."""
    command = [sys.executable, "-m", "tools.books", "--mutants", "--lives", str(LIVES), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return {verdict["mutant"]: verdict for verdict in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_bug_when_it_is_planted_then_an_invariant_that_is_about_it_finds_it(
    verdicts: dict[str, dict[str, Any]], mutant: Any
) -> None:
    verdict = verdicts[mutant.name]
    assert verdict["caught"], f"in {verdict['lives']} lives only: {verdict['findings']}"
    assert set(verdict["findings"]) & set(mutant.caught_by)
