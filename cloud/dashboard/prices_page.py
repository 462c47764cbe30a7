"""`/dashboard/prices`: price lists, their prices by day, and which machines follow them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from cloud.assortment import service
from cloud.assortment.endpoints import NewList, refusing
from cloud.assortment.rules import Doubt
from cloud.assortment.service import DoubtfulError, NewPrice
from cloud.catalogue import service as catalogue
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import named, say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.product_wording import DOUBTS, REFUSALS
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, today_of
from cloud.machines import service as machines

router = APIRouter(prefix="/dashboard/prices", include_in_schema=False)

ENTRIES_SHOWN: Final = 100

SeesPrices = Annotated[CurrentUser, Depends(PageLock(Permission.FLEET_READ))]
Makes = Annotated[Writer, Depends(PageWrites(Permission.PLANOGRAMS_PUBLISH, "price_list.made"))]
Enters = Annotated[Writer, Depends(PageWrites(Permission.PLANOGRAMS_PUBLISH, "prices.entered"))]
Follows = Annotated[Writer, Depends(PageWrites(Permission.PLANOGRAMS_PUBLISH, "price_list.followed"))]
ListName = Annotated[str, Path(max_length=64)]


@router.get("")
async def price_lists(request: Request, user: SeesPrices, database: DatabaseDep) -> Response:
    """価格表."""
    return await _lists_page(request, user, database)


async def _lists_page(
    request: Request, user: CurrentUser, database: Database, error: str = "", typed: dict[str, str] | None = None
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        found = []
        for row in await service.lists(contexts.db_session):
            prices = await service.prices_on(contexts.db_session, row.id, today_of(request))
            found.append(row.model_dump() | {"products": len(prices)})
        return {
            "lists": found,
            "error": error,
            "typed": typed or {},
            "may_write": user.may(Permission.PLANOGRAMS_PUBLISH),
        }

    return await show(request, database, user, "price_lists", "価格表", build)


@router.post("")
async def make(
    request: Request,
    writer: Makes,
    list_id: Annotated[str, Form(max_length=80)],
    name: Annotated[str, Form(max_length=200)],
) -> Response:
    """Make a price list from the form."""
    try:
        with refusing():
            made = NewList(id=list_id.strip(), name=name)
            async with writer.write(list=made.id) as db_session:
                await service.make_list(db_session, made.id, made.name, by=writer.user.email, now_ms=writer.now_ms)
    except (ProblemError, ValidationError) as error:
        words = REFUSALS[error.code] if isinstance(error, ProblemError) else REFUSALS["invalid"]
        typed = {"list_id": list_id, "name": name}
        return with_status(
            await _lists_page(request, writer.user, request.app.state.database, words, typed),
            error.status if isinstance(error, ProblemError) else 422,
        )
    return RedirectResponse(f"/dashboard/prices/{made.id}", status_code=303)


@router.get("/{list_id}")
async def one_list(list_id: ListName, request: Request, user: SeesPrices, database: DatabaseDep) -> Response:
    """One price list."""
    return await _page(request, user, database, list_id)


@router.post("/{list_id}")
async def enter(
    list_id: ListName,
    request: Request,
    writer: Enters,
    product_id: Annotated[str, Form(max_length=64)],
    valid_from: Annotated[str, Form(max_length=10)],
    price_minor: Annotated[str, Form(max_length=12)],
    is_confirmed: Annotated[bool, Form()] = False,  # noqa: FBT002 - a box that is not ticked is not sent
) -> Response:
    """Enter one price from the form."""
    typed: dict[str, Any] = {"product_id": product_id, "valid_from": valid_from, "price_minor": price_minor}
    try:
        with refusing():
            price = NewPrice.model_validate(typed)
            async with writer.write(list=list_id, **typed) as db_session:
                await service.enter_prices(
                    db_session,
                    list_id,
                    [price],
                    by=writer.user.email,
                    now_ms=writer.now_ms,
                    today=today_of(request),
                    is_confirmed=is_confirmed,
                )
                await service.publish_due(db_session, writer.now_ms)
    except (ProblemError, ValidationError) as error:
        code = error.code if isinstance(error, ProblemError) else "invalid"
        doubts = error.__cause__.doubts if isinstance(error.__cause__, DoubtfulError) else []
        typed |= {"error": REFUSALS.get(code, ""), "doubts": [doubt_words(row) for row in doubts]}
        return with_status(
            await _page(request, writer.user, request.app.state.database, list_id, typed),
            error.status if isinstance(error, ProblemError) else 422,
        )
    return RedirectResponse(f"/dashboard/prices/{list_id}", status_code=303)


def doubt_words(row: Doubt) -> str:
    """A doubt in words."""
    return say(DOUBTS[row.kind], price=row.price_minor, against=row.against_minor)


@router.post("/{list_id}/machines")
async def follow(list_id: ListName, writer: Follows, machine_id: Annotated[str, Form(max_length=40)]) -> Response:
    """Let a machine follow the list, or, if it does, none."""
    with refusing():
        async with writer.write(machine=machine_id, list=list_id) as db_session:
            now = (await service.followed(db_session)).get(machine_id)
            await service.follow(db_session, machine_id, None if now == list_id else list_id)
            await service.publish_due(db_session, writer.now_ms)
    return RedirectResponse(f"/dashboard/prices/{list_id}#machines", status_code=303)


async def _page(
    request: Request, user: CurrentUser, database: Database, list_id: str, typed: dict[str, Any] | None = None
) -> Response:
    today = today_of(request)

    async def build(contexts: Contexts) -> dict[str, Any]:
        with refusing():
            found = await service.price_list(contexts.db_session, list_id)
        entries = await service.entered(contexts.db_session, list_id)
        products = {row.id: row for row in await catalogue.products(contexts.db_session)}
        followed = await service.followed(contexts.db_session)
        now = await service.prices_on(contexts.db_session, list_id, today)
        later = {row.product_id for row in entries if row.valid_from > today}
        return {
            "list": found,
            "today": today,
            "rows": [
                {
                    "product": products.get(name),
                    "id": name,
                    "now": now.get(name),
                    "later": [row for row in entries if row.product_id == name and row.valid_from > today],
                }
                for name in sorted(set(now) | later)
            ],
            "entries": [
                row.model_dump() | {"at": contexts.moment(row.entered_at_ms), "name": _name(products, row.product_id)}
                for row in entries[-ENTRIES_SHOWN:][::-1]
            ],
            "products": [row for row in products.values() if row.is_active],
            "machines": [
                {"id": row.id, "name": row.name, "list": followed.get(row.id)}
                for row in await machines.machines(contexts.db_session)
            ],
            "typed": typed or {},
            "may_write": user.may(Permission.PLANOGRAMS_PUBLISH),
        }

    return await show(request, database, user, "price_list", "価格表", build)


def _name(products: dict[str, Any], product_id: str) -> str:
    row = products.get(product_id)
    return named(row) if row else product_id
