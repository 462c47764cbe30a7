"""`/dashboard/products`: what is sold, one product with its history and photo, and products from a table."""

from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from cloud.assortment import service as assortment
from cloud.catalogue import service
from cloud.catalogue.allergens import ALLERGENS, RECOMMENDED, REQUIRED
from cloud.catalogue.csv_endpoints import import_products
from cloud.catalogue.endpoints import save_product, tag_of
from cloud.catalogue.picture_endpoints import FilesDep, keep_picture, remove_picture
from cloud.catalogue.pictures import MAX_BYTES
from cloud.catalogue.views import ProductView
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import listed, say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import HERE, show, with_status
from cloud.dashboard.product_wording import CLASSES, FIELDS, PROBLEMS, REFUSALS, TEMPERATURES, allergens
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.advice import FieldProblem
from cloud.kit.clock import local_day
from cloud.kit.csv_table import MAX_BYTES as MAX_TABLE_BYTES
from cloud.kit.http import DatabaseDep, ProblemError
from cloud.machines import service as machines

router = APIRouter(prefix="/dashboard/products", include_in_schema=False)

PLAIN: Final = ("id", "name_ja", "name_en", "name_kana", "tax_class", "temperature", "picture", "size_unit")
NUMBERS: Final = ("size_amount", "shelf_life_days")
NEW: Final = "+"
"""Stands for the product that is about to be added; no product's id is so."""

SeesProducts = Annotated[CurrentUser, Depends(PageLock(Permission.FLEET_READ))]
Saves = Annotated[Writer, Depends(PageWrites(Permission.PRODUCTS_WRITE, "product.saved"))]
Pictures = Annotated[Writer, Depends(PageWrites(Permission.PRODUCTS_WRITE, "product.picture_changed"))]
Imports = Annotated[Writer, Depends(PageWrites(Permission.PRODUCTS_WRITE, "products.imported"))]
ProductName = Annotated[str, Path(max_length=64)]


def drawings() -> list[str]:
    """Names of the drawings a product can have."""
    return sorted(path.stem for path in FilePath(HERE, "static", "art").glob("*.svg"))


@router.get("")
async def all_products(
    request: Request,
    user: SeesProducts,
    database: DatabaseDep,
    q: Annotated[str, Query(max_length=120)] = "",
    temperature: Annotated[str, Query(max_length=8)] = "",
    only: Annotated[str, Query(max_length=8)] = "active",
) -> Response:
    """商品."""
    return await _list_page(request, user, database, {"q": q, "temperature": temperature, "only": only})


