"""Sales of a machine, heard and booked by the real receiver and interpreter."""

from collections.abc import Callable
from typing import Any

import pytest

from cloud.db.database import Database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver


@pytest.fixture
async def sold(seeded: Database, script: Any, clock: Callable[[], int]) -> Database:
    """Sale 1 in cash and 2 by card (payment r-1), green tea at 160 each; 3 failed."""
    script.restock()
    script.sale()
    common = {"vend_id": "v-card", "currency": "JPY", "slot": "A1", "product_id": "green-tea"}
    common |= {"price_minor": 160, "planogram_rev": 1, "tender": "card", "payment": "r-1"}
    script.add("vend.started", common)
    script.add("vend.dispensed", common | {"credit_minor": 0, "on_hand": 4})
    script.failed_vend()
    await Receiver(seeded, clock).handle([script.birth(), *script.messages()])
    interpreter = Interpreter(seeded, clock=clock)
    while await interpreter.run_once():
        pass
    return seeded
