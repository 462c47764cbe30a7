"""Turns as they are kept: JSON, compressed, sealed with the cloud's key, for they may be about people."""

import json
import zlib
from dataclasses import asdict
from typing import Any

from cloud.agents.mind import Reply, Told, Turn, Usage
from cloud.agents.tools import Answer, Call
from cloud.kit.secrecy import Secrecy


def kind_of(turn: Turn) -> str:
    """`told` or `replied`."""
    return "told" if isinstance(turn, Told) else "replied"


def sealed(secrecy: Secrecy, run_id: str, number: int, turn: Turn) -> bytes:
    """A turn as it is kept; only in its own place can it be opened."""
    text = json.dumps(_kept(turn), ensure_ascii=False, separators=(",", ":"), default=str)
    return secrecy.seal(zlib.compress(text.encode(), 6), _about(run_id, number))


def opened(secrecy: Secrecy, run_id: str, number: int, kept: bytes) -> Turn:
    """The turn that was kept.

    Raises:
        CannotOpenError: sealed with another key, or changed.
    """
    found = json.loads(zlib.decompress(secrecy.open(kept, _about(run_id, number))))
    if "situation" in found:
        return Told(found["situation"], found["words"], tuple(Answer(**one) for one in found["answers"]))
    calls = tuple(Call(**one) for one in found["calls"])
    return Reply(found["text"], calls, found["stop"], Usage(**found["usage"]), found["raw"])


def resealed(secrecy: Secrecy, run_id: str, number: int, kept: bytes) -> bytes | None:
    """The same, sealed with the present key; None when it is already."""
    if secrecy.is_current(kept):
        return None
    about = _about(run_id, number)
    return secrecy.seal(secrecy.open(kept, about), about)


def _about(run_id: str, number: int) -> str:
    return f"turn {run_id}/{number}"


def _kept(turn: Turn) -> dict[str, Any]:
    if isinstance(turn, Told):
        return {
            "situation": dict(turn.situation),
            "words": turn.words,
            "answers": [asdict(answer) for answer in turn.answers],
        }
    return {
        "text": turn.text,
        "calls": [asdict(call) for call in turn.calls],
        "stop": turn.stop,
        "usage": asdict(turn.usage),
        "raw": turn.raw,
    }
