"""Did the customer get the product? The decision table of coil and drop sensor. Pure.

Source: docs/decisions/0004; MAX_TURNS and the table follow common drop-sensor practice.
"""

from typing import Final

from edge.vend.inputs import Delivered, NotDelivered
from hardware.dispenser.port import SlotCondition, Turn

MAX_TURNS: Final = 2
"""One extra turn when the coil came home and nothing fell: the product may have been pushed only half way."""

_FAULT_OF: Final = {Turn.JAMMED: "slot.jammed", Turn.NOT_HOME: "slot.not_home", Turn.MISSING: "slot.missing"}


def judge(turn: Turn, turns: int, *, dropped: bool, most: int = MAX_TURNS) -> Delivered | NotDelivered | None:
    """The outcome of a vend, or None when the coil should turn once more.

    Args:
        turn: how the last turn ended.
        turns: turns so far, at least 1.
        dropped: something passed the sensor since the first turn began.
        most: turns that may be made.
    """
    fault = _FAULT_OF.get(turn, "")
    if dropped:
        return Delivered(turns=turns, fault=fault)
    if fault:
        return NotDelivered(reason=turn.value, fault=fault, turned=turn is Turn.NOT_HOME)
    if turns < most:
        return None
    return NotDelivered(reason="no_drop", turned=True)


def judge_after_restart(
    condition: SlotCondition, *, dropped: bool, is_blind: bool, kept_power: bool
) -> Delivered | NotDelivered:
    """The outcome of a vend that a restart interrupted. The motor is off and is not turned again.

    Args:
        condition: what the home switch says now.
        dropped: the latch, which survives a restart of the controller.
        is_blind: the beam is interrupted, so the latch proves nothing.
        kept_power: the latch had its supply all the time. Without, it has forgotten what fell before.
    """
    fault = {SlotCondition.NOT_HOME: "slot.not_home", SlotCondition.MISSING: "slot.missing"}.get(condition, "")
    if is_blind:
        return NotDelivered(reason="uncertain", fault="vend.uncertain")
    if dropped:
        return Delivered(turns=0, fault=fault)
    if not kept_power:
        return NotDelivered(reason="uncertain", fault="vend.uncertain")
    return NotDelivered(reason="interrupted", fault=fault)
