"""What a command of the cloud means to the vend. Pure.

Not responsible for whether it may still be carried out at most once (`edge/vend/commands.py`), nor for the connection
it is bound to (`link.py`).
"""

from edge.vend import inputs as i
from edge.vend.state import Order
from protocol.commands import Command, CouponOffer, VendPaid, parse_arguments
from protocol.messages import BadMessageError


def read_command(command: Command, left_ms: int) -> i.Input:
    """Turn a command into an input.

    Args:
        command: of the present connection.
        left_ms: until it runs out, by the cloud's clock; 0 or less when it has.
    """
    order = Order(command=command.id, n=command.n, name=command.kind)
    if left_ms <= 0:
        return i.CommandRefused(order, "expired", "too_late")
    try:
        wish = parse_arguments(command)
    except BadMessageError as error:
        return i.CommandRefused(order, "rejected", str(error))
    match wish:
        case VendPaid():
            return i.PaidVendAsked(order, wish)
        case CouponOffer():
            return i.CouponOffered(order, wish, left_ms)
        case _:
            return i.CommandRefused(order, "rejected", f"{command.kind} is not known to this software")
