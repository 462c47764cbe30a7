"""Which input of staff's means what. `edge/vend/state_machine.py` takes these rows in."""

from collections.abc import Callable
from typing import Any, Final

from edge.service import inputs as i
from edge.service.cash import cash_counted, float_filled
from edge.service.changeover import slot_changed_over
from edge.service.slots import slot_serviced
from edge.service.visits import restock_list_arrived, staff_in, staff_list_arrived, staff_turned_away, visit_over
from edge.vend.state import MachineState
from edge.vend.step import Context, Step

SERVICE: Final[dict[type, Callable[[MachineState, Any, Context], Step]]] = {
    i.StaffListArrived: staff_list_arrived,
    i.RestockListArrived: restock_list_arrived,
    i.StaffIn: staff_in,
    i.StaffTurnedAway: staff_turned_away,
    i.VisitOver: visit_over,
    i.SlotServiced: slot_serviced,
    i.SlotChangedOver: slot_changed_over,
    i.CashCounted: cash_counted,
    i.FloatFilled: float_filled,
}
"""In every phase."""
