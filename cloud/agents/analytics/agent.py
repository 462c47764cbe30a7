"""The analytics agent put together."""

from cloud.agents.agent import Agent
from cloud.agents.analytics import prompt, rules
from cloud.agents.analytics.situation import situation
from cloud.agents.analytics.tools import tools
from cloud.agents.guard.limits import Limits
from cloud.agents.mind import Prompt
from cloud.agents.planned import Planned


def make(limits: Limits) -> Agent:
    """The agent; the desk enforces the limits that stand in its prompt."""
    return Agent(
        name="analytics",
        prompt=Prompt(prompt.system(limits), tools()),
        situation=situation,
        rules=Planned(rules.decide, rules.tell),
    )
