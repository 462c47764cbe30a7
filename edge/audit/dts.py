"""The EVA-DTS 6.1 text of a machine's counters: what any reader of vending data takes. Pure.

The writer is strict: CR LF, escaped letters, right count of segments, CRC-16 in capital digits.
Source: EVA-DTS 6.1.1, chapter 2 (structure) and appendix A (segments).
"""

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.audit.counters import DEVICES, total
from edge.vend.state import MachineState
from protocol.faults import CATALOGUE

MAKER: Final = "AVS"
_REFLECTED: Final = 0xA001
_CODE_OF: Final = {row.code: row.eva for row in CATALOGUE.values() if row.eva}


@dataclass(frozen=True, slots=True)
class Read:
    """One reading of a machine."""

    machine: str
    software: str
    at: datetime
    """Local time."""
    before: datetime | None
    """Of the reading before; None for the first."""
    reads: int
    """With this one."""
    init: Counter[str]
    interval: Counter[str]
    state: MachineState


def dts(read: Read) -> str:
    """The whole file, with CR LF."""
    body = ["ST*001*0001", *_segments(read)]
    covered = "".join(f"{line}\r\n" for line in body)
    tail = [f"G85*{crc16(covered.encode('ascii')):04X}", f"SE*{len(body) + 2}*0001", "DXE*1*1"]
    head = f"DXS*{dts_id(read.machine)}*VA*V0/6*1\r\n"
    return head + covered + "".join(f"{line}\r\n" for line in tail)


def dts_id(machine: str) -> str:
    """Ten characters: maker's code and seven digits that follow from the machine's id."""
    return f"{MAKER}{zlib.crc32(machine.encode()) % 10_000_000:07d}"


def crc16(covered: bytes) -> int:
    """CRC-16 of x16+x15+x2+1, reflected, from 0."""
    crc = 0
    for byte in covered:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_REFLECTED if crc & 1 else 0)
    return crc


def element(value: object, most: int = 40) -> str:
    """One element: at most so many characters, and no byte that the format needs or does not know."""
    letters = str(value)[:most].encode("utf-8")
    return "".join(chr(byte) if 0x20 <= byte <= 0x7E and byte not in b"*^" else f"^{byte:02X}^" for byte in letters)


def _line(name: str, *values: object) -> str:
    """A segment; empty elements at its end are dropped."""
    return "*".join([name, *(element(value) for value in values)]).rstrip("*")


def _both(read: Read, path: str) -> tuple[int, int]:
    """Init and interval."""
    return total(read.init, path), total(read.interval, path)


def _segments(read: Read) -> Iterator[str]:
    state, at = read.state, read.at
    yield _line("ID1", read.machine, "RPIVEND", read.software, "", "", "", 6, 1)
    yield _line("ID4", 0, 1392, state.currency)
    yield _line("ID5", f"{at:%Y%m%d}", f"{at:%H%M%S}")
    yield _line("CB1", read.machine, "RPI", read.software)
    yield from _sales(read)
    yield from _cash(read)
    yield from _cashless(read)
    for slot in sorted({row.slot for row in state.planogram.slots} if state.planogram else ()):
        yield from _product(read, slot)
    yield from _events(read)
    before = (f"{read.before:%Y%m%d}", f"{read.before:%H%M%S}") if read.before else ()
    yield _line("EA3", read.reads, f"{at:%Y%m%d}", f"{at:%H%M%S}", "", *before)
    boots, boots_since = _both(read, "boots")
    yield _line("EA7", boots_since, boots)


def _sales(read: Read) -> Iterator[str]:
    """VA1 paid, VA2 test, VA3 free: value, number init; value, number interval."""
    value, value_since = _both(read, "vend.*.*.value")
    number, number_since = _both(read, "vend.*.*.n")
    off, off_since = _both(read, "off.*.*.value")
    offs, offs_since = _both(read, "off.*.*.n")
    discounts = (off, offs, off_since, offs_since) if offs else ()
    yield _line("VA1", value, number, value_since, number_since, *discounts)
    tests, tests_since = _both(read, "test.*")
    yield _line("VA2", 0, tests, 0, tests_since)
    free, free_since = _both(read, "free.*.value")
    frees, frees_since = _both(read, "free.*.n")
    yield _line("VA3", free, frees, free_since, frees_since)


