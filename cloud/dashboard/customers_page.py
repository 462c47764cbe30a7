"""`/dashboard/customers`: who our customers are, what they wish for, their coupons, what was said with them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from cloud.accounting import places
from cloud.catalogue import service as catalogue
from cloud.conversations.endpoints import ConversationsDep
from cloud.conversations.schemas import Hit, SessionHead
from cloud.conversations.service import Conversations, NoSuchSessionError
from cloud.customers import coupons, credit, requests, service
from cloud.customers.coupons import CouponError, CouponView, NoSuchCouponError
from cloud.customers.endpoints import SecrecyDep
from cloud.customers.forgetting import forget_here
from cloud.customers.operator_endpoints import CustomerName, GrantBody, grant_of
from cloud.dashboard.contexts import Contexts, event_href
from cloud.dashboard.forms import typed
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep
from cloud.kit.secrecy import Secrecy
from cloud.sales.service import SaleView

router = APIRouter(prefix="/dashboard", include_in_schema=False)

SHOWN: Final = 30
DAY_MS: Final = 86_400_000
STATES: Final = {
    "open": ("未使用", ""),
    "offered": ("自販機に表示中", "warn"),
    "used": ("使用済み", "ok"),
    "expired": ("期限切れ", ""),
    "withdrawn": ("取消済み", ""),
}
PARTS: Final = {
    "days": "購入した日数",
    "recent": "最近の購入",
    "purchases": "購入回数",
    "variety": "商品の種類",
    "voice": "ご要望と会話",
}
TIMES: Final = {"morning": "朝", "midday": "昼", "afternoon": "午後", "evening": "夕方", "night": "夜"}
ROLES: Final = {"assistant": "案内係", "system": "システム"}
"""Who speaks in a conversation, besides the customer."""
INSIGHTS: Final = {
    "mood": ("ご様子", {"pleased": "うれしい", "neutral": "ふつう", "upset": "お困り"}),
    "engagement_level": ("関心", {"high": "高い", "medium": "ふつう", "low": "低い"}),
}
"""What agents make of a conversation, in words; what is not here is shown as it is."""
REFUSALS: Final = {
    "price": "クーポンの価格は、0 円以上で、通常価格より安い整数でご記入ください。",
    "validity": "有効期間は 1 日から 180 日までです。",
    "coupon_used": "このクーポンは使用済みです。",
    "coupon_expired": "このクーポンは期限切れです。",
    "coupon_withdrawn": "このクーポンは取り消されています。",
}

SeesCustomers = Annotated[CurrentUser, Depends(PageLock(Permission.CUSTOMERS_READ))]
Opens = Annotated[Writer, Depends(PageWrites(Permission.CUSTOMERS_READ, "conversation.opened"))]
Searches = Annotated[Writer, Depends(PageWrites(Permission.CUSTOMERS_READ, "conversations.searched"))]
Grants = Annotated[Writer, Depends(PageWrites(Permission.CUSTOMERS_MANAGE, "coupon.granted"))]
Withdraws = Annotated[Writer, Depends(PageWrites(Permission.CUSTOMERS_MANAGE, "coupon.withdrawn"))]
Notes = Annotated[Writer, Depends(PageWrites(Permission.CUSTOMERS_MANAGE, "request.noted"))]
Forgets = Annotated[Writer, Depends(PageWrites(Permission.CUSTOMERS_MANAGE, "customer.deleted"))]


# --- everybody -----------------------------------------------------------------------------------------------------


@router.get("/customers")
async def all_customers(
    request: Request, user: SeesCustomers, database: DatabaseDep, secrecy: SecrecyDep, conversations: ConversationsDep
) -> Response:
    """お客様."""
    talks = await conversations.listing(limit=SHOWN)

    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await contexts.catalogue()
        rows = await coupons.listing(contexts.db_session, contexts.now_ms, limit=SHOWN)
        return {
            "total": await service.total(contexts.db_session),
            "customers": [
                row.model_dump() | {"seen": contexts.moment(row.last_seen_ms)}
                for row in await service.listing(contexts.db_session, limit=SHOWN)
            ],
            "wanted": [
                row.model_dump() | {"newest": contexts.moment(row.newest_at_ms)}
                for row in await requests.wanted(contexts.db_session, secrecy)
            ][:SHOWN],
            "coupons": [_coupon(contexts, row, names.name(row.product_id)) for row in rows],
            "talks": [_talk(contexts, row) for row in talks],
            "may_manage": user.may(Permission.CUSTOMERS_MANAGE),
        }

    return await show(request, database, user, "customers", "お客様", build)


@router.post("/customers/requests/notes")
async def note(writer: Notes, ids: Annotated[str, Form(pattern=r"^[0-9]{1,18}(,[0-9]{1,18}){0,499}$")]) -> Response:
    """Mark the wishes of one line as noted."""
    numbers = [int(number) for number in ids.split(",")]
    async with writer.write(requests=len(numbers)) as db_session:
        await requests.note(db_session, numbers, writer.user.email, writer.now_ms)
    return RedirectResponse("/dashboard/customers", status_code=303)


@router.get("/conversations")
async def search(
    request: Request,
    writer: Searches,
    database: DatabaseDep,
    conversations: ConversationsDep,
    q: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """会話の検索; that somebody searched is written down, not for what."""
    words = " ".join(q.split())
    hits: list[Hit] = []
    if words:
        async with writer.write():
            hits = await conversations.search(words, limit=SHOWN)

    async def build(contexts: Contexts) -> dict[str, Any]:
        return {"words": words, "hits": [_hit(contexts, hit) for hit in hits]}

    return await show(request, database, writer.user, "conversations", "会話の検索", build)


@router.get("/conversations/{session_id}")
async def conversation(
    session_id: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")],
    request: Request,
    writer: Opens,
    database: DatabaseDep,
    conversations: ConversationsDep,
) -> Response:
    """会話; who opened it is written down."""
    try:
        found = await conversations.session(session_id)
    except NoSuchSessionError as error:
        raise ProblemError(404, "no_such_conversation", f"{error}.") from error
    async with writer.write(customer=found.customer_id):
        pass

    async def build(contexts: Contexts) -> dict[str, Any]:
        return {
            "talk": _talk(contexts, found),
            "messages": [
                {
                    "role": row.role,
                    "who": ROLES.get(row.role, ""),
                    "content": row.content,
                    "at": contexts.moment(round(row.timestamp.timestamp() * 1000)),
                }
                for row in found.messages
            ],
            "insights": [_insight(name, value) for name, value in sorted(found.ai_insights.items())],
        }

    return await show(request, database, writer.user, "conversation", "会話", build)


# --- one person ----------------------------------------------------------------------------------------------------


@router.get("/customers/{customer_id}")
async def one_customer(
    customer_id: CustomerName,
    request: Request,
    user: SeesCustomers,
    conversations: ConversationsDep,
    today: TodayDep,
) -> Response:
    """One customer."""
    return await _one(request, user, customer_id, _Around(conversations, today))


@router.post("/customers/{customer_id}/coupons")
async def grant(
    customer_id: CustomerName, request: Request, writer: Grants, conversations: ConversationsDep, today: TodayDep
) -> Response:
    """Give the coupon of the form."""
    sent = await typed(request)
    around = _Around(conversations, today)
    days = sent.get("days", "")
    values: dict[str, Any] = {name: sent.get(name, "") for name in ("product_id", "list_price", "price", "reason")}
    until = writer.now_ms + (int(days) if days.isdecimal() and len(days) < 5 else 0) * DAY_MS
    try:
        body = GrantBody.model_validate(values | {"valid_until_ms": until})
        async with writer.write(customer=customer_id, product=body.product_id) as db_session:
            if await service.customer(db_session, customer_id) is None:
                raise ProblemError(404, "no_such_customer", f"There is no customer {customer_id}.")
            await coupons.grant(db_session, grant_of(customer_id, body, writer), writer.now_ms)
    except ValidationError:
        return await _one(request, writer.user, customer_id, around, ("価格は円単位の整数でご記入ください。", sent))
    except CouponError as error:
        return await _one(request, writer.user, customer_id, around, (REFUSALS[error.code], sent))
    return RedirectResponse(f"/dashboard/customers/{customer_id}", status_code=303)


@router.post("/customers/coupons/{code}/withdraw")
async def withdraw(
    code: Annotated[str, Path(max_length=16)],
    request: Request,
    writer: Withdraws,
    conversations: ConversationsDep,
    today: TodayDep,
) -> Response:
    """Take a coupon back."""
    try:
        async with writer.write(coupon=code) as db_session:
            customer_id = (await coupons.get(db_session, code, writer.now_ms)).customer_id
            await coupons.withdraw(db_session, code, writer.user.email, writer.now_ms)
    except NoSuchCouponError as error:
        raise ProblemError(404, "no_such_coupon", f"{error}.") from error
    except CouponError as error:
        return await _one(request, writer.user, customer_id, _Around(conversations, today), (REFUSALS[error.code], {}))
    return RedirectResponse(f"/dashboard/customers/{customer_id}", status_code=303)


@router.post("/customers/{customer_id}/delete")
async def forget(
    customer_id: CustomerName, writer: Forgets, conversations: ConversationsDep, today: TodayDep
) -> Response:
    """Delete a person's data; the box on the form says that it is meant."""
    await conversations.forget(customer_id)
    async with writer.write() as db_session:
        await forget_here(db_session, customer_id, writer.now_ms, today)
    return RedirectResponse("/dashboard/customers", status_code=303)


