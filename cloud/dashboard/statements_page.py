"""`/dashboard/statements`: a month's profit and loss, balance sheet and cash flow beside those of the month before."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.accounting import closing, months, periods, service
from cloud.accounting.month_report import last_day_named
from cloud.accounting.statements import StatementLine
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import named, say
from cloud.dashboard.locks import PageLock
from cloud.dashboard.pages import show
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, TodayDep

router = APIRouter(prefix="/dashboard/statements", include_in_schema=False)

SeesBooks = Annotated[CurrentUser, Depends(PageLock(Permission.BOOKS_READ))]
MonthQuery = Annotated[str | None, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


@router.get("")
async def statements(
    request: Request, user: SeesBooks, database: DatabaseDep, today: TodayDep, month: MonthQuery = None
) -> Response:
    """決算: of a month; of this one unless told otherwise."""
    last_day = last_day_named(month) if month else closing.month_end(today.year, today.month)

    async def build(contexts: Contexts) -> dict[str, Any]:
        return await _context(contexts, last_day, today, f"&month={month}" if month else "")

    return await show(request, database, user, "statements", "決算", build)


async def _context(contexts: Contexts, last_day: date, today: date, here: str) -> dict[str, Any]:
    first = last_day.replace(day=1)
    found = await periods.every_statement(contexts.db_session, first, last_day)
    trial = await service.trial_balance(contexts.db_session, last_day)
    closed = await months.closed_upto(contexts.db_session)
    following = closing.following(last_day)
    sheet = _lines(found["balance-sheet"].lines, end=last_day)
    cut = next(at for at, line in enumerate(found["balance-sheet"].lines, start=1) if line.key == "assets")
    return {
        "month": f"{last_day:%Y-%m}",
        "period_text": say("{day:%Y年%-m月}", day=last_day),
        "before_text": say("{day:%-m月}", day=first - timedelta(days=1)),
        "is_closed": closed is not None and last_day <= closed,
        "earlier": f"{first - timedelta(days=1):%Y-%m}",
        "later": f"{following:%Y-%m}" if following.replace(day=1) <= today else "",
        "asked": f"start={first}&end={last_day}",
        "here": here,
        "pl": _lines(found["profit-and-loss"].lines, start=first, end=last_day),
        "bs": {"assets": sheet[:cut], "claims": sheet[cut:]},
        "cf": _lines(found["cash-flow"].lines, start=first, end=last_day),
        "trial": [
            {
                "code": line.code,
                "name": named(line),
                "debit": line.debit,
                "credit": line.credit,
                "href": account_href(line.code, end=last_day),
            }
            for line in trial.lines
        ],
        "trial_total": {"debit": trial.debit, "credit": trial.credit},
    }


def _lines(lines: Sequence[StatementLine], *, end: date, start: date | None = None) -> list[dict[str, Any]]:
    last_before = end.replace(day=1) - timedelta(days=1)
    first_before = last_before.replace(day=1)
    return [
        {
            "label": named(line),
            "amount": line.amount,
            "before": line.before or 0,
            "level": line.level,
            "strong": line.is_sum,
            "heading": line.is_heading,
            "href": _href(line, start=_since(line, start), end=end),
            "href_before": _href(line, start=_since(line, start and first_before), end=last_before),
        }
        for line in lines
    ]


def _href(line: StatementLine, *, end: date, start: date | None) -> str:
    """The ledger of a line's account, or the statement that has the line's parts."""
    before = end.replace(day=1) - timedelta(days=1)
    elsewhere = {
        "net_income": f"?month={end:%Y-%m}#profit",
        "current_earnings": f"?month={end:%Y-%m}#trial",
        "opening_cash": f"?month={before:%Y-%m}#balance",
    }
    return elsewhere.get(line.key) or account_href(line.account, start=start, end=end)


def _since(line: StatementLine, start: date | None) -> date | None:
    """A stock of goods is what was moved ever, not in the period."""
    return None if line.key in {"opening_goods", "closing_goods"} else start


def account_href(code: str, *, end: date, start: date | None = None) -> str:
    """The ledger of one account up to a day: from a day, or from its beginning."""
    since = f"start={start}&" if start else ""
    return f"/dashboard/journal/{code}?{since}end={end}" if code else ""
