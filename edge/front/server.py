"""Serve the browser front on loopback: static files, and one WebSocket per page.

The door has a lock: only loopback, only with the Host of this server (a page of another site that points its
name at 127.0.0.1 gets nothing), and the WebSocket only with the cookie that the page itself was given, or
with the local token for programs. Not responsible for what is shown (`edge/screens`).
"""

import asyncio
import hmac
import json
import mimetypes
import re
import secrets
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final, Protocol

import structlog
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from edge.runtime import Runtime
from edge.screens.display import MESSAGE_TIMES_S, Display
from edge.screens.intents import BadIntentError, read_intent
from edge.vend.step import Step

COOKIE: Final = "vend_front"
CSP: Final = "default-src 'self'; connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
_STATIC: Final = re.compile(r"^/static/((?:[a-z0-9_-]+/)*[A-Za-z0-9_.-]+)$")

_log = structlog.get_logger(__name__)


class Cabinet(Protocol):
    """The simulated world around an emulated machine, as the front needs it."""

    def snapshot(self) -> dict[str, Any]:
        """Units, coins, door: what one would see through the glass."""
        ...

    def do(self, action: str, value: int, slot: str = "") -> None:
        """Do what a hand would do: insert a coin, take the product, open the door.

        Raises:
            ValueError: no such action, or a value it cannot have.
        """
        ...


class FrontServer:
    """Pages and their WebSockets for one machine."""

    def __init__(
        self,
        runtime: Runtime,
        display: Display,
        *,
        host: str,
        port: int,
        token: str,
        cabinet: Cabinet | None = None,
    ) -> None:
        """Serve `display`.

        Args:
            runtime: tells when something happened.
            display: what is shown, and what obeys.
            host: a loopback address.
            port: TCP port; 0 takes a free one.
            token: for programs on this computer (the Kivy screen, the smoke test): `Authorization: Bearer …`.
            cabinet: None on a real machine: then there is nothing to insert a coin into but the machine.
        """
        self._display = display
        self._host, self._wanted_port = host, port
        self._token = token
        # Of the token, so that a page which was open before a power cut is still known afterwards.
        self._cookie = hmac.new(token.encode(), b"page", "sha256").hexdigest()
        self._cabinet = cabinet
        self._server: Server | None = None
        self._pending = False
        self._tick: asyncio.TimerHandle | None = None
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        runtime.listen(self._stepped)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken; the message names it.
        """
        self._server = await serve(
            self._talk, self._host, self._wanted_port, process_request=self._http, max_size=4096, ping_interval=20
        )

    @property
    def port(self) -> int:
        """The port in use."""
        if self._server is None:
            raise RuntimeError("the front is not started")
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    async def watch(self) -> None:
        """Wait for ever, or until a press could not be carried out: a bug, or a full disk, and not the page's fault.

        Raises:
            Exception: what it died of, so that it ends the process instead of one page's connection.
        """
        await self._failure

    def _end(self, error: Exception) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._tick is not None:
            self._tick.cancel()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    # --- out -------------------------------------------------------------------------------------
    def refresh(self) -> None:
        """Something to see has changed: send the view (and the cabinet) once, soon."""
        if self._pending or self._server is None:
            return
        self._pending = True
        asyncio.get_running_loop().call_soon(self._push)

    def wire(self, direction: str, frame: bytes, meaning: str) -> None:
        """Show bytes that went over the coin wire."""
        self._broadcast({"type": "wire", "direction": direction, "hex": frame.hex(" ").upper(), "meaning": meaning})

    def _stepped(self, step: Step) -> None:
        loop = asyncio.get_running_loop()
        self._display.stepped(step, loop.time())
        if step.events:
            for seconds in MESSAGE_TIMES_S:
                loop.call_later(seconds + 0.05, self.refresh)
        self.refresh()

    def _push(self) -> None:
        self._pending = False
        for message in self._messages():
            self._broadcast(message)
        self._come_back()

    def _come_back(self) -> None:
        """When the view changes by itself."""
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        loop = asyncio.get_running_loop()
        wait_s = self._display.changes_in(loop.time())
        if wait_s is not None:
            self._tick = loop.call_later(wait_s, self.refresh)

    def _messages(self) -> list[dict[str, Any]]:
        view = self._display.view(asyncio.get_running_loop().time())
        messages: list[dict[str, Any]] = [{"type": "view", "view": view.to_dict()}]
        if self._cabinet is not None:
            messages.append({"type": "world", "world": self._cabinet.snapshot()})
        return messages

    def _broadcast(self, message: dict[str, Any]) -> None:
        if self._server is not None:
            broadcast(self._server.connections, json.dumps(message, ensure_ascii=False))

    # --- in --------------------------------------------------------------------------------------
    async def _talk(self, page: ServerConnection) -> None:
        for message in self._messages():
            await page.send(json.dumps(message, ensure_ascii=False))
        async for raw in page:
            try:
                self._obey(raw)
            except (BadIntentError, ValueError) as error:
                await page.send(json.dumps({"type": "error", "why": str(error)}))
            except Exception as error:
                self._end(error)
                raise

    def _obey(self, raw: str | bytes) -> None:
        intent = read_intent(raw)
        if not intent.world:
            self._display.obey(intent, asyncio.get_running_loop().time())
        elif self._cabinet is None:
            raise BadIntentError("this machine is real: nobody can put coins in through a browser")
        else:
            self._cabinet.do(intent.world, intent.value, intent.slot)
        self.refresh()

    # --- HTTP ------------------------------------------------------------------------------------
    def _http(self, _: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP; None lets a WebSocket handshake go on."""
        if request.headers.get("Host", "") not in self._own_names():
            return _plain(HTTPStatus.FORBIDDEN, "This server answers only under its own name on this computer.")
        path = request.path.split("?", 1)[0]
        if path == "/ws":
            if self._may_talk(request):
                return None
            return _plain(HTTPStatus.UNAUTHORIZED, "Open the machine's page first, or send the local token.")
        if path == "/":
            response = _file(_static_folder().joinpath("index.html"))
            response.headers["Set-Cookie"] = f"{COOKIE}={self._cookie}; HttpOnly; SameSite=Strict; Path=/"
            response.headers["Cache-Control"] = "no-store"
            return response
        found = _STATIC.match(path)
        if found and ".." not in path:
            return _file(_static_folder().joinpath(*found[1].split("/")))
        return _plain(HTTPStatus.NOT_FOUND, f"There is nothing at {path}.")

    def _own_names(self) -> set[str]:
        return {f"{name}:{self.port}" for name in (self._host, "localhost", "127.0.0.1", "[::1]")}

    def _may_talk(self, request: Request) -> bool:
        offered = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if offered and secrets.compare_digest(offered.encode(), self._token.encode()):
            return True
        try:
            cookie = SimpleCookie(request.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and secrets.compare_digest(cookie.value.encode(), self._cookie.encode())


def _static_folder() -> Traversable:
    return resources.files("edge.front").joinpath("static")


def _file(file: Traversable) -> Response:
    if not file.is_file():
        return _plain(HTTPStatus.NOT_FOUND, "No such file.")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind == "application/javascript":
        kind += "; charset=utf-8"
    return _response(HTTPStatus.OK, kind, file.read_bytes())


def _plain(status: HTTPStatus, sentence: str) -> Response:
    return _response(status, "text/plain; charset=utf-8", (sentence + "\n").encode())


def _response(status: HTTPStatus, kind: str, body: bytes) -> Response:
    headers = Headers(
        {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": CSP,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)
