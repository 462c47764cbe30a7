"""The clerk, put together."""

from cloud.agents.agent import Agent
from cloud.agents.customer.prompt import system
from cloud.agents.customer.rules import ClerkRules
from cloud.agents.customer.situation import Situation
from cloud.agents.customer.tools import tools
from cloud.agents.guard.limits import Limits
from cloud.agents.mind import Prompt
from cloud.conversations.service import Conversations
from cloud.kit.secrecy import Secrecy


def make(limits: Limits, secrecy: Secrecy, conversations: Conversations) -> Agent:
    """The clerk of a house.

    Args:
        limits: of all agents.
        secrecy: seals what customers write.
        conversations: hold what was said before.
    """
    return Agent(
        name="customer",
        prompt=Prompt(system(limits), tools(limits, secrecy)),
        situation=Situation(limits, conversations),
        rules=ClerkRules(),
        max_replies=8,
    )
