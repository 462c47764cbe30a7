"""The door of the assortment: price lists, plans, and publishing what is due. Commits nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.assortment import repository, rules
from cloud.assortment.models import ListPrice, PlannedPlanogram
from cloud.assortment.rules import DatedPrice, Doubt, Plan
from cloud.catalogue import service as catalogue
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory import service as inventory
from cloud.kit.clock import local_day
from cloud.machines import service as machines
from protocol.desired import Planogram, PlanogramSlot


class NoSuchListError(LookupError):
    """A price list nobody made."""

    def __init__(self, list_id: str) -> None:
        self.list_id = list_id
        super().__init__(f"there is no price list {list_id!r}")


class ListExistsError(ValueError):
    """A price list of a name that is taken."""

    def __init__(self, list_id: str) -> None:
        self.list_id = list_id
        super().__init__(f"price list {list_id!r} exists already")


class NoSuchPlanError(LookupError):
    """A plan that is not there, or not of this machine, or no longer waiting."""

    def __init__(self, plan_id: int) -> None:
        self.plan_id = plan_id
        super().__init__(f"there is no plan {plan_id} that still waits for its day")


class PastDayError(ValueError):
    """Something that shall hold from a day that is over."""

    def __init__(self, day: date, today: date) -> None:
        self.day = day
        super().__init__(f"{day} is over; the earliest day is today, {today}")


class UnknownProductError(ValueError):
    """A price or a slot of a product nobody described."""

    def __init__(self, product_id: str) -> None:
        self.product_id = product_id
        super().__init__(f"there is no product {product_id!r}; describe it first")


class DoubtfulError(ValueError):
    """Prices that a person should look at twice, and has not confirmed."""

    def __init__(self, doubts: Sequence[Doubt]) -> None:
        self.doubts = doubts
        words = {"below_cost": "is below its cost of", "jump": "is more than 50 % away from"}
        said = [f"{row.product_id}: {row.price_minor} yen {words[row.kind]} {row.against_minor}" for row in doubts]
        super().__init__("look twice: " + "; ".join(said) + ". Confirm if that is meant")


class NewPrice(BaseModel):
    """A price to enter."""

    model_config = ConfigDict(extra="forbid")

    product_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    valid_from: date
    price_minor: Annotated[int, Field(ge=0, le=rules.MAX_PRICE_MINOR)]
    """Yen, tax included; 0 takes the product out of the list from that day on."""


class PriceRow(BaseModel):
    """A price as it was entered."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    product_id: str
    valid_from: date
    price_minor: int
    entered_at_ms: int
    entered_by: str


class PriceListView(BaseModel):
    """A price list and who follows it."""

    id: str
    name: str
    made_at_ms: int
    made_by: str
    machines: list[str]


