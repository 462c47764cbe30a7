"""What the machine's own events say about a complaint. What a customer writes only says which case it is.

Commits nothing, changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.customers import service
from cloud.sales import refunds
from cloud.sales import service as sales
from cloud.sales.service import SaleView
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.service import TaskView

AROUND_MS: Final = 15 * 60_000
"""A customer's idea of when it happened may be so far off."""
CASE_MS: Final = 2 * 3_600_000
"""A payout or a payment that went wrong belongs to a sale not further away than this."""

VendResult = Literal["dispensed", "failed", "uncertain", "unknown"]
Standing = Literal["none", "waiting", "paid", "refused", "settled"]
"""What became of the money a code stands for."""

_PAID: Final = frozenset({"paid_out", "refunded", "paid"})
_REFUSED: Final = frozenset({"refused", "not_charged"})


@dataclass(frozen=True, slots=True)
class Report:
    """What a customer says it is about: a code, or a slot and about when, or one of their own sales."""

    machine_id: str = ""
    claim: str = ""
    slot: str = ""
    at_ms: int = 0
    """About when; 0 with a slot means just now."""
    sale_id: int = 0
    customer_id: str = ""


class Evidence(BaseModel):
    """What is on record about a complaint. Amounts are yen."""

    vend_result: VendResult
    """What the machine says of the vend; unknown when it says nothing of one."""
    is_theirs: bool
    """The code, or the customer's own history, ties it to whoever asks."""
    sale: SaleView | None
    """Completed or failed; None when the money was owed without a sale, or nothing was found."""
    paid_minor: int
    """For the sale."""
    refunded_minor: int
    """Given back for it before."""
    owed_minor: int
    """Still owed by tasks that wait for a person."""
    claim: str
    """The code, as we write it; empty when there is none."""
    standing: Standing
    """Of the code's money."""
    sources: list[str]
    """Where each fact can be read over HTTP."""
    why: str
    """In a sentence, for people and for models."""


async def evidence_for(db_session: AsyncSession, report: Report, now_ms: int) -> Evidence:
    """Look up what happened. Several cases that fit are none: a person has to look.

    Args:
        db_session: reading is enough.
        report: what it is about.
        now_ms: ms since 1970 UTC.
    """
    if report.claim:
        return await _of_claim(db_session, report)
    if report.sale_id:
        sale = await sales.get(db_session, report.sale_id)
        return await _of_sale(db_session, report, sale, [], f"there is no sale {report.sale_id}")
    at_ms = report.at_ms or now_ms
    found = await sales.around(db_session, report.machine_id, at_ms - AROUND_MS, at_ms + AROUND_MS)
    cases = [row for row in found if row.slot == report.slot.upper()]
    failed = [row for row in cases if row.status == "failed"]
    chosen = failed if len(cases) > 1 and len(failed) == 1 else cases
    why = f"{len(cases)} vends of slot {report.slot} within 15 minutes of then"
    return await _of_sale(db_session, report, chosen[0] if len(chosen) == 1 else None, [], why)


async def standing_of(db_session: AsyncSession, claim: str) -> tuple[Standing, int]:
    """What became of the money a code stands for, and how many yen of it are still owed."""
    return _standing(await _tasks_of(db_session, claim))


def spellings(claim: str) -> tuple[str, str]:
    """How a code may be written on record, whatever was typed for it: with a dash by machines, without for refunds."""
    plain = "".join(char for char in claim.upper() if char.isalnum() and char.isascii())[:16]
    plain = plain.replace("O", "0").replace("I", "1").replace("L", "1")
    return f"{plain[:4]}-{plain[4:]}", plain


async def _tasks_of(db_session: AsyncSession, claim: str) -> list[TaskView]:
    for spelling in spellings(claim):
        if found := await staff_tasks.of_claim(db_session, spelling):
            return found
    return []


