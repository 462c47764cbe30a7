"""Which tasks there are, how each may be resolved, and what a resolution does to the books. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from cloud.accounting import chart, places
from cloud.accounting.places import Place

RESOLUTIONS: Final[dict[str, tuple[str, ...]]] = {
    "vend_uncertain": ("unit_found", "unit_missing"),
    "payout_uncertain": ("paid", "not_paid"),
    "debt": ("paid_out", "refused", "written_off"),
    "debt_lapsed": ("written_off", "paid_out"),
    "debt_claimed": ("paid_out",),
    "card_refund": ("refunded", "not_charged", "refused"),
    "card_collect": ("collected", "written_off"),
    "bill_lost": ("noted",),
    "bill_uncertain": ("stacked", "returned"),
    "store_replaced": ("counted",),
    "remote_refund": ("refunded", "delivered", "refused"),
    "customer_report": ("answered", "noted"),
    "refunded_and_delivered": ("noted",),
    "restock_wanted": ("restocked", "not_needed"),
    "goods_to_remove": ("removed", "not_there"),
    "refund_claim": ("paid_out", "written_off"),
    "staff_locked_out": ("noted",),
}
"""Kind of task to the ways a person may resolve it."""

SETTLED_BY_MACHINE: Final = "settled_by_machine"
"""Resolution of a task that later events made needless; nobody can choose it."""


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to open. Fields as in the table."""

    kind: str
    machine_id: str
    source: str
    opened_at_ms: int
    slot: str = ""
    product_id: str = ""
    amount_minor: int = 0
    claim: str = ""
    reference: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """What a resolution moves the task's amount between."""

    debit: str | Place
    credit: str | Place
    description: str


def booking(kind: str, resolution: str, machine_id: str) -> Booking | None:
    """The entry of a resolution. The event has booked what was owed; every resolution not named here is a record only.

    That doubtful coins did come out is a difference of the machine's cash until its next count, which finds them
    missing and settles it. A bill that went back leaves the escrow to that difference: whether its worth came out is
    asked of the same customer's payout. What is refused stays owed: it may be paid after all, and once it has lapsed
    a person decides again.
    """
    claims = places.claims(machine_id)
    escrow, stacker = (places.cash(machine_id, part) for part in (places.ESCROW, places.STACKER))
    by_answer = {
        ("debt", "paid_out"): Booking(claims, places.SAFE, "お返し不足の支払い"),
        ("debt", "written_off"): Booking(claims, chart.OTHER_INCOME, "お返し不足を雑収入へ振替"),
        ("refund_claim", "paid_out"): Booking(claims, places.SAFE, "返金の支払い"),
        ("refund_claim", "written_off"): Booking(claims, chart.OTHER_INCOME, "受け取られない返金を雑収入へ振替"),
        ("debt_claimed", "paid_out"): Booking(claims, places.SAFE, "断ったお返しの支払い"),
        ("debt_lapsed", "paid_out"): Booking(claims, places.SAFE, "断ったお返しの支払い"),
        ("debt_lapsed", "written_off"): Booking(claims, chart.OTHER_INCOME, "時効になったお返しを雑収入へ振替"),
        ("bill_uncertain", "stacked"): Booking(stacker, escrow, "紙幣の収納を確認"),
        ("bill_uncertain", "returned"): Booking(places.difference(machine_id), escrow, "紙幣の返却を確認"),
        ("payout_uncertain", "paid"): Booking(claims, places.difference(machine_id), "お返し済みを確認"),
        ("card_collect", "written_off"): Booking(chart.OTHER_LOSSES, places.receivable("card"), "カード代金の未回収"),
    }
    return by_answer.get((kind, resolution))


def worth_of(detail: str) -> int:
    """Yen of a doubtful bill, of which a machine tells `1000, 160 unpaid: …`; 0 where it did not say."""
    found = re.match(r"(\d{1,9})\b", detail)
    return int(found[1]) if found else 0


def unpaid_of(detail: str, worth_minor: int) -> int:
    """What a delivered product still wanted of a doubtful bill; at most its worth. `detail` is a task's."""
    found = re.search(r"\b(\d{1,9}) unpaid\b", detail)
    return min(int(found[1]), worth_minor) if found else 0


class WrongResolutionError(ValueError):
    """A resolution that this kind of task does not have."""

    def __init__(self, kind: str, resolution: str) -> None:
        self.allowed = RESOLUTIONS.get(kind, ())
        super().__init__(f"a task {kind!r} is resolved by {', '.join(self.allowed)}, not by {resolution!r}")


def check_resolution(kind: str, resolution: str) -> None:
    """Refuse a resolution that does not belong to the kind.

    Raises:
        WrongResolutionError: see there.
    """
    if resolution not in RESOLUTIONS.get(kind, ()):
        raise WrongResolutionError(kind, resolution)


_PATHS: Final = {
    "command": "/api/v1/vending/machines/{machine_id}/commands/{key}",
    "refund": "/api/v1/transactions/refunds/{key}",
    "restock": "/api/v1/inventory/restocking-plan?machine_id={first}",
    "remove": "/api/v1/inventory/stock?place_id={first_two}",
    "task": "/api/v1/monitoring/tasks/{key}",
    "conversation": "/api/v1/conversations/{key}",
}
"""Kind of source to the address it can be read at; everything else is an event."""


def source_path(source: str, machine_id: str) -> str:
    """Where the source of a task can be read over HTTP."""
    name = source.partition("#")[0]
    kind, _, key = name.partition(":")
    parts = key.split("/")
    values = {"machine_id": machine_id, "key": key, "first": parts[0], "first_two": "/".join(parts[:2])}
    path = _PATHS.get(kind)
    return path.format(**values) if path else f"/api/v1/monitoring/events/{name}"
