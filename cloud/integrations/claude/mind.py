"""Claude as a `Mind`, through the anthropic SDK. Not responsible for what a reply leads to.

One reply is one streamed request. The SDK repeats what may be repeated before the stream begins (408, 409, 429, 5xx,
no connection; it waits as the server says); a stream that breaks off is asked for once more as long as nobody heard
a word of it. All of it together has `total_s`. A reply may be paid for twice that way, never acted upon twice: effects
are bound to our own run and the tool call's id.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from anthropic import (
    AnthropicError,
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncAnthropic,
    Timeout,
)
from httpx2 import HTTPError

from cloud.agents.mind import Hears, MindError, Prompt, Reply, Turn
from cloud.integrations.claude import wire

log = structlog.get_logger()

CONNECT_S: Final = 5.0
API_URL: Final = "https://api.anthropic.com"

_WHY: Final = {401: "key", 402: "money", 403: "key", 413: "context", 429: "limited"}
"""HTTP status to the word under which it is counted; others are `request` below 500 and `down` from there on."""


@dataclass(frozen=True, slots=True)
class ClaudeOptions:
    """How the model is asked; all of it from the settings."""

    api_key: str
    model: str
    base_url: str = API_URL
    max_tokens: int = 2048
    """Of one reply."""
    effort: str = ""
    """low … max; empty leaves it to the model."""
    silence_s: float = 30.0
    """Longest wait between two bytes of an answer."""
    total_s: float = 120.0
    """Longest wait for one reply, repetitions included."""
    max_retries: int = 2


class ClaudeMind:
    """Answers turns by asking the Messages API. Keeps nothing but the connection."""

    def __init__(self, options: ClaudeOptions) -> None:
        self._options = options
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line per request says nothing that the run does not
        self._client = AsyncAnthropic(
            api_key=options.api_key,
            base_url=options.base_url,
            timeout=Timeout(options.silence_s, connect=CONNECT_S),
            max_retries=options.max_retries,
            open_telemetry=False,
        )

    @property
    def name(self) -> str:
        """The model's id."""
        return self._options.model

    def request(self, prompt: Prompt, turns: Sequence[Turn]) -> dict[str, Any]:
        """The body of the request for the next turn."""
        found: dict[str, Any] = {
            "model": self._options.model,
            "max_tokens": self._options.max_tokens,
            "messages": wire.messages_of(turns),
            "cache_control": wire.CACHED,
            **wire.prefix_of(prompt),
        }
        return found | {"output_config": {"effort": self._options.effort}} if self._options.effort else found

    async def reply(self, prompt: Prompt, turns: Sequence[Turn], hears: Hears | None = None) -> Reply:
        """The next turn.

        Raises:
            MindError: see `Mind.reply`; `why` is down, slow, limited, key, money, request, context or broken.
        """
        request = self.request(prompt, turns)
        try:
            async with asyncio.timeout(self._options.total_s):
                return await self._ask(request, hears)
        except (TimeoutError, APITimeoutError) as error:
            raise MindError("slow", "the model did not answer in time") from error
        except APIConnectionError as error:
            raise MindError("down", "the model cannot be reached") from error
        except APIStatusError as error:
            why = _WHY.get(error.status_code, "request" if error.status_code < 500 else "down")
            log.warning("the model refuses a request", status=error.status_code, request_id=error.request_id)
            raise MindError(why, f"the model's server answered {error.status_code}") from error
        except AnthropicError as error:
            raise MindError("broken", f"the model's answer cannot be read: {type(error).__name__}") from error

    async def _ask(self, request: dict[str, Any], hears: Hears | None) -> Reply:
        said = _Said(hears)
        for is_last in (False, True):
            try:
                return await self._stream(request, said)
            except _BrokenOffError as error:
                if is_last or said.is_heard:
                    raise MindError("broken", f"the model's answer broke off: {error}") from error
                log.warning("the model's answer broke off, asking again", reason=str(error))
        raise AssertionError  # pragma: no cover - the loop above returns or raises

    async def _stream(self, request: dict[str, Any], said: "_Said") -> Reply:
        is_whole = False
        try:
            async with self._client.messages.stream(**request) as stream:
                async for event in stream:
                    if event.type == "text":
                        said(event.text)
                    is_whole = is_whole or event.type == "message_stop"
                if not is_whole:
                    raise _BrokenOffError("it has no end")
                message = await stream.get_final_message()
        except HTTPError as error:
            raise _BrokenOffError(type(error).__name__) from error
        except (ValueError, TypeError, RuntimeError, IndexError, AttributeError, KeyError) as error:
            # The SDK's accumulation of events that make no sense; its messages may hold the model's words.
            raise _BrokenOffError(f"events that make no sense, {type(error).__name__}") from error
        except APIError as error:
            # An error within the stream comes with the status of the stream, which is good.
            is_within = isinstance(error, APIStatusError) and error.response.status_code == 200
            if isinstance(error, (APIStatusError, APIConnectionError)) and not is_within:
                raise
            raise _BrokenOffError("an error within the stream") from error
        return wire.reply_of(
            {
                "stop_reason": message.stop_reason,
                "usage": message.usage.to_dict(),
                "content": [_block(block) for block in message.content],
            }
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()


class _BrokenOffError(Exception):
    """A stream that ended before its end, or made no sense."""


class _Said:
    """Hands words on, and remembers whether anybody heard one."""

    def __init__(self, hears: Hears | None) -> None:
        self._hears = hears
        self.is_heard = False

    def __call__(self, piece: str) -> None:
        if self._hears is not None and piece:
            self.is_heard = True
            self._hears(piece)


def _block(block: Any) -> dict[str, Any]:
    """A block as the provider sent it, without what the SDK adds."""
    found: dict[str, Any] = block.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
    found.pop("parsed_output", None)
    return found