def credit_href(customer_id: str) -> str:
    """The entries of what a customer may still buy for."""
    place = places.store_credit(customer_id)
    return f"/dashboard/journal/{place.account}?place={place.sub_account}"


class _Around:
    """What a customer's page needs besides the database."""

    def __init__(self, conversations: Conversations, today: Any) -> None:
        self.conversations = conversations
        self.today = today


async def _one(
    request: Request,
    user: CurrentUser,
    customer_id: str,
    around: _Around,
    refused: tuple[str, Mapping[str, str]] = ("", {}),
) -> Response:
    database: Database = request.app.state.database
    secrecy: Secrecy = request.app.state.secrecy
    timezone: str = request.app.state.settings.timezone
    talks = await around.conversations.history(customer_id, limit=SHOWN)
    count = await around.conversations.count(customer_id)

    async def build(contexts: Contexts) -> dict[str, Any]:
        db_session = contexts.db_session
        found = await service.customer(db_session, customer_id)
        if found is None:
            raise ProblemError(404, "no_such_customer", f"There is no customer {customer_id}.")
        names = await contexts.catalogue()
        loyalty = await service.loyalty(db_session, customer_id, around.today, timezone, count)
        tastes = await service.tastes(db_session, customer_id, timezone)
        given = await coupons.of_customer(db_session, customer_id, contexts.now_ms)
        wishes = await requests.listing(db_session, secrecy, limit=SHOWN, customer_id=customer_id)
        bought = await service.history(db_session, customer_id, limit=SHOWN)
        return {
            "customer": found.model_dump()
            | {"first": contexts.moment(found.first_seen_ms), "seen": contexts.moment(found.last_seen_ms)},
            "loyalty": loyalty.score,
            "parts": [(PARTS[part.name], part.points, part.most) for part in loyalty.parts],
            "favourites": [(names.name(name), times) for name, times in tastes.products[:5]],
            "times": [(TIMES[name], share) for name, share in tastes.times.items()],
            "usual_price": tastes.usual_price_minor,
            "purchases": [_purchase(contexts, row, names.name(row.product_id)) for row in bought],
            "coupons": [_coupon(contexts, row, names.name(row.product_id)) for row in given],
            "wishes": [row.model_dump() | {"at": contexts.moment(row.at_ms)} for row in wishes],
            "talks": [_talk(contexts, row) for row in talks],
            "products": [row for row in await catalogue.products(db_session) if row.is_active],
            "credit": await credit.credit(db_session, customer_id, contexts.now_ms),
            "credit_href": credit_href(customer_id),
            "may_manage": user.may(Permission.CUSTOMERS_MANAGE),
            "error": refused[0],
            "sent": refused[1],
        }

    return with_status(await show(request, database, user, "customer", "お客様", build), 422 if refused[0] else 200)


