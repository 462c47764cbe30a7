"""Staff's hands in the simulated world: goods out of coils, cash out of boxes. What they bring is in `World` itself."""

from collections.abc import Mapping

from hardware.world import World


def take_units(world: World, slot: str, units: int) -> int:
    """Take units out of a coil, from the front; not more than there are. Returns how many came out.

    Raises:
        KeyError: there is no such coil.
    """
    coil, taken = world.state.spirals[slot], world.state.units_taken
    out, coil.units = coil.units[:units], coil.units[units:]
    for product in out:
        taken[product] = taken.get(product, 0) + 1
    world.changed()
    return len(out)


def take_payout_coins(world: World, value: int, coins: int) -> int:
    """Take coins out of a hopper or a tube; not more than there are. Returns how many came out.

    Raises:
        KeyError: there is neither of this denomination.
    """
    tubes = world.state.changer.tubes
    pile = tubes[value] if value in tubes else world.hopper(value)
    out = min(coins, pile.count)
    pile.count -= out
    _move(world.state.coins_taken, {value: out})
    world.changed()
    return out


def empty_cash_box(world: World) -> None:
    """Take every coin out of the cash box."""
    _move(world.state.coins_taken, world.state.cash_box)
    world.state.cash_box.clear()
    world.changed()


def empty_stacker(world: World) -> None:
    """Take every bill out of the stacker."""
    _move(world.state.bills_collected, world.state.validator.stacker)
    world.state.validator.stacker.clear()
    world.changed()


def _move(pile: dict[int, int], pieces: Mapping[int, int]) -> None:
    for value, count in pieces.items():
        if count:
            pile[value] = pile.get(value, 0) + count
