"""What stands in a machine today and tomorrow, at which price, and how an agent changes it.

An agent's changes hold from tomorrow: nobody sees another price while standing there, and the price charged is the
price shown. They go the way a person's do: into the price list a machine follows, else into a plan of the machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.tools import ToolRefusedError
from cloud.assortment import rules
from cloud.assortment import service as assortment
from cloud.assortment.rules import Plan
from cloud.assortment.service import NewPrice, PlanView
from cloud.machines import service as machines
from cloud.machines.service import NoSuchMachineError
from protocol.desired import PlanogramSlot

AGENT: Final = "agent:"
"""How the names begin under which agents record what they do."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One machine's slots."""

    machine_id: str
    today: date
    list_id: str
    """The price list it follows; empty for none."""
    sharing: tuple[str, ...]
    """Machines that charge the same prices because they follow the same list; this one included."""
    now: tuple[PlanogramSlot, ...]
    """At what customers pay today."""
    next: tuple[PlanogramSlot, ...]
    """At what they will pay tomorrow, as far as it is known."""
    by_people: frozenset[str]
    """Products for which a person has planned another price; agents leave those alone."""
    changed_on: dict[str, date]
    """Product to the day its price last changed, where that is known."""

    @property
    def tomorrow(self) -> date:
        """The first day an agent's change holds."""
        return self.today + timedelta(days=1)

    def price_now(self, product_id: str) -> int:
        """What customers pay today; 0 when it is not there."""
        return next((row.price_minor for row in self.now if row.product_id == product_id), 0)

    def slot(self, name: str) -> PlanogramSlot | None:
        """A slot as it will be tomorrow."""
        return next((row for row in self.next if row.slot == name), None)


async def shelf(db_session: AsyncSession, machine_id: str, now_ms: int) -> Shelf:
    """What stands in a machine.

    Raises:
        ToolRefusedError: there is no such machine, or nothing was ever published for it.
    """
    try:
        today = await assortment.today_at(db_session, machine_id, now_ms)
    except NoSuchMachineError as error:
        raise ToolRefusedError(f"there is no machine {machine_id!r}; the situation names those there are") from error
    document = await machines.planogram(db_session, machine_id)
    if document is None:
        raise ToolRefusedError(f"machine {machine_id!r} has no planogram yet; a person makes the first one")
    followed = await assortment.followed(db_session)
    list_id = followed.get(machine_id, "")
    tomorrow = today + timedelta(days=1)
    plans = [row for row in await assortment.plans(db_session, machine_id) if not row.withdrawn_at_ms]
    slots = _planned(document.slots, [row for row in plans if not row.published_rev], tomorrow)
    by_people = _of_people(document.slots, plans)
    changed_on: dict[str, date] = _changes_of_plans(plans, today)
    if list_id:
        entered = await assortment.entered(db_session, list_id)
        by_people |= {row.product_id for row in entered if row.valid_from > today and not _is_agent(row.entered_by)}
        for row in entered:
            if row.valid_from <= tomorrow:
                changed_on[row.product_id] = max(row.valid_from, changed_on.get(row.product_id, row.valid_from))
        slots = rules.priced(slots, await assortment.prices_on(db_session, list_id, tomorrow))
    return Shelf(
        machine_id,
        today,
        list_id,
        tuple(name for name, other in sorted(followed.items()) if other == list_id) if list_id else (machine_id,),
        tuple(document.slots),
        tuple(slots),
        frozenset(by_people),
        changed_on,
    )


def _planned(now: Sequence[PlanogramSlot], waiting: Sequence[PlanView], day: date) -> list[PlanogramSlot]:
    chosen = rules.due_plan((Plan(row.id, row.valid_from, row.slots) for row in waiting), day)
    return list(chosen.slots if chosen else now)


def _is_agent(who: str) -> bool:
    return who.startswith(AGENT)


def _of_people(now: Sequence[PlanogramSlot], plans: Sequence[PlanView]) -> set[str]:
    """Products whose price a person's waiting plan changes."""
    charged = {row.product_id: row.price_minor for row in now}
    return {
        slot.product_id
        for row in plans
        if not row.published_rev and not _is_agent(row.made_by)
        for slot in row.slots
        if slot.price_minor != charged.get(slot.product_id)
    }


def _changes_of_plans(plans: Sequence[PlanView], today: date) -> dict[str, date]:
    """Product to the first day of its price of now, as far as plans say."""
    rows = sorted((row for row in plans if row.published_rev and row.valid_from <= today), key=lambda row: row.id)
    found: dict[str, date] = {}
    before: dict[str, int] = {}
    for row in rows:
        for slot in row.slots:
            if before.get(slot.product_id) != slot.price_minor:
                found[slot.product_id] = row.valid_from
            before[slot.product_id] = slot.price_minor
    return found


async def charge(
    db_session: AsyncSession, found: Shelf, product_id: str, price_minor: int, *, by: str, now_ms: int
) -> None:
    """Let customers pay another price for a product from tomorrow on.

    Raises:
        ToolRefusedError: a person has planned a price for it.
    """
    refuse_planned(found, product_id)
    if found.list_id:
        row = NewPrice(product_id=product_id, valid_from=found.tomorrow, price_minor=price_minor)
        await assortment.enter_prices(
            db_session, found.list_id, [row], by=by, now_ms=now_ms, today=found.today, is_confirmed=True
        )
        return
    slots = [
        row.model_copy(update={"price_minor": price_minor}) if row.product_id == product_id else row
        for row in found.next
    ]
    await plan_slots(db_session, found, slots, by=by, now_ms=now_ms)


async def plan_slots(
    db_session: AsyncSession, found: Shelf, slots: Sequence[PlanogramSlot], *, by: str, now_ms: int
) -> None:
    """Plan slots for tomorrow. The guard has judged what changes; what does not change needs nobody's word again."""
    await assortment.make_plan(
        db_session, found.machine_id, found.tomorrow, slots, by=by, now_ms=now_ms, is_confirmed=True
    )


def refuse_planned(found: Shelf, product_id: str) -> None:
    """Leave alone what a person decided.

    Raises:
        ToolRefusedError: a person has planned a price for the product.
    """
    if product_id in found.by_people:
        raise ToolRefusedError(f"a person has planned a price of {product_id!r} for a day to come; leave it to them")
