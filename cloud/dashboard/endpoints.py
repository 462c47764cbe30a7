"""`/api/v1/dashboard`: the live figures over REST and WebSocket."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState

from cloud.dashboard.live import Live
from cloud.dashboard.metrics import Metrics, RealtimeMetrics
from cloud.identity.access import OperatorDep, current_operator
from cloud.kit.http import DatabaseDep, ProblemError

router = APIRouter(prefix="/api/v1/dashboard", tags=["dashboard"])

NOT_LOGGED_IN: Final = 4401
"""WebSocket close code: log in and come back (4000-4999 are free for applications, RFC 6455 section 7.4.2)."""

WRONG_ORIGIN: Final = 4403


@router.get("/metrics/realtime")
async def realtime(request: Request, database: DatabaseDep, _operator: OperatorDep) -> RealtimeMetrics:
    """The figures at this moment."""
    metrics: Metrics = request.app.state.metrics
    async with database.read() as db_session:
        return await metrics.now(db_session)


@router.websocket("/ws/realtime")
async def realtime_socket(socket: WebSocket) -> None:
    """The figures whenever they change. Authenticated by the pages' cookie or a bearer token."""
    await socket.accept()
    if not _is_same_origin(socket):
        await socket.close(WRONG_ORIGIN, "another site's page")
        return
    try:
        await current_operator(socket)
    except ProblemError as error:
        await socket.close(NOT_LOGGED_IN, error.detail)
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
    while socket.client_state is WebSocketState.CONNECTED:
        await socket.send_text(await queue.get())


def _is_same_origin(socket: WebSocket) -> bool:
    """Browsers name the page's origin; a page of another site must not listen with our cookie."""
    origin = socket.headers.get("origin")
    return origin is None or origin.partition("://")[2] == socket.headers.get("host")
