"""The checker on one sound run, with one thing changed at a time."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tools.chaos.checker import check
from tools.chaos.hands import play
from tools.chaos.record import Record, Seen
from tools.chaos.scenario import Action, Scenario

STEPS = (
    Action("coin", (100,)), Action("coin", (100,)), Action("choose", ("A1",)), Action("settle"), Action("take"),
    Action("coin", (500,)), Action("lever"), Action("settle"),
)  # fmt: skip


@pytest.fixture(scope="module")
def sound() -> Record:
    record = play(Scenario(1, STEPS, tuple(range(len(STEPS)))))
    assert check(record).findings == []
    return record


def forget(what: str) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        record.log.remove(next(seen for seen in reversed(record.log) if seen.what == what))

    return change


def repeat(what: str) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        at, seen = next((at, seen) for at, seen in enumerate(record.log) if seen.what == what)
        record.log.insert(at, seen)

    return change


def edit(kind: str, **values: Any) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        for at, raw in enumerate(record.events):
            event = json.loads(raw)
            if event["kind"] == kind:
                event["d"] |= values
                record.events[at] = json.dumps(event)

    return change


def drop_event(record: Record) -> None:
    del record.events[-2]


def late_unit(record: Record) -> None:
    record.log.append(Seen("unit", len(record.events), 99.0, "A2"))


def forget_stock(record: Record) -> None:
    record.books["on_hand"]["A3"] -= 1


def forget_float(record: Record) -> None:
    record.books["hoppers"]["50"] += 1


def keep_open(record: Record) -> None:
    record.books["phase"] = "settling"


def steal(record: Record) -> None:
    record.world["cash_box"]["500"] = 1


CHANGES: dict[str, tuple[Callable[[Record], None], str]] = {
    "an event is missing": (drop_event, "chain"),
    "a coin inside was not credited": (repeat("coin"), "coin lost"),
    "a coin credited was never inside": (forget("coin"), "credit invented"),
    "a coin came out twice": (repeat("paid"), "double payout"),
    "a coin told never came out": (forget("paid"), "payout invented"),
    "two units fell": (repeat("unit"), "double vend"),
    "no unit fell": (forget("unit"), "charge without goods"),
    "a unit fell for nobody": (late_unit, "unit without vend"),
    "the price was another one": (edit("vend.started", price_minor=10), "price"),
    "the report does not add up": (edit("change.paid", paid_minor=30), "payout report"),
    "the credit told is too high": (edit("coin.accepted", credit_minor=9999), "credit"),
    "the sale has no intent": (edit("vend.dispensed", vend_id="ffffffffffff-1"), "left open"),
    "the slot's books are wrong": (forget_stock, "slot books"),
    "the hopper's books are wrong": (forget_float, "hopper books"),
    "a payout is open": (keep_open, "left open"),
    "the world made a coin": (steal, "world"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_checker_when_one_thing_is_wrong_then_finds_it(sound: Record, what: str) -> None:
    change, rule = CHANGES[what]
    record = copy.deepcopy(sound)
    change(record)
    assert rule in check(record).rules


def test_checker_when_the_acceptor_lost_its_power_right_after_a_coin_then_counts_it_as_a_loss(sound: Record) -> None:
    record = copy.deepcopy(sound)
    coin = next(seen for seen in reversed(record.log) if seen.what == "coin")
    at = record.log.index(coin)
    record.log[at:at] = [coin, Seen("acceptor_restart", coin.seq, coin.at + 0.1)]
    verdict = check(record)
    assert "coin lost" not in verdict.rules
    assert verdict.losses["yen the acceptor forgot unread"] == 500
