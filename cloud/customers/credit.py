"""The door of a customer's own credit: how much there is, and a unit bought with it. Commits nothing.

Credit is what we gave back as store credit: 契約負債 of this customer in the ledger, so the books are the balance. A
unit is bought by a remote vend whose payment names the customer; the sale takes its price out of the credit when the
machine says that it fell. Until then the price is held, so nothing is spent twice. A vend that fails books nothing.
Who has their data deleted gives their credit up: nobody could spend it any more, so it is no debt of ours.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, places
from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.commands import rules as command_rules
from cloud.commands import service as commands
from cloud.commands.rules import CannotOrderError
from cloud.commands.service import CommandView, Order, PaymentUsedError
from cloud.customers import repository, service
from cloud.db import locks
from cloud.db.locks import Lock
from protocol.commands import VendPaid

BUY_TTL_MS: Final = 60_000
"""So long the machine may wait before it begins; who stands there has gone after that."""
UNKNOWN_HELD_MS: Final = 7 * 86_400_000
"""A vend nobody heard the end of holds its price for so long; a sale that is told later still is one."""

_KEY: Final = re.compile(r"^[0-9a-f]{16,32}$")


class Credit(BaseModel):
    """What a customer may buy for. Yen."""

    balance: int
    """契約負債 of this customer."""
    held: int
    """For units that are on their way."""

    @property
    def free(self) -> int:
        """What can be spent now."""
        return max(self.balance - self.held, 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A unit as the customer saw it."""

    slot: str
    product_id: str
    price_minor: int


class CreditShortError(ValueError):
    """Less credit than the price."""

    def __init__(self, free_minor: int, price_minor: int) -> None:
        self.free_minor = free_minor
        super().__init__(f"{free_minor} yen of credit are free, {price_minor} are needed")


async def credit(db_session: AsyncSession, customer_id: str, now_ms: int) -> Credit:
    """How much a customer has, and how much of it is held."""
    if not customer_id:
        return Credit(balance=0, held=0)
    balance = -await accounting.balance_at(db_session, places.store_credit(customer_id))
    mine = places.credit_payment(customer_id, "")
    held = await commands.held_for(db_session, mine, now_ms - UNKNOWN_HELD_MS) if balance else 0
    return Credit(balance=balance, held=held)


async def buy(
    db_session: AsyncSession, customer_id: str, machine_id: str, wanted: Wanted, key: str, now_ms: int
) -> CommandView:
    """Have the machine the customer stands at deliver a unit for their credit.

    Args:
        db_session: a writing session.
        customer_id: from their token.
        machine_id: where they stand.
        wanted: what they were shown; at another price nothing moves.
        key: of this purchase, 16 to 32 hex digits; the same one again changes nothing.
        now_ms: ms since 1970 UTC.

    Returns:
        The command to follow.

    Raises:
        ValueError: the key is none.
        CreditShortError: less is free.
        PaymentUsedError: this purchase was asked for before.
        NoSuchMachineError: nobody registered the machine.
        MachineOfflineError: it is not connected.
        CannotOrderError: it has another product there, or another price.
    """
    if not _KEY.match(key):
        raise ValueError(f"{key!r} is no key of a purchase; use 16 to 32 hex digits")
    # Before anything is read: who spends the same credit at the same time waits here.
    await locks.take(db_session, Lock.COMMANDS)
    payment = places.credit_payment(customer_id, key)
    if spent := await commands.of_payment(db_session, payment):
        raise PaymentUsedError(payment, spent.id)
    free = (await credit(db_session, customer_id, now_ms)).free
    if free < wanted.price_minor:
        raise CreditShortError(free, wanted.price_minor)
    build = partial(command_rules.paid_vend, slot=wanted.slot, product_id=wanted.product_id, payment=payment)
    asked = commands.Request(machine_id, "phone:credit", BUY_TTL_MS)
    command = await commands.issue(db_session, asked, Order(VendPaid.KIND, build, is_urgent=True), now_ms=now_ms)
    if command.args["paid_minor"] != wanted.price_minor:
        raise CannotOrderError("other_price", f"{wanted.slot} costs {command.args['paid_minor']} yen now")
    await service.expect_payment(db_session, customer_id, payment, now_ms)
    return command


async def give_up(db_session: AsyncSession, customer_id: str, now_ms: int, today: date) -> int:
    """Take what is free of a deleted customer's credit into 雑収入. What is held may become a sale: `give_up_left`.

    Args:
        db_session: a writing session; nothing else is locked in it yet.
        customer_id: whose.
        now_ms: ms since 1970 UTC.
        today: the operator's; the entry is of this day.

    Returns:
        How much it was, in yen.
    """
    # A sale that takes it and a purchase that holds it wait here, so it is given up or spent, never both.
    await locks.take(db_session, Lock.BOOKS)
    await locks.take(db_session, Lock.COMMANDS)
    free = (await credit(db_session, customer_id, now_ms)).free
    if free:
        event = entries.Event(f"forgotten:{customer_id}:{now_ms}", today, now_ms)
        mine = places.store_credit(customer_id)
        words = "削除されたお客様の残高を雑収入へ振替"
        entry = entries.transfer(event, words, debit=mine, credit=chart.OTHER_INCOME, amount_minor=free)
        await accounting.post(db_session, [entry])
    return free


async def give_up_left(db_session: AsyncSession, now_ms: int, today: date) -> int:
    """Give up credit that deleted customers still have: a unit was on its way to them then, and did not fall.

    Deleted is who bought with credit, and is not known any more: whoever buys with it becomes known in the same moment.
    Credit that was given to somebody who never came stays theirs.

    Args:
        db_session: a writing session; nothing else is locked in it yet.
        now_ms: ms since 1970 UTC.
        today: the operator's.

    Returns:
        How much it was, in yen.
    """
    rows = await accounting.by_place(db_session, chart.CONTRACT_LIABILITY)
    holders = {places.holder_of(row.sub_account) for row in rows if row.balance_minor < 0} - {""}
    gone = sorted(holders - await repository.known(db_session, holders))
    mine = {name: places.credit_payment(name, "") for name in gone}
    left = [name for name in gone if await commands.is_any_payment(db_session, mine[name])]
    return sum([await give_up(db_session, name, now_ms, today) for name in left])
