"""The clerk's tools over the services. Whom it talks to and where comes from `Deps`, never from an argument.

A refund's amount and a coupon's price follow from our own records and the limits: a customer can talk the clerk into
calling a tool, but there is nothing in the call to talk up.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cloud.agents.customer import arguments as args
from cloud.agents.customer.picks import recommended
from cloud.agents.customer.shelf import Good, good_json, shelf
from cloud.agents.customer.understanding import understand
from cloud.agents.goods import taxed_costs
from cloud.agents.guard import facts
from cloud.agents.guard.limits import Limits
from cloud.agents.guard.screening import redact
from cloud.agents.tools import Action, AnyTool, Deps, Tool, ToolRefusedError
from cloud.customers import coupons, requests
from cloud.customers import service as customers
from cloud.customers.evidence import Evidence, Report, evidence_for, standing_of
from cloud.kit.clock import local_day
from cloud.kit.secrecy import Secrecy
from cloud.machines.service import NoSuchMachineError
from cloud.sales import refunds
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.rules import NewTask

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
COUPON_DAYS: Final = 7
STEP_MINOR: Final = 10
"""The smallest coin machines take: prices of coupons are whole steps."""
REPORTS_PER_DAY: Final = 5
"""Of one customer; further ones would bury the staff."""


@dataclass(frozen=True, slots=True)
class House:
    """What the tools work with beside their call."""

    limits: Limits
    secrecy: Secrecy


def tools(limits: Limits, secrecy: Secrecy) -> tuple[AnyTool, ...]:
    """Everything the clerk can do.

    Args:
        limits: of all agents; a coupon's price follows from them.
        secrecy: seals what customers write.
    """
    house = House(limits, secrecy)
    return (*_reading(), *_writing(house), *_giving(house))


def say_tool() -> AnyTool:
    """Speaking is a call too: the guard looks at every text before a customer sees it. Not among the model's tools."""
    return Tool(
        name="say",
        action=Action.CUSTOMER_SERVICE,
        description="Say something to the customer.",
        arguments=args.Say,
        facts=_saying,
        act=_said,
    )


async def _saying(deps: Deps, said: args.Say) -> facts.Saying:
    return facts.Saying(said.text, "customer", deps.customer_id)


async def _said(_: Deps, said: args.Say) -> dict[str, Any]:
    return {"characters": len(said.text)}


# --- looking ------------------------------------------------------------------------------------------------------


def _reading() -> Sequence[AnyTool]:
    return (
        Tool(
            name="look_up_products",
            action=Action.CHECK_INVENTORY,
            description="Products of this machine with price, what is left, temperature and the allergens on their "
            "labels. Call it before you state a price, stock or an allergen; it is true at this moment.",
            arguments=args.LookUpProducts,
            facts=_nobodys,
            act=_look_up_products,
            examples=({"words": "お茶"}, {"words": ""}),
        ),
        Tool(
            name="recommend",
            action=Action.SELECT_PRODUCT,
            description="Up to three products that are there now and fit what this customer bought before.",
            arguments=args.Recommend,
            facts=_theirs,
            act=_recommend,
        ),
        Tool(
            name="look_up_claim",
            action=Action.CUSTOMER_SERVICE,
            description="What became of the money behind a number that the machine showed, e.g. 7K3Q-9MXA.",
            arguments=args.LookUpClaim,
            facts=_nobodys,
            act=_look_up_claim,
            examples=({"code": "7K3Q-9MXA"},),
        ),
    )


async def _nobodys(_: Deps, __: Any) -> facts.Looks:
    return facts.Looks()


async def _theirs(deps: Deps, _: Any) -> facts.Looks:
    return facts.Looks(deps.customer_id)


async def _goods(deps: Deps) -> tuple[Good, ...]:
    try:
        return (await shelf(deps.db_session, deps.machine_id)).goods
    except NoSuchMachineError as error:
        raise ToolRefusedError("this conversation is at no machine; ask for the machine's number") from error


async def _good_at(deps: Deps, slot: str) -> Good:
    goods = await _goods(deps)
    for row in goods:
        if row.slot == slot:
            return row
    raise ToolRefusedError(f"slot {slot} is not in this machine; it has {', '.join(row.slot for row in goods)}")


async def _look_up_products(deps: Deps, asked: args.LookUpProducts) -> dict[str, Any]:
    goods = await _goods(deps)
    found = understand(asked.words, goods).goods if asked.words.strip() else goods
    return {"goods": [good_json(row) for row in found], "is_everything": not asked.words.strip()}


async def _recommend(deps: Deps, _: args.Recommend) -> dict[str, Any]:
    goods = await _goods(deps)
    bought = await customers.purchases(deps.db_session, deps.customer_id, deps.timezone)
    return {"goods": [good_json(row) for row in recommended(goods, bought)]}


