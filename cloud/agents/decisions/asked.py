"""What comes to the desk: a run, one of its calls, and what could be said about it without looking anywhere. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from cloud.agents.guard.facts import Channel
from cloud.agents.guard.verdict import Ruling, Verdict
from cloud.agents.guard.wording import say
from cloud.agents.tools import AgentName, AnyTool, Arguments, Call

CALL_LENGTH: Final = 128
TOOL_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class Run:
    """On whose behalf a call comes: the same for all calls of a run."""

    run_id: str
    """At most 64 characters; with the call's id it makes effects happen once."""
    agent: AgentName
    channel: Channel
    machine_id: str = ""
    customer_id: str = ""
    conversation_id: str = ""
    model: str = "rules"
    """The mind's name."""
    prompt_hash: str = ""
    """SHA-256 of the prompt, as hex digits."""
    is_dry: bool = False
    """A shadow: judged and written down, never carried out."""

    @property
    def together(self) -> str:
        """What belongs together: the conversation, else the run."""
        return self.conversation_id or self.run_id


@dataclass(frozen=True, slots=True)
class Approver:
    """A person who decides about a proposal; their role was checked."""

    email: str
    may_exceed: bool = False
    """Their role may go beyond the day's loss budget."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One call before the guard."""

    run: Run
    call: Call
    tool: AnyTool | None
    """None for one the agent does not have."""
    arguments: Arguments | None
    refusal: Verdict | None
    """Why it cannot even be judged; None when tool and arguments are good."""
    found: Any = None
    """What the tool's `outside` brought."""
    outside_seen: bool = False
    approver: Approver | None = None
    proposal_id: int = 0


def ask(run: Run, call: Call, tools: Sequence[AnyTool], *, outside_seen: bool = False) -> Asked:
    """Find the tool and read the arguments; what is wrong becomes a refusal, not an error."""
    call = Call(call.id[:CALL_LENGTH], call.name[:TOOL_LENGTH], call.arguments)
    tool = next((one for one in tools if one.name == call.name), None)
    arguments, refusal = None, None
    if tool is None:
        refusal = say("known_tool", Ruling.DENY, agent=run.agent, tool=call.name or "?")
    else:
        try:
            arguments = tool.arguments.model_validate(call.arguments)
        except ValidationError as error:
            refusal = say("arguments", Ruling.DENY, why=_problems(error))
    return Asked(run, call, tool, arguments, refusal, outside_seen=outside_seen)


def _problems(error: ValidationError) -> str:
    """Field and problem, without the values: they may be long, or secret."""
    rows = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, row['loc'])) or 'arguments'}: {row['msg']}" for row in rows[:5])[:500]
