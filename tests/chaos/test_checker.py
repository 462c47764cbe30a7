"""The checker on one sound run, with one thing changed at a time."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tools.chaos.checker import check
from tools.chaos.play import play
from tools.chaos.record import Asked, Record, Seen
from tools.chaos.scenario import Scenario
from tools.chaos.steps import Action

STEPS = (
    Action("cloud", (0, 0, 1)),
    Action("coin", (100,)), Action("coin", (100,)), Action("choose", ("A1",)), Action("settle"), Action("take"),
    Action("coin", (500,)), Action("lever"), Action("settle"),
    Action("card", (1000,)), Action("choose", ("A2",)), Action("settle"), Action("card_away"),
    Action("bill", (1000, 1700)), Action("lever"), Action("settle"), Action("take_bills"),
    Action("bill", (1000, 1700)), Action("choose", ("A1",)), Action("settle"),
    Action("paid", ("A3", 20)), Action("settle"),
)  # fmt: skip


@pytest.fixture(scope="module")
def sound() -> Record:
    record = play(Scenario.of(1, *STEPS))
    assert check(record).findings == []
    assert record.cloud is not None
    assert record.cloud.log == record.events
    return record


def ask_again(record: Record) -> None:
    record.asked |= {"f" * 32: Asked("vend.paid", "A3", 160)}


def pay_less(record: Record) -> None:
    record.asked = {command: replace(wish, price=10) for command, wish in record.asked.items()}


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


def edit_log(what: str, other: str) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        next(seen for seen in record.log if seen.what == what).what = other

    return change


def lose_track(record: Record) -> None:
    for at, raw in enumerate(record.events):
        event = json.loads(raw)
        if event["kind"] == "bill.stacked":
            body = {"code": "bill.uncertain", "where": "", "detail": "1000"}
            record.events[at] = json.dumps(event | {"kind": "fault.raised", "d": body})


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


def hold_a_bill(record: Record) -> None:
    record.books["bill"] = {"value": 1000}


def charge(record: Record) -> None:
    card = next(iter(record.world["cards"].values()))
    card["balance"] -= 100


def reserve(record: Record) -> None:
    card = next(iter(record.world["cards"].values()))
    card["reserved"]["payment-9"], card["balance"] = 100, card["balance"] - 100


def charge_unasked(record: Record) -> None:
    reserved = next(seen for seen in record.log if seen.what == "reserved")
    record.log += [Seen(what, reserved.seq, 99.0, "payment-9", 100) for what in ("reserved", "charged")]
    card = next(iter(record.world["cards"].values()))
    card["charges"]["payment-9"], card["balance"] = 100, card["balance"] - 100


def early(what: str, by: int) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        seen = next(seen for seen in record.log if seen.what == what)
        seen.seq -= by

    return change


def late(what: str) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        next(seen for seen in record.log if seen.what == what).seq = len(record.events)

    return change


def fill_disk(record: Record) -> None:
    at = next(at for at, seen in enumerate(record.log) if seen.what == "coin")
    record.log.insert(at, Seen("disk_low", record.log[at].seq, record.log[at].at, "low"))


def turn_back_time(record: Record) -> None:
    event = json.loads(record.events[-1])
    record.events[-1] = json.dumps(event | {"mono": 1})


def lose_in_the_cloud(record: Record) -> None:
    assert record.cloud is not None
    record.cloud.log.pop()


def acknowledge_ahead(record: Record) -> None:
    assert record.cloud is not None
    record.cloud.ahead = 1


def forget_bills(record: Record) -> None:
    record.books["stacker"] = {}


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
    "a stacked bill was not credited": (repeat("bill"), "bill lost"),
    "a bill was credited that never came": (forget("bill"), "bill credited twice"),
    "a bill told as stacked went back": (edit_log("bill_stacked", "bill_back"), "bill invented"),
    "a bill told as given back was stacked": (edit_log("bill_back", "bill_stacked"), "bill lost"),
    "a bill was stacked after it was told": (late("bill_stacked"), "bill invented"),
    "a bill is worth more in the events": (edit("bill.stacked", amount_minor=5000), "credit"),
    "a bill is held for ever": (hold_a_bill, "left open"),
    "nobody knows where a bill is, for no reason": (lose_track, "bill given up"),
    "money on a card vanished": (charge, "world"),
    "money stays reserved": (reserve, "left reserved"),
    "a card was charged for nothing": (charge_unasked, "charged without a sale"),
    "a card was charged before the goods fell": (early("charged", 2), "charged before the drop"),
    "a charge is only told": (late("charged"), "settled in words only"),
    "a payment was never settled": (edit("payment.settled", payment="payment-8"), "left open"),
    "a payment was never reserved": (edit("payment.settled", payment="payment-8"), "payment invented"),
    "another amount was settled": (edit("payment.settled", amount_minor=1), "price"),
    "a claim has no cause": (edit("payment.settled", outcome="claim", owed_to="machine"), "claim without cause"),
    "goods were sold on a full disk": (fill_disk, "sold on a full disk"),
    "time went back": (turn_back_time, "clock"),
    "a command has no end": (ask_again, "command"),
    "a command says that it failed": (edit("command.done", outcome="failed"), "command"),
    "a command sold at another price": (pay_less, "price"),
    "a sale was paid by a command nobody gave": (edit("vend.started", command="", tender="remote"), "command invented"),
    "units came from nowhere": (edit("slot.restocked", added=1), "slot told"),
    "old units stay under another name": (edit("slot.removed", product_id="p-A9"), "slot told"),
    "staff worked outside of their visit": (edit("slot.restocked", visit="e" * 32), "visit"),
    "a bill is not in the stacker's books": (forget_bills, "cash books"),
    "the cloud lost an event": (lose_in_the_cloud, "link"),
    "the cloud acknowledged too early": (acknowledge_ahead, "link"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_checker_when_one_thing_is_wrong_then_finds_it(sound: Record, what: str) -> None:
    change, rule = CHANGES[what]
    record = copy.deepcopy(sound)
    change(record)
    assert rule in check(record).rules


TUBE_STEPS = (
    Action("changer"),
    Action("coin", (500,)), Action("choose", ("A1",)), Action("settle"), Action("take"),
    Action("changer_key", (50,)), Action("hopper_empty", (500,)), Action("door"),
    Action("coin", (100,)), Action("lever"), Action("settle"),
)  # fmt: skip


@pytest.fixture(scope="module")
def sound_with_tubes() -> Record:
    record = play(Scenario.of(1, *TUBE_STEPS))
    assert check(record).findings == []
    return record


def be_unsure(record: Record) -> None:
    at = next(at for at, raw in enumerate(record.events) if json.loads(raw)["kind"] == "door.opened")
    body = {"code": "payout.uncertain", "where": "hopper 10", "detail": ""}
    record.events[at] = json.dumps(json.loads(record.events[at]) | {"kind": "fault.raised", "d": body})


def route_elsewhere(record: Record) -> None:
    edit("coin.accepted", routed_to="cash_box")(record)


def tell_no_key(record: Record) -> None:
    for at, raw in enumerate(record.events):
        event = json.loads(raw)
        if event["d"].get("staff") == "changer key":
            event["d"]["staff"] = "changer"
            record.events[at] = json.dumps(event)


def tell_of_lost_coins(record: Record) -> None:
    at = next(at for at, raw in enumerate(record.events) if json.loads(raw)["kind"] == "door.opened")
    body = {"code": "coin_acceptor.lost_events", "where": "", "detail": "1 accepted and never read"}
    record.events[at] = json.dumps(json.loads(record.events[at]) | {"kind": "fault.raised", "d": body})


TUBE_CHANGES: dict[str, tuple[Callable[[Record], None], str]] = {
    "a coin came out of a tube twice": (repeat("paid"), "double payout"),
    "a coin told never came out of a tube": (forget("paid"), "payout invented"),
    "a coin that fell into a tube was not credited": (repeat("coin"), "coin lost"),
    "the tube's books are wrong": (forget_float, "tube books"),
    "the sum that an event tells is wrong": (edit("float.loaded", in_hopper=3), "tube books"),
    "a count moved the books without a cause": (forget("drained"), "tube books"),
    "a coin in a tube is told to be in the cash box": (route_elsewhere, "tube books"),
    "nobody told the machine of coins filled in": (edit("float.loaded", staff="nobody"), "tube books"),
    "a coin let out by hand is not told": (repeat("keyed"), "key untold"),
    "a coin let out by hand is told as counted": (tell_no_key, "key untold"),
    "a coin is told as let out and no key was pressed": (forget("keyed"), "key invented"),
    "nobody knows what a changer paid, for no reason": (be_unsure, "payout given up"),
    "lost coins are told that were never missing": (tell_of_lost_coins, "coins untold"),
}


@pytest.mark.parametrize("what", TUBE_CHANGES)
def test_checker_when_one_thing_is_wrong_with_tubes_then_finds_it(sound_with_tubes: Record, what: str) -> None:
    change, rule = TUBE_CHANGES[what]
    record = copy.deepcopy(sound_with_tubes)
    change(record)
    assert rule in check(record).rules


def test_checker_when_the_changer_lost_its_power_right_after_a_coin_then_counts_it_as_a_loss(
    sound_with_tubes: Record,
) -> None:
    record = copy.deepcopy(sound_with_tubes)
    coin = next(seen for seen in reversed(record.log) if seen.what == "coin")
    at = record.log.index(coin)
    record.log[at:at] = [coin, Seen("acceptor_restart", coin.seq, coin.at + 0.1)]
    verdict = check(record)
    assert "coin lost" not in verdict.rules
    assert verdict.losses["yen the changer forgot unread"] == 100


def test_checker_when_the_acceptor_lost_its_power_right_after_a_coin_then_counts_it_as_a_loss(sound: Record) -> None:
    record = copy.deepcopy(sound)
    coin = next(seen for seen in reversed(record.log) if seen.what == "coin")
    at = record.log.index(coin)
    record.log[at:at] = [coin, Seen("acceptor_restart", coin.seq, coin.at + 0.1)]
    verdict = check(record)
    assert "coin lost" not in verdict.rules
    assert verdict.losses["yen the acceptor forgot unread"] == 500


def test_checker_when_a_bill_that_nobody_can_find_is_paid_out_as_if_it_were_there_then_finds_it() -> None:
    steps = (Action("bill", (1000, 1700)), Action("bill_jam"), Action("lever"), Action("settle"))
    record = play(Scenario.of(1, *steps))
    verdict = check(record)
    assert (verdict.findings, verdict.losses["yen of bills that nobody could find"]) == ([], 1000)
    edit("credit.returned", uncertain_minor=0)(record)
    assert "credit" in check(record).rules


OVERFLOWS = {
    "refused coins push another out of the five": (
        Action("wire", (5, 0, 1095)),
        Action("coin", (500,)),
        Action("cut", ("kill", 18, 5058, 300)), Action("cut", ("kill", 1, 2294, 1500)),
        Action("choose", ("A3",)), Action("settle"), Action("choose", ("A2",)), Action("settle"),
        Action("card", (500,)), Action("settle"), Action("settle"),
        Action("cut", ("kill", 1, 0, 300)), Action("blind_coin", (100,)),
        *(Action("coin", (value,)) for value in (100, 50, 10, 10, 10)),
    ),
    "events were lost before the lifetime count was ever read": (
        Action("wire", (20, 0, 33)),
        Action("coin", (10,)), Action("lever"), Action("settle"),
        Action("cut", ("kill", 9, 0, 300)),
        *(Action("coin", (value,)) for value in (100, 50, 10, 10, 10, 10, 10)), Action("settle"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", OVERFLOWS)
def test_checker_when_the_acceptor_had_more_to_tell_than_it_remembers_then_finds_nothing(what: str) -> None:
    record = play(Scenario.of(101000743, *OVERFLOWS[what]))
    assert check(record).findings == []
    assert any("coin_acceptor.lost_events" in str(raw) for raw in record.events)


def test_checker_when_lost_events_are_told_that_nothing_can_have_pushed_out_then_finds_it(sound: Record) -> None:
    record = copy.deepcopy(sound)
    body = {"code": "coin_acceptor.lost_events", "where": "", "detail": "1 lost"}
    record.events[0] = json.dumps(json.loads(record.events[0]) | {"kind": "fault.raised", "d": body})
    assert "coins untold" in check(record).rules
