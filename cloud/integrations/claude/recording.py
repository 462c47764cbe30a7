"""Sessions with a real model, kept and played again: JSON lines, one reply each, secrets masked.

A recording answers exactly the requests it was made from. Whoever changes a prompt, a tool or the way turns are sent
sees that the recording is of something else, and where; nothing is answered then.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from cloud.agents.mind import Hears, MindError, Prompt, Reply, Turn, Usage
from cloud.agents.tools import Call
from cloud.integrations.claude import wire
from protocol.masking import mask_text


class ReplayDiffersError(AssertionError):
    """A request that is not the recorded one; `where` is the first place, as a path in the request's JSON."""

    def __init__(self, number: int, where: str) -> None:
        self.where = where
        super().__init__(f"request {number} is not the recorded one: {where}")


class AsksModels(Protocol):
    """A mind that can say what it would send."""

    @property
    def name(self) -> str:
        """The model's id."""

    def request(self, prompt: Prompt, turns: Sequence[Turn]) -> dict[str, Any]:
        """The body of the request for the next turn."""

    async def reply(self, prompt: Prompt, turns: Sequence[Turn], hears: Hears | None = None) -> Reply:
        """See `Mind.reply`."""


class Recorder:
    """A mind that writes down what it is asked and what it answers."""

    def __init__(self, mind: AsksModels, path: Path, secrets: Sequence[str] = ()) -> None:
        """Append to `path`.

        Args:
            mind: who answers.
            path: JSON lines.
            secrets: the process's configured values; they are masked, and whatever looks like one.
        """
        self._mind, self._path, self._secrets = mind, path, list(secrets)

    @property
    def name(self) -> str:
        """The model's id."""
        return self._mind.name

    async def reply(self, prompt: Prompt, turns: Sequence[Turn], hears: Hears | None = None) -> Reply:
        """The mind's reply; a failure is written down too.

        Raises:
            MindError: the mind's.
        """
        request = self._mind.request(prompt, turns)
        try:
            reply = await self._mind.reply(prompt, turns, hears)
        except MindError as error:
            self._write({"request": request, "error": {"why": error.why, "detail": str(error)}})
            raise
        self._write({"request": request, "reply": _kept(reply)})
        return reply

    def _write(self, line: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(mask_text(wire.as_json(line), self._secrets) + "\n")


class Replayer:
    """A mind that answers as a recorded one did, line by line."""

    def __init__(self, mind: AsksModels, path: Path, secrets: Sequence[str] = ()) -> None:
        """Play `path`; `mind` is never asked, it only says what it would send."""
        self._mind, self._secrets = mind, list(secrets)
        self._lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        self._played = 0

    @property
    def name(self) -> str:
        """The model's id."""
        return self._mind.name

    @property
    def left(self) -> int:
        """Recorded replies that nobody has asked for yet."""
        return len(self._lines) - self._played

    async def reply(self, prompt: Prompt, turns: Sequence[Turn], hears: Hears | None = None) -> Reply:
        """The recorded reply to this request.

        Raises:
            ReplayDiffersError: the request is another one, or there is none left.
            MindError: the mind failed when it was recorded.
        """
        if not self.left:
            raise ReplayDiffersError(self._played + 1, "the recording is over")
        line = self._lines[self._played]
        self._played += 1
        asked = json.loads(mask_text(wire.as_json(self._mind.request(prompt, turns)), self._secrets))
        if where := difference(line["request"], asked):
            raise ReplayDiffersError(self._played, where)
        if "error" in line:
            raise MindError(line["error"]["why"], line["error"]["detail"])
        reply = _reply(line["reply"])
        if hears is not None and reply.text:
            hears(reply.text)
        return reply


def difference(recorded: Any, asked: Any, where: str = "$") -> str:
    """The first place where two requests differ, with both values; empty for none."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for name in sorted(recorded.keys() | asked.keys()):
            if found := difference(recorded.get(name), asked.get(name), f"{where}.{name}"):
                return found
        return ""
    if isinstance(recorded, list) and isinstance(asked, list):
        for index, (one, other) in enumerate(zip(recorded, asked, strict=False)):
            if found := difference(one, other, f"{where}[{index}]"):
                return found
        is_same = len(recorded) == len(asked)
        return "" if is_same else f"{where}: {len(recorded)} entries were recorded, {len(asked)} are asked"
    return "" if recorded == asked else f"{where}: {recorded!r} was recorded, {asked!r} is asked"


def _kept(reply: Reply) -> dict[str, Any]:
    return {
        "text": reply.text,
        "calls": [asdict(call) for call in reply.calls],
        "stop": reply.stop,
        "usage": asdict(reply.usage),
        "raw": reply.raw,
    }


def _reply(kept: dict[str, Any]) -> Reply:
    calls = tuple(Call(**call) for call in kept["calls"])
    return Reply(kept["text"], calls, kept["stop"], Usage(**kept["usage"]), kept["raw"])
