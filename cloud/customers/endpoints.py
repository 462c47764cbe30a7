"""`/api/v1/customer`: what customers see and say of themselves. Whose it is comes from the token, never from a body."""

from dataclasses import asdict
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.commands.rules import CannotOrderError
from cloud.commands.service import MachineOfflineError
from cloud.conversations.endpoints import ConversationsDep, NowDep
from cloud.conversations.schemas import Session
from cloud.customers import coupons, evidence, requests, service
from cloud.customers.access import GuestDep, guest_of, set_cookie, tokens_of
from cloud.customers.coupons import CouponError, MyCoupon, NoSuchCouponError, my_coupon
from cloud.customers.evidence import Report, Standing, VendResult
from cloud.customers.forgetting import forget_everywhere
from cloud.customers.requests import EmptyWishError, TooManyWishesError, WishView
from cloud.customers.service import Export, Profile, ProfileBody, Purchased
from cloud.kit.http import DatabaseDep, ProblemError, Refusals, TodayDep, refusals, refusing
from cloud.kit.pages import AskedDep, Page
from cloud.kit.secrecy import Secrecy
from cloud.machines.service import NoSuchMachineError

router = APIRouter(prefix="/api/v1/customer", tags=["customer"])

MachineName = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9-]*$")]
Code = Annotated[str, Path(max_length=32)]
_REFUSED: Final[Refusals] = {
    NoSuchCouponError: (404, "no_such_coupon"),
    CouponError: (409, ""),
    NoSuchMachineError: (404, "no_such_machine"),
    MachineOfflineError: (409, "machine_offline"),
    CannotOrderError: (409, ""),
    EmptyWishError: (422, "empty"),
    TooManyWishesError: (429, "too_many"),
}


def secrecy_of(request: Request) -> Secrecy:
    """The application's keys."""
    found: Secrecy = request.app.state.secrecy
    return found


def timezone_of(request: Request) -> str:
    """The operator's time zone."""
    return str(request.app.state.settings.timezone)


SecrecyDep = Annotated[Secrecy, Depends(secrecy_of)]
TimezoneDep = Annotated[str, Depends(timezone_of)]


class Welcome(BaseModel):
    """A customer's token."""

    customer_id: str
    token: str
    """Keep it: whoever has it is this customer."""
    is_new: bool
    """False when the request came with a good token; it is only made longer."""


class Part(BaseModel):
    """Points for one thing."""

    name: Literal["days", "recent", "purchases", "variety", "voice"]
    points: int
    most: int


class LoyaltyView(BaseModel):
    """How loyal a customer is, and why."""

    score: Annotated[int, Field(ge=0, le=100)]
    parts: list[Part]


class Favourite(BaseModel):
    """A product and how often it was bought."""

    product_id: str
    times: int


class TasteView(BaseModel):
    """What a customer usually buys; shares are whole percent of their purchases."""

    purchases: int
    products: list[Favourite]
    """The most frequent first."""
    kinds: dict[str, int]
    """drink, food, other."""
    temperatures: dict[str, int]
    """cold, hot, ambient."""
    times: dict[str, int]
    """morning, midday, afternoon, evening, night."""
    usual_price: int
    """Yen: the median of what they paid."""
    highest_price: int


class OfferBody(BaseModel):
    """Where the customer stands."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"machine_id": "vm-test-0001"}]})

    machine_id: MachineName


class Shown(BaseModel):
    """A coupon whose price a machine is asked to show."""

    coupon: MyCoupon
    slot: str
    """Where it is cheaper for the next three minutes."""


class WishBody(BaseModel):
    """What somebody would like us to sell."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "無糖の紅茶を入れてほしい", "machine_id": ""}]}
    )

    text: str = Field(min_length=1, max_length=1000)
    """At most 200 characters are kept."""
    machine_id: MachineName = ""


