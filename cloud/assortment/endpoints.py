"""`/api/v1/price-lists`, and which list and which plans a machine has."""

from datetime import date
from functools import partial
from typing import Annotated, Final, Self

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from cloud.assortment import service
from cloud.assortment.service import NewPrice, PlanView, PriceListView, PriceRow
from cloud.catalogue.views import Name
from cloud.identity.access import Creates, Creator, Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit import http
from cloud.kit.http import DatabaseDep, RowId, TodayDep, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.machines.service import NoSuchMachineError
from cloud.machines.service import machine as machine_of
from protocol.desired import Planogram, PlanogramSlot

_READ = [needs(Permission.FLEET_READ)]
router = APIRouter(prefix="/api/v1/price-lists", tags=["price-lists"])
machine_router = APIRouter(prefix="/api/v1/vending/machines/{machine_id}", tags=["vending"])

ListId = Annotated[str, Path(max_length=64)]
MachineName = Annotated[str, Path(max_length=40)]


class NewList(BaseModel):
    """A price list to make."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"id": "stations", "name": "駅の自販機"}]}
    )

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    name: Name


class NewPrices(BaseModel):
    """Prices to enter together."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"prices": [{"product_id": "green-tea", "valid_from": "2099-04-01", "price_minor": 170}]}]
        },
    )

    prices: Annotated[list[NewPrice], Field(min_length=1, max_length=2000)]
    is_confirmed: bool = False
    """True: prices below cost or more than 50 % away from before are meant."""


class EnteredPrices(BaseModel):
    """What was entered."""

    prices: list[PriceRow]


class CurrentPrice(BaseModel):
    """The price of a product on a day."""

    product_id: str
    price_minor: int


class Followed(BaseModel):
    """The list a machine's prices follow."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"list_id": None}]})

    list_id: Annotated[str, Field(max_length=64)] | None
    """Null: none; its prices are those of its planogram."""


class NewPlan(BaseModel):
    """What shall stand in a machine from a day on."""

    model_config = ConfigDict(extra="forbid")

    valid_from: date
    slots: Annotated[list[PlanogramSlot], Field(max_length=400)]
    is_confirmed: bool = False
    """True: prices below cost or more than 50 % away from now are meant."""

    @model_validator(mode="after")
    def _is_a_planogram(self) -> Self:
        Planogram(rev=1, slots=self.slots)
        return self


REFUSED: Final[http.Refusals] = {
    service.NoSuchListError: (404, "no_such_price_list"),
    NoSuchMachineError: (404, "no_such_machine"),
    service.NoSuchPlanError: (404, "no_such_plan"),
    service.ListExistsError: (409, "price_list_exists"),
    service.DoubtfulError: (409, "needs_confirmation"),
    service.PastDayError: (422, "past_day"),
    service.UnknownProductError: (422, "no_such_product"),
}

refusing = partial(http.refusing, REFUSED)
"""Around calls of this capability's services."""


@router.get("", dependencies=_READ)
async def list_price_lists(database: DatabaseDep, asked: AskedDep) -> Page[PriceListView]:
    """Every price list and the machines that follow it, by id."""
    async with database.read() as db_session:
        return asked.cut(await service.lists(db_session), lambda row: row.id, str)


@router.post("", status_code=201, responses=refusals(http_409="price_list_exists, key_reused"))
async def make_price_list(
    body: NewList, creator: Annotated[Creator, Depends(Creates(Permission.PLANOGRAMS_PUBLISH, "price_list.made"))]
) -> PriceListView:
    """Make a price list; it is empty, and no machine follows it yet."""
    with refusing():
        async with creator.once(body, name=body.name) as work:
            if work.is_new:
                by = creator.user.email
                await service.make_list(work.db_session, body.id, body.name, by=by, now_ms=creator.now_ms)
                work.made = body.id
            return await service.price_list(work.db_session, work.made)


@router.get("/{list_id}", dependencies=_READ, responses=refusals(http_404="no_such_price_list"))
async def get_price_list(list_id: ListId, database: DatabaseDep) -> PriceListView:
    """One price list and the machines that follow it."""
    with refusing():
        async with database.read() as db_session:
            return await service.price_list(db_session, list_id)


@router.get("/{list_id}/prices", dependencies=_READ, responses=refusals(http_404="no_such_price_list"))
async def list_prices(
    list_id: ListId, database: DatabaseDep, asked: AskedDep, today: TodayDep, day: date | None = None
) -> Page[CurrentPrice]:
    """The prices of a day, by product; of today unless told otherwise."""
    with refusing():
        async with database.read() as db_session:
            await service.price_list(db_session, list_id)
            found = await service.prices_on(db_session, list_id, day or today)
    rows = [CurrentPrice(product_id=name, price_minor=price) for name, price in found.items()]
    return asked.cut(rows, lambda row: row.product_id, str)


