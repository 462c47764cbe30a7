import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from protocol.kit.logs import setup_logging
from protocol.masking import MASK, mask, mask_text

API_KEY = "sk-" + "ant-0123456789abcdef"
TOKEN = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


def test_mask_text_when_an_api_key_stands_in_it_then_only_its_prefix_stays() -> None:
    assert mask_text(f"calling with {API_KEY}.") == f"calling with sk-{MASK}."


def test_mask_text_when_a_token_or_url_password_stands_in_it_then_both_are_hidden() -> None:
    text = mask_text(f"{TOKEN} postgresql://vend:hunter22@db/vend")
    assert "c2lnbmF0dXJl" not in text
    assert "hunter22" not in text
    assert "postgresql://vend:" in text


def test_mask_when_a_key_names_a_secret_then_its_value_is_hidden_at_any_depth() -> None:
    found = mask({"user": "a", "nested": [{"mqtt_password": "abc"}], "port": 1})
    assert found == {"user": "a", "nested": [{"mqtt_password": MASK}], "port": 1}


@given(st.text(min_size=6, max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_mask_text_when_a_configured_secret_occurs_then_it_never_comes_through(
    secret: str, before: str, after: str
) -> None:
    masked = mask_text(before + secret + after, [secret])
    assert secret not in masked.replace(MASK, "")


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("logging_restored")
def test_logging_when_secrets_are_logged_in_every_way_then_none_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "configured-secret-value"
    setup_logging([secret], log_format="json")
    structlog.get_logger().info("with", password="p1-literal", note=f"{secret} {API_KEY}")
    logging.getLogger("some.library").warning("saw %s", secret)
    try:
        int(secret)
    except ValueError:
        structlog.get_logger().exception("failed")
    written = capsys.readouterr().err
    assert "invalid literal" in written
    assert len([json.loads(line) for line in written.splitlines()]) == 3
    for hidden in (secret, "p1-literal", API_KEY):
        assert hidden not in written
