"""What a page may ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.screens.intents import BadIntentError, read_intent
from edge.vend.inputs import ReturnCredit, Select


def test_intent_when_well_formed_then_is_read() -> None:
    assert read_intent('{"type":"intent","intent":"select","slot":"A1"}').input == Select("A1")
    assert read_intent('{"type":"intent","intent":"return_coins"}').input == ReturnCredit("lever")
    assert read_intent('{"type":"world","do":"insert_coin","value":100}').value == 100


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "not JSON"),
        ("[]", "JSON object"),
        ('{"type":"sql"}', "unknown message type"),
        ('{"type":"intent","intent":"open_safe"}', "unknown intent 'open_safe'"),
        ('{"type":"intent","intent":"select","slot":"../x"}', "'slot'"),
        ('{"type":"intent","intent":"key","key":"AA"}', "'key'"),
        ('{"type":"world","do":"insert_coin","value":-1}', "'value'"),
        ('{"type":"world","do":"insert_coin","value":1.5}', "'value'"),
    ],
)
def test_intent_when_malformed_then_says_what_is_wrong(raw: str, why: str) -> None:
    with pytest.raises(BadIntentError, match=why):
        read_intent(raw)


@given(st.text(max_size=200))
def test_intent_when_random_then_raises_only_our_error(raw: str) -> None:
    with pytest.raises(BadIntentError):
        read_intent(raw)
