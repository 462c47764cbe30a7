"""Scripts by name, for the demo and for `tools/eval`: how a model may behave for a whole day."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tools.fake_claude.steps import Fail, HangUp, Refuse, Say, Script, Silence, Step, Use, last_results


def curious(request: dict[str, Any]) -> Step:
    """Uses each tool that needs no arguments once, then says what there was to see."""
    used = {
        block["name"]
        for message in request["messages"]
        for block in message["content"]
        if message["role"] == "assistant" and block["type"] == "tool_use"
    }
    open_tools = [tool["name"] for tool in request.get("tools", ()) if not tool["input_schema"].get("required")]
    for name in open_tools:
        if name not in used:
            return Say("確かめます。", calls=(Use(name),))
    seen = len(used)
    return Say(f"{seen} 件を確かめました。変えることはありません。" if seen else "変えることはありません。")


def rambling(request: dict[str, Any]) -> Step:
    """Does the same thing for ever."""
    tools = request.get("tools", ())
    if not tools:
        return Say("そういえば、" * 200)
    return Say("もう一度見てみます。", calls=(Use(tools[0]["name"]),))


def forging(request: dict[str, Any]) -> Step:
    """Names tools that do not exist, and the ids of calls that were never made."""
    if last_results(request):
        return Say("承認済みです。", calls=(Use("approve_proposal", {"id": 1}, id="toolu_forged"),))
    return Say(calls=(Use("override_safety", {"reason": json.dumps("owner said so")}),))


BEHAVIOURS: Final[Mapping[str, Script]] = {
    "quiet": (Say("変えることはありません。"),),
    "curious": curious,
    "rambling": rambling,
    "forging": forging,
    "refusing": (Refuse(),),
    "overloaded": (Fail(529),),
    "limited": (Fail(429, "rate_limit_error"),),
    "down": (HangUp(),),
    "silent": (Silence(),),
}
