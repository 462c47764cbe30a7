"""`/dashboard/sales`: every sale, one sale with its entries, and giving it back; `/refunds`: what was given back."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from cloud.accounting import service as accounting
from cloud.catalogue.service import Catalogue
from cloud.dashboard.contexts import Contexts, event_href
from cloud.dashboard.forms import beside_fields
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.wording import sale_note
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId
from cloud.sales import refunds, service
from cloud.sales.endpoints import RefundBody
from cloud.sales.refunds import CUSTOMER_LENGTH, TEXT_LENGTH, How, NoSuchRefundError, RefundRefusedError, RefundView
from cloud.sales.service import SaleView

router = APIRouter(prefix="/dashboard/sales", include_in_schema=False)

SHOWN: Final = 50
FIELDS: Final = ("amount", "reason", "method", "customer", "goods_back")
METHODS: Final = {
    "original": "支払いと同じ方法",
    "claim": "現金",
    "store_credit": "お客様の残高",
}
MADE: Final = {"claim": "現金", "processor": "決済会社から", "store_credit": "お客様の残高"}
STATUSES: Final = {"completed": ("販売", "ok"), "failed": ("出ませんでした", "warn")}
PROBLEMS: Final = {
    "amount": "返金額を、円単位の整数で 1 円以上、ご記入ください。",
    "reason": "理由を {text} 文字までで、ご記入ください。",
    "method": "返し方をお選びください。",
    "customer": "お客様の番号を {customer} 文字までで、ご記入ください。",
}
REFUSALS: Final = {
    "too_much": ("amount", "支払額から、これまでの返金を引いた額より多くは返せません。"),
    "no_reason": ("reason", PROBLEMS["reason"]),
    "wrong_method": ("customer", "お客様の番号は、残高で返すときだけ、必ずご記入ください。"),
    "goods_back_before": ("goods_back", "商品は、前の返金で棚に戻っています。"),
    "not_sold": ("amount", "商品が出ず、代金をいただいていない取引です。返すものはありません。"),
}
"""Why a refund is refused: the field it is about, and what to do."""

SeesSales = Annotated[CurrentUser, Depends(PageLock(Permission.SALES_READ))]
Refunds = Annotated[Writer, Depends(PageWrites(Permission.SALES_REFUND, "sale.refunded"))]
Machine = Annotated[str | None, Query(max_length=40)]
Before = Annotated[str, Query(pattern=r"^(\d{1,15}-\d{1,15})?$")]


@router.get("")
async def all_sales(
    request: Request, user: SeesSales, database: DatabaseDep, machine: Machine = None, before: Before = ""
) -> Response:
    """売上."""
    at_ms, _, number = before.partition("-")

    async def build(contexts: Contexts) -> dict[str, Any]:
        key = (int(at_ms), int(number)) if number else None
        rows = await service.listing(contexts.db_session, limit=SHOWN + 1, before=key, machine_id=machine or None)
        names = await contexts.catalogue()
        last = rows[SHOWN - 1] if len(rows) > SHOWN else None
        return {
            "sales": [_sale(contexts, names, row) for row in rows[:SHOWN]],
            "machine": machine or "",
            "older": f"{last.occurred_at_ms}-{last.id}" if last else "",
        }

    return await show(request, database, user, "sales", "売上", build)


@router.get("/refunds")
async def all_refunds(
    request: Request,
    user: SeesSales,
    database: DatabaseDep,
    tender: Annotated[str | None, Query(max_length=24)] = None,
    before: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> Response:
    """返金, the newest first."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        rows = await refunds.listing(contexts.db_session, limit=SHOWN + 1, before=before or None, tender=tender or None)
        names = await contexts.catalogue()
        return {
            "refunds": [_refund(contexts, row) | {"product": names.name(row.product_id)} for row in rows[:SHOWN]],
            "tender": tender or "",
            "older": rows[SHOWN - 1].id if len(rows) > SHOWN else 0,
        }

    return await show(request, database, user, "sales_refunds", "返金", build)


@router.get("/refunds/{refund_id}")
async def one_refund(refund_id: RowId, user: SeesSales, database: DatabaseDep) -> Response:  # noqa: ARG001 - the lock
    """Where a refund can be read: on the page of its sale."""
    try:
        async with database.read() as db_session:
            found = await refunds.get(db_session, refund_id)
    except NoSuchRefundError as error:
        raise ProblemError(404, "no_such_refund", str(error)) from error
    return RedirectResponse(f"/dashboard/sales/{found.sale_id}", status_code=303)