async def _of_claim(db_session: AsyncSession, report: Report) -> Evidence:
    tasks = await _tasks_of(db_session, report.claim)
    if not tasks:
        return _nothing("nobody was shown this code")
    sale = await _sale_of(db_session, tasks[0])
    return await _of_sale(db_session, report, sale, tasks, "")


async def _sale_of(db_session: AsyncSession, task: TaskView) -> SaleView | None:
    """The sale whose vend or payment a task is about; a refund's may be long ago, what a machine tells is of then."""
    kind, _, number = task.source.partition(":")
    if kind == "refund" and number.isdecimal():
        refund = await refunds.get(db_session, int(number))
        return await sales.get(db_session, refund.sale_id)
    if not task.reference:
        return None
    near = await sales.around(db_session, task.machine_id, task.opened_at_ms - CASE_MS, task.opened_at_ms + CASE_MS)
    return next((row for row in near if task.reference in {row.vend_id, row.payment}), None)


async def _of_sale(
    db_session: AsyncSession, report: Report, sale: SaleView | None, tasks: Sequence[TaskView], why: str
) -> Evidence:
    if sale is None and not tasks:
        return _nothing(why)
    about = list(tasks)
    refunded = 0
    if sale is not None:
        known = {task.id for task in about}
        linked = await staff_tasks.of_reference(db_session, sale.machine_id, sale.vend_id)
        about += [task for task in linked if task.id not in known]
        given = await refunds.listing(db_session, limit=100, sale_id=sale.id)
        refunded = sum(row.gross for row in given)
    standing, owed = _standing(about)
    result = _result(sale, about)
    return Evidence(
        vend_result=result,
        is_theirs=bool(tasks) or (sale is not None and await service.owns(db_session, report.customer_id, sale)),
        sale=sale,
        paid_minor=sale.gross_minor if sale else 0,
        refunded_minor=refunded,
        owed_minor=owed,
        claim=tasks[0].claim if tasks else "",
        standing=standing,
        sources=_sources(sale, about),
        why=_sentence(result, sale, owed, refunded),
    )


def _nothing(why: str) -> Evidence:
    return Evidence(
        vend_result="unknown",
        is_theirs=False,
        sale=None,
        paid_minor=0,
        refunded_minor=0,
        owed_minor=0,
        claim="",
        standing="none",
        sources=[],
        why=f"{why}; a person has to look",
    )


def _result(sale: SaleView | None, tasks: Sequence[TaskView]) -> VendResult:
    if sale is None:
        return "unknown"
    if sale.reason == "uncertain" or any(task.kind == "vend_uncertain" for task in tasks):
        return "uncertain"
    return "dispensed" if sale.status == "completed" else "failed"


def _standing(tasks: Sequence[TaskView]) -> tuple[Standing, int]:
    owed = sum(task.amount_minor for task in tasks if task.state == "open" and task.claim)
    answers = {task.resolution for task in tasks if task.state == "resolved" and task.claim}
    if owed:
        return "waiting", owed
    if answers & _PAID:
        return "paid", 0
    if answers & _REFUSED:
        return "refused", 0
    return ("settled", 0) if answers else ("none", 0)


def _sources(sale: SaleView | None, tasks: Sequence[TaskView]) -> list[str]:
    own = [f"/api/v1/monitoring/events/{sale.machine_id}/{sale.epoch}/{sale.seq}"] if sale else []
    return own + [f"/api/v1/monitoring/tasks/{task.id}" for task in tasks]


def _sentence(result: VendResult, sale: SaleView | None, owed: int, refunded: int) -> str:
    said = {
        "dispensed": "the machine's sensor saw the product fall",
        "failed": "the machine says that nothing was delivered and nothing charged",
        "uncertain": "the machine does not know whether the product fell; a person has to look",
        "unknown": "no vend belongs to it",
    }[result]
    if sale is not None and sale.gross_minor:
        said += f"; {sale.gross_minor} yen were paid, {refunded} given back"
    return f"{said}; {owed} yen are owed" if owed else said