@router.get("/{list_id}/entries", dependencies=_READ, responses=refusals(http_404="no_such_price_list"))
async def list_entries(
    list_id: ListId,
    database: DatabaseDep,
    asked: AskedDep,
    product_id: Annotated[str | None, Field(max_length=64)] = None,
) -> Page[PriceRow]:
    """Every price that was ever entered, with who and when, in that order."""
    with refusing():
        async with database.read() as db_session:
            rows = await service.entered(db_session, list_id)
    return asked.cut([row for row in rows if product_id in {None, row.product_id}], lambda row: row.id, int)


@router.post(
    "/{list_id}/prices",
    status_code=201,
    responses=refusals(
        http_404="no_such_price_list", http_409="needs_confirmation, key_reused", http_422="past_day, no_such_product"
    ),
)
async def enter_prices(
    list_id: ListId,
    body: NewPrices,
    creator: Annotated[Creator, Depends(Creates(Permission.PLANOGRAMS_PUBLISH, "prices.entered"))],
    today: TodayDep,
) -> EnteredPrices:
    """Enter prices, all or none. Those of today reach the machines at once, the others when their day comes.

    A price below cost or more than 50 % away from before is refused unless `is_confirmed`.
    """
    with refusing():
        async with creator.once(body, list=list_id, prices=len(body.prices), is_confirmed=body.is_confirmed) as work:
            if work.is_new:
                made = await service.enter_prices(
                    work.db_session,
                    list_id,
                    body.prices,
                    by=creator.user.email,
                    now_ms=creator.now_ms,
                    today=today,
                    is_confirmed=body.is_confirmed,
                )
                work.made = f"{made[0].id}-{made[-1].id}"
                await service.publish_due(work.db_session, creator.now_ms)
            first, last = (int(part) for part in work.made.split("-"))
            rows = [row for row in await service.entered(work.db_session, list_id) if first <= row.id <= last]
    return EnteredPrices(prices=rows)


@machine_router.get("/price-list", dependencies=_READ, responses=refusals(http_404="no_such_machine"))
async def get_followed(machine_id: MachineName, database: DatabaseDep) -> Followed:
    """The list the machine's prices follow, or null."""
    with refusing():
        async with database.read() as db_session:
            await machine_of(db_session, machine_id)
            return Followed(list_id=(await service.followed(db_session)).get(machine_id))


@machine_router.put("/price-list", responses=refusals(http_404="no_such_machine, no_such_price_list"))
async def follow_price_list(
    machine_id: MachineName,
    body: Followed,
    writer: Annotated[Writer, Depends(Writes(Permission.PLANOGRAMS_PUBLISH, "price_list.followed"))],
) -> Followed:
    """Let the machine's prices follow a list: its prices of today are published at once. Null: follow none."""
    with refusing():
        async with writer.write(machine=machine_id, list=body.list_id) as db_session:
            await service.follow(db_session, machine_id, body.list_id)
            await service.publish_due(db_session, writer.now_ms)
    return body


@machine_router.get("/plans", dependencies=_READ, responses=refusals(http_404="no_such_machine"))
async def list_plans(machine_id: MachineName, database: DatabaseDep, asked: AskedDep) -> Page[PlanView]:
    """What was planned for the machine, in the order in which it was planned."""
    with refusing():
        async with database.read() as db_session:
            await machine_of(db_session, machine_id)
            rows = await service.plans(db_session, machine_id)
    return asked.cut(sorted(rows, key=lambda row: row.id), lambda row: row.id, int)


@machine_router.post(
    "/plans",
    status_code=201,
    responses=refusals(
        http_404="no_such_machine", http_409="needs_confirmation, key_reused", http_422="past_day, no_such_product"
    ),
)
async def make_plan(
    machine_id: MachineName,
    body: NewPlan,
    creator: Annotated[Creator, Depends(Creates(Permission.PLANOGRAMS_PUBLISH, "planogram.planned"))],
) -> PlanView:
    """Plan what shall stand in the machine from a day on; from today means at once."""
    with refusing():
        async with creator.once(body, valid_from=str(body.valid_from), slots=len(body.slots)) as work:
            if work.is_new:
                made = await service.make_plan(
                    work.db_session,
                    machine_id,
                    body.valid_from,
                    body.slots,
                    by=creator.user.email,
                    now_ms=creator.now_ms,
                    is_confirmed=body.is_confirmed,
                )
                work.made = str(made.id)
                await service.publish_due(work.db_session, creator.now_ms)
            found = await service.plan(work.db_session, int(work.made))
            if found is None:
                raise service.NoSuchPlanError(int(work.made))
            return found


@machine_router.delete("/plans/{plan_id}", responses=refusals(http_404="no_such_plan"))
async def withdraw_plan(
    machine_id: MachineName,
    plan_id: RowId,
    writer: Annotated[Writer, Depends(Writes(Permission.PLANOGRAMS_PUBLISH, "planogram.plan_withdrawn"))],
) -> PlanView:
    """Take back a plan whose day has not come."""
    with refusing():
        async with writer.write(plan=plan_id) as db_session:
            await service.withdraw_plan(db_session, machine_id, plan_id, now_ms=writer.now_ms)
            found = await service.plan(db_session, plan_id)
            if found is None:
                raise service.NoSuchPlanError(plan_id)
            return found
