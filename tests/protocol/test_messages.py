"""Every example round-trips, unknown things survive, and bad bytes raise only our errors."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.commands import Command
from protocol.desired import DOCUMENTS, Planogram, StaffList
from protocol.envelope import Envelope
from protocol.events import EVENTS, BadBodyError, parse_body
from protocol.link import Ack, Hello, State, Want
from protocol.messages import BadMessageError, Message

EXAMPLES = Path(__file__).parents[2] / "protocol" / "examples" / "v1"
MODELS: dict[str, type[Message]] = {
    **DOCUMENTS,
    "command": Command,
    "link.state": State,
    "link.hello": Hello,
    "link.ack": Ack,
    "link.want": Want,
}
EVENT_FILES = sorted(EXAMPLES.glob("event.*.json"))


def model_of(name: str) -> type[Message]:
    return Envelope if name.startswith("event.") else MODELS[name]


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_example_when_read_and_written_then_is_the_same_document(file: Path) -> None:
    document = json.loads(file.read_text("utf-8"))
    again = model_of(file.stem).from_bytes(file.read_bytes()).to_bytes()
    assert json.loads(again) == document


@pytest.mark.parametrize("file", EVENT_FILES, ids=lambda file: file.stem)
def test_event_body_when_known_then_is_typed_and_writes_back_equal(file: Path) -> None:
    envelope = Envelope.from_bytes(file.read_bytes())
    body = parse_body(envelope.kind, envelope.d)
    if body is None:
        assert envelope.kind == "future.kind"
    else:
        assert body.to_dict() == envelope.d


def test_every_event_kind_when_listed_then_has_an_example() -> None:
    assert {file.stem.removeprefix("event.") for file in EVENT_FILES} - {"future.kind"} == set(EVENTS)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_field_from_the_future_when_read_then_survives_the_round_trip(file: Path) -> None:
    document = json.loads(file.read_text("utf-8")) | {"from_the_future": {"deep": [1, "二"]}}
    again = model_of(file.stem).from_bytes(json.dumps(document).encode()).to_bytes()
    assert json.loads(again) == document


def test_body_field_from_the_future_when_parsed_then_is_kept() -> None:
    body = parse_body("door.opened", {"by": "key 7"})
    assert body is not None
    assert body.to_dict() == {"by": "key 7"}


def test_body_when_a_field_is_missing_then_the_error_names_it() -> None:
    with pytest.raises(BadBodyError, match=r"coin\.accepted: .*amount_minor: Field required"):
        parse_body("coin.accepted", {"credit_minor": 1, "routed_to": "hopper", "counter": 1})


@pytest.mark.parametrize("amount", [100.0, "100", True, None, 0, -5])
def test_body_when_money_is_not_a_positive_whole_number_then_is_refused(amount: object) -> None:
    with pytest.raises(BadBodyError, match="amount_minor"):
        parse_body("coin.accepted", {"amount_minor": amount, "credit_minor": 1, "routed_to": "hopper", "counter": 1})


def test_planogram_when_a_slot_is_listed_twice_then_is_refused_by_name() -> None:
    document = json.loads((EXAMPLES / "planogram.json").read_text("utf-8"))
    document["slots"] *= 2
    with pytest.raises(BadMessageError, match="slots listed twice: A1"):
        Planogram.from_bytes(json.dumps(document).encode())


def test_staff_list_when_somebody_is_listed_twice_then_is_refused_by_name() -> None:
    document = json.loads((EXAMPLES / "staff.json").read_text("utf-8"))
    document["staff"] *= 2
    with pytest.raises(BadMessageError, match="staff listed twice: 7, 9"):
        StaffList.from_bytes(json.dumps(document).encode())


@pytest.mark.parametrize("pin", ["123456", "md5$abc", "", "scrypt$16384$8$1$salt$hash"])
def test_staff_list_when_a_pin_is_not_hashed_then_is_refused(pin: str) -> None:
    document = json.loads((EXAMPLES / "staff.json").read_text("utf-8"))
    document["staff"][0]["pin"] = pin
    with pytest.raises(BadMessageError, match=r"staff\.0\.pin"):
        StaffList.from_bytes(json.dumps(document).encode())


@pytest.mark.parametrize("visit", ["x", "a" * 31, "A" * 32])
def test_visit_when_it_is_not_128_bits_in_hex_then_is_refused(visit: str) -> None:
    with pytest.raises(BadBodyError, match=r"visit\.started: visit"):
        parse_body("visit.started", {"visit": visit, "staff": "7", "how": "pin"})


@given(st.binary(max_size=300))
def test_random_bytes_when_read_then_raise_only_our_error(raw: bytes) -> None:
    for model in (Envelope, *MODELS.values()):
        with pytest.raises(BadMessageError):
            model.from_bytes(raw)
