"""`/api/v1/vending/machines/{machine_id}/vend`, `/offers` and `/commands`: ask a machine for something, once."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud.commands import rules, service
from cloud.commands.service import CommandView, Order
from cloud.db.database import Database
from cloud.identity.access import OperatorDep
from cloud.kit.http import DatabaseDep, Problem, ProblemError
from cloud.machines import service as machines
from cloud.machines.service import NoSuchMachineError
from protocol.commands import CouponOffer, Price, VendPaid
from protocol.ids import Slot

router = APIRouter(prefix="/api/v1/vending/machines/{machine_id}", tags=["vending"])

VEND_TTL_MS: Final = 60_000
OFFER_TTL_MS: Final = 600_000
TtlMs = Annotated[int, Field(ge=1_000, le=24 * 3600 * 1000)]
"""ms until the machine does not begin it any more."""

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        description="Your name for this request. The same key with the same body gives the same command.",
    ),
]
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": CommandView, "description": "This request came before; its command as it is now."},
    404: {"model": Problem, "description": "`no_such_machine`"},
    409: {
        "model": Problem,
        "description": "`machine_offline`, `no_planogram`, `no_such_slot`, `other_product`, `price_too_high`, "
        "`payment_used` or `key_reused`; nothing was issued.",
    },
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks which machine, when, and under which name."""

    machine_id: str
    by: str
    now_ms: int
    key: str | None


def caller_of(machine_id: str, operator: OperatorDep, request: Request, key: KeyHeader = None) -> Caller:
    """The caller of a request that issues a command."""
    return Caller(machine_id, operator.email, request.app.state.clock(), key)


CallerDep = Annotated[Caller, Depends(caller_of)]


class VendRequest(BaseModel):
    """A unit that has been paid for elsewhere."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"slot": "A1", "payment": "pay_7Q2m", "paid_minor": 160}]}
    )

    slot: Slot
    product_id: str | None = Field(default=None, max_length=64)
    """What the customer was shown; the machine's present product when absent."""
    payment: str = Field(min_length=1, max_length=128)
    """Your reference of the payment. One payment buys one unit, once."""
    paid_minor: Price | None = None
    """What was paid, at most the list price; the list price when absent."""
    coupon: str = Field(default="", max_length=64)
    """What made it less than the list price."""
    ttl_ms: TtlMs = VEND_TTL_MS


class OfferRequest(BaseModel):
    """A lower price for the next unit of a slot, paid at the machine."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"slot": "A1", "price_minor": 130, "coupon": "RAINY-DAY"}]}
    )

    slot: Slot
    product_id: str | None = Field(default=None, max_length=64)
    price_minor: Price
    coupon: str = Field(min_length=1, max_length=64)
    ttl_ms: TtlMs = OFFER_TTL_MS


class Page(BaseModel):
    """A page of commands, newest first."""

    items: list[CommandView]
    next: int | None
    """Pass it as `before` for the following page; null on the last one."""


@router.post("/vend", status_code=201, responses=REFUSALS)
async def remote_vend(body: VendRequest, caller: CallerDep, response: Response, database: DatabaseDep) -> CommandView:
    """Have a machine deliver one unit that is paid. Follow the command: `succeeded`, or the payment goes back."""
    build = partial(
        rules.paid_vend,
        slot=body.slot,
        payment=body.payment,
        product_id=body.product_id,
        paid_minor=body.paid_minor,
        coupon=body.coupon,
    )
    order = Order(VendPaid.KIND, build, is_urgent=True)
    return await _issued(database, response, caller, body, order)


@router.post("/offers", status_code=201, responses=REFUSALS)
async def offer_coupon(body: OfferRequest, caller: CallerDep, response: Response, database: DatabaseDep) -> CommandView:
    """Offer the next unit of a slot at a coupon's price, paid at the machine. A later offer takes its place."""
    build = partial(
        rules.coupon_offer,
        slot=body.slot,
        price_minor=body.price_minor,
        coupon=body.coupon,
        product_id=body.product_id,
    )
    order = Order(CouponOffer.KIND, build, is_urgent=False)
    return await _issued(database, response, caller, body, order)


async def _issued(
    database: Database, response: Response, caller: Caller, body: VendRequest | OfferRequest, order: Order
) -> CommandView:
    asked = service.Request(caller.machine_id, body.model_dump(), caller.by, body.ttl_ms, caller.key)
    try:
        async with database.write() as db_session:
            issued = await service.issue(db_session, asked, order, now_ms=caller.now_ms)
    except NoSuchMachineError as error:
        raise ProblemError(404, "no_such_machine", str(error)) from error
    except rules.CannotOrderError as error:
        raise ProblemError(409, error.code, str(error)) from error
    except service.MachineOfflineError as error:
        raise ProblemError(409, "machine_offline", str(error)) from error
    except service.KeyReusedError as error:
        raise ProblemError(409, "key_reused", str(error)) from error
    except service.PaymentUsedError as error:
        raise ProblemError(409, "payment_used", str(error)) from error
    if not issued.is_new:
        response.status_code = 200
    return issued.command


@router.get("/commands", responses={404: {"model": Problem}})
async def list_commands(
    machine_id: str,
    database: DatabaseDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    state: rules.State | None = None,
) -> Page:
    """Commands of a machine and what became of them, newest first."""
    async with database.read() as db_session:
        if not await machines.is_registered(db_session, machine_id):
            raise ProblemError(404, "no_such_machine", f"There is no machine {machine_id!r}.")
        rows = await service.listing(db_session, machine_id, limit=limit + 1, before=before, state=state)
    items, more = rows[:limit], len(rows) > limit
    return Page(items=items, next=items[-1].n if more else None)


@router.get("/commands/{command_id}", responses={404: {"model": Problem}})
async def get_command(machine_id: str, command_id: str, database: DatabaseDep) -> CommandView:
    """One command and what became of it."""
    async with database.read() as db_session:
        found = await service.get(db_session, machine_id, command_id)
    if found is None:
        raise ProblemError(404, "no_such_command", f"Machine {machine_id!r} has no command {command_id!r}.")
    return found
