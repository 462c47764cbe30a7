"""The vending agent put together."""

from cloud.agents.agent import Agent
from cloud.agents.guard.limits import Limits
from cloud.agents.mind import Prompt
from cloud.agents.planned import Planned
from cloud.agents.vending import prompt, rules
from cloud.agents.vending.situation import situation
from cloud.agents.vending.tools import tools


def make(limits: Limits) -> Agent:
    """The agent with these limits in its prompt and situation; they are enforced by the desk."""
    return Agent(
        name="vending",
        prompt=Prompt(prompt.system(limits), tools()),
        situation=situation(limits),
        rules=Planned(rules.decide, rules.tell, rules.report),
    )