async def _look_up_claim(deps: Deps, asked: args.LookUpClaim) -> dict[str, Any]:
    standing, owed = await standing_of(deps.db_session, asked.code)
    return {"code": asked.code, "is_known": standing != "none", "standing": standing, "owed_yen": owed}


# --- writing down -------------------------------------------------------------------------------------------------


def _writing(house: House) -> Sequence[AnyTool]:
    return (
        Tool(
            name="record_product_request",
            action=Action.CUSTOMER_SERVICE,
            description="Write down what a customer would like to find here: only the thing, in their words. It is a "
            "wish, no order and no promise.",
            arguments=args.RecordRequest,
            facts=_wish_note,
            act=partial(_record_request, house),
            examples=({"wish": "ほうじ茶"},),
        ),
        Tool(
            name="report_problem",
            action=Action.CUSTOMER_SERVICE,
            description="Tell the staff about a complaint, and get what our own records say of it: what the machine "
            "reported about the vend, and what could be refunded.",
            arguments=args.ReportProblem,
            facts=_report_note,
            act=_report_problem,
            examples=({"kind": "not_delivered", "slot": "A1", "minutes_ago": 5},),
        ),
        Tool(
            name="ask_a_person",
            action=Action.CUSTOMER_SERVICE,
            description="Hand something over to a person: what you may not decide, do not know, or what is urgent.",
            arguments=args.AskPerson,
            facts=_asking_note,
            act=_ask_person,
        ),
    )


async def _wish_note(_: Deps, asked: args.RecordRequest) -> facts.Note:
    return facts.Note(asked.wish)


async def _report_note(_: Deps, asked: args.ReportProblem) -> facts.Note:
    return facts.Note(asked.details)


async def _asking_note(_: Deps, asked: args.AskPerson) -> facts.Note:
    return facts.Note(asked.why)


async def _record_request(house: House, deps: Deps, asked: args.RecordRequest) -> dict[str, Any]:
    try:
        made = await requests.wish(
            deps.db_session,
            house.secrecy,
            deps.customer_id,
            asked.wish,
            machine_id=deps.machine_id,
            now_ms=deps.now_ms,
        )
    except (requests.TooManyWishesError, requests.EmptyWishError) as error:
        raise ToolRefusedError(str(error) or "the wish is empty; ask what they would like") from error
    return {"request": made.id}


async def _report_problem(deps: Deps, asked: args.ReportProblem) -> dict[str, Any]:
    found = await _evidence(deps, asked)
    words = " ".join(part for part in (asked.kind, asked.slot, asked.code, redact(asked.details)) if part)
    await _tell_staff(deps, words, found, asked.slot)
    return _told(found)


async def _ask_person(deps: Deps, asked: args.AskPerson) -> dict[str, Any]:
    await _tell_staff(deps, redact(asked.why), None, "")
    return {"is_passed_on": True}


async def _tell_staff(deps: Deps, words: str, found: Evidence | None, slot: str) -> None:
    """Open a task; the same words of the same conversation open one.

    Raises:
        ToolRefusedError: this customer has told enough for a day.
    """
    who = deps.customer_id or deps.conversation_id
    since_ms = deps.now_ms - DAY_MS
    if who and await staff_tasks.opened_since(deps.db_session, "customer_report", who, since_ms) >= REPORTS_PER_DAY:
        raise ToolRefusedError(f"{REPORTS_PER_DAY} reports of this customer came within a day; the staff has them")
    name = hashlib.sha256(words.encode()).hexdigest()[:12]
    sale = found.sale if found else None
    task = NewTask(
        "customer_report",
        deps.machine_id,
        f"conversation:{deps.conversation_id or deps.run_id}#{name}",
        deps.now_ms,
        slot=sale.slot if sale else slot,
        product_id=sale.product_id if sale else "",
        claim=found.claim if found else "",
        reference=who,
        detail=words,
    )
    await staff_tasks.open_tasks(deps.db_session, [task])


async def _evidence(deps: Deps, asked: args.Reported) -> Evidence:
    at_ms = deps.now_ms - (asked.minutes_ago or 0) * MINUTE_MS
    report = Report(
        machine_id=deps.machine_id,
        claim=asked.code,
        slot=asked.slot,
        at_ms=at_ms,
        customer_id=deps.customer_id,
    )
    return await evidence_for(deps.db_session, report, deps.now_ms)


def _told(found: Evidence) -> dict[str, Any]:
    """What the clerk may know of a case: nothing of a sale that is not shown to be theirs but how it ended."""
    left = found.paid_minor - found.refunded_minor if found.is_theirs else 0
    return {
        "vend_result": found.vend_result,
        "is_theirs": found.is_theirs,
        "refundable_yen": max(left, 0),
        "owed_yen": found.owed_minor,
        "standing": found.standing,
        "why": found.why,
    }


