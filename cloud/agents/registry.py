"""Which agents there are, put together with what they work with. Called by the composition roots only."""

from collections.abc import Sequence

from cloud.agents.agent import Agent
from cloud.agents.analytics import agent as analytics
from cloud.agents.customer import agent as customer
from cloud.agents.guard.limits import Limits
from cloud.agents.procurement import agent as procurement
from cloud.agents.procurement.reader import QuoteReader
from cloud.agents.tools import AgentName
from cloud.agents.vending import agent as vending
from cloud.conversations.service import Conversations
from cloud.integrations.web_search.port import WebSearch
from cloud.kit.secrecy import Secrecy
from cloud.procurement.finder import USUAL, Weights


def agents(
    limits: Limits,
    *,
    searches: Sequence[WebSearch] = (),
    reader: QuoteReader | None = None,
    weights: Weights = USUAL,
    secrecy: Secrecy | None = None,
    conversations: Conversations | None = None,
) -> dict[AgentName, Agent]:
    """Every agent by its name.

    Args:
        limits: of all agents; in their prompts and situations. The desk enforces them.
        searches: who can be asked for suppliers.
        reader: of strangers' texts; patterns when None.
        weights: what lateness and unreliability are worth when suppliers are ranked.
        secrecy: seals what customers write.
        conversations: with customers; without them there is no clerk.
    """
    made = [vending.make(limits), procurement.make(limits, searches, reader, weights), analytics.make(limits)]
    if secrecy is not None and conversations is not None:
        made.append(customer.make(limits, secrecy, conversations))
    return {agent.name: agent for agent in made}
