"""Audit: counters follow the events, and the file is what readers of vending data expect, to the bit."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.audit.book import AuditBook
from edge.audit.counters import counted, total
from edge.audit.dts import Read, crc16, dts, dts_id, element
from edge.audit.table import table
from edge.vend import inputs as i
from edge.vend.state import ActiveFault, MachineState
from tests.edge.machine_bench import Bench, planogram

AT = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def vend(slot: str = "A1", tender: str = "cash", price: int = 130, listed: int = 0) -> Counter[str]:
    return counted("vend.dispensed", {"slot": slot, "tender": tender, "price_minor": price, "list_minor": listed})


def coin(value: int, routed_to: str = "hopper", kind: str = "coin.accepted") -> Counter[str]:
    return counted(kind, {"amount_minor": value, "routed_to": routed_to})


def read(init: Counter[str], *, before: Counter[str] | None = None, **state: Any) -> Read:
    known = MachineState(planogram=planogram(), on_hand={"A1": 3}, hoppers={10: 5, 100: 2}).model_copy(update=state)
    return Read("vm-test-0001", "0.1.0", AT, None, 1, init, init - (before or Counter()), known)


def segments(text: str) -> dict[str, list[str]]:
    """First segment of each name."""
    found: dict[str, list[str]] = {}
    for line in text.split("\r\n"):
        name, *values = line.split("*")
        found.setdefault(name, values)
    return found


@pytest.mark.parametrize(
    ("covered", "crc"),
    [(b"123456789", 0xBB3D), (b"ST*001*0001\r\nID1*OPN42\r\nVA1*130*1*130*1\r\n", 0xE176)],
)
def test_crc_when_computed_then_is_that_of_the_catalogue_and_of_a_known_file(covered: bytes, crc: int) -> None:
    assert crc16(covered) == crc


def test_file_when_written_then_its_frame_is_right() -> None:
    text = dts(read(vend()))
    lines = text.split("\r\n")
    assert lines[0] == f"DXS*{dts_id('vm-test-0001')}*VA*V0/6*1"
    assert (lines[1], lines[-2], lines[-1]) == ("ST*001*0001", "DXE*1*1", "")
    covered = text[text.index("ST*") : text.index("G85*")].encode()
    assert segments(text)["G85"] == [f"{crc16(covered):04X}"]
    at = lines.index(next(line for line in lines if line.startswith("SE*")))
    assert segments(text)["SE"] == [str(at), "0001"]
    assert len(dts_id("vm-test-0001")) == 10


def test_file_when_things_were_sold_and_paid_then_the_sums_of_the_standard_hold() -> None:
    before = vend() + coin(100) + coin(50) + counted("change.paid", {"paid_minor": 20})
    init = before + vend("A2", "card", 120) + vend("A1", "cash", 100, listed=130) + vend("B1", "remote", 0, listed=180)
    init += coin(500, "cash_box") + counted("bill.stacked", {"amount_minor": 1000}) + coin(10, kind="coin.tested")
    init += counted("float.loaded", {"denomination_minor": 100, "added": 20})
    init += counted("float.loaded", {"denomination_minor": 100, "added": -1})
    init += counted("slot.removed", {"slot": "A1", "why": "test", "removed": 1})
    found = segments(dts(read(init, before=before)))
    assert found["VA1"] == ["380", "3", "250", "2", "30", "1", "30", "1"]
    assert found["VA2"] == ["0", "1", "0", "1"]
    assert found["VA3"] == ["180", "1", "180", "1"]
    assert found["CA2"] == ["260", "2", "130", "1"]
    assert found["DA2"] == ["120", "1", "120", "1"]
    assert found["CA3"] == ["3510", "500", "2010", "", "3660", "500", "2160", "", "1000", "1000"]
    assert found["CA4"] == ["100", "100", "120", "100"]
    assert found["CA10"] == ["2010", "2010"]
    assert found["CA15"] == ["250"]
    assert found["PA2"] == ["2", "260", "1", "130", "1", "30", "1", "30"]
    assert found["PA7"] == ["A1", "CA", "0", "160", "2", "230", "1", "100"]


def test_file_when_the_machine_has_a_fault_then_the_event_is_active() -> None:
    init = counted("fault.raised", {"code": "slot.jammed"}) + counted("door.opened", {})
    text = dts(read(init, faults=(ActiveFault(code="slot.jammed", where="A1"),)))
    assert "\r\nEA2*EGS*1*1**0\r\n" in text
    assert "\r\nEA2*EJA*1*1**1\r\n" in text


@pytest.mark.parametrize(("said", "written"), [("A*B", "A^2A^B"), ("x\r\n", "x^0D^^0A^"), ("茶", "^E8^^8C^^B6^")])
def test_element_when_it_has_letters_that_the_format_needs_then_they_are_escaped(said: str, written: str) -> None:
    assert element(said) == written


def test_table_when_written_then_has_a_row_per_slot_and_counter() -> None:
    rows = [line.split(",") for line in table(read(vend() + vend(), before=vend())).split("\r\n")]
    assert rows[0] == ["counter", "where", "since_start", "since_last_export"]
    assert ["sold", "A1", "2", "1"] in rows
    assert ["sold_value", "A1", "260", "130"] in rows


def test_counters_when_a_kind_is_not_known_then_nothing_moves() -> None:
    assert counted("from.the.future", {"x": 1}) == Counter()
    assert counted("slot.removed", {"slot": "A1", "why": "expired", "removed": 4}) == Counter()


# --- the book, on the whole machine --------------------------------------------------------------
@pytest.fixture
async def sold(bench: Bench) -> Bench:
    await bench.insert(100, 100)
    bench.select("A1")
    await bench.until_idle()
    return bench


def book_of(bench: Bench, stick: Path | None = None) -> AuditBook:
    return AuditBook(bench.store, bench.folder, "0.1.0", lambda: 1_795_000_000_000, stick)


async def test_book_when_kept_live_or_counted_from_the_store_then_says_the_same(sold: Bench) -> None:
    live = book_of(sold)
    sold.runtime.listen(live.stepped)
    await sold.insert(100, 10, 10)
    sold.select("A2")
    await sold.until_idle()
    (sold.folder / "audit.json").unlink()
    anew = book_of(sold)
    assert live.read(sold.state).init == anew.read(sold.state).init
    assert total(anew.read(sold.state).init, "vend.*.CA.n") == 2


async def test_book_when_reopened_then_counts_nothing_twice_and_keeps_the_interval(sold: Bench) -> None:
    first = book_of(sold)
    name, text, is_on_stick = first.export(sold.state, "dts")
    assert ((sold.folder / "exports" / name).read_bytes(), is_on_stick) == (text.encode(), False)
    again = book_of(sold).read(sold.state)
    assert total(again.init, "vend.*.*.n") == 1
    assert total(again.interval, "vend.*.*.n") == 0
    assert again.reads == 2


async def test_export_when_there_is_a_stick_then_is_on_it_too_and_one_that_is_gone_is_no_trouble(sold: Bench) -> None:
    stick = sold.folder / "stick"
    stick.mkdir()
    name, text, is_on_stick = book_of(sold, stick).export(sold.state, "csv")
    assert is_on_stick
    assert (stick / name).read_bytes() == text.encode()
    assert not book_of(sold, sold.folder / "none").export(sold.state, "csv")[2]


async def test_book_when_it_is_damaged_then_is_counted_anew(sold: Bench) -> None:
    book_of(sold)
    (sold.folder / "audit.json").write_text("{", "utf-8")
    assert total(book_of(sold).read(sold.state).init, "vend.*.*.n") == 1


async def test_cash_when_a_machine_sells_then_what_came_in_is_sales_change_and_float(sold: Bench) -> None:
    await asyncio.sleep(1)
    sold.runtime.apply(i.ReturnCredit("lever"))
    init = book_of(sold).read(sold.state).init
    by_customers = init["in"] - init["filled"]
    assert by_customers == total(init, "vend.*.CA.value") + init["out"] - init["out.hand"]
    assert init["in.tube"] - init["out"] == sum(kind * count for kind, count in sold.state.hoppers.items())
