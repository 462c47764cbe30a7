"""The server: reads HTTP/1.1 by hand, so that it can also break off, lie and be silent as a network can."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Final, Self

from tools.fake_claude import wire
from tools.fake_claude.steps import BreakOff, CutCall, Fail, FailWithin, Garbage, HangUp, Say, Script, Silence, Step

MOST_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class FakeClaude:
    """A Messages API on loopback: `async with FakeClaude([Say("hello")]) as fake: fake.url`."""

    script: Script = (Say("はい。"),)
    port: int = 0
    """0 takes a free one."""
    requests: list[Asked] = field(default_factory=list)
    """Of `/v1/messages`, in their order, those that were answered with an error too."""
    refused: list[str] = field(default_factory=list)
    """Why requests were answered 400; a test of the adapter expects none."""
    _server: asyncio.Server | None = None
    _played: int = 0
    _prefixes: set[str] = field(default_factory=set)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """For `base_url`."""
        assert self._server is not None  # noqa: S101 - it is asked for while it runs
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None  # noqa: S101 - it was entered
        self._server.close()
        for writer in list(self._open):
            writer.close()
        await self._server.wait_closed()

    def play(self, script: Script) -> None:
        """From now on, another script."""
        self.script, self._played = script, 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while (asked := await _read(reader)) is not None:
                if not await self._answer(asked, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False closes the connection."""
        path = asked.path.partition("?")[0]
        if path == "/v1/messages/count_tokens":
            return await _send(writer, 200, {"input_tokens": wire.tokens_of(asked.body)})
        if path != "/v1/messages":
            return await _send(writer, 404, wire.error_of("not_found_error", f"no {path} here"))
        self.requests.append(asked)
        if not asked.headers.get("authorization", "").startswith("Bearer "):
            return await _send(writer, 401, wire.error_of("authentication_error", "no key"))
        try:
            wire.check(asked.body, asked.headers)
        except wire.BadRequestError as error:
            self.refused.append(str(error))
            return await _send(writer, 400, wire.error_of("invalid_request_error", str(error)))
        return await self._play(self._step(asked.body), asked.body, writer)

    def _step(self, body: dict[str, Any]) -> Step:
        if callable(self.script):
            return self.script(body)
        step = self.script[min(self._played, len(self.script) - 1)]
        self._played += 1
        return step

    async def _play(self, step: Step, body: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
        match step:
            case HangUp():
                return False
            case Silence():
                await asyncio.Event().wait()
            case Fail():
                words = wire.error_of(step.kind, "as the script says")
                return await _send(writer, step.status, words, dict(step.headers))
            case Garbage():
                await _head(writer, 200, {"content-type": step.content_type, "content-length": str(len(step.body))})
                writer.write(step.body)
                await writer.drain()
                return True
        message = wire.message_of(step, str(body["model"]), self._usage(body))
        if not body.get("stream"):
            return await _send(writer, 200, message)
        return await _stream(step, message, writer)

    def _usage(self, body: dict[str, Any]) -> dict[str, int]:
        """The same prefix a second time is read from the cache."""
        prefix = json.dumps([body.get("tools"), body.get("system")])
        cached = len(prefix) // wire.CHARS_PER_TOKEN
        is_known = prefix in self._prefixes
        self._prefixes.add(prefix)
        return {
            "input_tokens": wire.tokens_of(body["messages"]),
            "cache_creation_input_tokens": 0 if is_known else cached,
            "cache_read_input_tokens": cached if is_known else 0,
        }


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    """The next request of a connection; None when there is none."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
    }
    size = int(headers.get("content-length", "0"))
    if size > MOST_BYTES:
        return None
    raw = await reader.readexactly(size)
    return Asked(first.split(" ")[1], headers, json.loads(raw) if raw else {})


async def _head(writer: asyncio.StreamWriter, status: int, headers: dict[str, str]) -> None:
    lines = [
        f"HTTP/1.1 {status} fake",
        "request-id: req_fake",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    await writer.drain()


async def _send(
    writer: asyncio.StreamWriter, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
) -> bool:
    raw = json.dumps(body, ensure_ascii=False).encode()
    await _head(writer, status, {"content-type": "application/json", "content-length": str(len(raw))} | (headers or {}))
    writer.write(raw)
    await writer.drain()
    return True


async def _stream(step: Step, message: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
    await _head(writer, 200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    half = step.half_json if isinstance(step, CutCall) else None
    for kind, data in wire.events_of(message, half):
        if kind == "message_delta" and isinstance(step, BreakOff):
            if step.is_clean:
                break
            return False
        if kind == "message_delta" and isinstance(step, FailWithin):
            await _chunk(writer, wire.sse("error", wire.error_of(step.kind, "as the script says")))
            break
        await _chunk(writer, wire.sse(kind, data))
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


async def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    await writer.drain()
