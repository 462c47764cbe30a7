"""`/api/v1/procurement`: looking for offers on the web and in lists, importing lists, and proposals to order."""

from collections.abc import Sequence
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.integrations.web_search.port import SearchUnavailableError, WebSearch
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep, refusals
from cloud.procurement import generator, importing, ordering
from cloud.procurement.generator import NeedView, Proposal
from cloud.procurement.importing import ImportBody, ImportReport
from cloud.procurement.ordering import Maker
from cloud.procurement.refusals import refusing
from cloud.procurement.supplier_endpoints import weights_of

router = APIRouter(prefix="/api/v1/procurement", tags=["procurement"])
log = structlog.get_logger()

_READ = [needs(Permission.PROCUREMENT_READ)]


class FindingView(BaseModel):
    """Something that was found, as strangers wrote it: nothing is ordered by it before a person records an offer."""

    title: str
    url: str
    """Empty for a line of your own lists."""
    excerpt: str
    source: str
    prices: list[int]
    """Amounts in yen that stand in the text."""


class SearchAnswer(BaseModel):
    """What was found, and who could not be asked."""

    findings: list[FindingView]
    unavailable: list[str]


async def ask(searches: Sequence[WebSearch], words: str, limit: int) -> SearchAnswer:
    """Ask everybody who can be asked, one after the other.

    Raises:
        ProblemError: 409, nobody is set up.
    """
    if not searches:
        raise ProblemError(409, "no_search", "No search is set up: set SEARXNG_URL, or SUPPLIER_LISTS_DIR.")
    findings, unavailable = [], []
    for one in searches:
        try:
            findings += await one.search(words, limit)
        except SearchUnavailableError as error:
            log.warning("a search cannot be asked", search=one.name, reason=str(error))
            unavailable.append(str(error))
    return SearchAnswer(
        findings=[
            FindingView(
                title=row.title, url=row.url, excerpt=row.excerpt, source=row.source, prices=list(row.prices_minor)
            )
            for row in findings[:limit]
        ],
        unavailable=unavailable,
    )


@router.get("/searches", dependencies=[needs(Permission.SUPPLIERS_WRITE)], responses=refusals(http_409="no_search"))
async def search(
    request: Request,
    q: Annotated[str, Query(min_length=1, max_length=200, examples=["緑茶 500ml ケース 卸"])],
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> SearchAnswer:
    """Look for offers on the web and in your own lists."""
    return await ask(request.app.state.searches, q, limit)


@router.post("/imports")
async def import_list(
    body: ImportBody,
    writer: Annotated[Writer, Depends(Writes(Permission.SUPPLIERS_WRITE, "offers.imported"))],
    today: TodayDep,
) -> ImportReport:
    """Import a price list: all rows, or none and what is wrong with each."""
    with refusing():
        async with writer.write(kind=body.kind, is_confirmed=body.is_confirmed) as db_session:
            return await importing.take(db_session, body, Maker(writer.user.email, "person", writer.now_ms, today))


@router.get("/needs", dependencies=_READ)
async def list_needs(database: DatabaseDep, today: TodayDep) -> list[NeedView]:
    """What runs low: what is there and on order no longer covers par levels and the sales of the lead time."""
    async with database.read() as db_session:
        return await generator.low(db_session, today)


@router.get("/proposals", dependencies=_READ)
async def list_proposals(database: DatabaseDep) -> list[Proposal]:
    """Generated orders that wait for a person, product by product; the newest 100 orders."""
    async with database.read() as db_session:
        return await generator.waiting(db_session)


@router.post("/proposals", status_code=200)
async def propose(
    writer: Annotated[Writer, Depends(Writes(Permission.ORDERS_WRITE, "orders.proposed"))], today: TodayDep
) -> list[Proposal]:
    """Propose orders for what runs low, grouped by the best supplier; every one waits for a person.

    What is on order already counts: asking twice proposes nothing twice.
    """
    with refusing():
        async with writer.write() as db_session:
            await ordering.one_at_a_time(db_session)
            maker = Maker(writer.user.email, "generator", writer.now_ms, today)
            return await generator.propose(db_session, maker, weights_of(writer.request))
