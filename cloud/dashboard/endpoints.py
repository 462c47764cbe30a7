"""`/api/v1/dashboard`: the live figures over REST and WebSocket."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState

from cloud.dashboard.live import Live
from cloud.dashboard.metrics import Metrics, RealtimeMetrics
from cloud.identity.access import Guest, SocketLock, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError

router = APIRouter(prefix="/api/v1/dashboard", tags=["dashboard"])

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
