"""Invariants that are shown by doing something to the books: replaying, sending again, selling out, exporting."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.accounting.plain_text import FORMATS, account_name
from cloud.accounting.plain_text_export import lines
from cloud.backup.rebuild import rebuild
from cloud.inventory import service as inventory
from cloud.inventory.service import WAREHOUSE, Movement
from tools.books import oracles, record
from tools.books.played import Played
from tools.books.world import day_of

JUDGES: Final[dict[str, Callable[[Path], dict[str, int]]]] = {
    "beancount": oracles.beancount_balances,
    "hledger": oracles.hledger_balances,
}


async def replayed(played: Played) -> list[str]:
    """2. A replay of the events from zero gives the same books, byte for byte."""
    return (await rebuild(played.database)).differences


async def sent_again(played: Played) -> list[str]:
    """3. Every event once more, from the first on: the same books."""
    before = await record.head(played.database)
    for teller in played.tellers:
        await played.link.deliver(teller, 0, len(teller.events), "restart", 9)
    after = await record.head(played.database)
    return [] if before == after else [f"the newest entry was {before}, is {after}"]


async def sold_out(played: Played) -> list[str]:
    """12. In whatever order: when all goods are gone, expenses are the purchases, to the yen, and no value stays."""
    now_ms = played.clock.now_ms
    for product, pool in sorted(played.world.pools.items()):
        if pool.quantity < 0:
            await _bought(played, product, -pool.quantity, now_ms)
        while played.world.pools[product].quantity > 0:
            teller = played.tellers[len(product) % 2]
            vend = {"vend_id": f"last-{len(teller.events)}", "slot": "A1", "product_id": product, "price_minor": 150}
            more = {"planogram_rev": 1, "tender": "card", "credit_minor": 0, "on_hand": 0}
            teller.tell("vend.dispensed", now_ms, **vend, **more)
            played.world.leave(product)
    for teller in played.tellers:
        await played.link.deliver(teller, 0, len(teller.events), "plain", 50)
    books = await record.read(played.database)
    moved = books.moved(is_business=True)
    used = moved["5002"] + moved["5101"] + moved["5102"]
    found = [] if used == played.world.purchased else [f"bought for {played.world.purchased}, expensed {used}"]
    left = {name: pool for name, pool in books.pools.items() if pool != (0, 0)}
    return found + ([f"sold out, and left are {left} and {moved['1101']} yen"] if left or moved["1101"] else [])


async def _bought(played: Played, product: str, quantity: int, now_ms: int) -> None:
    """What had been sold before the books had it comes in at last, dear."""
    source, cost = f"last/{product}", 97 * quantity + 1
    async with played.database.write() as db_session:
        came = Movement(source, product, quantity, now_ms, to_place=WAREHOUSE, cost_minor=cost)
        (split,) = await inventory.move(db_session, [came])
        event = entries.Event(source, day_of(now_ms), now_ms)
        drafts = entries.purchase(event, product, net_minor=cost, tax_minor=0, settled_minor=split.uncovered_minor)
        await accounting.post(db_session, drafts)
    played.world.buy(product, quantity, cost)


async def exported(played: Played, folder: Path) -> list[str]:
    """13. Beancount and hledger load the export, find nothing wrong, and have our balances."""
    books = await record.read(played.database)
    expected: dict[str, int] = {}
    for entry in books.entries:
        for leg in entry.legs:
            name = account_name(leg.account, leg.place)
            expected[name] = expected.get(name, 0) + leg.amount
    expected = {name: amount for name, amount in expected.items() if amount}
    found = []
    for name, judge in JUDGES.items():
        path = folder / f"books.{name}"
        path.write_text("".join([part async for part in lines(played.database, FORMATS[name])]), "utf-8")
        if judge(path) != expected:
            found.append(f"{name} has other balances")
    return found


ACTS: Final[dict[str, Callable[[Played], Awaitable[list[str]]]]] = {
    "2 replay": replayed,
    "3 again": sent_again,
    "12 sold out": sold_out,
}
"""In the order in which they can follow each other."""
