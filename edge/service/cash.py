"""Cash in staff's hands: what was counted and taken along, and coins for change. Pure; part of the state machine.

What the machine believes in its cash box and its stacker is every coin and bill it has sent there since they were last
emptied. After a count it believes the count.
"""

from collections.abc import Mapping

from edge.service.inputs import CashCounted, FloatFilled
from edge.service.memory import Difference
from edge.service.slots import Refusal
from edge.service.visits import differences_with, noted, signed
from edge.vend import inputs as i
from edge.vend.state import MachineState, Phase, hopper_name
from edge.vend.step import Context, Step, clear_fault
from protocol import events

SEEN_TO = ("coin_hopper.short", "coin_hopper.offline", "payout.uncertain")
"""What keeps a hopper from paying until somebody has put coins in or counted them."""


def worth(pieces: Mapping[int, int]) -> int:
    """Minor units of so many pieces by denomination."""
    return sum(kind * count for kind, count in pieces.items())


def believed_in(state: MachineState, part: str) -> dict[int, int]:
    """Pieces by denomination that the machine believes in a part of its cash."""
    piles = {"cash_box": state.cash_box, "stacker": state.stacker, "hopper": state.hoppers}
    return dict(piles[part])


def why_not_counted(state: MachineState, done: CashCounted) -> Refusal | None:
    """Why this cannot be what was counted and collected; None when it can."""
    counted, collected = dict(done.counted), dict(done.collected)
    if state.phase is not Phase.IDLE or state.bill is not None:
        return Refusal("customer")
    if any(kind <= 0 or count < 0 for kind, count in (*counted.items(), *collected.items())):
        return Refusal("negative")
    if any(count > counted.get(kind, 0) for kind, count in collected.items()):
        return Refusal("collected_too_many")
    return None


def cash_counted(state: MachineState, done: CashCounted, _: Context) -> Step:
    """Believe the count, less what was taken along. Nothing happens when `why_not_counted` says why."""
    if why_not_counted(state, done) is not None:
        return Step(state)
    counted, collected = dict(done.counted), dict(done.collected)
    pile = believed_in(state, done.part)
    judged = {kind: count for kind, count in pile.items() if done.part != "hopper" or kind in counted}
    left = {kind: count - collected.get(kind, 0) for kind, count in counted.items()}
    believed, found, taken = worth(judged), worth(counted), worth(collected)
    who = signed(state)
    told = events.CashCounted(
        part=done.part,
        believed_minor=believed,
        counted_minor=found,
        collected_minor=taken,
        currency=state.currency,
        pieces={str(kind): count for kind, count in counted.items()},
        bag=done.bag,
        **who,
    )
    field = {"cash_box": "cash_box", "stacker": "stacker", "hopper": "hoppers"}[done.part]
    now = pile | left if done.part == "hopper" else {kind: count for kind, count in left.items() if count}
    after = state.model_copy(update={field: now})
    if after.visit is not None:
        new = Difference(what=done.part, believed=believed, counted=found)
        total = after.visit.cash_collected_minor + taken
        step = "float" if done.part == "hopper" else "cash"
        after = noted(after, step, cash_collected_minor=total, differences=differences_with(after.visit, new))
    here = Step(after, (told,))
    for kind in counted if done.part == "hopper" else ():
        here = _hopper_seen_to(here, kind, who)
    return here


def float_filled(state: MachineState, filled: FloatFilled, context: Context) -> Step:
    """Coins into several hoppers, or out of them. Nothing happens when one would have less than none."""
    if any(state.hoppers.get(kind, 0) + coins < 0 for kind, coins in filled.added):
        return Step(state)
    staff = state.visit.staff if state.visit else ""
    here = Step(noted(state, "float"))
    for kind, coins in filled.added:
        here = here.then(float_loaded(here.state, i.FloatLoaded(kind, coins, staff), context))
    return here


def float_loaded(state: MachineState, loaded: i.FloatLoaded, _: Context) -> Step:
    """Coins into one hopper, or out of it; also when nobody did it and a device counted."""
    kind = loaded.denomination
    coins = max(0, state.hoppers.get(kind, 0) + loaded.added)
    counter = state.coin_counter if loaded.counter is None else loaded.counter
    after = state.model_copy(update={"hoppers": state.hoppers | {kind: coins}, "coin_counter": counter})
    who = signed(state, loaded.staff) if loaded.staff else {"staff": "", "visit": ""}
    told = events.FloatLoaded(
        denomination_minor=kind, currency=state.currency, added=loaded.added, in_hopper=coins, **who
    )
    return _hopper_seen_to(Step(after, (told,)), kind, {})


def _hopper_seen_to(here: Step, kind: int, who: dict[str, str]) -> Step:
    for code in SEEN_TO:
        here = clear_fault(here, code, hopper_name(kind), **who)
    return here
