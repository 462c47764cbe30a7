"""What the cloud may ask a machine to do once. Travels on `down/cmd`, QoS 1, never retained.

A command is bound to one connection (`conn`) and runs out on the machine's monotonic clock; its number rises with each
command of a machine and is journaled with the step that takes it, so it is carried out at most once. What became of it
is told by events: `command.taken`, then `command.done`. Source: docs/decisions/0011.
"""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StringConstraints, ValidationError

from protocol.ids import Slot
from protocol.link import Nonce
from protocol.messages import BadMessageError, Message, summary

CommandId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""128 random bits in hex, drawn by the cloud."""
Price = Annotated[int, Field(ge=0)]
"""Minor units, not negative; 0 is a gift."""

Outcome = Literal["succeeded", "failed", "rejected", "expired"]
"""`rejected` and `expired`: nothing was begun. `failed`: begun, and the customer got nothing."""


class Command(Message):
    """The envelope of a command."""

    id: CommandId
    n: Annotated[int, Field(ge=1, lt=2**63)]
    """Counts this machine's commands; the machine takes only a higher one than it ever took."""
    conn: Nonce
    """The connection it is for: a recorded command is worthless in the next one."""
    kind: Literal["vend.paid", "coupon.offer"] | str
    args: dict[str, Any]
    issued_ms: Annotated[int, Field(ge=0)]
    """The cloud's wall clock, as in `Hello.time_ms`."""
    ttl_ms: Annotated[int, Field(gt=0, le=24 * 3600 * 1000)]
    """Not begun after so long."""
    by: str = ""
    """Who asked for it: an account, or a part of the cloud."""


class Arguments(Message):
    """The arguments of one kind of command."""

    KIND: ClassVar[str]


class VendPaid(Arguments):
    """Deliver one unit that has been paid for elsewhere, in the cloud or by a voucher."""

    KIND: ClassVar[str] = "vend.paid"
    slot: Slot
    product_id: str
    """Must be what the machine has in that slot, or nothing moves."""
    list_minor: Price
    """The price the customer was shown; must be the machine's."""
    paid_minor: Price
    """What was paid: the price of the sale."""
    currency: str = "JPY"
    payment: Annotated[str, Field(min_length=1, max_length=128)]
    """The cloud's reference of the payment; returned with the sale."""
    coupon: str = ""
    """The coupon that made `paid_minor` less than `list_minor`."""


class CouponOffer(Arguments):
    """Sell the next unit of a slot at a coupon's price, paid at the machine; ends with the time to live."""

    KIND: ClassVar[str] = "coupon.offer"
    slot: Slot
    product_id: str
    list_minor: Price
    price_minor: Price
    """Instead of the list price; never more."""
    currency: str = "JPY"
    coupon: Annotated[str, Field(min_length=1, max_length=64)]


ARGUMENTS: Final[dict[str, type[Arguments]]] = {kind.KIND: kind for kind in (VendPaid, CouponOffer)}


def parse_arguments(command: Command) -> Arguments | None:
    """The typed arguments, or None for a kind we do not know.

    Raises:
        BadMessageError: a known kind with a missing or wrong argument; the message names each.
    """
    model = ARGUMENTS.get(command.kind)
    if model is None:
        return None
    try:
        return model.model_validate(command.args)
    except ValidationError as error:
        raise BadMessageError(command.kind, summary(error)) from error
