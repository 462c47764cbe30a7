"""`/api/v1/procurement`: suppliers, offers, prices, and who is best to buy from."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from cloud.identity.access import Creates, Creator, Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, IfMatch, RowId, TodayDep, refusals, revision_of
from cloud.kit.pages import AskedDep, Page
from cloud.kit.rounding import hundredths_text
from cloud.procurement import service
from cloud.procurement.finder import Ranked, Reliability, Weights
from cloud.procurement.monitor import AlertKind
from cloud.procurement.refusals import refusing
from cloud.procurement.schemas import ProductId
from cloud.procurement.service import Recorded
from cloud.procurement.supplier_schemas import OfferBody, OfferView, SupplierBody, SupplierView

router = APIRouter(prefix="/api/v1/procurement", tags=["procurement"])

_READ = [needs(Permission.PROCUREMENT_READ)]


class Standing(BaseModel):
    """Whether money may go to a supplier, and whether it is used at all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"is_allowed": True}]})

    is_allowed: bool
    is_active: bool = True


class LastDay(BaseModel):
    """When an offer ends."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"valid_to": "2026-12-31"}]})

    valid_to: date


class ReasonView(BaseModel):
    """One criterion of a ranking: what it adds to the cost of the wanted quantity, and in words."""

    criterion: str
    yen: int
    ja: str
    en: str


class RankedView(BaseModel):
    """An offer with its place in the ranking and the reasons for it. Money in yen for all units."""

    place: int
    offer_id: int
    supplier_id: int
    supplier: str
    packs: int
    units: int
    total: int
    """To be paid, tax and shipping included."""
    landed_cost: int
    """What it costs in the end: shipping included, deductible tax not."""
    unit_cost: str
    """Landed cost of one unit in yen, two digits after the point."""
    score: int
    """Landed cost with lead time and unreliability priced in: decides the place, per unit."""
    lead_days: int
    is_orderable: bool
    reasons: list[ReasonView]


class AlertView(BaseModel):
    """Something somebody should know about a price."""

    kind: AlertKind
    product_id: str
    supplier_id: int
    supplier: str
    offer_id: int
    other_offer_id: int
    percent: int


class PricePoint(BaseModel):
    """One price in a history, without tax."""

    offer_id: int
    supplier_id: int
    supplier: str
    valid_from: date
    valid_to: date | None
    pack_size: int
    price: int
    """Yen of a pack, without tax."""


class ReliabilityView(BaseModel):
    """What our own receipts say about a supplier."""

    supplier_id: int
    supplier: str
    deliveries: int
    on_time: int
    complete: int


def ranked_view(row: Ranked, place: int) -> RankedView:
    """A place of the ranking for people and programs."""
    return RankedView(
        place=place,
        offer_id=row.candidate.offer_id,
        supplier_id=row.candidate.supplier_id,
        supplier=row.candidate.supplier,
        packs=row.packs,
        units=row.units,
        total=row.total_minor,
        landed_cost=row.landed_minor,
        unit_cost=hundredths_text(row.unit_sen),
        score=row.score_minor,
        lead_days=row.candidate.lead_days,
        is_orderable=row.is_orderable,
        reasons=[ReasonView(criterion=one.criterion, yen=one.yen, ja=one.ja, en=one.en) for one in row.reasons],
    )


@router.get("/suppliers", dependencies=_READ)
async def list_suppliers(
    database: DatabaseDep,
    asked: AskedDep,
    is_active: bool | None = None,  # noqa: FBT001 - a filter in the address
) -> Page[SupplierView]:
    """Suppliers, by reading of their names."""
    async with database.read() as db_session:
        after = asked.after(str, int)
        rows = await service.suppliers(db_session, limit=asked.one_more, after=after, is_active=is_active)
    return asked.page(rows, lambda row: (row.kana, row.id))


@router.get("/suppliers/reliability", dependencies=_READ)
async def list_reliability(database: DatabaseDep) -> list[ReliabilityView]:
    """How many orders each supplier finished, how many on time, how many complete: from our own receipts."""
    async with database.read() as db_session:
        found = await service.reliability(db_session)
        names = await service.names(db_session)
    nothing = Reliability()
    return [
        ReliabilityView(
            supplier_id=number,
            supplier=name,
            deliveries=found.get(number, nothing).deliveries,
            on_time=found.get(number, nothing).on_time,
            complete=found.get(number, nothing).complete,
        )
        for number, name in sorted(names.items())
    ]


@router.get("/suppliers/{supplier_id}", dependencies=_READ, responses=refusals(http_404="no_such_supplier"))
async def get_supplier(supplier_id: RowId, database: DatabaseDep, response: Response) -> SupplierView:
    """One supplier; the `ETag` is for a change."""
    with refusing():
        async with database.read() as db_session:
            found = await service.supplier(db_session, supplier_id)
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@router.post("/suppliers", status_code=201, responses=refusals(http_409="name_taken, key_reused"))
async def add_supplier(
    body: SupplierBody,
    creator: Annotated[Creator, Depends(Creates(Permission.SUPPLIERS_WRITE, "supplier.added"))],
) -> SupplierView:
    """Record a supplier. Money may go there only after an owner allowed it."""
    with refusing():
        async with creator.once(body, name=body.name) as work:
            if work.is_new:
                work.made = str(await service.add_supplier(work.db_session, body, creator.now_ms))
            return await service.supplier(work.db_session, int(work.made))


@router.put(
    "/suppliers/{supplier_id}",
    responses=refusals(http_404="no_such_supplier", http_409="name_taken", http_412="changed_meanwhile"),
)
async def change_supplier(
    supplier_id: RowId,
    body: SupplierBody,
    writer: Annotated[Writer, Depends(Writes(Permission.SUPPLIERS_WRITE, "supplier.changed"))],
    if_match: IfMatch = None,
) -> SupplierView:
    """Change a supplier. Another name or registration number takes it off the list of allowed payees."""
    with refusing():
        async with writer.write(**body.model_dump(mode="json")) as db_session:
            await service.change_supplier(db_session, supplier_id, body, revision_of(if_match))
            return await service.supplier(db_session, supplier_id)


@router.put(
    "/suppliers/{supplier_id}/standing",
    responses=refusals(http_404="no_such_supplier", http_412="changed_meanwhile"),
)
async def set_standing(
    supplier_id: RowId,
    body: Standing,
    writer: Annotated[Writer, Depends(Writes(Permission.SUPPLIERS_ALLOW, "supplier.allowed"))],
    if_match: IfMatch = None,
) -> SupplierView:
    """Allow money to go to a supplier, or no longer; take it out of use."""
    with refusing():
        async with writer.write(**body.model_dump()) as db_session:
            await service.set_standing(
                db_session,
                supplier_id,
                is_allowed=body.is_allowed,
                is_active=body.is_active,
                revision=revision_of(if_match),
            )
            return await service.supplier(db_session, supplier_id)


@router.get("/offers", dependencies=_READ)
async def list_offers(
    database: DatabaseDep,
    asked: AskedDep,
    supplier_id: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    product_id: Annotated[ProductId | None, Query()] = None,
    is_confirmed: bool | None = None,  # noqa: FBT001 - a filter in the address
) -> Page[OfferView]:
    """Offers, the newest recorded first; earlier ones of the same product and supplier are the price history."""
    async with database.read() as db_session:
        rows = await service.offers(
            db_session,
            limit=asked.one_more,
            before=asked.after(int),
            supplier_id=supplier_id,
            product_id=product_id,
            is_confirmed=is_confirmed,
        )
    return asked.page(rows, lambda row: row.id)


@router.post(
    "/suppliers/{supplier_id}/offers",
    status_code=201,
    responses=refusals(http_404="no_such_supplier", http_409="key_reused", http_422="no_such_product"),
)
async def add_offer(
    supplier_id: RowId,
    body: OfferBody,
    creator: Annotated[Creator, Depends(Creates(Permission.SUPPLIERS_WRITE, "offer.added"))],
) -> OfferView:
    """Record a price. Whoever does stands for it."""
    with refusing():
        async with creator.once(body, supplier=supplier_id, product=body.product_id, price=body.price) as work:
            if work.is_new:
                recorded = Recorded("person", creator.user.email, creator.now_ms)
                work.made = str(await service.add_offer(work.db_session, supplier_id, body, recorded))
            return await service.offer(work.db_session, int(work.made))


@router.post("/offers/{offer_id}/confirm", responses=refusals(http_404="no_such_offer"))
async def confirm_offer(
    offer_id: RowId, writer: Annotated[Writer, Depends(Writes(Permission.SUPPLIERS_WRITE, "offer.confirmed"))]
) -> OfferView:
    """Stand for an offer that came from a list or the web: from now on it may be ordered by."""
    with refusing():
        async with writer.write(offer=offer_id) as db_session:
            await service.confirm_offer(db_session, offer_id, writer.user.email)
            return await service.offer(db_session, offer_id)


@router.post("/offers/{offer_id}/end", responses=refusals(http_404="no_such_offer"))
async def end_offer(
    offer_id: RowId,
    body: LastDay,
    writer: Annotated[Writer, Depends(Writes(Permission.SUPPLIERS_WRITE, "offer.ended"))],
) -> OfferView:
    """Say on which day an offer ends."""
    with refusing():
        async with writer.write(offer=offer_id, valid_to=body.valid_to.isoformat()) as db_session:
            await service.end_offer(db_session, offer_id, body.valid_to)
            return await service.offer(db_session, offer_id)


def weights_of(request: Request) -> Weights:
    """What lateness and unreliability are worth, by the settings."""
    found = request.app.state.settings
    return Weights(found.supplier_lead_day_per_mille, found.supplier_unreliable_per_mille)


@router.get("/finder", dependencies=_READ, responses=refusals(http_422="no_such_product"))
async def find_supplier(
    request: Request,
    database: DatabaseDep,
    today: TodayDep,
    product_id: Annotated[ProductId, Query(examples=["green-tea"])],
    units: Annotated[int, Query(ge=1, le=1_000_000, examples=[48])],
) -> list[RankedView]:
    """Who is best to buy so many units from: by landed cost per unit, lead time and reliability, with the reasons."""
    with refusing():
        async with database.read() as db_session:
            rows = await service.find(db_session, product_id, units, today, weights_of(request))
    return [ranked_view(row, place) for place, row in enumerate(rows, start=1)]


@router.get("/prices/alerts", dependencies=_READ)
async def list_alerts(request: Request, database: DatabaseDep, today: TodayDep) -> list[AlertView]:
    """Prices that rose, offers that ended or end soon, and products that another supplier sells cheaper."""
    async with database.read() as db_session:
        found = await service.price_alerts(db_session, today, request.app.state.settings.price_rise_alert_percent)
        names = await service.names(db_session)
    return [
        AlertView(
            kind=row.kind,
            product_id=row.product_id,
            supplier_id=row.supplier_id,
            supplier=names[row.supplier_id],
            offer_id=row.offer_id,
            other_offer_id=row.other_offer_id,
            percent=row.percent,
        )
        for row in found
    ]


@router.get("/prices/{product_id}", dependencies=_READ)
async def list_prices(product_id: ProductId, database: DatabaseDep) -> list[PricePoint]:
    """The price history of a product: every price somebody stood for, without tax, the oldest first."""
    async with database.read() as db_session:
        found = await service.price_history(db_session, product_id)
        names = await service.names(db_session)
    return [
        PricePoint(
            offer_id=row.offer_id,
            supplier_id=row.supplier_id,
            supplier=names[row.supplier_id],
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            pack_size=row.pack_size,
            price=row.net_minor,
        )
        for row in found
    ]