# --- lines ---------------------------------------------------------------------------------------------------------


def _coupon(contexts: Contexts, row: CouponView, product: str) -> dict[str, Any]:
    words, tone = STATES[row.state]
    return row.model_dump() | {
        "product": product,
        "words": words,
        "tone": tone,
        "until": contexts.moment(row.valid_until_ms),
        "may_withdraw": row.state in {"open", "offered"},
        "href": event_href(*_event(row.used_by)) if row.used_by else "",
    }


def _event(key: str) -> tuple[str, str, int]:
    machine_id, epoch, seq = key.split("/")
    return machine_id, epoch, int(seq)


def _purchase(contexts: Contexts, row: SaleView, product: str) -> dict[str, Any]:
    return {
        "at": contexts.moment(row.occurred_at_ms),
        "product": product,
        "machine": row.machine_id,
        "price": row.gross_minor,
        "coupon": row.coupon,
        "href": event_href(row.machine_id, row.epoch, row.seq),
    }


def _talk(contexts: Contexts, row: SessionHead) -> dict[str, Any]:
    return {
        "id": row.session_id,
        "customer_id": row.customer_id,
        "machine": row.machine_id,
        "at": contexts.moment(round(row.start_time.timestamp() * 1000)),
        "is_over": row.end_time is not None,
        "tags": row.tags,
        "summary": row.summary,
    }


def _insight(name: str, value: Any) -> tuple[str, str]:
    words, values = INSIGHTS.get(name, (name, {}))
    return words, values.get(str(value), str(value))


def _hit(contexts: Contexts, hit: Hit) -> dict[str, Any]:
    return {
        "session_id": hit.session_id,
        "role": hit.message.role,
        "who": ROLES.get(hit.message.role, ""),
        "content": hit.message.content,
        "at": contexts.moment(round(hit.message.timestamp.timestamp() * 1000)),
    }
