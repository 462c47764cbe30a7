"""Money, ids, topics and the fault catalogue."""

import pytest

from protocol.faults import CATALOGUE, UnknownFaultError, fault
from protocol.ids import BadMachineIdError, check_machine_id, shard_of, vend_id
from protocol.money import CurrencyMismatchError, Money, yen
from protocol.topics import BadTopicError, Channel, Topic, downlink_filter, parse_topic, uplink_filters


def test_money_when_added_then_stays_exact() -> None:
    assert yen(100) + yen(60) - yen(10) * 2 == yen(140)
    assert yen(100) < yen(101)


@pytest.mark.parametrize("amount", [1.0, True, "1", None])
def test_money_when_not_an_integer_then_is_refused(amount: object) -> None:
    with pytest.raises(TypeError, match="whole number of minor units"):
        Money(amount)  # type: ignore[arg-type]


def test_money_when_currencies_differ_then_neither_adds_nor_compares() -> None:
    with pytest.raises(CurrencyMismatchError):
        yen(1) + Money(1, "USD")
    with pytest.raises(CurrencyMismatchError):
        _ = yen(1) < Money(1, "USD")


@pytest.mark.parametrize(
    ("money", "text"), [(yen(160), "160 JPY"), (Money(195, "EUR"), "1.95 EUR"), (Money(-5, "USD"), "-0.05 USD")]
)
def test_money_when_printed_then_shows_the_decimals_of_its_currency(money: Money, text: str) -> None:
    assert str(money) == text


def test_shard_when_asked_then_is_two_hex_digits_of_sha256() -> None:
    assert shard_of("vm-tokyo-0001") == "b1"


@pytest.mark.parametrize("machine", ["", "abc", "VM-1", "vm_1x", "-vm1", "vm1-", "a" * 41, "vm/1", "vm+1"])
def test_machine_id_when_it_could_not_stand_in_a_topic_then_is_refused(machine: str) -> None:
    with pytest.raises(BadMachineIdError, match="lower-case"):
        check_machine_id(machine)


def test_vend_id_when_made_then_names_store_and_number() -> None:
    assert vend_id("5f0c9b1e7a2d4c68b3e1f0a9d8c7b6a5", 42) == "5f0c9b1e7a2d-42"


@pytest.mark.parametrize("channel", list(Channel))
def test_topic_when_built_and_parsed_then_is_the_same(channel: Channel) -> None:
    topic = Topic("vm-tokyo-0001", channel)
    assert parse_topic(str(topic)) == topic


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("vm/1/b1/vm-tokyo-0001/up", "expected vm/1/"),
        ("vm/2/b1/vm-tokyo-0001/up/evt", "wire version '2'"),
        ("vm/1/00/vm-tokyo-0001/up/evt", "is not 'b1'"),
        ("vm/1/b1/VM/up/evt", "machine id"),
        ("vm/1/b1/vm-tokyo-0001/up/gossip", "unknown channel"),
    ],
)
def test_topic_when_not_ours_then_says_why(text: str, why: str) -> None:
    with pytest.raises(BadTopicError, match=why):
        parse_topic(text)


def test_filters_when_asked_for_shards_then_name_only_those() -> None:
    assert uplink_filters(("b1",)) == ["vm/1/b1/+/up/evt", "vm/1/b1/+/up/state"]
    assert uplink_filters() == ["vm/1/+/+/up/evt", "vm/1/+/+/up/state"]
    assert downlink_filter("vm-tokyo-0001") == "vm/1/b1/vm-tokyo-0001/down/#"


def test_fault_catalogue_when_read_then_says_what_the_customer_sees_in_both_languages() -> None:
    for row in CATALOGUE.values():
        assert bool(row.customer_ja) == bool(row.customer_en), row.code


def test_fault_when_unknown_then_says_where_to_add_it() -> None:
    with pytest.raises(UnknownFaultError, match=r"protocol/faults\.py"):
        fault("no.such")
