"""Everything agents need in one process, put together from the settings: the desk, the mind, the loop, the agents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud.agents.agent import Agent
from cloud.agents.decisions.desk import Desk
from cloud.agents.guard.limits import Limits
from cloud.agents.loop.loop import Loop
from cloud.agents.loop.rules import Terms
from cloud.agents.registry import agents as agents_of
from cloud.agents.tools import AgentName
from cloud.conversations.service import Conversations
from cloud.db.database import Database
from cloud.integrations.claude.mind import ClaudeMind, ClaudeOptions
from cloud.integrations.web_search.port import WebSearch
from cloud.kit.clock import Clock, system_clock
from cloud.kit.secrecy import Secrecy
from cloud.procurement.finder import Weights
from cloud.settings import Settings


@dataclass(frozen=True, slots=True)
class House:
    """The agents and what they work with."""

    agents: Mapping[AgentName, Agent]
    desk: Desk
    loop: Loop
    secrecy: Secrecy
    model: ClaudeMind | None

    async def close(self) -> None:
        """Close the connection to the model."""
        if self.model is not None:
            await self.model.close()


def open_house(
    settings: Settings,
    database: Database,
    clock: Clock = system_clock,
    searches: Sequence[WebSearch] = (),
    conversations: Conversations | None = None,
) -> House:
    """Put it together; nothing is connected yet.

    Args:
        settings: checked settings.
        database: of the services.
        clock: now, ms since 1970 UTC.
        searches: who can be asked for suppliers.
        conversations: with customers; without them there is no clerk.
    """
    limits, secrecy, model = Limits.of(settings), Secrecy(*settings.sealing_keys()), model_of(settings)
    desk = Desk(database, limits, settings.timezone, clock)
    loop = Loop(database, desk, secrecy, Terms.of(settings), timezone=settings.timezone, mind=model, clock=clock)
    weights = Weights(settings.supplier_lead_day_per_mille, settings.supplier_unreliable_per_mille)
    agents = agents_of(limits, searches=searches, weights=weights, secrecy=secrecy, conversations=conversations)
    return House(agents, desk, loop, secrecy, model)


def model_of(settings: Settings) -> ClaudeMind | None:
    """The model, when there is a key for it."""
    if settings.anthropic_api_key is None:
        return None
    return ClaudeMind(
        ClaudeOptions(
            api_key=settings.anthropic_api_key.get_secret_value(),
            model=settings.ai_model,
            base_url=settings.anthropic_base_url,
            max_tokens=settings.ai_max_output_tokens,
            effort=settings.ai_effort,
            total_s=settings.ai_patience_s,
            silence_s=min(settings.ai_patience_s, 30.0),
        )
    )