def _cash(read: Read) -> Iterator[str]:
    value, value_since = _both(read, "vend.*.CA.value")
    number, number_since = _both(read, "vend.*.CA.n")
    yield _line("CA2", value, number, value_since, number_since)
    init, since = read.init, read.interval
    flows = [(c["in"], c["in.box"], c["in.tube"]) for c in (since, init)]
    yield _line("CA3", *flows[0], "", *flows[1], "", since["in.bill"], init["in.bill"])
    yield _line("CA4", since["out"], since["out.hand"], init["out"], init["out.hand"])
    off, off_since = _both(read, "off.*.CA.value")
    if off:
        yield _line("CA7", off_since, off)
    yield _line("CA8", 0, 0)
    yield _line("CA10", since["filled"], init["filled"])
    yield _line("CA15", sum(kind * count for kind, count in read.state.hoppers.items()))
    for number_of_type, (kind, count) in enumerate(sorted(read.state.hoppers.items())):
        yield _line("CA17", number_of_type, kind, count, 0, 0, 0)


def _cashless(read: Read) -> Iterator[str]:
    for device in ("DA", "DB"):
        value, value_since = _both(read, f"vend.*.{device}.value")
        number, number_since = _both(read, f"vend.*.{device}.n")
        if number:
            yield _line(f"{device}2", value, number, value_since, number_since)
        off, off_since = _both(read, f"off.*.{device}.value")
        if off:
            yield _line(f"{device}5", off_since, off)


def _product(read: Read, slot: str) -> Iterator[str]:
    """PA1 begins a product; those that follow are its, number before value."""
    state = read.state
    row = state.slot(slot)
    if row is None:
        return
    name = element(row.name_en, 20)
    missing = 1 if state.has_fault("slot.missing", slot) else 0
    stock = state.on_hand.get(slot, 0)
    known = (slot, row.price_minor, row.capacity, row.par_level, missing, stock)
    yield f"PA1*{known[0]}*{known[1]}*{name}*{known[2]}*{known[3]}**{known[4]}*{known[5]}"
    value, value_since = _both(read, f"vend.{slot}.*.value")
    number, number_since = _both(read, f"vend.{slot}.*.n")
    off, off_since = _both(read, f"off.{slot}.*.value")
    offs, offs_since = _both(read, f"off.{slot}.*.n")
    yield _line("PA2", number, value, number_since, value_since, *((offs, off, offs_since, off_since) if offs else ()))
    tests, tests_since = _both(read, f"test.{slot}")
    if tests:
        yield _line("PA3", tests, 0, tests_since, 0)
    frees, frees_since = _both(read, f"free.{slot}.n")
    if frees:
        free, free_since = _both(read, f"free.{slot}.value")
        yield _line("PA4", frees, free, frees_since, free_since)
    for device in sorted(DEVICES.values()):
        sold, sold_since = _both(read, f"vend.{slot}.{device}.n")
        if sold:
            paid, paid_since = _both(read, f"vend.{slot}.{device}.paid")
            yield _line("PA7", slot, device, 0, row.price_minor, sold, paid, sold_since, paid_since)


def _events(read: Read) -> Iterator[str]:
    """EA2: what happened how often, and whether it still is so."""
    active = {_CODE_OF.get(fault.code, "") for fault in read.state.faults}
    if read.state.door_open:
        active.add("EGS")
    codes = {name.removeprefix("event.") for name in read.init if name.startswith("event.")} | active - {""}
    for code in sorted(codes):
        often, often_since = _both(read, f"event.{code}")
        yield _line("EA2", code, often_since, often, "", int(code in active))
