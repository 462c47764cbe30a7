"""One call before the guard: everything that is known about it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cloud.agents.guard import facts
from cloud.agents.guard.facts import Channel, Facts
from cloud.agents.tools import Action, AgentName

MOVING: Final = (
    facts.NewPrice,
    facts.CouponGrant,
    facts.SaleRefund,
    facts.StoreCredit,
    facts.GiveAway,
    facts.Purchase,
    facts.Assortment,
    facts.Dispense,
)
"""What moves goods or money, or says for how much they move."""


@dataclass(frozen=True, slots=True)
class Case:
    """What an agent wants to do, and in which circumstances."""

    agent: AgentName
    channel: Channel
    action: Action
    facts: Facts
    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """As the model wrote them: only looked through for what must not be there."""
    customer_id: str = ""
    """Whom the agent talks to; empty for nobody."""
    goods: tuple[str, ...] = ()
    """Names of the products the facts speak of, in every language we have."""
    outside_seen: bool = False
    """Text of strangers was read in this run."""
    is_approval: bool = False
    """A person with the role for it wants it too."""
    may_exceed: bool = False
    """This person may go beyond the day's loss budget."""

    @property
    def moves(self) -> bool:
        """Whether goods or money move."""
        return isinstance(self.facts, MOVING)


@dataclass(frozen=True, slots=True)
class Today:
    """What has happened already."""

    loss_minor: int = 0
    """Given away today by all agents, in all ways."""
    calls: int = 0
    """Calls of this conversation before this one."""
    suspicious: int = 0
    """Those of them that a rule in `rules.SUSPICIOUS` refused."""
    open_proposals: int = 0
    """Of this agent."""
    open_of_customer: int = 0
    """For whom the agent talks to."""

    def unsuspicious_percent(self) -> int:
        """Share of the conversation's calls that were not suspicious, this one counted among them; rounded down."""
        return 100 * (self.calls + 1 - self.suspicious) // (self.calls + 1)