class ClaimBody(BaseModel):
    """A code a machine or the clerk has shown."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "7K3Q-9MXA"}]})

    code: str = Field(min_length=4, max_length=32)


class ClaimView(BaseModel):
    """What became of the money a code stands for. Yen."""

    standing: Standing
    """none: nobody knows the code; waiting, paid, refused, or settled by the machine."""
    owed: int
    vend_result: VendResult
    paid: int
    refunded: int


class Everything(BaseModel):
    """All that is kept about a customer."""

    about: Export
    conversations: list[Session]


@router.post("", status_code=201)
async def come_in(request: Request, response: Response, now_ms: NowDep) -> Welcome:
    """Become a customer: a token, also as a cookie. Nothing is kept of it until something is said or bought."""
    tokens, guest = tokens_of(request), guest_of(request)
    customer_id, token = tokens.new(now_ms) if guest is None else (guest.customer_id, "")
    token = token or tokens.issue(customer_id, now_ms)
    set_cookie(request, response, token)
    response.headers["Cache-Control"] = "no-store"
    return Welcome(customer_id=customer_id, token=token, is_new=guest is None)


@router.get("/profile")
async def get_profile(guest: GuestDep, database: DatabaseDep, secrecy: SecrecyDep) -> Profile:
    """Who I am here."""
    async with database.read() as db_session:
        return await service.profile(db_session, secrecy, guest.customer_id)


@router.put("/profile")
async def put_profile(
    body: ProfileBody, guest: GuestDep, database: DatabaseDep, secrecy: SecrecyDep, now_ms: NowDep
) -> Profile:
    """Tell what I want to be called, my language, and what I must not eat."""
    async with database.write() as db_session:
        return await service.save_profile(db_session, secrecy, guest.customer_id, body, now_ms)


@router.delete("/profile", status_code=204)
async def delete_profile(
    guest: GuestDep, database: DatabaseDep, conversations: ConversationsDep, now_ms: NowDep, today: TodayDep
) -> None:
    """Delete everything about me. Books keep the sales, without me; open coupons and my credit are gone."""
    await forget_everywhere(database, conversations, guest.customer_id, now_ms, today)


@router.get("/export")
async def export(
    guest: GuestDep, database: DatabaseDep, secrecy: SecrecyDep, conversations: ConversationsDep, now_ms: NowDep
) -> Everything:
    """Everything that is kept about me."""
    async with database.read() as db_session:
        about = await service.export(db_session, secrecy, guest.customer_id, now_ms)
    return Everything(about=about, conversations=await conversations.export(guest.customer_id))


@router.get("/history")
async def history(guest: GuestDep, database: DatabaseDep, asked: AskedDep) -> Page[Purchased]:
    """What I bought, newest first: with my coupons, my payments, and what my codes showed to be mine."""
    before = asked.after(int)
    async with database.read() as db_session:
        rows = await service.history(db_session, guest.customer_id, limit=asked.one_more, before=before)
    return asked.page([service.purchased(row) for row in rows], lambda row: row.occurred_at_ms)


@router.get("/preferences")
async def preferences(guest: GuestDep, database: DatabaseDep, timezone: TimezoneDep) -> TasteView:
    """What I usually buy."""
    async with database.read() as db_session:
        return await taste_view(db_session, guest.customer_id, timezone)


async def taste_view(db_session: AsyncSession, customer_id: str, timezone: str) -> TasteView:
    """What a customer usually buys."""
    found = await service.tastes(db_session, customer_id, timezone)
    return TasteView(
        purchases=found.purchases,
        products=[Favourite(product_id=name, times=times) for name, times in found.products],
        kinds=dict(found.kinds),
        temperatures=dict(found.temperatures),
        times=dict(found.times),
        usual_price=found.usual_price_minor,
        highest_price=found.highest_price_minor,
    )


@router.get("/loyalty")
async def loyalty(
    guest: GuestDep, database: DatabaseDep, conversations: ConversationsDep, today: TodayDep, timezone: TimezoneDep
) -> LoyaltyView:
    """How loyal I am, 0 … 100, and what the points are for."""
    talks = await conversations.count(guest.customer_id)
    async with database.read() as db_session:
        found = await service.loyalty(db_session, guest.customer_id, today, timezone, talks)
    return LoyaltyView.model_validate(asdict(found))


@router.get("/coupons")
async def my_coupons(guest: GuestDep, database: DatabaseDep, asked: AskedDep, now_ms: NowDep) -> Page[MyCoupon]:
    """My coupons, the newest first."""
    before = asked.after(int)
    async with database.read() as db_session:
        rows = await coupons.listing(
            db_session, now_ms, limit=asked.one_more, before=before, customer_id=guest.customer_id
        )
    page = asked.page(rows, lambda row: row.id)
    return Page(items=[my_coupon(row) for row in page.items], next=page.next)


@router.post(
    "/coupons/{code}/offer",
    responses=refusals(
        http_404="no_such_coupon, no_such_machine",
        http_409="coupon_offered, coupon_used, coupon_expired, coupon_withdrawn, other_machine, dearer_here, "
        "machine_offline, no_planogram, no_such_product, price_too_high",
    ),
)
async def show_coupon(code: Code, body: OfferBody, guest: GuestDep, database: DatabaseDep, now_ms: NowDep) -> Shown:
    """Have the machine I stand at show my coupon's price for three minutes."""
    with refusing(_REFUSED):
        async with database.write() as db_session:
            coupon, slot = await coupons.offer(db_session, code, guest.customer_id, body.machine_id, now_ms)
    return Shown(coupon=my_coupon(coupon), slot=slot)


