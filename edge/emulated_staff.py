"""Nobody can carry a crate to an emulated machine: what staff say they did on its screens is done to its world.

So whoever restocks on the screen can buy it afterwards, and what was counted is there. Part of the composition root.
"""

from edge.vend.step import Step
from hardware.world import World
from hardware.world_staff import empty_cash_box, empty_stacker, take_payout_coins, take_units
from protocol.events import CashCounted, Event, FloatLoaded, SlotCounted, SlotRemoved, SlotRestocked


class EmulatedStaff:
    """Listens to the steps of one machine."""

    def __init__(self, world: World) -> None:
        """`world`: around the machine."""
        self._world = world

    def __call__(self, step: Step) -> None:
        """Do what the events of a visit say. What fell in a test has moved by itself."""
        for event in step.events:
            if getattr(event, "visit", "") and not (isinstance(event, SlotRemoved) and event.why == "test"):
                self._do(event)

    def _do(self, event: Event) -> None:
        match event:
            case SlotCounted():
                self._units(
                    event.slot, event.product_id, event.counted - len(self._world.state.spirals[event.slot].units)
                )
            case SlotRemoved():
                self._units(event.slot, event.product_id, -event.removed)
            case SlotRestocked():
                self._units(event.slot, event.product_id, event.added)
            case FloatLoaded():
                self._coins(event.denomination_minor, event.added)
            case CashCounted(part="hopper"):
                for kind, coins in event.pieces.items():
                    self._coins(int(kind), coins - self._coins_in(int(kind)))
            case CashCounted(part=part) if event.collected_minor:
                (empty_stacker if part == "stacker" else empty_cash_box)(self._world)

    def _units(self, slot: str, product: str, units: int) -> None:
        coil = self._world.state.spirals[slot]
        if units < 0:
            take_units(self._world, slot, -units)
        else:
            self._world.load(slot, product, min(units, coil.capacity - len(coil.units)))

    def _coins_in(self, value: int) -> int:
        tubes = self._world.state.changer.tubes
        return tubes[value].count if value in tubes else self._world.hopper(value).count

    def _coins(self, value: int, coins: int) -> None:
        tubes = self._world.state.changer.tubes
        pile = tubes[value] if value in tubes else self._world.hopper(value)
        if coins < 0:
            take_payout_coins(self._world, value, -coins)
        else:
            load = self._world.load_tube if value in tubes else self._world.load_hopper
            load(value, min(coins, pile.capacity - pile.count))
