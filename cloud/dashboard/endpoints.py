"""`/api/v1/dashboard`: the live figures over REST and WebSocket, a period's money, charts."""

import asyncio
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState

from cloud.dashboard import charts
from cloud.dashboard.charts import CHARTS, Chart, Financial
from cloud.dashboard.live import Live
from cloud.dashboard.metrics import Metrics, RealtimeMetrics
from cloud.identity.access import Guest, SocketLock, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep, refusals

router = APIRouter(prefix="/api/v1/dashboard", tags=["dashboard"])

MOST_DAYS: Final = 366

NOT_LOGGED_IN: Final = 4401
"""WebSocket close code: log in and come back (4000-4999 are free for applications, RFC 6455 section 7.4.2)."""

NOT_ALLOWED: Final = 4403
"""Close code: this user may not listen, or the page is another site's."""


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
        await _close(socket, guest.refusal)
        return
    live: Live = socket.app.state.live
    async with live.listen() as queue:
        sender = asyncio.create_task(_send(socket, queue))
        try:
            while True:
                await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)


async def _send(socket: WebSocket, queue: asyncio.Queue[str]) -> None:
    """Send what changes. Who was logged out meanwhile gets nothing more."""
    while socket.client_state is WebSocketState.CONNECTED:
        figures = await queue.get()
        if (refusal := (await LIVE_LOCK(socket)).refusal) is not None:
            await _close(socket, refusal)
            return
        await socket.send_text(figures)


async def _close(socket: WebSocket, refusal: ProblemError) -> None:
    # A reason has at most 123 bytes (RFC 6455 section 5.5).
    await socket.close(NOT_LOGGED_IN if refusal.status == 401 else NOT_ALLOWED, refusal.code)
