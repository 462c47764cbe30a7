"""Price lists and planograms as tables, out and in."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from cloud.assortment import csv_tables, service
from cloud.assortment.endpoints import ListId, MachineName, refusing
from cloud.assortment.rules import DatedPrice
from cloud.catalogue import service as catalogue
from cloud.catalogue.csv_endpoints import DryRun
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit import csv_table
from cloud.kit.csv_table import CSV_BODY, CsvFile
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep, refusals
from cloud.machines import service as machines

router = APIRouter(prefix="/api/v1/price-lists", tags=["price-lists"])
machine_router = APIRouter(prefix="/api/v1/vending/machines/{machine_id}", tags=["vending"])
_READ = [needs(Permission.FLEET_READ)]

Confirmed = Annotated[bool, Query(description="True: prices below cost or far from before are meant.")]
Publishes = Annotated[Writer, Depends(Writes(Permission.PLANOGRAMS_PUBLISH, "prices.imported"))]
Plans = Annotated[Writer, Depends(Writes(Permission.PLANOGRAMS_PUBLISH, "planogram.imported"))]


class TableReport(BaseModel):
    """What a table did, or would do."""

    is_dry_run: bool
    changed: int
    """Prices that were not in the list, or slots of the plan."""


@router.get(
    "/{list_id}/csv",
    response_class=CsvFile,
    dependencies=_READ,
    responses=refusals(http_404="no_such_price_list"),
)
async def get_prices_csv(list_id: ListId, database: DatabaseDep) -> CsvFile:
    """Every price with its first day; sent back unchanged it changes nothing."""
    with refusing():
        async with database.read() as db_session:
            rows = await service.entered(db_session, list_id)
    return csv_table.download(list_id, csv_tables.PRICES, csv_tables.price_rows(_dated(rows)))


@router.post(
    "/{list_id}/csv",
    responses=refusals(
        http_404="no_such_price_list", http_409="needs_confirmation", http_413="too_large", http_422="bad_table"
    ),
    openapi_extra=CSV_BODY,
)
async def put_prices_csv(
    list_id: ListId,
    request: Request,
    writer: Publishes,
    today: TodayDep,
    dry_run: DryRun = False,  # noqa: FBT002 - a switch in the address
    is_confirmed: Confirmed = False,  # noqa: FBT002 - the same
) -> TableReport:
    """Enter the prices of a table that are not in the list yet: all or none."""
    data = await csv_table.sent(request)
    return await take_prices(writer, list_id, data, today=today, is_dry_run=dry_run, is_confirmed=is_confirmed)


async def take_prices(
    writer: Writer, list_id: str, data: bytes, *, today: date, is_dry_run: bool, is_confirmed: bool
) -> TableReport:
    """Enter the prices of a table for a request, of the API or of the page.

    Raises:
        ProblemError: it cannot be taken; every wrong cell is named.
    """
    with csv_table.taking(), refusing():
        async with writer.write(list=list_id, bytes=len(data)) as db_session:
            known = csv_tables.points(_dated(await service.entered(db_session, list_id)))
            products = {row.id: row for row in await catalogue.products(db_session)}
            new = [price for _, price in csv_tables.prices_of(data, known, products, today)]
            await service.enter_prices(
                db_session,
                list_id,
                new,
                by=writer.user.email,
                now_ms=writer.now_ms,
                today=today,
                is_confirmed=is_confirmed,
            )
            csv_table.end_dry_run(is_dry_run=is_dry_run)
            await service.publish_due(db_session, writer.now_ms)
    return TableReport(is_dry_run=is_dry_run, changed=len(new))


@machine_router.get(
    "/planogram/csv",
    response_class=CsvFile,
    dependencies=_READ,
    responses=refusals(http_404="no_such_machine, no_planogram"),
)
async def get_planogram_csv(machine_id: MachineName, database: DatabaseDep) -> CsvFile:
    """The slots of the newest planogram."""
    with refusing():
        async with database.read() as db_session:
            await machines.machine(db_session, machine_id)
            found = await machines.planogram(db_session, machine_id)
    if found is None:
        raise ProblemError(404, "no_planogram", f"No planogram was ever published for {machine_id}.")
    return csv_table.download(machine_id, csv_tables.SLOTS, csv_tables.slot_rows(found.slots))


@machine_router.post(
    "/planogram/csv",
    responses=refusals(
        http_404="no_such_machine",
        http_409="needs_confirmation",
        http_413="too_large",
        http_422="bad_table, past_day",
    ),
    openapi_extra=CSV_BODY,
)
async def put_planogram_csv(
    machine_id: MachineName,
    request: Request,
    writer: Plans,
    valid_from: date | None = None,
    dry_run: DryRun = False,  # noqa: FBT002 - a switch in the address
    is_confirmed: Confirmed = False,  # noqa: FBT002 - the same
) -> TableReport:
    """Plan the slots of a table from a day on; without a day, from now on. All of the machine's slots are in it."""
    data = await csv_table.sent(request)
    return await take_plan(writer, machine_id, data, valid_from, is_dry_run=dry_run, is_confirmed=is_confirmed)


async def take_plan(
    writer: Writer, machine_id: str, data: bytes, valid_from: date | None, *, is_dry_run: bool, is_confirmed: bool
) -> TableReport:
    """Plan the slots of a table for a request, of the API or of the page.

    Raises:
        ProblemError: it cannot be taken; every wrong cell is named.
    """
    with csv_table.taking(), refusing():
        async with writer.write(machine=machine_id, bytes=len(data)) as db_session:
            await machines.machine(db_session, machine_id)
            products = {row.id: row for row in await catalogue.products(db_session)}
            slots = csv_tables.slots_of(data, products)
            now = await service.today_at(db_session, machine_id, writer.now_ms)
            await service.make_plan(
                db_session,
                machine_id,
                valid_from or now,
                slots,
                by=writer.user.email,
                now_ms=writer.now_ms,
                is_confirmed=is_confirmed,
            )
            csv_table.end_dry_run(is_dry_run=is_dry_run)
            await service.publish_due(db_session, writer.now_ms)
    return TableReport(is_dry_run=is_dry_run, changed=len(slots))


def _dated(rows: list[service.PriceRow]) -> list[DatedPrice]:
    return [DatedPrice(row.id, row.product_id, row.valid_from, row.price_minor) for row in rows]
