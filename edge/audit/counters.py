"""Events → counters. Pure. Names are paths: `vend.A1.CA.n`, `in.box`. Which counter moves when: EVA-DTS 6.1, 5.2.3."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from protocol.faults import CATALOGUE

Body = dict[str, Any]

DEVICES: Final = {"cash": "CA", "card": "DA", "remote": "DB"}
"""Tender → the block of the payment device; what was paid elsewhere counts as a second cashless device."""


def counted(kind: str, body: Body) -> Counter[str]:
    """What one event adds.

    Args:
        kind: its name in the envelope.
        body: as it was told, minor units.
    """
    count = _COUNTED.get(kind)
    return count(body) if count is not None else Counter()


def _vend(body: Body) -> Counter[str]:
    """A discount leaves the price in the sales and is told beside them; what is given away is no sale."""
    paid, slot = body["price_minor"], body["slot"]
    listed = body.get("list_minor") or paid
    if not paid:
        return Counter({f"free.{slot}.n": 1, f"free.{slot}.value": listed})
    device = DEVICES.get(body["tender"], "DB")
    found = Counter({f"vend.{slot}.{device}.n": 1, f"vend.{slot}.{device}.value": listed})
    found[f"vend.{slot}.{device}.paid"] = paid
    if listed > paid:
        found |= Counter({f"off.{slot}.{device}.n": 1, f"off.{slot}.{device}.value": listed - paid})
    return found


def _cash_in(body: Body) -> Counter[str]:
    amount = body["amount_minor"]
    return Counter({"in": amount, "in.tube" if body["routed_to"] == "hopper" else "in.box": amount})


def _float(worth: int) -> Counter[str]:
    """Filled by hand, or let out by hand."""
    if worth >= 0:
        return Counter({"filled": worth, "in": worth, "in.tube": worth})
    return Counter({"out": -worth, "out.hand": -worth})


def _fault(body: Body) -> Counter[str]:
    row = CATALOGUE.get(body["code"])
    return Counter({f"event.{row.eva}": 1}) if row is not None and row.eva else Counter()


def _removed(body: Body) -> Counter[str]:
    return Counter({f"test.{body['slot']}": body["removed"]}) if body["why"] == "test" else Counter()


def _tested_coin(body: Body) -> Counter[str]:
    return _cash_in(body) + Counter({"filled": body["amount_minor"]})


_COUNTED: Final[dict[str, Callable[[Body], Counter[str]]]] = {
    "vend.dispensed": _vend,
    "slot.removed": _removed,
    "coin.accepted": _cash_in,
    "coin.tested": _tested_coin,
    "bill.stacked": lambda body: Counter({"in": body["amount_minor"], "in.bill": body["amount_minor"]}),
    "change.paid": lambda body: Counter({"out": body["paid_minor"]}),
    "credit.returned": lambda body: Counter({"out": body["paid_minor"]}),
    "float.loaded": lambda body: _float(body["denomination_minor"] * body["added"]),
    "fault.raised": _fault,
    "door.opened": lambda _: Counter({"event.EGS": 1}),
    "machine.booted": lambda _: Counter({"boots": 1}),
}
"""Kind of an event → what it adds."""


def total(counters: Counter[str], path: str) -> int:
    """The sum of all counters that fit, `*` for any one part of the path: `vend.*.CA.value`."""
    parts = path.split(".")
    return sum(
        value
        for name, value in counters.items()
        if len(found := name.split(".")) == len(parts)
        and all(want in {"*", part} for want, part in zip(parts, found, strict=True))
    )
