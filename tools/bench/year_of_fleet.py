"""A year of twenty machines in a database: 292,000 sales through the real intake and the real interpreter.

Made once and kept; `python -m tools.bench pages` measures on a copy. Everything is drawn from one seed.
"""

import json
import logging
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rich.progress import track

from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade_database
from cloud.inventory import service as inventory
from cloud.inventory.service import WAREHOUSE, Movement
from cloud.kit.clock import local_day
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Inbound, Receiver
from cloud.seed import SEEDS, seed_demo
from protocol.envelope import GENESIS, MAX_FRAME_EVENTS, digest, pack_frame
from protocol.topics import Channel, Topic

SEED: Final = 20
MACHINES: Final = 20
SALES_A_DAY: Final = 40
"""Of one machine."""
DAYS: Final = 365
FIRST: Final = datetime(2025, 11, 20, tzinfo=UTC)
LAST_MS: Final = int((FIRST + timedelta(days=DAYS)).timestamp() * 1000)
"""The moment of measuring: just after the last sale."""

_DAY_MS: Final = 86_400_000
_OPEN_MS: Final = 15 * 3_600_000
"""Sales fall into so much of a day."""
_PER_TRIP: Final = 24
"""Units brought for a slot at a time."""
_BUY_EVERY_DAYS: Final = 7


class Machine:
    """Writes the events of one machine, chained."""

    def __init__(self, number: int) -> None:
        self.name = f"vm-year-{number:04}"
        self._epoch = f"{number:032x}"
        self._seq = 0
        self._hash = GENESIS
        self._vends = 0
        self._in_slot = dict.fromkeys((seed.slot for seed in SEEDS), 0)

    def day(self, chance: random.Random, start_ms: int, sales: int) -> list[bytes]:
        """The events of one day."""
        found: list[bytes] = []
        for at_ms in sorted(start_ms + chance.randrange(_OPEN_MS) for _ in range(sales)):
            seed = chance.choice(SEEDS)
            if not self._in_slot[seed.slot]:
                self._in_slot[seed.slot] = _PER_TRIP
                filled = {"slot": seed.slot, "product_id": seed.product_id, "added": _PER_TRIP, "on_hand": _PER_TRIP}
                found.append(self._event("slot.restocked", at_ms, filled))
            self._in_slot[seed.slot] -= 1
            found += self._sale(seed.slot, seed.product_id, seed.price_minor, at_ms, is_cash=chance.random() < 0.6)
        return found

    def _sale(self, slot: str, product: str, price: int, at_ms: int, *, is_cash: bool) -> Iterator[bytes]:
        self._vends += 1
        vend = {"vend_id": f"v{self._vends}", "slot": slot, "product_id": product, "price_minor": price}
        vend |= {"planogram_rev": 1, "on_hand": self._in_slot[slot]}
        if not is_cash:
            card = {"credit_minor": 0, "tender": "card", "payment": f"p{self._vends}"}
            yield self._event("vend.dispensed", at_ms, vend | card)
            return
        coin = {"amount_minor": 500, "credit_minor": 500, "routed_to": "hopper", "counter": self._vends % 256}
        yield self._event("coin.accepted", at_ms, coin)
        yield self._event("vend.dispensed", at_ms + 4000, vend | {"credit_minor": 500 - price})
        change = {"vend_id": f"v{self._vends}", "owed_minor": 500 - price, "paid_minor": 500 - price, "coins": {}}
        yield self._event("change.paid", at_ms + 6000, change)

    def _event(self, kind: str, at_ms: int, body: dict[str, Any]) -> bytes:
        self._seq += 1
        envelope = {
            "v": 1,
            "m": self.name,
            "ep": self._epoch,
            "seq": self._seq,
            "boot": {"n": 1, "id": "00000001"},
            "kind": kind,
            "t": at_ms,
            "mono": self._seq,
            "clk": "ntp",
            "h": self._hash,
            "d": body,
        }
        raw = json.dumps(envelope, separators=(",", ":")).encode()
        self._hash = digest(raw)
        return raw


async def make(path: Path, *, machines: int = MACHINES, days: int = DAYS) -> None:
    """Fill a new SQLite database at `path`; it appears there when it is whole."""
    logging.disable(logging.INFO)
    unfinished = _cleared(path.with_suffix(".part"))
    database = open_database(f"sqlite+aiosqlite:///{unfinished}")
    await upgrade_database(database)
    chance = random.Random(SEED)  # noqa: S311 - figures of a benchmark
    first_ms = int(FIRST.timestamp() * 1000)
    fleet = [Machine(number) for number in range(1, machines + 1)]
    async with database.write() as db_session:
        for machine in fleet:
            await seed_demo(db_session, machine.name, "0123456789abcdef0123456789abcdef", now_ms=first_ms)
    now_ms = first_ms
    receiver = Receiver(database, clock=lambda: now_ms)
    interpreter = Interpreter(database, clock=lambda: now_ms)
    for day in track(range(days), "a year of machines"):
        start_ms = first_ms + day * _DAY_MS
        if day % _BUY_EVERY_DAYS == 0:
            await _buy(
                database, start_ms, machines * SALES_A_DAY * _BUY_EVERY_DAYS // len(SEEDS) + _PER_TRIP * machines
            )
        now_ms = start_ms + _DAY_MS - 1
        await receiver.handle([message for machine in fleet for message in _messages(machine, chance, start_ms)])
        while await interpreter.run_once():
            pass
    await database.close()
    unfinished.rename(path)


def _cleared(path: Path) -> Path:
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    return path


def _messages(machine: Machine, chance: random.Random, start_ms: int) -> Iterator[Inbound]:
    events = machine.day(chance, start_ms, SALES_A_DAY)
    topic = str(Topic(machine.name, Channel.EVENTS))
    for at in range(0, len(events), MAX_FRAME_EVENTS):
        yield Inbound(topic, pack_frame(events[at : at + MAX_FRAME_EVENTS]))


async def _buy(database: Database, at_ms: int, units: int) -> None:
    """Goods for a week into the warehouse, of every product, on credit."""
    async with database.write() as db_session:
        for seed in SEEDS:
            event = entries.Event(f"bench/{at_ms}/{seed.product_id}", local_day(at_ms, "Asia/Tokyo"), at_ms)
            net = seed.cost_minor * units
            bought = Movement(event.source, seed.product_id, units, at_ms, to_place=WAREHOUSE, cost_minor=net)
            (cost,) = await inventory.move(db_session, [bought])
            drafts = entries.purchase(
                event, seed.name_ja, net_minor=net, tax_minor=net * 8 // 100, settled_minor=cost.uncovered_minor
            )
            await accounting.post(db_session, drafts)
