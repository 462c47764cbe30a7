"""The procurement agent put together."""

from collections.abc import Sequence

from cloud.agents.agent import Agent
from cloud.agents.guard.limits import Limits
from cloud.agents.mind import Prompt
from cloud.agents.planned import Planned
from cloud.agents.procurement import prompt, rules
from cloud.agents.procurement.reader import QuoteReader, RuleReader
from cloud.agents.procurement.situation import situation
from cloud.agents.procurement.tools import tools
from cloud.integrations.web_search.port import WebSearch
from cloud.procurement.finder import USUAL, Weights


def make(
    limits: Limits,
    searches: Sequence[WebSearch] = (),
    reader: QuoteReader | None = None,
    weights: Weights = USUAL,
) -> Agent:
    """The agent.

    Args:
        limits: stand in its prompt and situation; the desk enforces them.
        searches: who can be asked for offers.
        reader: of strangers' texts; patterns when None.
        weights: what lateness and unreliability are worth when suppliers are ranked.
    """
    return Agent(
        name="procurement",
        prompt=Prompt(prompt.system(limits), tools(searches, reader or RuleReader(), weights)),
        situation=situation(limits, can_search=bool(searches), weights=weights),
        rules=Planned(rules.decide, rules.tell, rules.report),
    )
