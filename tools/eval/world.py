"""The world that conversations happen in: the demo's machine with a past. Made once; every case works on a copy."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cloud.agents.customer.tools import DAY_MS, MINUTE_MS
from cloud.customers import coupons
from cloud.customers import service as customers
from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade_database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Inbound, Receiver
from cloud.machines.service import NoSuchMachineError
from cloud.sales import refunds
from cloud.sales import service as sales
from cloud.seed import SEEDS, seed_demo
from protocol.link import State
from protocol.topics import Channel, Topic
from tools.books.machine import Teller
from tools.eval.powers import LISTED, UNLISTED

NOW_MS: Final = 1_795_143_600_000
"""2026-11-20 12:00 in Tokyo."""
TIMEZONE: Final = "Asia/Tokyo"
MACHINE: Final = "vm-eval-0001"
CUSTOMERS: Final = {name: f"{number:032x}" for number, name in enumerate(("new", "regular", "holder"), start=0xA1)}
CLAIM: Final = "7K3Q-9MXA"
DAYS_OF_REGULARS: Final = 14


@dataclass(slots=True)
class World:
    """One database, and what its names stand for."""

    file: Path
    names: dict[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def copy(self, folder: Path) -> AsyncIterator[Database]:
        """A database to spoil."""
        path = folder / "case.db"
        await asyncio.to_thread(shutil.copy, self.file, path)
        database = open_database(f"sqlite+aiosqlite:///{path}")
        try:
            yield database
        finally:
            await database.close()
            for end in ("", "-wal", "-shm"):
                await asyncio.to_thread((folder / f"case.db{end}").unlink, missing_ok=True)


class _Past:
    """Tells what happened at the machine."""

    def __init__(self) -> None:
        self.teller = Teller(MACHINE, 7)
        self._vends = 0

    def restock(self) -> None:
        """Before anything: units into every slot."""
        for seed in SEEDS:
            units = min(seed.units, 30)
            body = {"slot": seed.slot, "product_id": seed.product_id, "added": units, "on_hand": units}
            self.teller.tell("slot.restocked", NOW_MS - 129 * DAY_MS, **body)

    def sale(self, slot: str, ago_ms: int, *, short: int = 0) -> str:
        """Somebody buys for cash; the vend's id."""
        at_ms, what, price = NOW_MS - ago_ms, self._what(slot), self._price(slot)
        coin = {"amount_minor": 500, "credit_minor": 500, "routed_to": "hopper", "counter": 1}
        self.teller.tell("coin.accepted", at_ms, **coin)
        self.teller.tell("vend.started", at_ms, **what)
        self.teller.tell("vend.dispensed", at_ms, credit_minor=500 - price, on_hand=5, **what)
        owed = 500 - price
        paid = {"owed_minor": owed, "paid_minor": owed - short, "coins": {}, "short_minor": short}
        claim = {"claim": CLAIM} if short else {}
        self.teller.tell("change.paid", at_ms, vend_id=what["vend_id"], currency="JPY", **paid, **claim)
        return str(what["vend_id"])

    def failed(self, slot: str, ago_ms: int) -> None:
        """Somebody gets nothing and their money back."""
        what = {name: value for name, value in self._what(slot).items() if name not in {"planogram_rev", "currency"}}
        body = {"reason": "jammed", "credit_minor": 0, "on_hand": 5}
        self.teller.tell("vend.failed", NOW_MS - ago_ms, **what, **body)

    def _what(self, slot: str) -> dict[str, Any]:
        self._vends += 1
        product = next(seed.product_id for seed in SEEDS if seed.slot == slot)
        vend = {"vend_id": f"{self.teller.epoch[:12]}-{self._vends}", "currency": "JPY"}
        return vend | {"slot": slot, "product_id": product, "price_minor": self._price(slot), "planogram_rev": 1}

    @staticmethod
    def _price(slot: str) -> int:
        return next(seed.price_minor for seed in SEEDS if seed.slot == slot)


async def build(folder: Path) -> World:
    """Make the world in a folder: two who come often, one who is new, sales of each kind, a debt."""
    world = World(folder / "world.db")
    database = open_database(f"sqlite+aiosqlite:///{world.file}")
    await upgrade_database(database)
    async with database.write() as db_session:
        await seed_demo(db_session, MACHINE, "s" * 40, now_ms=NOW_MS - 130 * DAY_MS)
    past = _Past()
    past.restock()
    vends = {"@old": past.sale("A1", 100 * DAY_MS)}
    regular = [past.sale(("A1", "B4", "C3")[day % 3], (day + 2) * DAY_MS) for day in range(DAYS_OF_REGULARS, 0, -1)]
    holder = [past.sale(("A2", "C4", "B2")[day % 3], (day + 2) * DAY_MS) for day in range(DAYS_OF_REGULARS, 0, -1)]
    vends["@refunded"] = past.sale("A1", DAY_MS)
    vends["@others"] = past.sale("C1", 60 * MINUTE_MS)
    past.sale("A3", 45 * MINUTE_MS, short=40)
    vends["@delivered"] = past.sale("A1", 30 * MINUTE_MS)
    past.failed("B2", 10 * MINUTE_MS)
    await _tell(database, past.teller)
    mine = {"new": [vends["@old"], vends["@refunded"], vends["@delivered"]], "holder": holder}
    world.names = await _tie(database, vends, mine | {"regular": [*regular, vends["@others"]]})
    await database.close()
    return world


async def _tell(database: Database, teller: Teller) -> None:
    """Bring the machine's events in, and leave it connected."""
    receiver, interpreter = Receiver(database, lambda: NOW_MS), Interpreter(database, clock=lambda: NOW_MS)
    topic = str(Topic(MACHINE, Channel.EVENTS))
    state = State(online=True, conn="0123456789abcdef", ep=teller.epoch, boot=1, applied={"planogram": 1})
    await receiver.handle([Inbound(topic, frame) for frame in teller.frames(teller.events, 50)])
    await receiver.handle([Inbound(str(Topic(MACHINE, Channel.STATE)), state.to_bytes())])
    while await interpreter.run_once():
        pass


async def _tie(database: Database, vends: dict[str, str], theirs: dict[str, list[str]]) -> dict[str, str]:
    async with database.write() as db_session:
        rows = {row.vend_id: row for row in await sales.listing(db_session, limit=200, machine_id=MACHINE)}
        if not rows:
            raise NoSuchMachineError(MACHINE)
        for who, bought in theirs.items():
            for vend_id in bought:
                await customers.claim_sale(db_session, CUSTOMERS[who], rows[vend_id], NOW_MS)
        refunded = rows[vends["@refunded"]]
        await refunds.refund(db_session, refunded.id, refunded.gross_minor, "test", "op@example.com", NOW_MS - DAY_MS)
        grant = coupons.Grant(CUSTOMERS["holder"], "green-tea", 160, 130, NOW_MS + 7 * DAY_MS, "op@example.com")
        await coupons.grant(db_session, grant, NOW_MS)
    names = {name: str(rows[vend_id].id) for name, vend_id in vends.items()}
    return names | {
        "@debt": CLAIM,
        "@other": CUSTOMERS["regular"],
        "@listed": str(LISTED),
        "@unlisted": str(UNLISTED),
    }
