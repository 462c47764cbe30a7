"""A machine as its events tell of it: what customers do, written in order and chained as the firmware does."""

import json
from collections.abc import Sequence
from typing import Any

from protocol.envelope import GENESIS, digest, pack_frame
from tools.books.life import Step

BILL = 1000
OWN_CREDIT = "credit:"
"""How a payment begins that is a customer's own credit."""


def envelope(
    source: tuple[str, str], seq: int, kind: str, now_ms: int, before: str, body: dict[str, Any]
) -> dict[str, Any]:
    """An event as the firmware frames it.

    Args:
        source: machine and epoch of its store.
        seq: counts from 1.
        kind: of the event.
        now_ms: ms since 1970 UTC.
        before: digest of the event before.
        body: what the kind says.
    """
    return {
        "v": 1,
        "m": source[0],
        "ep": source[1],
        "seq": seq,
        "boot": {"n": 1, "id": "00000001"},
        "kind": kind,
        "t": now_ms,
        "mono": seq * 1000,
        "clk": "ntp",
        "h": before,
        "d": body,
    }


def written(said: dict[str, Any]) -> bytes:
    """An envelope as it is sent."""
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


class Teller:
    """Writes one machine's events. It does not know what the cloud makes of them."""

    def __init__(self, machine: str, number: int) -> None:
        self.machine = machine
        self.epoch = f"{number:x}" * 32
        self.events: list[bytes] = []
        self.told: list[tuple[str, dict[str, Any], int]] = []
        """Kind, body and time of each event, for those who know what must follow."""
        self._h = GENESIS
        self._vends = 0

    def tell(self, kind: str, now_ms: int, **body: Any) -> None:
        """Write one event."""
        source = (self.machine, self.epoch)
        raw = written(envelope(source, len(self.events) + 1, kind, now_ms, self._h, body))
        self._h = digest(raw)
        self.events.append(raw)
        self.told.append((kind, body, now_ms))

    def customer(self, step: Step, now_ms: int) -> None:
        """Somebody comes, pays somehow, and gets the product, the money, or neither at once."""
        end, tender, product = step.what.split("|", 2)
        price, discount, short, *coins = step.n
        price = max(price - discount, 0)
        credit = 0
        if tender in {"cash", "bill"}:
            credit = self._pay_in(coins, now_ms, price, with_bill=tender == "bill")
        if end == "walked_off" or (tender in {"cash", "bill"} and credit < price):
            self._walk_off(credit, now_ms, short, held=tender == "bill")
            return
        self._vends += 1
        vend = self._vend(product, price, tender)
        if discount:
            vend |= {"list_minor": price + discount, "coupon": "SUMMER"}
        self.tell("vend.started", now_ms, **vend)
        if end in {"failed", "uncertain"}:
            reason = "uncertain" if end == "uncertain" else "jammed"
            said = {key: value for key, value in vend.items() if key in _FAILED}
            self.tell("vend.failed", now_ms, reason=reason, credit_minor=credit, on_hand=3, **said)
            self._walk_off(credit, now_ms, short, held=tender == "bill")
            return
        self.tell("vend.dispensed", now_ms, credit_minor=max(credit - price, 0), on_hand=3, **vend)
        if end == "double":
            self.tell("fault.raised", now_ms, code="slot.jammed", where="A1")
        if tender == "bill" and end == "bill_gone":
            self._bill_gone(credit, price, now_ms)
        elif tender in {"cash", "bill"}:
            if tender == "bill":
                self.tell("bill.stacked", now_ms, amount_minor=BILL, credit_minor=credit - price)
            self._change(vend["vend_id"], credit - price, short, now_ms)

    def delivered(self, product: str, price: int, customer: str, now_ms: int) -> None:
        """A unit for a customer's own credit: the cloud has asked for it, and it falls."""
        self._vends += 1
        payment = f"{OWN_CREDIT}{customer}:{self._vends:032x}"
        vend = self._vend(product, price, "remote") | {"payment": payment}
        self.tell("vend.started", now_ms, **vend)
        self.tell("vend.dispensed", now_ms, credit_minor=0, on_hand=3, **vend)

    def restock(self, product: str, added: int, now_ms: int) -> None:
        """Units between the warehouse and the slot."""
        self.tell("slot.restocked", now_ms, slot="A1", product_id=product, added=added, on_hand=max(added, 0))

    def float_loaded(self, added: int, staff: str, now_ms: int) -> None:
        """Coins of 100 into the hopper or out of it."""
        self.tell("float.loaded", now_ms, denomination_minor=100, added=added, in_hopper=50, staff=staff)

    def staffed(self, step: Step, now_ms: int) -> None:
        """Somebody of the staff takes goods out, counts them, changes a slot over, counts cash, or tries a coin."""
        word, what = step.what.split("|")
        visit = {"visit": f"{len(self.events):032x}", "staff": "7"}
        self.tell("visit.started", now_ms, how="pin", **visit)
        if word in {"cash", "coin"}:
            self._handle_cash(word, what, step.n, now_ms, visit)
        else:
            self._handle_goods(word, what, step.n[0], now_ms, visit)
        self.tell("visit.ended", now_ms, minutes=1, **visit)

    def _handle_cash(self, word: str, part: str, n: Sequence[int], now_ms: int, visit: dict[str, str]) -> None:
        if word == "coin":
            self.tell("coin.tested", now_ms, amount_minor=100, routed_to=part, counter=1, **visit)
            return
        counted = 10 * n[0]
        said = {"part": part, "believed_minor": 0, "counted_minor": counted, "collected_minor": counted * n[1] // 100}
        self.tell("cash.counted", now_ms, **said, **visit)

    def _handle_goods(self, word: str, product: str, units: int, now_ms: int, visit: dict[str, str]) -> None:
        if word == "counted":
            said = {"slot": "A1", "product_id": product, "counted": units, "believed": 0, "on_hand": units}
            self.tell("slot.counted", now_ms, **said, **visit)
        elif word == "over":
            said = {"slot": "A1", "old_product_id": product, "new_product_id": "new", "planogram_rev": 2}
            self.tell("slot.changed_over", now_ms, **said, **visit)
        else:
            said = {"slot": "A1", "product_id": product, "removed": max(units, 1), "why": word, "on_hand": 0}
            self.tell("slot.removed", now_ms, **said, **visit)

    def frames(self, events: Sequence[bytes], per_frame: int) -> list[bytes]:
        """As the link packs them."""
        return [pack_frame(list(events[at : at + per_frame])) for at in range(0, len(events), per_frame)]

    def _pay_in(self, coins: Sequence[int], now_ms: int, price: int, *, with_bill: bool) -> int:
        credit = 0
        if with_bill:
            credit = BILL
            self.tell("bill.held", now_ms, amount_minor=BILL, credit_minor=credit)
            coins = coins[:1]
        elif sum(coins) < price:
            coins = [*coins, 500, 500]
        for number, coin in enumerate(coins):
            credit += coin
            where = "hopper" if number % 3 else "cash_box"
            self.tell("coin.accepted", now_ms, amount_minor=coin, credit_minor=credit, routed_to=where, counter=number)
        return credit

    def _vend(self, product: str, price: int, tender: str) -> dict[str, Any]:
        paid = "cash" if tender == "bill" else tender
        return {
            "vend_id": f"{self.epoch[:12]}-{self._vends}",
            "slot": "A1",
            "product_id": product,
            "price_minor": price,
            "planogram_rev": 1,
            "tender": paid,
            "payment": "" if paid == "cash" else f"p-{self._vends}",
        }

    def _walk_off(self, credit: int, now_ms: int, short: int, *, held: bool) -> None:
        if held and credit >= BILL:
            credit -= BILL
            self.tell("bill.returned", now_ms, amount_minor=BILL, credit_minor=credit)
        if credit:
            short = min(short, credit)
            self.tell("credit.returned", now_ms, reason="lever", **_paid(credit, short))

    def _bill_gone(self, credit: int, price: int, now_ms: int) -> None:
        """The goods fell, and the bill that was to pay them went back."""
        coins = credit - BILL
        unpaid = max(price - coins, 0)
        self.tell("bill.returned", now_ms, amount_minor=BILL, credit_minor=max(coins - price, 0), unpaid_minor=unpaid)
        if coins > price:
            self.tell("credit.returned", now_ms, reason="lever", **_paid(coins - price, 0))

    def _change(self, vend_id: str, owed: int, short: int, now_ms: int) -> None:
        if owed:
            self.tell("change.paid", now_ms, vend_id=vend_id, **_paid(owed, min(short, owed)))


_FAILED = {"vend_id", "slot", "product_id", "price_minor", "tender"}


def _paid(owed: int, short: int) -> dict[str, Any]:
    doubtful = short // 2 if short % 4 == 0 else 0
    claim = "7K3Q-9MXA" if short else ""
    return {
        "owed_minor": owed,
        "paid_minor": owed - short,
        "coins": {},
        "short_minor": short,
        "uncertain_minor": doubtful,
        "claim": claim,
    }
