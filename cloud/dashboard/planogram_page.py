"""`/dashboard/machines/{id}/planogram`: what stands in each slot at which price, now or from a day on."""

import re
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from cloud.assortment import service
from cloud.assortment.endpoints import NewPlan, refusing
from cloud.assortment.service import DoubtfulError
from cloud.catalogue import service as catalogue
from cloud.catalogue.views import ProductView
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.prices_page import doubt_words
from cloud.dashboard.product_wording import REFUSALS, TEMPERATURES
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import ProblemError, RowId
from cloud.machines import service as machines
from protocol.ids import SLOT_PATTERN

router = APIRouter(prefix="/dashboard/machines/{machine_id}", include_in_schema=False)

FIELDS: Final = ("product_id", "price_minor", "capacity", "par_level")

SeesFleet = Annotated[CurrentUser, Depends(PageLock(Permission.FLEET_READ))]
Plans = Annotated[Writer, Depends(PageWrites(Permission.PLANOGRAMS_PUBLISH, "planogram.planned"))]
Withdraws = Annotated[Writer, Depends(PageWrites(Permission.PLANOGRAMS_PUBLISH, "planogram.plan_withdrawn"))]
MachineName = Annotated[str, Path(max_length=40)]
_SLOT: Final = re.compile(SLOT_PATTERN)


@router.get("/planogram")
async def planogram(machine_id: MachineName, request: Request, user: SeesFleet) -> Response:
    """棚割り."""
    return await _page(request, user, machine_id)


@router.post("/planogram")
async def plan(machine_id: MachineName, request: Request, writer: Plans) -> Response:
    """Publish the form now, or plan it for a day."""
    sent = await request.form()
    typed = _typed(sent)
    said: dict[str, Any] = {"slots": [], "valid_from": str(sent.get("valid_from") or "")}
    code = "invalid"
    doubts: list[str] = []
    wrong: dict[str, str] = {}
    try:
        with refusing():
            async with writer.write(machine=machine_id, valid_from=said["valid_from"]) as db_session:
                products = {row.id: row for row in await catalogue.products(db_session)}
                said["slots"] = [_slot(row, products) for row in typed if row["product_id"]]
                made = NewPlan.model_validate(said)
                await service.make_plan(
                    db_session,
                    machine_id,
                    made.valid_from,
                    made.slots,
                    by=writer.user.email,
                    now_ms=writer.now_ms,
                    is_confirmed="is_confirmed" in sent,
                )
                await service.publish_due(db_session, writer.now_ms)
        return RedirectResponse(f"/dashboard/machines/{machine_id}/planogram", status_code=303)
    except ValidationError as error:
        status = 422
        wrong = _wrong(error, said["slots"])
    except ProblemError as error:
        status, code = error.status, error.code
        if isinstance(error.__cause__, DoubtfulError):
            doubts = [f"{row.product_id}: {doubt_words(row)}" for row in error.__cause__.doubts]
    more = {"error": REFUSALS.get(code, ""), "doubts": doubts, "wrong": wrong, "valid_from": said["valid_from"]}
    return with_status(await _page(request, writer.user, machine_id, typed, more), status)


@router.post("/plans/{plan_id}/withdraw")
async def withdraw(machine_id: MachineName, plan_id: RowId, writer: Withdraws) -> Response:
    """Take back a plan."""
    with refusing():
        async with writer.write(plan=plan_id) as db_session:
            await service.withdraw_plan(db_session, machine_id, plan_id, now_ms=writer.now_ms)
    return RedirectResponse(f"/dashboard/machines/{machine_id}/planogram#plans", status_code=303)


def _typed(sent: FormData) -> list[dict[str, str]]:
    """The form's slots as they were typed, by name; `new` is the one to add."""
    names = [str(name) for name in sent.getlist("slot")]
    found = []
    for name in names:
        key = name if _SLOT.match(name) else "new"
        slot = str(sent.get("new.slot") or "").strip().upper() if key == "new" else name
        if key == "new" and not slot:
            continue
        found.append({"slot": slot} | {field: str(sent.get(f"{key}.{field}") or "").strip() for field in FIELDS})
    return found


def _slot(row: dict[str, str], products: dict[str, ProductView]) -> dict[str, Any]:
    """A typed slot as a planogram's; names, drawing and temperature are the product's."""
    numbers = {name: int(row[name]) for name in FIELDS[1:] if row[name].isdecimal()}
    product = products.get(row["product_id"])
    if product is None:
        return row | numbers
    return row | numbers | product.on_display() | {"temperature": product.temperature}


def _wrong(error: ValidationError, slots: list[dict[str, Any]]) -> dict[str, str]:
    """Slot, or "valid_from", to what to do."""
    found = {}
    for item in error.errors():
        where = item["loc"]
        if len(where) > 1 and where[0] == "slots":
            found[str(slots[int(where[1])]["slot"])] = (
                "価格は1円以上、収容数は1〜200、定数は0〜200の数をご記入ください。"
            )
        elif where:
            found["valid_from"] = "日付をご記入ください。"
        else:
            found["new"] = "同じ棚が二つあります。"
    return found


async def _page(
    request: Request,
    user: CurrentUser,
    machine_id: str,
    typed: list[dict[str, str]] | None = None,
    more: dict[str, Any] | None = None,
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        with refusing():
            machine = await machines.machine(contexts.db_session, machine_id)
            today: date = await service.today_at(contexts.db_session, machine_id, request.app.state.clock())
        now = await machines.planogram(contexts.db_session, machine_id)
        products = await catalogue.products(contexts.db_session)
        slots = typed if typed is not None else [slot.model_dump() for slot in (now.slots if now else [])]
        by_id = {row.id: row for row in products}
        list_id = (await service.followed(contexts.db_session)).get(machine_id)
        prices = await service.prices_on(contexts.db_session, list_id, today) if list_id else {}
        return {
            "machine": machine,
            "today": today.isoformat(),
            "rows": _rows([row | {"product": by_id.get(row["product_id"])} for row in slots]),
            "products": products,
            "prices": prices,
            "list_id": list_id,
            "temperatures": TEMPERATURES,
            "plans": [
                row.model_dump() | {"at": contexts.moment(row.made_at_ms), "count": len(row.slots)}
                for row in await service.plans(contexts.db_session, machine_id)
            ],
            "may_write": user.may(Permission.PLANOGRAMS_PUBLISH),
            "more": more or {},
        }

    return await show(request, request.app.state.database, user, "planogram", "棚割り", build)


def _rows(slots: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Row letter to its slots, in the order in which they hang in the cabinet."""
    found: dict[str, list[dict[str, Any]]] = {}
    for slot in sorted(slots, key=lambda row: (row["slot"][:1], row["slot"][1:].zfill(2))):
        found.setdefault(slot["slot"][:1], []).append(slot)
    return list(found.items())
