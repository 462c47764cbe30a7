"""`/dashboard/payouts`: what card and QR processors owe, by age, and the form for what they paid out."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from cloud.accounting import payout_rules, payouts
from cloud.accounting.payout_rules import BadSettlementError
from cloud.accounting.payouts import PayoutKnownError
from cloud.accounting.payouts_endpoints import SettlementFile, settlement_of
from cloud.accounting.places import Place, receivable
from cloud.dashboard.cash_page import place_href
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.forms import beside_fields
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, today_of

router = APIRouter(prefix="/dashboard/payouts", include_in_schema=False)

SHOWN: Final = 50
FIELDS: Final = ("processor", "reference", "paid_on", "net", "csv")
AGES: Final = ("7日まで", "30日まで", "60日まで", "90日まで", "それ以前")
KINDS: Final = {
    "charge": "売上",
    "refund": "返金",
    "chargeback": "チャージバック",
    "chargeback_won": "チャージバック勝訴",
    "fee": "手数料",
}
FINDINGS: Final = {
    "unknown_payment": "帳簿にない決済",
    "amount_differs": "金額が違う",
    "settled_before": "前に入金済み",
    "not_refunded": "記録のない返金",
}
FIELD_PROBLEMS: Final = {
    "processor": "半角の英小文字で、決済の種類をご記入ください(例 card)。",
    "reference": "入金の番号を 64 文字までで、ご記入ください。",
    "paid_on": "入金日をお選びください。",
    "net": "入金額を、円単位の整数でご記入ください。",
    "csv": "明細を貼り付けてください。",
}

SeesPayouts = Annotated[CurrentUser, Depends(PageLock(Permission.BOOKS_READ))]
Books = Annotated[Writer, Depends(PageWrites(Permission.BOOKS_CORRECT, "payout.booked"))]


@router.get("")
async def all_payouts(request: Request, user: SeesPayouts, database: DatabaseDep) -> Response:
    """入金."""
    return await _page(request, user, database)


@router.post("")
async def book(request: Request, writer: Books) -> Response:
    """Book what the form says."""
    sent = await request.form()
    values = {name: str(sent.get(name, "")).strip() for name in FIELDS}
    try:
        body = SettlementFile.model_validate(values)
        settlement = settlement_of(body, payout_rules.from_csv(body.csv), writer.user.email)
        async with writer.write(processor=body.processor, reference=body.reference, net=body.net) as db_session:
            made = await payouts.book(db_session, settlement, now_ms=writer.now_ms)
    except ValidationError as error:
        return await _refused(request, writer, values, beside_fields(error, FIELD_PROBLEMS))
    except BadSettlementError as error:
        return await _refused(request, writer, values, {"csv": " ".join(error.problems)})
    except PayoutKnownError:
        problem = "この番号の入金は、別の金額で記帳されています。番号をご確認ください。"
        return await _refused(request, writer, values, {"reference": problem})
    return RedirectResponse(f"/dashboard/payouts/{made}", status_code=303)


@router.get("/{number}")
async def one_payout(
    number: Annotated[int, Path(ge=1, lt=2**63)], request: Request, user: SeesPayouts, database: DatabaseDep
) -> Response:
    """One payout with its lines."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        found = await payouts.one(contexts.db_session, number)
        if found is None:
            raise ProblemError(404, "no_such_payout", f"There is no payout {number}.")
        lines = await payouts.lines_of(contexts.db_session, number)
        return {"payout": found, "lines": lines, "kinds": KINDS, "findings": FINDINGS}

    return await show(request, database, user, "payout", say("入金 {number}", number=number), build)


async def _refused(request: Request, writer: Writer, values: dict[str, str], problems: dict[str, str]) -> Response:
    database: Database = request.app.state.database
    return with_status(await _page(request, writer.user, database, values, problems), 422)


async def _page(
    request: Request,
    user: CurrentUser,
    database: Database,
    values: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        today = today_of(request)
        owed = await payouts.receivables(contexts.db_session, today)
        return {
            "receivables": [row.model_dump() | _hrefs(row.processor) for row in owed],
            "ages": AGES,
            "payouts": await payouts.listing(contexts.db_session, limit=SHOWN),
            "may_book": user.may(Permission.BOOKS_CORRECT),
            "values": values or {"processor": "card", "paid_on": today.isoformat()},
            "problems": problems or {},
            "heading": ",".join(payout_rules.HEADING),
        }

    return await show(request, database, user, "payouts", "入金", build)


def _hrefs(processor: str) -> dict[str, str]:
    contested = Place("1030", processor)
    return {"balance_href": place_href(receivable(processor)), "contested_href": place_href(contested)}
