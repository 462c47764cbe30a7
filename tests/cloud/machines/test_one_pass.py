"""The quick way of reading an event says what the slow way says, or nothing."""

import json
from typing import Any

import pytest

from cloud.machines.limits import fits, misfits
from cloud.machines.one_pass import read_fields
from cloud.machines.ordering import LoggedEvent
from cloud.machines.reading import Trouble, Understood, read_event
from cloud.machines.wall_time import ClockSync
from protocol.envelope import GENESIS, Envelope
from protocol.events import EVENTS, Event, parse_body

SAMPLES = {int: 7, bool: True, dict[str, str]: {"reader": "A"}, list[str]: ["slot:B2"]}
NAMED = {
    "slot": "A1", "visit": "a" * 32, "best_before": "2026-11-30", "currency": "JPY", "coins": {"100": 2},
    "pieces": {"100": 2},
}  # fmt: skip
"""Fields that take no other text."""


def body(kind: str) -> dict[str, Any]:
    """Every field of a kind, with some value."""
    found: dict[str, Any] = {}
    for name, field in EVENTS[kind].model_fields.items():
        known: Any = field.annotation
        found[name] = NAMED.get(name, SAMPLES.get(known, "text"))
    return found


def raw(kind: str, /, **other: Any) -> bytes:
    event = {
        "v": 1, "m": "vm-test-0001", "ep": "a" * 32, "seq": 3, "boot": {"n": 2, "id": "0123abcd"}, "kind": kind,
        "t": 1_900_000_000_000, "mono": 5_000, "clk": "ntp", "h": GENESIS, "d": body(kind) if kind in EVENTS else {},
    } | other  # fmt: skip
    return json.dumps(event, separators=(",", ":")).encode()


def slowly(event: bytes) -> tuple[Any, ...]:
    envelope = Envelope.from_bytes(event)
    known = parse_body(envelope.kind, envelope.d)
    return known, envelope.h, envelope.boot.n, envelope.mono, envelope.t, envelope.clk


def read(event: bytes) -> Understood | Trouble:
    return read_event(LoggedEvent(1, "vm-test-0001", "a" * 32, 3, event, 1_900_000_000_100), ClockSync())


@pytest.mark.parametrize("kind", EVENTS)
def test_read_fields_when_an_event_is_whole_then_it_reads_what_envelope_and_body_read(kind: str) -> None:
    for event in (raw(kind), raw(kind, future={"x": 1}), raw(kind, d=body(kind) | {"later": "more"}, clk="stars")):
        found = read_fields(event)
        assert found == slowly(event)
        assert found is not None
        assert type(found.body) is EVENTS[kind]
        assert found.body.to_dict() == parse_body(kind, json.loads(event)["d"]).to_dict()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "other",
    [
        {"v": 2}, {"m": "VM"}, {"ep": "a"}, {"seq": 0}, {"seq": 2**63}, {"seq": 1.0}, {"boot": {"n": "2"}}, {"t": -1},
        {"boot": {"n": True, "id": "0123abcd"}}, {"mono": "5"}, {"clk": 5}, {"h": "a"}, {"d": []}, {"d": {}},
        {"d": body("coin.accepted") | {"amount_minor": 0}}, {"d": body("coin.accepted") | {"amount_minor": 7.0}},
        {"d": body("coin.accepted") | {"amount_minor": "7"}}, {"d": body("coin.accepted") | {"amount_minor": None}},
        {"t": 1e3}, {"kind": "coin.melted"}, {"kind": ["coin.accepted"]},
    ],
)  # fmt: skip
def test_read_event_when_it_is_not_whole_then_the_trouble_is_told(other: dict[str, Any]) -> None:
    event = raw("coin.accepted", **other)
    assert read_fields(event) is None
    assert isinstance(read(event), Trouble)


def test_read_fields_when_two_kinds_are_named_then_it_does_not_mix_them() -> None:
    event = raw("door.opened")
    twice = event.replace(b'"kind":"door.opened"', b'"kind":"door.closed","kind":"door.opened"')
    assert read_fields(twice) in (None, slowly(twice))


@pytest.mark.parametrize("kind", EVENTS)
def test_fits_when_any_field_is_beyond_its_limit_then_the_full_check_is_asked(kind: str) -> None:
    whole = read_fields(raw(kind))
    assert whole is not None
    assert fits(raw(kind), whole.body, 2, 5_000)
    assert not fits(raw(kind), whole.body, 2**31, 5_000)
    assert not fits(raw(kind), whole.body, 2, 2**53)
    for name, value in body(kind).items():
        if name in ("slot", "visit", "best_before") or isinstance(value, bool | dict | list):
            continue
        for beyond in (2**31, 2**53) if isinstance(value, int) else ("x" * 4, "x" * 500, "a\0b"):
            _assert_never_more(kind, body(kind) | {name: beyond})


def _assert_never_more(kind: str, changed: dict[str, Any]) -> None:
    """What the quick check lets pass, the full one does."""
    event = raw(kind, d=changed)
    known = parse_body(kind, changed)
    assert isinstance(known, Event)
    is_fit = fits(event, known, 2, 5_000)
    assert is_fit == (not misfits(vars(known)))
    assert isinstance(read(event), Understood if is_fit else Trouble)
