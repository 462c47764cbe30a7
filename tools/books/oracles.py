"""Beancount and hledger as judges of our exports: they check the file and say the balances.

Programs of the system (`tools/test` installs their packages), never imported; a missing one is an error, not a pass.
"""

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any, Final

_ENVIRONMENT: Final = {"LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent"}


class RefusedError(Exception):
    """A program found fault with a file."""

    def __init__(self, program: str, said: str) -> None:
        super().__init__(f"{program}: {said}")


def beancount_balances(path: Path) -> dict[str, int]:
    """Account to balance in yen, zeros left out.

    Raises:
        RefusedError: `bean-check` found something.
    """
    found = _said("bean-check", "--no-cache", path)
    if found:
        raise RefusedError("bean-check", found)
    query = "SELECT account, sum(number) AS yen GROUP BY account"
    rows = csv.DictReader(io.StringIO(_said("bean-query", "--format=csv", path, query)))
    return {row["account"].strip(): int(row["yen"]) for row in rows if int(row["yen"])}


def beancount_narrations(path: Path) -> dict[int, str]:
    """Number of an entry to its text; blanks at the end of a text are lost in the table."""
    query = "SELECT DISTINCT entry_meta('entry') AS number, narration"
    rows = csv.DictReader(io.StringIO(_said("bean-query", "--format=csv", path, query), newline=""))
    return {int(row["number"]): row["narration"].rstrip() for row in rows}


def hledger_balances(path: Path) -> dict[str, int]:
    """Account to balance in yen, zeros left out.

    Raises:
        RefusedError: `hledger check --strict` found something.
    """
    found = _said("hledger", "-f", path, "check", "--strict")
    if found:
        raise RefusedError("hledger", found)
    said = _said("hledger", "-f", path, "balance", "--flat", "--no-total", "-O", "csv")
    rows = csv.DictReader(io.StringIO(said))
    return {row["account"]: int(row["balance"].removesuffix(" JPY")) for row in rows if row["balance"] != "0"}


def hledger_transactions(path: Path) -> list[dict[str, Any]]:
    """Every transaction as hledger understood it."""
    return list(json.loads(_said("hledger", "-f", path, "print", "-O", "json")))


def _said(*command: str | Path) -> str:
    done = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(str(command[0]), done.stderr + done.stdout)
    return done.stdout
