from typing import Any

import pytest

from cloud.staff_tasks.detect import Origin, tasks_of
from cloud.staff_tasks.rules import RESOLUTIONS, source_path
from protocol.events import EVENTS, parse_body

ORIGIN = Origin("vm-test-0001", f"vm-test-0001/{'a' * 32}/7", 1_000)
VEND = {
    "vend_id": "v-1",
    "slot": "A1",
    "product_id": "green-tea",
    "price_minor": 160,
    "credit_minor": 160,
    "on_hand": 5,
}
PAYOUT = {"vend_id": "v-1", "owed_minor": 340, "paid_minor": 250, "coins": {}, "claim": "7K3Q-9MXA"}
CARD = {"payment": "card-1", "vend_id": "v-1", "amount_minor": 160, "claim": "CARD-CLM"}


def made(kind: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """What stands out of each task: without the fields that are empty or the same for all."""
    event = parse_body(kind, body)
    assert event is not None
    found = []
    for task in tasks_of(ORIGIN, event):
        assert (task.machine_id, task.opened_at_ms) == (ORIGIN.machine_id, ORIGIN.occurred_at_ms)
        assert task.source.startswith(f"{ORIGIN.source}#")
        assert task.kind in RESOLUTIONS
        names = ("kind", "slot", "product_id", "amount_minor", "claim", "reference", "detail")
        found.append({name: getattr(task, name) for name in names if getattr(task, name)})
    return found


CASES: list[tuple[str, dict[str, Any], list[dict[str, Any]]]] = [
    (
        "vend.failed",
        VEND | {"reason": "uncertain"},
        [
            {
                "kind": "vend_uncertain",
                "slot": "A1",
                "product_id": "green-tea",
                "amount_minor": 160,
                "reference": "v-1",
            }
        ],
    ),
    ("vend.failed", VEND | {"reason": "jammed"}, []),
    ("change.paid", PAYOUT | {"short_minor": 0}, []),
    (
        "change.paid",
        PAYOUT | {"short_minor": 90},
        [{"kind": "debt", "amount_minor": 90, "claim": "7K3Q-9MXA", "reference": "v-1"}],
    ),
    (
        "change.paid",
        PAYOUT | {"short_minor": 90, "uncertain_minor": 90},
        [{"kind": "payout_uncertain", "amount_minor": 90, "claim": "7K3Q-9MXA", "reference": "v-1"}],
    ),
    (
        "credit.returned",
        PAYOUT | {"reason": "lever", "short_minor": 90, "uncertain_minor": 50},
        [
            {"kind": "payout_uncertain", "amount_minor": 50, "claim": "7K3Q-9MXA"},
            {"kind": "debt", "amount_minor": 40, "claim": "7K3Q-9MXA"},
        ],
    ),
    ("payment.settled", CARD | {"outcome": "charged"}, []),
    (
        "payment.settled",
        CARD | {"outcome": "claim", "owed_to": "customer", "why": "reader offline"},
        [
            {
                "kind": "card_refund",
                "amount_minor": 160,
                "claim": "CARD-CLM",
                "reference": "card-1",
                "detail": "reader offline",
            }
        ],
    ),
    (
        "payment.settled",
        CARD | {"outcome": "claim", "owed_to": "machine", "claim": ""},
        [{"kind": "card_collect", "amount_minor": 160, "reference": "card-1"}],
    ),
    ("fault.raised", {"code": "bill.lost"}, [{"kind": "bill_lost"}]),
    (
        "fault.raised",
        {"code": "bill.uncertain", "where": "bill validator", "detail": "1000"},
        [{"kind": "bill_uncertain", "amount_minor": 1_000, "detail": "bill validator 1000"}],
    ),
    (
        "fault.raised",
        {"code": "bill.uncertain", "detail": "5000, 160 unpaid: neither held nor counted"},
        [{"kind": "bill_uncertain", "amount_minor": 5_000, "detail": "5000, 160 unpaid: neither held nor counted"}],
    ),
    ("fault.raised", {"code": "bill.uncertain", "detail": "?"}, [{"kind": "bill_uncertain", "detail": "?"}]),
    ("fault.raised", {"code": "store.replaced"}, [{"kind": "store_replaced"}]),
    ("fault.raised", {"code": "slot.jammed", "where": "A1"}, []),
    ("fault.cleared", {"code": "bill.uncertain"}, []),
]


@pytest.mark.parametrize(("kind", "body", "expected"), CASES)
def test_tasks_of_when_an_event_comes_then_a_person_gets_what_only_a_person_can_resolve(
    kind: str, body: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    assert kind in EVENTS
    assert made(kind, body) == expected


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("vm-test-0001/abc/7#debt", "/api/v1/monitoring/events/vm-test-0001/abc/7"),
        ("command:abc#delivered", "/api/v1/vending/machines/vm-test-0001/commands/abc"),
        ("task:12#transfer", "/api/v1/monitoring/tasks/12"),
    ],
)
def test_source_path_when_a_source_is_named_then_it_leads_there(source: str, path: str) -> None:
    assert source_path(source, "vm-test-0001") == path
