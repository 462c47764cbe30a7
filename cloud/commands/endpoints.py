"""`/api/v1/vending/machines/{machine_id}/vend`, `/offers` and `/commands`: ask a machine for something, once."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting.places import CREDIT_PAYMENT
from cloud.commands import rules, service
from cloud.commands.service import CommandView, Order
from cloud.identity.access import Creates, Creator, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.machines import service as machines
from cloud.machines.service import NoSuchMachineError
from protocol.commands import CouponOffer, Price, VendPaid
from protocol.ids import Slot

router = APIRouter(prefix="/api/v1/vending/machines/{machine_id}", tags=["vending"])

VEND_TTL_MS: Final = 60_000
OFFER_TTL_MS: Final = 600_000
TtlMs = Annotated[int, Field(ge=1_000, le=24 * 3600 * 1000)]
"""ms until the machine does not begin it any more."""

MachineName = Annotated[str, Path(max_length=40)]
_READ: Final = [needs(Permission.COMMANDS_READ)]
IssueDep = Annotated[Creator, Depends(Creates(Permission.COMMANDS_ISSUE, "command.issued"))]
REFUSALS: Final = refusals(
    http_404="no_such_machine",
    http_409="machine_offline, no_planogram, no_such_slot, other_product, price_too_high, payment_used, key_reused",
)
"""Nothing was issued."""


class VendRequest(BaseModel):
    """A unit that has been paid for elsewhere."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"slot": "A1", "payment": "pay_7Q2m", "paid_minor": 160}]}
    )

    slot: Slot
    product_id: str | None = Field(default=None, max_length=64)
    """What the customer was shown; the machine's present product when absent."""
    payment: str = Field(min_length=1, max_length=128)
    """Your reference of the payment. One payment buys one unit, once. Not `credit:…`: that is a customer's own."""
    paid_minor: Price | None = None
    """What was paid, at most the list price; the list price when absent."""
    coupon: str = Field(default="", max_length=64)
    """What made it less than the list price."""
    ttl_ms: TtlMs = VEND_TTL_MS

    @field_validator("payment")
    @classmethod
    def _nobody_elses(cls, value: str) -> str:
        if value.startswith(CREDIT_PAYMENT):
            raise ValueError("it would spend a customer's own credit; use a reference of yours")
        return value


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


@router.post("/vend", status_code=201, responses=REFUSALS)
async def remote_vend(machine_id: MachineName, body: VendRequest, creator: IssueDep) -> CommandView:
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
    return await _issued(machine_id, creator, body, order)


@router.post("/offers", status_code=201, responses=REFUSALS)
async def offer_coupon(machine_id: MachineName, body: OfferRequest, creator: IssueDep) -> CommandView:
    """Offer the next unit of a slot at a coupon's price, paid at the machine. A later offer takes its place."""
    build = partial(
        rules.coupon_offer,
        slot=body.slot,
        price_minor=body.price_minor,
        coupon=body.coupon,
        product_id=body.product_id,
    )
    order = Order(CouponOffer.KIND, build, is_urgent=False)
    return await _issued(machine_id, creator, body, order)


async def _issued(machine_id: str, creator: Creator, body: VendRequest | OfferRequest, order: Order) -> CommandView:
    asked = service.Request(machine_id, creator.user.email, body.ttl_ms)
    try:
        async with creator.once(body, kind=order.kind, slot=body.slot) as work:
            if work.is_new:
                command = await service.issue(work.db_session, asked, order, now_ms=creator.now_ms)
                work.made = command.id
                return command
            return await _found(work.db_session, machine_id, work.made)
    except NoSuchMachineError as error:
        raise ProblemError(404, "no_such_machine", str(error)) from error
    except rules.CannotOrderError as error:
        raise ProblemError(409, error.code, str(error)) from error
    except service.MachineOfflineError as error:
        raise ProblemError(409, "machine_offline", str(error)) from error
    except service.PaymentUsedError as error:
        raise ProblemError(409, "payment_used", str(error)) from error


async def _found(db_session: AsyncSession, machine_id: str, command_id: str) -> CommandView:
    found = await service.get(db_session, machine_id, command_id)
    if found is None:
        raise ProblemError(404, "no_such_command", f"Machine {machine_id!r} has no command {command_id!r}.")
    return found


@router.get("/commands", dependencies=_READ, responses=refusals(http_404="no_such_machine"))
async def list_commands(
    machine_id: MachineName, database: DatabaseDep, asked: AskedDep, state: rules.State | None = None
) -> Page[CommandView]:
    """Commands of a machine and what became of them, newest first."""
    before = asked.after(int)
    async with database.read() as db_session:
        if not await machines.is_registered(db_session, machine_id):
            raise ProblemError(404, "no_such_machine", f"There is no machine {machine_id!r}.")
        rows = await service.listing(db_session, machine_id, limit=asked.one_more, before=before, state=state)
    return asked.page(rows, lambda row: row.n)


@router.get("/commands/{command_id}", dependencies=_READ, responses=refusals(http_404="no_such_command"))
async def get_command(
    machine_id: MachineName, command_id: Annotated[str, Path(max_length=64)], database: DatabaseDep
) -> CommandView:
    """One command and what became of it."""
    async with database.read() as db_session:
        return await _found(db_session, machine_id, command_id)
