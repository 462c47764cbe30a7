"""The decision table of coil and drop sensor."""

import pytest

from edge.vend.delivery import judge, judge_after_restart
from edge.vend.inputs import Delivered, NotDelivered
from hardware.dispenser.port import SlotCondition, Turn


@pytest.mark.parametrize(
    ("turn", "turns", "dropped", "outcome"),
    [
        (Turn.HOME, 1, True, Delivered(1)),
        (Turn.HOME, 1, False, None),
        (Turn.HOME, 2, True, Delivered(2)),
        (Turn.HOME, 2, False, NotDelivered("no_drop", turned=True)),
        (Turn.JAMMED, 1, True, Delivered(1, "slot.jammed")),
        (Turn.JAMMED, 1, False, NotDelivered("jammed", "slot.jammed")),
        (Turn.NOT_HOME, 1, True, Delivered(1, "slot.not_home")),
        (Turn.NOT_HOME, 1, False, NotDelivered("not_home", "slot.not_home", turned=True)),
        (Turn.MISSING, 1, False, NotDelivered("missing", "slot.missing")),
    ],
)
def test_vend_when_judged_then_follows_the_table(
    turn: Turn, turns: int, dropped: bool, outcome: Delivered | NotDelivered | None
) -> None:
    assert judge(turn, turns, dropped=dropped) == outcome


@pytest.mark.parametrize(
    ("condition", "dropped", "is_blind", "kept_power", "outcome"),
    [
        (SlotCondition.HOME, True, False, True, Delivered(0)),
        (SlotCondition.NOT_HOME, True, False, True, Delivered(0, "slot.not_home")),
        (SlotCondition.HOME, False, False, True, NotDelivered("interrupted")),
        (SlotCondition.NOT_HOME, False, False, True, NotDelivered("interrupted", "slot.not_home")),
        (SlotCondition.HOME, True, True, True, NotDelivered("uncertain", "vend.uncertain")),
        (SlotCondition.HOME, False, False, False, NotDelivered("uncertain", "vend.uncertain")),
        (SlotCondition.HOME, True, False, False, Delivered(0)),
    ],
)
def test_interrupted_vend_when_judged_then_the_latch_decides(
    condition: SlotCondition, dropped: bool, is_blind: bool, kept_power: bool, outcome: Delivered | NotDelivered
) -> None:
    judged = judge_after_restart(condition, dropped=dropped, is_blind=is_blind, kept_power=kept_power)
    assert judged == outcome
