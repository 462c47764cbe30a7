"""No key, token or password stands in the tree."""

import re
from pathlib import Path

import pytest

from tools.tidy import tracked

ROOT = Path(__file__).parents[2]
PATTERNS = {
    "API key": re.compile(rb"\bsk-(?!\*)[A-Za-z0-9_-]{16,}"),
    "payment key": re.compile(rb"\b[srp]k_live_[A-Za-z0-9]{8,}"),
    "cloud key": re.compile(rb"\bAKIA[0-9A-Z]{16}\b"),
    "JSON web token": re.compile(rb"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "password in a URL": re.compile(rb"[a-z]+://[^\s:/@{}\"']+:[^\s:/@{}\"'*$]{6,}@"),
}


@pytest.mark.parametrize("what", PATTERNS)
def test_tree_when_searched_then_holds_no_secret(what: str) -> None:
    found = [
        str(path)
        for path in tracked(ROOT)
        if path.parts[0] != "tests" and PATTERNS[what].search((ROOT / path).read_bytes())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "secret"),
    [
        ("API key", b"sk-" + b"a1B2" * 8),
        ("payment key", b"sk_live_" + b"a1B2" * 4),
        ("cloud key", b"AKIA" + b"A1B2" * 4),
        ("private key", b"-----BEGIN " + b"RSA PRIVATE KEY-----"),
        ("password in a URL", b"postgresql://user:" + b"hunter22@db/x"),
    ],
)
def test_patterns_when_shown_a_secret_then_see_it(what: str, secret: bytes) -> None:
    assert PATTERNS[what].search(b"key = '" + secret + b"'")
