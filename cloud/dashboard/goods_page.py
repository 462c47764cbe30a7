"""`/dashboard/stock/move`, `/receive`, `/counts`: what people do with goods, as forms."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from cloud.dashboard import stock_names
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.stock_names import Names, place_href, product_href, said
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.inventory import counting, goods, stock
from cloud.inventory.bodies import (
    REASON_LENGTH,
    CloseCountBody,
    GoodsLine,
    ReceiptBody,
    SpoilageBody,
    TransferBody,
)
from cloud.inventory.counting import CountView
from cloud.inventory.goods_endpoints import person_of, refusing
from cloud.kit.http import DatabaseDep, ProblemError, RowId

router = APIRouter(prefix="/dashboard/stock", include_in_schema=False)

COUNTS_SHOWN: Final = 100
BAD: Final = ProblemError(422, "invalid", "The form has a field that cannot be understood.")

SeesStock = Annotated[CurrentUser, Depends(PageLock(Permission.INVENTORY_READ))]
MayMove = Annotated[CurrentUser, Depends(PageLock(Permission.INVENTORY_MOVE))]
MayReceive = Annotated[CurrentUser, Depends(PageLock(Permission.INVENTORY_MANAGE))]
Moves = Annotated[Writer, Depends(PageWrites(Permission.INVENTORY_MOVE, "goods.moved"))]
Receives = Annotated[Writer, Depends(PageWrites(Permission.INVENTORY_MANAGE, "goods.received"))]
Begins = Annotated[Writer, Depends(PageWrites(Permission.INVENTORY_COUNT, "stock.count_begun"))]
Counts = Annotated[Writer, Depends(PageWrites(Permission.INVENTORY_COUNT, "stock.counted"))]

MOVE_FIELDS: Final = ("kind", "product_id", "quantity", "start", "end", "lot", "reason")
RECEIVE_FIELDS: Final = (
    "product_id",
    "quantity",
    "cost",
    "place_id",
    "best_before",
    "lot",
    "paid_by",
    "payee",
    "reason",
)


def typed(sent: Any, names: tuple[str, ...]) -> dict[str, str]:
    """The fields of a form or an address as they were typed."""
    return {name: str(sent.get(name, "")).strip()[:REASON_LENGTH] for name in names}


@router.get("/move")
async def move_form(request: Request, user: MayMove, database: DatabaseDep) -> Response:
    """移動・廃棄; links fill the form in beforehand."""
    return await _move_page(request, user, database, typed(request.query_params, MOVE_FIELDS))


@router.post("/move")
async def move(request: Request, writer: Moves, database: DatabaseDep) -> Response:
    """Record the form; the document is shown."""
    wanted = typed(await request.form(), MOVE_FIELDS)
    try:
        number = await _moved(writer, wanted)
    except ProblemError as error:
        return with_status(await _move_page(request, writer.user, database, wanted, said(error)), error.status)
    return RedirectResponse(f"/dashboard/stock/documents/{number}", status_code=303)


async def _moved(writer: Writer, wanted: dict[str, str]) -> int:
    if wanted["kind"] == "giveaway" and not writer.user.may(Permission.INVENTORY_MANAGE):
        raise ProblemError(403, "not_allowed", "Giving goods away needs the permission inventory.manage.")
    line: dict[str, Any] = {"product_id": wanted["product_id"], "quantity": wanted["quantity"]}
    if wanted["lot"]:
        line["lots"] = [{"code": wanted["lot"], "quantity": wanted["quantity"]}]
    body: BaseModel
    try:
        lines = [GoodsLine.model_validate(line).line()]
        if wanted["kind"] in {"spoilage", "giveaway"}:
            body = SpoilageBody.model_validate(
                {"place_id": wanted["start"], "lines": [line], "reason": wanted["reason"]}
            )
        else:
            body = TransferBody.model_validate(
                {
                    "from_place": wanted["start"],
                    "to_place": wanted["end"],
                    "lines": [line],
                    "reason": wanted["reason"],
                }
            )
    except ValidationError as error:
        raise BAD from error
    with refusing():
        async with writer.write(**{name: wanted[name] for name in ("kind", "product_id", "quantity")}) as session:
            who = person_of(writer)
            if isinstance(body, SpoilageBody):
                leave = goods.give_away if wanted["kind"] == "giveaway" else goods.spoil
                return await leave(session, body.place_id, lines, who, body.reason)
            return await goods.transfer(session, (wanted["start"], wanted["end"]), lines, who, wanted["reason"])


async def _move_page(
    request: Request, user: CurrentUser, database: Database, wanted: dict[str, str], error: str = ""
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        return {
            "wanted": wanted,
            "products": names.products(),
            "places": [{"id": row.id, "name": row.title} for row in names.places.values()],
            "storages": names.storages(),
            "may_give": user.may(Permission.INVENTORY_MANAGE),
            "error": error,
            "length": REASON_LENGTH,
        }

    return await show(request, database, user, "stock_move", "移動・廃棄", build)


@router.get("/receive")
async def receive_form(request: Request, user: MayReceive, database: DatabaseDep) -> Response:
    """入荷."""
    return await _receive_page(request, user, database, typed({}, RECEIVE_FIELDS))


@router.post("/receive")
async def receive(request: Request, writer: Receives, database: DatabaseDep) -> Response:
    """Record the form; the document is shown."""
    wanted = typed(await request.form(), RECEIVE_FIELDS)
    fields = ("product_id", "quantity", "cost", "lot", "best_before")
    line = {name: wanted[name] or None for name in fields}
    try:
        body = _parsed(
            ReceiptBody,
            {name: wanted[name] for name in ("place_id", "paid_by", "payee", "reason")} | {"lines": [line]},
        )
        with refusing():
            async with writer.write(product=wanted["product_id"], quantity=wanted["quantity"]) as session:
                lines = [row.line() for row in body.lines]
                number = await goods.receive(
                    session, body.place_id, lines, person_of(writer), body.reason, paid_from=body.paid_from
                )
    except ProblemError as error:
        return with_status(await _receive_page(request, writer.user, database, wanted, said(error)), error.status)
    return RedirectResponse(f"/dashboard/stock/documents/{number}", status_code=303)


def _parsed(kind: type[ReceiptBody], fields: dict[str, Any]) -> ReceiptBody:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise BAD from error


async def _receive_page(
    request: Request, user: CurrentUser, database: Database, wanted: dict[str, str], error: str = ""
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        return {
            "wanted": wanted,
            "products": names.products(),
            "storages": names.storages(),
            "error": error,
            "length": REASON_LENGTH,
        }

    return await show(request, database, user, "stock_receive", "入荷", build)


@router.get("/counts")
async def counts(request: Request, user: SeesStock, database: DatabaseDep) -> Response:
    """棚卸."""
    return await _counts_page(request, user, database)


async def _counts_page(request: Request, user: CurrentUser, database: Database, error: str = "") -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        rows = await counting.listing(contexts.db_session, limit=COUNTS_SHOWN)
        return {
            "rows": [_count(contexts, names, row) for row in rows],
            "places": [{"id": row.id, "name": row.title} for row in names.places.values()],
            "may_count": user.may(Permission.INVENTORY_COUNT),
            "error": error,
        }

    return await show(request, database, user, "stock_counts", "棚卸", build)


def _count(contexts: Contexts, names: Names, row: CountView) -> dict[str, Any]:
    return {
        "id": row.id,
        "place": names.place(row.place_id),
        "href": place_href(row.place_id),
        "at": contexts.moment(row.started_at_ms),
        "by": row.started_by,
        "is_open": not row.closed_at_ms,
        "reason": row.reason,
        "document": row.document_id,
        "difference": sum(line.difference for line in row.lines),
    }


@router.post("/counts")
async def begin(
    request: Request, writer: Begins, database: DatabaseDep, place_id: Annotated[str, Form(max_length=48)]
) -> Response:
    """Begin to count a place; its form is shown."""
    try:
        with refusing():
            async with writer.write(place=place_id) as session:
                number = await counting.begin(session, place_id, person_of(writer))
    except ProblemError as error:
        return with_status(await _counts_page(request, writer.user, database, said(error)), error.status)
    return RedirectResponse(f"/dashboard/stock/counts/{number}", status_code=303)


@router.get("/counts/{number}")
async def count(number: RowId, request: Request, user: SeesStock, database: DatabaseDep) -> Response:
    """One count: the form, or what was found. What the books have is not shown before."""
    return await _count_page(request, user, database, number, FormData())


@router.post("/counts/{number}")
async def close(number: RowId, request: Request, writer: Counts, database: DatabaseDep) -> Response:
    """Record what was found."""
    sent = await request.form()
    found = {name[2:]: str(value).strip() for name, value in sent.items() if name.startswith("n-")}
    lines = [{"product_id": name, "counted": value} for name, value in found.items() if value]
    try:
        body = CloseCountBody.model_validate({"lines": lines, "reason": str(sent.get("reason", "")).strip()})
        counted = {row.product_id: row.counted for row in body.lines}
        with refusing():
            async with writer.write(count=number) as session:
                await counting.close(session, number, counted, person_of(writer), body.reason)
    except (ValidationError, ProblemError) as error:
        problem = error if isinstance(error, ProblemError) else BAD
        return with_status(
            await _count_page(request, writer.user, database, number, sent, said(problem)), problem.status
        )
    return RedirectResponse(f"/dashboard/stock/counts/{number}", status_code=303)


async def _count_page(
    request: Request, user: CurrentUser, database: Database, number: int, sent: FormData, error: str = ""
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        found = await counting.one(contexts.db_session, number)
        if found is None:
            raise ProblemError(404, "no_such_count", f"There is no count {number}.")
        return {
            "count": _count(contexts, names, found),
            "rows": await _count_rows(contexts, names, found, sent),
            "may_count": user.may(Permission.INVENTORY_COUNT),
            "error": error,
            "length": REASON_LENGTH,
        }

    return await show(request, database, user, "stock_count", say("棚卸 {number}", number=number), build)


async def _count_rows(contexts: Contexts, names: Names, found: CountView, sent: FormData) -> list[dict[str, Any]]:
    if found.closed_at_ms:
        return [
            line.model_dump()
            | {
                "product": names.catalogue.name(line.product_id),
                "href": product_href(line.product_id, found.place_id),
            }
            for line in found.lines
        ]
    here = [row.product_id for row in await stock.held(contexts.db_session, place_id=found.place_id)]
    others = [] if "/" in found.place_id else [name for name in names.catalogue.ids() if name not in here]
    return [
        {"id": name, "product": names.catalogue.name(name), "typed": str(sent.get(f"n-{name}", ""))}
        for name in [*here, *others]
    ]