@router.get("/requests")
async def my_requests(guest: GuestDep, database: DatabaseDep, secrecy: SecrecyDep, asked: AskedDep) -> Page[WishView]:
    """What I wished for, the newest first."""
    before = asked.after(int)
    async with database.read() as db_session:
        rows = await requests.listing(
            db_session, secrecy, limit=asked.one_more, before=before, customer_id=guest.customer_id
        )
    return asked.page(rows, lambda row: row.id)


@router.post("/requests", status_code=201, responses=refusals(http_422="empty", http_429="too_many"))
async def wish(body: WishBody, guest: GuestDep, database: DatabaseDep, secrecy: SecrecyDep, now_ms: NowDep) -> WishView:
    """Wish for something that is not sold yet; five times a day."""
    with refusing(_REFUSED):
        async with database.write() as db_session:
            return await requests.wish(
                db_session, secrecy, guest.customer_id, body.text, machine_id=body.machine_id, now_ms=now_ms
            )


@router.get("/claims/{code}")
async def claim_state(code: Code, guest: GuestDep, database: DatabaseDep, now_ms: NowDep) -> ClaimView:
    """What became of the money a code stands for."""
    async with database.read() as db_session:
        return await _claim(db_session, code, guest.customer_id, now_ms)


@router.post("/claims", responses=refusals(http_404="no_such_claim", http_409="somebody_elses"))
async def claim(body: ClaimBody, guest: GuestDep, database: DatabaseDep, now_ms: NowDep) -> ClaimView:
    """Show a code: the sale it belongs to is mine then."""
    async with database.write() as db_session:
        report = Report(claim=body.code, customer_id=guest.customer_id)
        found = await evidence.evidence_for(db_session, report, now_ms)
        if found.standing == "none":
            raise ProblemError(404, "no_such_claim", "Nobody was shown this code; read it again.")
        if found.sale and not await service.claim_sale(db_session, guest.customer_id, found.sale, now_ms):
            raise ProblemError(409, "somebody_elses", "The sale of this code is somebody else's already.")
        return await _claim(db_session, body.code, guest.customer_id, now_ms)


async def _claim(db_session: AsyncSession, code: str, customer_id: str, now_ms: int) -> ClaimView:
    found = await evidence.evidence_for(db_session, Report(claim=code, customer_id=customer_id), now_ms)
    return ClaimView(
        standing=found.standing,
        owed=found.owed_minor,
        vend_result=found.vend_result,
        paid=found.paid_minor,
        refunded=found.refunded_minor,
    )