async def _list_page(
    request: Request, user: CurrentUser, database: Database, asked: dict[str, str], report: Any = None
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        today = local_day(request.app.state.clock(), request.app.state.settings.timezone)
        known = await service.load(contexts.db_session)
        sold = await _sold(contexts)
        rows = [row for row in await service.products(contexts.db_session) if _wanted(row, asked)]
        return {
            "products": [
                row.model_dump()
                | {
                    "prices": sorted({slot["price"] for slot in sold.get(row.id, [])}),
                    "places": len({slot["machine_id"] for slot in sold.get(row.id, [])}),
                    "percent": known.percent(row.id, today),
                }
                for row in rows
            ],
            "asked": asked,
            "temperatures": TEMPERATURES,
            "may_write": user.may(Permission.PRODUCTS_WRITE),
            "report": report,
        }

    return await show(request, database, user, "products", "商品", build)


def _wanted(row: ProductView, asked: dict[str, str]) -> bool:
    is_there = asked["only"] == "all" or row.is_active == (asked["only"] != "ended")
    return is_there and asked["temperature"] in {"", row.temperature} and row.matches(asked["q"])


async def _sold(contexts: Contexts) -> dict[str, list[dict[str, Any]]]:
    """Product to the slots it is sold in."""
    found: dict[str, list[dict[str, Any]]] = {}
    for machine_id, document in sorted((await machines.planograms(contexts.db_session)).items()):
        for slot in document.slots:
            place = {"machine_id": machine_id, "slot": slot.slot, "price": slot.price_minor}
            found.setdefault(slot.product_id, []).append(place)
    return found


@router.post("/+/table")
async def import_table(request: Request, writer: Imports) -> Response:
    """Products from a table: first a preview, then, with the same file, the import."""
    database: Database = request.app.state.database
    asked = {"q": "", "temperature": "", "only": "all"}
    try:
        async with request.form(max_files=1) as sent:
            table, is_dry_run = await _file(sent, "table", MAX_TABLE_BYTES), "preview" in sent
        found = await import_products(writer, table, is_dry_run=is_dry_run)
    except ProblemError as error:
        words = REFUSALS.get(error.code, "")
        return with_status(
            await _list_page(
                request,
                writer.user,
                database,
                asked,
                {"problems": [_in_words(row) for row in error.fields], "words": words},
            ),
            error.status,
        )
    return await _list_page(request, writer.user, database, asked, found.model_dump() | {"fields": FIELDS})


def _in_words(row: FieldProblem) -> dict[str, str]:
    """What is wrong with a cell; in the words of the API where the pages have none."""
    line, _, column = row.field.removeprefix("line ").partition(", ")
    known = PROBLEMS.get(column, "")
    return {
        "line": line,
        "column": FIELDS.get(column, column),
        "words": known or f"{row.problem}. {row.what_to_do}",
        "language": "ja" if known else "en",
    }


@router.get("/{product_id}")
async def one_product(product_id: ProductName, request: Request, user: SeesProducts, database: DatabaseDep) -> Response:
    """One product; `+` is the form for a new one."""
    return await _page(request, user, database, product_id)


@router.post("/{product_id}")
async def save(product_id: ProductName, request: Request, writer: Saves) -> Response:
    """Add or change a product from the form."""
    sent = await request.form()
    said = _said(sent) | ({} if product_id == NEW else {"id": product_id})
    tag = str(sent.get("tag") or "")
    database: Database = request.app.state.database
    errors: dict[str, str] = {}
    status = 422
    try:
        product = ProductView.model_validate(said)
        if product_id == NEW and await _is_known(database, product.id):
            errors["id"] = "この商品コードは、すでに使われています。"
        else:
            await save_product(writer, product, tag or None)
            return RedirectResponse(f"/dashboard/products/{product.id}", status_code=303)
    except ValidationError as error:
        for item in error.errors():
            name = str(item["loc"][0]) if item["loc"] else "size_amount"
            errors[name] = PROBLEMS.get(name, "ご確認ください。")
    except ProblemError as error:
        errors["jan" if error.code == "jan_taken" else ""] = REFUSALS[error.code]
        status = error.status
    return with_status(await _page(request, writer.user, database, product_id, said, errors), status)


async def _is_known(database: Database, product_id: str) -> bool:
    async with database.read() as db_session:
        return await service.product(db_session, product_id) is not None


@router.post("/{product_id}/picture")
async def change_picture(product_id: ProductName, request: Request, writer: Pictures, files: FilesDep) -> Response:
    """Take an uploaded photo, or take the photo away."""
    database: Database = request.app.state.database
    try:
        async with request.form(max_files=1) as sent:
            photo = b"" if "remove" in sent else await _file(sent, "photo", MAX_BYTES)
        if photo:
            await keep_picture(writer, files, product_id, photo)
        else:
            await remove_picture(writer, product_id)
    except ProblemError as error:
        if error.code == "no_such_product":
            raise
        return with_status(
            await _page(request, writer.user, database, product_id, None, {"photo": REFUSALS[error.code]}), error.status
        )
    return RedirectResponse(f"/dashboard/products/{product_id}#picture", status_code=303)


async def _page(
    request: Request,
    user: CurrentUser,
    database: Database,
    product_id: str,
    typed: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        product = None if product_id == NEW else await service.product(contexts.db_session, product_id)
        if product is None and product_id != NEW:
            raise ProblemError(404, "no_such_product", f"There is no product {product_id!r}.")
        empty = {"tax_class": "food", "temperature": "ambient", "is_active": True, "allergens": [], "tax_changes": []}
        history = await service.revisions(contexts.db_session, product_id)
        return {
            "product": product,
            "form": typed or (product.model_dump(mode="json") if product else empty),
            "errors": errors or {},
            "tag": tag_of(product) if product else "",
            "required": allergens(REQUIRED),
            "recommended": allergens(RECOMMENDED),
            "temperatures": TEMPERATURES,
            "classes": CLASSES,
            "drawings": drawings(),
            "sold": (await _sold(contexts)).get(product_id, []),
            "lists": await _in_lists(request, contexts, product_id),
            "history": [_revision(contexts, row) for row in history],
            "may_write": user.may(Permission.PRODUCTS_WRITE),
        }

    title = "新しい商品" if product_id == NEW else "商品"
    return await show(request, database, user, "product", title, build)


async def _in_lists(request: Request, contexts: Contexts, product_id: str) -> list[dict[str, Any]]:
    """Every price of the product in any list, by list and day."""
    today = local_day(request.app.state.clock(), request.app.state.settings.timezone)
    found = []
    for row in await assortment.lists(contexts.db_session):
        now = (await assortment.prices_on(contexts.db_session, row.id, today)).get(product_id)
        entries = await assortment.entered(contexts.db_session, row.id)
        later = [one for one in entries if one.product_id == product_id and one.valid_from > today]
        if now is not None or later:
            found.append({"list": row, "now": now, "later": later})
    return found


def _revision(contexts: Contexts, row: service.RevisionView) -> dict[str, Any]:
    said = row.product.model_dump(mode="json")
    changed = [(FIELDS.get(name, name), _value(name, said[name])) for name in row.changed]
    return {"number": row.number, "at": contexts.moment(row.changed_at_ms), "by": row.changed_by, "changed": changed}


def _value(name: str, value: Any) -> str:
    if name == "allergens":
        text = listed(allergens(ALLERGENS).get(code, code) for code in value)
    elif name == "tax_changes":
        text = listed(
            say("{day} から {tax_class}", day=row["valid_from"], tax_class=CLASSES[row["tax_class"]]) for row in value
        )
    elif name == "is_active":
        text = "販売中" if value else "販売終了"
    elif name == "photo":
        text = "新しい写真" if value else ""
    else:
        text = {"tax_class": CLASSES, "temperature": TEMPERATURES}.get(name, {}).get(value, value)
    return "なし" if text in {None, ""} else str(text)


def _said(sent: FormData) -> dict[str, Any]:
    """What the form says, as a product's fields."""
    said: dict[str, Any] = {name: str(sent.get(name) or "").strip() for name in PLAIN}
    for name in NUMBERS:
        text = str(sent.get(name) or "").strip()
        said[name] = text or None
    said["jan"] = str(sent.get("jan") or "").strip() or None
    said["is_active"] = "is_active" in sent
    said["allergens"] = [str(code) for code in sent.getlist("allergens")]
    changes = [str(text).partition("=") for text in sent.getlist("tax_change")]
    said["tax_changes"] = [{"valid_from": day, "tax_class": name} for day, _, name in changes]
    if sent.get("new_tax_from"):
        said["tax_changes"].append(
            {
                "valid_from": str(sent["new_tax_from"]),
                "tax_class": str(sent.get("new_tax_class") or ""),
            }
        )
    return said


async def _file(sent: FormData, name: str, most_bytes: int) -> bytes:
    """The file that was chosen.

    Raises:
        ProblemError: 422, none was; 413, it is too large.
    """
    found = sent.get(name)
    if not isinstance(found, UploadFile) or not found.size:
        raise ProblemError(422, "no_file", "No file was sent.")
    if found.size > most_bytes:
        raise ProblemError(413, "too_large", "The file is too large.")
    return await found.read()
