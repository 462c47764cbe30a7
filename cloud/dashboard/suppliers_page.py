"""`/dashboard/suppliers`: who we buy from, at which prices, and who is best for a product."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from cloud.catalogue import service as catalogue
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.forms import FIELD, typed
from cloud.dashboard.language import listed, say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.procurement_page import owed_href
from cloud.dashboard.procurement_words import REFUSALS, price_chart, terms, unit_text
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep
from cloud.procurement import finder, service
from cloud.procurement.refusals import refusing
from cloud.procurement.search_endpoints import ask
from cloud.procurement.service import Recorded
from cloud.procurement.supplier_endpoints import ranked_view, weights_of
from cloud.procurement.supplier_schemas import OfferBody, SupplierBody

router = APIRouter(prefix="/dashboard/suppliers", include_in_schema=False)

SHOWN: Final = 200
UNITS: Final = 48
"""For the ranking, unless somebody says how many."""

FINDINGS: Final = 20

SeesSuppliers = Annotated[CurrentUser, Depends(PageLock(Permission.PROCUREMENT_READ))]
Adds = Annotated[Writer, Depends(PageWrites(Permission.SUPPLIERS_WRITE, "supplier.added"))]
Offers = Annotated[Writer, Depends(PageWrites(Permission.SUPPLIERS_WRITE, "offer.added"))]
Confirms = Annotated[Writer, Depends(PageWrites(Permission.SUPPLIERS_WRITE, "offer.confirmed"))]
Searches = Annotated[CurrentUser, Depends(PageLock(Permission.SUPPLIERS_WRITE))]
Allows = Annotated[Writer, Depends(PageWrites(Permission.SUPPLIERS_ALLOW, "supplier.allowed"))]


@router.get("")
async def suppliers(request: Request, user: SeesSuppliers, database: DatabaseDep) -> Response:
    """仕入先."""
    return await _list(request, user, database)


@router.post("")
async def add(request: Request, writer: Adds) -> Response:
    """Record the supplier of the form."""
    sent = await typed(request)
    database: Database = request.app.state.database
    try:
        with refusing():
            body = SupplierBody.model_validate({name: value for name, value in sent.items() if value and name != FIELD})
            async with writer.write(name=body.name) as db_session:
                number = await service.add_supplier(db_session, body, writer.now_ms)
    except ValidationError as error:
        return await _list(request, writer.user, database, _words(error), sent, status=422)
    except ProblemError as error:
        return await _list(request, writer.user, database, REFUSALS[error.code], sent, status=error.status)
    return RedirectResponse(f"/dashboard/suppliers/{number}", status_code=303)


def _words(error: ValidationError) -> str:
    """Each field that is wrong, by its name on the form."""
    fields = sorted({str(item["loc"][0]) if item["loc"] else "" for item in error.errors()})
    return say("次の欄をご確認ください: {fields}", fields=listed(FIELDS.get(name, name) for name in fields))


FIELDS: Final = {
    "name": "名前",
    "kana": "読み",
    "registration_number": "登録番号(T と 13 桁。検査数字が合わない場合は一桁ずつ見比べてください)",
    "lead_days": "納期",
    "minimum_order": "最低発注額",
    "shipping": "送料",
    "free_shipping_from": "送料無料になる額",
    "closing_day": "締め日",
    "pay_months": "支払月",
    "pay_day": "支払日",
    "product_id": "商品",
    "pack_size": "入数",
    "price": "ケースの価格",
    "minimum_packs": "最小ケース数",
    "valid_from": "適用開始日",
    "valid_to": "適用終了日",
    "": "適用期間",
}


async def _list(
    request: Request,
    user: CurrentUser,
    database: Database,
    error: str = "",
    sent: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        found = await service.reliability(contexts.db_session)
        rows = await service.suppliers(contexts.db_session, limit=SHOWN)
        offers = await service.offers(contexts.db_session, limit=SHOWN, is_confirmed=False)
        return {
            "suppliers": [
                row.model_dump() | {"terms": terms(row), "record": found.get(row.id), "owed_href": owed_href(row.id)}
                for row in rows
            ],
            "unconfirmed": offers,
            "may_write": user.may(Permission.SUPPLIERS_WRITE),
            "error": error,
            "sent": sent or {},
        }

    return with_status(await show(request, database, user, "suppliers", "仕入先", build), status)


@router.get("/prices/{product_id}")
async def prices(
    product_id: str,
    request: Request,
    user: SeesSuppliers,
    database: DatabaseDep,
    today: TodayDep,
    units: Annotated[int, Query(ge=1, le=1_000_000)] = UNITS,
) -> Response:
    """Who is best to buy a product from and why, and how its prices went."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        db_session = contexts.db_session
        product = await catalogue.product(db_session, product_id)
        if product is None:
            raise ProblemError(404, "no_such_product", f"There is no product {product_id!r}.")
        names = await service.names(db_session)
        history = await service.price_history(db_session, product_id)
        ranked = await service.find(db_session, product_id, units, today, weights_of(request))
        return {
            "product": product,
            "units": units,
            "ranked": [ranked_view(row, place) for place, row in enumerate(ranked, start=1)],
            "least": finder.FEW_DELIVERIES,
            "chart": price_chart(history, names, today),
            "history": [
                {
                    "supplier": names[row.supplier_id],
                    "supplier_id": row.supplier_id,
                    "valid_from": row.valid_from,
                    "valid_to": row.valid_to,
                    "pack_size": row.pack_size,
                    "net": row.net_minor,
                    "unit": unit_text(row.net_minor * 100 // row.pack_size),
                }
                for row in reversed(history)
            ],
        }

    return await show(request, database, user, "supplier_prices", "仕入価格", build)


@router.get("/search")
async def search(
    request: Request, user: Searches, database: DatabaseDep, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Look for offers on the web and in our own lists. What is found is for a person to read."""
    words = " ".join(q.split())
    try:
        found = await ask(request.app.state.searches, words, FINDINGS) if words else None
        error = ""
    except ProblemError:
        found, error = None, "検索先が設定されていません。SEARXNG_URL か SUPPLIER_LISTS_DIR を設定してください。"

    async def build(_contexts: Contexts) -> dict[str, Any]:
        return {"words": words, "found": found, "error": error}

    return await show(request, database, user, "suppliers_search", "仕入先を探す", build)


@router.get("/{supplier_id}")
async def supplier(supplier_id: RowId, request: Request, user: SeesSuppliers, database: DatabaseDep) -> Response:
    """One supplier with its offers."""
    return await _one(request, user, database, supplier_id)


@router.post("/{supplier_id}/offers")
async def offer(supplier_id: RowId, request: Request, writer: Offers) -> Response:
    """Record the price of the form; whoever does stands for it."""
    sent = await typed(request)
    database: Database = request.app.state.database
    try:
        with refusing():
            body = OfferBody.model_validate({name: value for name, value in sent.items() if value and name != FIELD})
            async with writer.write(supplier=supplier_id, product=body.product_id, price=body.price) as db_session:
                recorded = Recorded("person", writer.user.email, writer.now_ms)
                await service.add_offer(db_session, supplier_id, body, recorded)
    except ValidationError as error:
        return await _one(request, writer.user, database, supplier_id, _words(error), sent, status=422)
    except ProblemError as error:
        if error.code not in REFUSALS:
            raise
        return await _one(request, writer.user, database, supplier_id, REFUSALS[error.code], sent, status=error.status)
    return RedirectResponse(f"/dashboard/suppliers/{supplier_id}", status_code=303)


@router.post("/{supplier_id}/standing")
async def standing(
    supplier_id: RowId,
    request: Request,
    writer: Allows,
    revision: Annotated[int, Form(ge=1, lt=2**31)],
    is_allowed: Annotated[bool, Form()] = False,  # noqa: FBT002 - a box that is not ticked is not sent
    is_active: Annotated[bool, Form()] = False,  # noqa: FBT002 - the same
) -> Response:
    """Put the supplier on or off the list of those that money may go to."""
    database: Database = request.app.state.database
    try:
        with refusing():
            async with writer.write(is_allowed=is_allowed, is_active=is_active) as db_session:
                await service.set_standing(
                    db_session, supplier_id, is_allowed=is_allowed, is_active=is_active, revision=revision
                )
    except ProblemError as error:
        if error.code not in REFUSALS:
            raise
        return await _one(request, writer.user, database, supplier_id, REFUSALS[error.code], status=error.status)
    return RedirectResponse(f"/dashboard/suppliers/{supplier_id}", status_code=303)


@router.post("/offers/{offer_id}/confirm")
async def confirm(offer_id: RowId, writer: Confirms) -> Response:
    """Stand for an offer."""
    with refusing():
        async with writer.write(offer=offer_id) as db_session:
            await service.confirm_offer(db_session, offer_id, writer.user.email)
            found = await service.offer(db_session, offer_id)
    return RedirectResponse(f"/dashboard/suppliers/{found.supplier_id}", status_code=303)


async def _one(
    request: Request,
    user: CurrentUser,
    database: Database,
    supplier_id: int,
    error: str = "",
    sent: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        with refusing():
            found = await service.supplier(contexts.db_session, supplier_id)
        record = (await service.reliability(contexts.db_session)).get(supplier_id)
        return {
            "supplier": found,
            "terms": terms(found),
            "record": record,
            "owed_href": owed_href(supplier_id),
            "offers": await service.offers(contexts.db_session, limit=SHOWN, supplier_id=supplier_id),
            "products": [row for row in await catalogue.products(contexts.db_session) if row.is_active],
            "may_write": user.may(Permission.SUPPLIERS_WRITE),
            "may_allow": user.may(Permission.SUPPLIERS_ALLOW),
            "error": error,
            "sent": sent or {},
        }

    return with_status(await show(request, database, user, "supplier", "仕入先", build), status)
