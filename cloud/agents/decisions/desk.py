"""The desk: the one way from a tool call to the services.

Not landed yet beyond its signature; what it will do stands in `docs/decisions/0022-agents.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.agents.guard.facts import Channel
from cloud.agents.guard.limits import Limits
from cloud.agents.tools import AgentName, Answer, AnyTool, Call
from cloud.db.database import Database
from cloud.kit.clock import Clock, system_clock


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


class Desk:
    """Judges calls and carries them out. One for all agents."""

    def __init__(self, database: Database, limits: Limits, timezone: str, clock: Clock = system_clock) -> None:
        """Work on a database.

        Args:
            database: of the services.
            limits: of all agents.
            timezone: whose days the budgets follow.
            clock: now, ms since 1970 UTC.
        """
        self._database = database
        self.limits = limits
        self._timezone = timezone
        self._clock = clock

    async def carry_out(self, run: Run, call: Call, tools: Sequence[AnyTool], *, outside_seen: bool) -> Answer:
        """Judge a call and do it, propose it or refuse it; write down what became of it.

        The same call of the same run is answered as before and not done again.

        Args:
            run: on whose behalf.
            call: as the mind named it.
            tools: those of the agent.
            outside_seen: text of strangers was read in this run.

        Returns:
            What the mind is told: `outcome` done, proposed, denied, refused or failed. What a call does never raises.
        """
        raise NotImplementedError(f"{run.run_id} {call.id} {len(tools)} {outside_seen}")