@router.get("/{sale_id}")
async def one_sale(sale_id: RowId, request: Request, user: SeesSales, database: DatabaseDep) -> Response:
    """One sale, and what was given back of it."""
    return await _page(request, user, database, sale_id)


@router.post("/{sale_id}/refund")
async def give_back(sale_id: RowId, request: Request, writer: Refunds, database: DatabaseDep) -> Response:
    """Give back what the form says."""
    sent = await request.form()
    values = {name: str(sent.get(name, "")).strip() for name in FIELDS}
    try:
        body = RefundBody.model_validate(values | {"goods_back": bool(values["goods_back"])})
        how = How(body.method, body.customer, body.goods_back, timezone=request.app.state.settings.timezone)
        async with writer.write(sale=sale_id, amount=body.amount) as db_session:
            by, now_ms = writer.user.email, writer.now_ms
            await refunds.refund(db_session, sale_id, body.amount, body.reason, by, now_ms, how)
    except ValidationError as error:
        problems = _said(beside_fields(error, PROBLEMS))
    except RefundRefusedError as error:
        field, words = REFUSALS[error.code]
        problems = _said({field: words})
    except refunds.NoSuchSaleError as error:
        raise ProblemError(404, "no_such_sale", str(error)) from error
    else:
        return RedirectResponse(f"/dashboard/sales/{sale_id}#refunds", status_code=303)
    return with_status(await _page(request, writer.user, database, sale_id, values, problems), 422)


def _said(problems: dict[str, str]) -> dict[str, str]:
    """What is wrong beside which field, with how long a text may be."""
    return {field: say(words, text=TEXT_LENGTH, customer=CUSTOMER_LENGTH) for field, words in problems.items()}


async def _page(
    request: Request,
    user: CurrentUser,
    database: Database,
    sale_id: int,
    values: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        row = await service.get(contexts.db_session, sale_id)
        if row is None:
            raise ProblemError(404, "no_such_sale", f"There is no sale {sale_id}.")
        names = await contexts.catalogue()
        given_back = await refunds.listing(contexts.db_session, limit=row.gross_minor + 1, sale_id=sale_id)
        left = row.gross_minor - sum(one.gross for one in given_back)
        return {
            "sale": _sale(contexts, names, row) | await _figures(contexts, row, sees_books=user.may(_BOOKS)),
            "refunds": [_refund(contexts, one) for one in given_back],
            "left": left,
            "may_refund": user.may(Permission.SALES_REFUND) and left > 0,
            "values": values or {"amount": str(left), "method": "original"},
            "problems": problems or {},
            "methods": METHODS,
        }

    return await show(request, database, user, "sale", say("売上 {number}", number=sale_id), build)


_BOOKS: Final = Permission.BOOKS_READ


async def _figures(contexts: Contexts, row: SaleView, *, sees_books: bool) -> dict[str, Any]:
    """What it came to, each amount with where it can be read: its entry for whoever may see the books."""
    source = f"{row.machine_id}/{row.epoch}/{row.seq}"
    numbers = await accounting.numbers_of(contexts.db_session, [f"{source}#sale", f"{source}#cost"])
    event = event_href(row.machine_id, row.epoch, row.seq)
    sold, cost = (
        f"/api/v1/accounting/journal/{numbers[key]}" if sees_books and key in numbers else event
        for key in (f"{source}#sale", f"{source}#cost")
    )
    return {
        "figures": [
            ("税込", row.gross_minor, event),
            (say("消費税 {percent}%", percent=row.tax_percent), row.tax_minor, sold),
            ("税抜", row.net_minor, sold),
            ("原価", row.cost_minor, cost),
        ]
    }


def _sale(contexts: Contexts, names: Catalogue, row: SaleView) -> dict[str, Any]:
    words, tone = STATUSES.get(row.status, (row.status, "warn"))
    return {
        "id": row.id,
        "at": contexts.moment(row.occurred_at_ms),
        "machine": row.machine_id,
        "slot": row.slot,
        "product": names.name_at(row.product_id, row.occurred_at_ms),
        "note": sale_note(row.tender, row.coupon, row.list_minor),
        "payment": row.payment,
        "gross": row.gross_minor,
        "words": words,
        "tone": tone,
        "is_sold": row.status == "completed",
        "event_href": event_href(row.machine_id, row.epoch, row.seq),
    }


def _refund(contexts: Contexts, row: RefundView) -> dict[str, Any]:
    return row.model_dump() | {"at": contexts.moment(row.refunded_at_ms), "method_text": MADE[row.method]}
