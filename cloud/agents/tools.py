"""What an agent can do: a tool is a thin wrapper around the services, and says in figures what it would do.

Who asks, for which machine and for which customer comes from `Deps`, never from a tool's arguments: a model cannot
name another customer. A tool that is not among an agent's tools does not exist for it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.guard.facts import Channel, Facts

AgentName = Literal["vending", "procurement", "customer", "analytics"]
AGENTS: Final[tuple[AgentName, ...]] = ("vending", "procurement", "customer", "analytics")


class Action(StrEnum):
    """What a tool call comes to. The guard lists which agent may do which."""

    SELECT_PRODUCT = "select_product"
    PROCESS_PAYMENT = "process_payment"
    DISPENSE_PRODUCT = "dispense_product"
    CHECK_INVENTORY = "check_inventory"
    GENERATE_REPORT = "generate_report"
    CUSTOMER_SERVICE = "customer_service"
    CHANGE_PRICE = "change_price"
    CHANGE_PLANOGRAM = "change_planogram"
    REQUEST_RESTOCK = "request_restock"
    COMPARE_OFFERS = "compare_offers"
    ORDER_GOODS = "order_goods"
    GRANT_COUPON = "grant_coupon"
    REFUND_SALE = "refund_sale"
    GIVE_CREDIT = "give_credit"
    GIVE_GOODS = "give_goods"


class Arguments(BaseModel):
    """Base of every tool's arguments: what is not described is refused, and numbers in texts are no numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class Deps:
    """What a tool has to work with. One call, one transaction."""

    db_session: AsyncSession
    """A writing session; the desk commits it."""
    now_ms: int
    timezone: str
    agent: AgentName
    run_id: str
    channel: Channel
    machine_id: str = ""
    """The machine a customer stands at; empty for none."""
    customer_id: str = ""
    """Whom the agent talks to; empty for nobody."""
    conversation_id: str = ""
    found: Any = None
    """What `Tool.outside` brought."""

    @property
    def by(self) -> str:
        """The name under which services record what the agent does."""
        return f"agent:{self.agent}"


class ToolRefusedError(Exception):
    """An expected refusal of a service, in words for the model and for people: what, where, what to do instead."""


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Tool(Generic[A]):
    """One thing an agent can do."""

    name: str
    """What the model calls it, e.g. `set_price`."""
    action: Action
    description: str
    """For the model: what it does, and what it needs to know before."""
    arguments: type[A]
    facts: Callable[[Deps, A], Awaitable[Facts]]
    """Read what it would do. Raises ToolRefusedError when it cannot be done at all."""
    act: Callable[[Deps, A], Awaitable[dict[str, Any]]]
    """Do it through the services, and tell what is true now (JSON types, amounts in yen).

    Raises ToolRefusedError when a service refuses; nothing is then kept.
    """
    outside: Callable[[A], Awaitable[Any]] | None = None
    """What must be asked beyond our own database, before the transaction begins (a search); it changes nothing."""
    reads_strangers: bool = False
    """Its answer holds text of strangers (web pages, mails): it is marked as data, and changes nothing by itself."""
    examples: tuple[dict[str, Any], ...] = field(default=())

    def schema(self) -> dict[str, Any]:
        """The description a model gets: JSON Schema without what its grammar does not know is the adapter's work."""
        return self.arguments.model_json_schema()


AnyTool = Tool[Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call of a model, as it came."""

    id: str
    """The model's tool_use id: with the run's it makes the call's effects happen once."""
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model is told about its call."""

    call_id: str
    content: dict[str, Any]
    """`outcome`: done, proposed, denied, refused or failed; with `result`, or `why` and what to do instead."""
    is_error: bool = False
    decision_id: str = ""
