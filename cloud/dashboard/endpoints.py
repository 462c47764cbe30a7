"""`/api/v1/dashboard`: the live figures over REST and WebSocket, a period's money, charts."""

import asyncio
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, WebSocket
from starlette.websockets import WebSocketState

from cloud.dashboard import charts
from cloud.dashboard.charts import CHARTS, Chart, Financial
from cloud.dashboard.live import Live
from cloud.dashboard.metrics import Metrics, RealtimeMetrics
from cloud.identity.access import Guest, SocketLock, needs
from cloud.identity.permissions import Permission
from cloud.identity.sockets import close_refused, while_open
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep, refusals

router = APIRouter(prefix="/api/v1/dashboard", tags=["dashboard"])

MOST_DAYS: Final = 366


@router.get("/metrics/realtime", dependencies=[needs(Permission.FIGURES_READ)])
async def realtime(request: Request, database: DatabaseDep) -> RealtimeMetrics:
    """The figures at this moment."""
    metrics: Metrics = request.app.state.metrics
    async with database.read() as db_session:
        return await metrics.now(db_session)


@router.get("/financial/{period_days}", dependencies=[needs(Permission.BOOKS_READ)])
async def get_financial(
    period_days: Annotated[int, Path(ge=1, le=MOST_DAYS)], database: DatabaseDep, today: TodayDep
) -> Financial:
    """Income, what each product earned, cash flow and ratios of the last days, today included."""
    async with database.read() as db_session:
        return await charts.financial(db_session, today, period_days)


@router.get(
    "/chart/{chart_type}",
    dependencies=[needs(Permission.FIGURES_READ)],
    responses=refusals(http_404="no_such_chart"),
)
async def get_chart(
    chart_type: Annotated[str, Path(max_length=40, examples=["sales_trend"])],
    request: Request,
    database: DatabaseDep,
    today: TodayDep,
    period: Annotated[str, Query(pattern=r"^([1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-6])d$")] = "7d",
) -> Chart:
    """Labels and datasets of one chart: sales_trend, inventory_levels, customer_engagement or ai_performance."""
    make = CHARTS.get(chart_type)
    if make is None:
        raise ProblemError(404, "no_such_chart", f"There is no chart {chart_type!r}; there are {', '.join(CHARTS)}.")
    count = int(period.removesuffix("d"))
    days = tuple(today - timedelta(days=at) for at in range(count - 1, -1, -1))
    async with database.read() as db_session:
        return await make(db_session, days, request.app.state.settings.timezone)


LIVE_LOCK: Final = SocketLock(Permission.FIGURES_READ)


@router.websocket("/ws/realtime")
async def realtime_socket(socket: WebSocket, guest: Annotated[Guest, Depends(LIVE_LOCK)]) -> None:
    """The figures whenever they change. Authenticated by the pages' cookie or a bearer token."""
    await socket.accept()
    if guest.refusal is not None:
        await close_refused(socket, guest.refusal)
        return
    live: Live = socket.app.state.live
    async with live.listen() as queue:
        await while_open(socket, _send(socket, queue))


async def _send(socket: WebSocket, queue: asyncio.Queue[str]) -> None:
    """Send what changes. Who was logged out meanwhile gets nothing more."""
    while socket.client_state is WebSocketState.CONNECTED:
        figures = await queue.get()
        if (refusal := (await LIVE_LOCK(socket)).refusal) is not None:
            await close_refused(socket, refusal)
            return
        await socket.send_text(figures)