# --- giving -------------------------------------------------------------------------------------------------------


def _giving(house: House) -> Sequence[AnyTool]:
    return (
        Tool(
            name="refund_sale",
            action=Action.REFUND_SALE,
            description="Give back a whole sale that our records tie to this customer, the way it was paid. The "
            "machine's own records decide; without evidence a person does. Report the problem first.",
            arguments=args.RefundSale,
            facts=_refund_facts,
            act=_refund,
            examples=({"slot": "A1", "minutes_ago": 10}, {"code": "7K3Q-9MXA"}),
        ),
        Tool(
            name="grant_coupon",
            action=Action.GRANT_COUPON,
            description="A personal coupon for one unit of what is in a slot, for a loyal customer, once and for "
            f"{COUPON_DAYS} days. Its price follows from the limits; you cannot choose it.",
            arguments=args.GrantCoupon,
            facts=partial(_coupon_facts, house),
            act=partial(_grant, house),
            examples=({"slot": "A1"},),
        ),
    )


async def _refund_facts(deps: Deps, asked: args.RefundSale) -> facts.SaleRefund:
    found = await _evidence(deps, asked)
    if found.sale is None or found.paid_minor == 0:
        waits = f"; {found.owed_minor} yen are owed already and wait for the staff" if found.owed_minor else ""
        raise ToolRefusedError(f"no payment to give back is on record: {found.why}{waits}")
    return facts.SaleRefund(
        sale_id=found.sale.id,
        paid_minor=found.paid_minor,
        refunded_minor=found.refunded_minor,
        amount_minor=found.paid_minor - found.refunded_minor,
        age_ms=deps.now_ms - found.sale.occurred_at_ms,
        vend_result=found.vend_result,
        is_original_method=True,
        is_theirs=found.is_theirs,
    )


async def _refund(deps: Deps, asked: args.RefundSale) -> dict[str, Any]:
    wanted = await _refund_facts(deps, asked)
    how = refunds.How(key=f"{deps.run_id}/{wanted.sale_id}"[:120], timezone=deps.timezone)
    try:
        made = await refunds.refund(
            deps.db_session,
            wanted.sale_id,
            wanted.amount_minor,
            f"機械の記録: {wanted.vend_result}",
            deps.by,
            deps.now_ms,
            how,
        )
    except (refunds.NoSuchSaleError, refunds.RefundRefusedError) as error:
        raise ToolRefusedError(str(error)) from error
    return {"amount_yen": made.gross, "method": made.method, "tender": made.tender, "code": made.claim}


async def _coupon_facts(house: House, deps: Deps, asked: args.GrantCoupon) -> facts.CouponGrant:
    good = await _good_at(deps, asked.slot)
    today = local_day(deps.now_ms, deps.timezone)
    cost = (await taxed_costs(deps.db_session, [good.product_id], today))[good.product_id]
    loyalty = await customers.loyalty(deps.db_session, deps.customer_id, today, deps.timezone)
    return facts.CouponGrant(
        customer_id=deps.customer_id,
        loyalty_percent=loyalty.score,
        open_coupons=await coupons.open_count(deps.db_session, deps.customer_id, deps.now_ms),
        list_minor=good.price_minor,
        price_minor=coupon_price(good.price_minor, cost, house.limits),
        cost_minor=cost,
    )


def coupon_price(list_minor: int, cost_minor: int | None, limits: Limits) -> int:
    """The price of a coupon: as low as the limits allow alone, in whole coins; the list price when nothing is left."""
    if cost_minor is None:
        return list_minor
    lowest = max(-(-list_minor * (100 - limits.coupon_percent) // 100), limits.floor(cost_minor))
    return min(-(-lowest // STEP_MINOR) * STEP_MINOR, list_minor)


async def _grant(house: House, deps: Deps, asked: args.GrantCoupon) -> dict[str, Any]:
    wanted = await _coupon_facts(house, deps, asked)
    good = await _good_at(deps, asked.slot)
    until_ms = deps.now_ms + COUPON_DAYS * DAY_MS
    wish = coupons.Grant(
        customer_id=deps.customer_id,
        product_id=good.product_id,
        list_minor=wanted.list_minor,
        price_minor=wanted.price_minor,
        valid_until_ms=until_ms,
        by=deps.by,
        machine_id=deps.machine_id,
    )
    try:
        made = await coupons.grant(deps.db_session, wish, deps.now_ms)
    except ValueError as error:
        raise ToolRefusedError(str(error)) from error
    until = local_day(until_ms, deps.timezone).isoformat()
    return {"code": made.code, "slot": good.slot, "price_yen": made.price_minor, "until": until}