class PlanView(BaseModel):
    """What shall stand in a machine from a day on."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    machine_id: str
    valid_from: date
    slots: list[PlanogramSlot]
    made_at_ms: int
    made_by: str
    published_rev: int
    """Revision it became; 0 while it waits."""
    withdrawn_at_ms: int
    """When it was taken back or a later one went past it; 0 for never."""


@dataclass(frozen=True, slots=True)
class Published:
    """A revision that was due."""

    machine_id: str
    rev: int


async def lists(db_session: AsyncSession) -> list[PriceListView]:
    """Every price list, by id."""
    followed = await repository.followed(db_session)
    return [_list_view(row, followed) for row in await repository.lists(db_session)]


async def price_list(db_session: AsyncSession, list_id: str) -> PriceListView:
    """One price list.

    Raises:
        NoSuchListError: nobody made it.
    """
    row = await repository.price_list(db_session, list_id)
    if row is None:
        raise NoSuchListError(list_id)
    return _list_view(row, await repository.followed(db_session))


def _list_view(row: Any, followed: Mapping[str, str]) -> PriceListView:
    users = [machine_id for machine_id, list_id in followed.items() if list_id == row.id]
    return PriceListView(id=row.id, name=row.name, made_at_ms=row.made_at_ms, made_by=row.made_by, machines=users)


async def make_list(db_session: AsyncSession, list_id: str, name: str, *, by: str, now_ms: int) -> None:
    """Make a price list.

    Raises:
        ListExistsError: the id is taken.
    """
    await locks.take(db_session, Lock.FLEET)
    if await repository.price_list(db_session, list_id):
        raise ListExistsError(list_id)
    await repository.add_list(db_session, {"id": list_id, "name": name, "made_at_ms": now_ms, "made_by": by})


async def entered(db_session: AsyncSession, list_id: str) -> list[PriceRow]:
    """Every price ever entered in a list, in that order.

    Raises:
        NoSuchListError: nobody made it.
    """
    await price_list(db_session, list_id)
    return [PriceRow.model_validate(row) for row in await repository.prices(db_session, list_id)]


async def prices_on(db_session: AsyncSession, list_id: str, day: date) -> dict[str, int]:
    """Product to its price on a day, tax included."""
    return rules.prices_on(_dated(await repository.prices(db_session, list_id)), day)


def _dated(rows: Sequence[ListPrice]) -> list[DatedPrice]:
    return [DatedPrice(row.id, row.product_id, row.valid_from, row.price_minor) for row in rows]


async def enter_prices(
    db_session: AsyncSession,
    list_id: str,
    rows: Sequence[NewPrice],
    *,
    by: str,
    now_ms: int,
    today: date,
    is_confirmed: bool = False,
) -> list[PriceRow]:
    """Enter prices; what is entered is never changed, a later entry for the same day counts instead.

    Raises:
        NoSuchListError: nobody made the list.
        UnknownProductError: nobody described a product.
        PastDayError: a day is over: customers have paid other prices on it.
        DoubtfulError: some are below cost or far from before, and `is_confirmed` is False.
    """
    await locks.take(db_session, Lock.FLEET)
    await price_list(db_session, list_id)
    known = {row.id for row in await catalogue.products(db_session)}
    for row in rows:
        if row.product_id not in known:
            raise UnknownProductError(row.product_id)
        if row.valid_from < today:
            raise PastDayError(row.valid_from, today)
    if not is_confirmed and (doubts := await doubts_of_prices(db_session, list_id, rows)):
        raise DoubtfulError(doubts)
    said = {"list_id": list_id, "entered_at_ms": now_ms, "entered_by": by}
    await repository.add_prices(db_session, [row.model_dump() | said for row in rows])
    made = (await repository.prices(db_session, list_id))[-len(rows) :] if rows else []
    return [PriceRow.model_validate(row) for row in made]


async def doubts_of_prices(db_session: AsyncSession, list_id: str, rows: Sequence[NewPrice]) -> list[Doubt]:
    """What a person should look at twice; compared with the list, else with what the machines that follow it charge."""
    dated = _dated(await repository.prices(db_session, list_id))
    charged = await _charged(db_session, list_id)
    wanted = {row.product_id: row.price_minor for row in rows}
    about = await _facts(db_session, wanted)
    found: list[Doubt] = []
    for row in rows:
        before = rules.prices_on(dated, row.valid_from).get(row.product_id, charged.get(row.product_id, 0))
        cost, percent = about(row.product_id, row.valid_from)
        found += rules.doubts_about(
            row.product_id, row.price_minor, before_minor=before, cost_minor=cost, percent=percent
        )
    return found


async def doubts_of_slots(
    db_session: AsyncSession, machine_id: str, slots: Sequence[PlanogramSlot], day: date
) -> list[Doubt]:
    """The same for slots of a planogram, compared with what the machine charges now."""
    now = await machines.planogram(db_session, machine_id)
    before = {slot.product_id: slot.price_minor for slot in (now.slots if now else [])}
    wanted = {slot.product_id: slot.price_minor for slot in slots}
    about = await _facts(db_session, wanted)
    found: list[Doubt] = []
    for product_id, price in wanted.items():
        cost, percent = about(product_id, day)
        was = before.get(product_id, 0)
        found += rules.doubts_about(product_id, price, before_minor=was, cost_minor=cost, percent=percent)
    return found


async def _charged(db_session: AsyncSession, list_id: str) -> dict[str, int]:
    followed = await repository.followed(db_session)
    planograms = await machines.planograms(db_session)
    users = [machine_id for machine_id, name in followed.items() if name == list_id]
    return {
        slot.product_id: slot.price_minor for name in users if name in planograms for slot in planograms[name].slots
    }


async def _facts(db_session: AsyncSession, products: Collection[str]) -> Any:
    costs = await inventory.unit_costs(db_session, products)
    goods = await catalogue.load(db_session)

    def about(product_id: str, day: date) -> tuple[int, int]:
        return costs.get(product_id, 0), goods.percent(product_id, day)

    return about


async def followed(db_session: AsyncSession) -> dict[str, str]:
    """Machine to the list its prices follow."""
    return await repository.followed(db_session)


async def follow(db_session: AsyncSession, machine_id: str, list_id: str | None) -> None:
    """Let a machine's prices follow a list, or none; the prices of now stay until something is due.

    Raises:
        NoSuchMachineError: nobody registered the machine.
        NoSuchListError: nobody made the list.
    """
    await locks.take(db_session, Lock.FLEET)
    if not await machines.is_registered(db_session, machine_id):
        raise machines.NoSuchMachineError(machine_id)
    if list_id is not None:
        await price_list(db_session, list_id)
    await repository.follow(db_session, machine_id, list_id)


async def plans(db_session: AsyncSession, machine_id: str) -> list[PlanView]:
    """Every plan of a machine, the newest day first."""
    return [PlanView.model_validate(row) for row in await repository.plans(db_session, machine_id)]


async def make_plan(
    db_session: AsyncSession,
    machine_id: str,
    valid_from: date,
    slots: Sequence[PlanogramSlot],
    *,
    by: str,
    now_ms: int,
    is_confirmed: bool = False,
) -> PlanView:
    """Plan what shall stand in a machine from a day on, in the machine's time zone; from today: at once.

    Raises:
        NoSuchMachineError: nobody registered the machine.
        PastDayError: the day is over.
        UnknownProductError: nobody described a product.
        DoubtfulError: a price is below cost or far from now, and `is_confirmed` is False.
    """
    await locks.take(db_session, Lock.FLEET)
    today = await today_at(db_session, machine_id, now_ms)
    if valid_from < today:
        raise PastDayError(valid_from, today)
    known = {row.id for row in await catalogue.products(db_session)}
    for slot in slots:
        if slot.product_id not in known:
            raise UnknownProductError(slot.product_id)
    if not is_confirmed and (doubts := await doubts_of_slots(db_session, machine_id, slots, valid_from)):
        raise DoubtfulError(doubts)
    said = {"machine_id": machine_id, "valid_from": valid_from, "made_at_ms": now_ms, "made_by": by}
    docs = [slot.model_dump(mode="json") for slot in slots]
    return PlanView.model_validate(await repository.add_plan(db_session, said | {"slots": docs}))


async def today_at(db_session: AsyncSession, machine_id: str, now_ms: int) -> date:
    """Today where the machine stands.

    Raises:
        NoSuchMachineError: nobody registered it.
    """
    return local_day(now_ms, (await machines.machine(db_session, machine_id)).timezone)


async def plan(db_session: AsyncSession, plan_id: int) -> PlanView | None:
    """One plan, or None."""
    row = await repository.plan(db_session, plan_id)
    return PlanView.model_validate(row) if row else None


async def withdraw_plan(db_session: AsyncSession, machine_id: str, plan_id: int, *, now_ms: int) -> None:
    """Take back a plan whose day has not come.

    Raises:
        NoSuchPlanError: it is not there, of another machine, or no longer waits.
    """
    await locks.take(db_session, Lock.FLEET)
    row = await repository.plan(db_session, plan_id)
    if row is None or row.machine_id != machine_id or row.published_rev or row.withdrawn_at_ms:
        raise NoSuchPlanError(plan_id)
    await repository.settle_plans(db_session, [plan_id], withdrawn_at_ms=now_ms)


async def is_anything_due(db_session: AsyncSession, now_ms: int) -> bool:
    """Whether `publish_due` would do something. Writes nothing."""
    return bool(await _due(db_session, now_ms))


async def publish_due(db_session: AsyncSession, now_ms: int) -> list[Published]:
    """Publish what is due: plans whose day has come, and the prices of today. Doing it again does nothing.

    Returns:
        The revisions that were published; the intake sends them to the machines.
    """
    await locks.take(db_session, Lock.FLEET)
    made: list[Published] = []
    for due in await _due(db_session, now_ms):
        rev = due.rev
        if due.is_new:
            rev += 1
            document = Planogram(rev=rev, slots=list(due.slots))
            by = due.plan.made_by if due.plan else f"price list {due.list_id}"
            await machines.publish_planogram(db_session, due.machine_id, document, by=by[:120], now_ms=now_ms)
            made.append(Published(due.machine_id, rev))
        if due.plan:
            await repository.settle_plans(db_session, [due.plan.id], published_rev=rev)
        await repository.settle_plans(db_session, due.passed, withdrawn_at_ms=now_ms)
    return made


@dataclass(frozen=True, slots=True)
class _Due:
    """What must be done for one machine."""

    machine_id: str
    rev: int
    """Newest published revision; 0 for none."""
    slots: Sequence[PlanogramSlot]
    is_new: bool
    """The slots differ from those of `rev`, or the machine refused that and is asked again."""
    plan: PlannedPlanogram | None
    passed: Sequence[int]
    """Plans that a later one went past before anybody published them."""
    list_id: str = ""


async def _due(db_session: AsyncSession, now_ms: int) -> list[_Due]:
    followed = await repository.followed(db_session)
    waiting: dict[str, list[PlannedPlanogram]] = {}
    for row in await repository.waiting_plans(db_session):
        waiting.setdefault(row.machine_id, []).append(row)
    if not followed and not waiting:
        return []
    planograms = await machines.planograms(db_session)
    prices = {name: _dated(await repository.prices(db_session, name)) for name in sorted(set(followed.values()))}
    found = []
    for machine in await machines.machines(db_session):
        plans = waiting.get(machine.id, [])
        if machine.id not in followed and not plans:
            continue
        today = local_day(now_ms, machine.timezone)
        list_id = followed.get(machine.id, "")
        charged = rules.prices_on(prices.get(list_id, []), today)
        is_refused = 0 < machine.planogram_rev == machine.refused_planogram_rev
        if due := _due_of(machine.id, plans, planograms.get(machine.id), charged, today, is_refused=is_refused):
            found.append(replace(due, list_id=list_id))
    return found


def _due_of(
    machine_id: str,
    waiting: Sequence[PlannedPlanogram],
    now: Planogram | None,
    prices: Mapping[str, int],
    today: date,
    *,
    is_refused: bool,
) -> _Due | None:
    """`is_refused`: the machine did not take the newest revision; a plan like it asks again, by a new one."""
    chosen = rules.due_plan((_plan(row) for row in waiting), today)
    if chosen is None and now is None:
        return None
    wanted = rules.priced(chosen.slots if chosen else (now.slots if now else []), prices)
    is_new = now is None or wanted != list(now.slots)
    ready = [row for row in waiting if row.valid_from <= today]
    if not is_new and not ready:
        return None
    row = next((row for row in ready if chosen and row.id == chosen.number), None)
    is_new = is_new or (is_refused and row is not None)
    passed = [other.id for other in ready if other is not row]
    return _Due(machine_id, now.rev if now else 0, wanted, is_new, row, passed)


def _plan(row: PlannedPlanogram) -> Plan:
    return Plan(row.id, row.valid_from, [PlanogramSlot.model_validate(slot) for slot in row.slots])
