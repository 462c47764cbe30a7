"""The way through a purchase: how one can pay, how far it is, what was bought so far; and the greeting before it.

Pure functions of the machine's state for `customer.py`.
"""

from collections.abc import Sequence
from typing import Final, Literal

from edge.screens.texts import LANGUAGES, text
from edge.screens.tiles import money_text, name_of, tile_of
from edge.screens.views import Attract, Bought, Cart, Greeting, Stage, Way, WayKind
from edge.vend.state import MachineState, Phase

_STOPS: Final[dict[WayKind, frozenset[str]]] = {
    "coins": frozenset({"coin_acceptor.offline", "coin_acceptor.jammed"}),
    "bills": frozenset({"bill_validator.offline", "bill_validator.trouble", "bill.uncertain"}),
    "card": frozenset({"cashless_reader.offline"}),
}
"""Faults that end a way to pay."""
_FEATURED: Final = 4
_AFTER_APPROVAL: Final = {Phase.DISPENSING: 1, Phase.APPROVING: 0}


def working(state: MachineState, fitted: Sequence[WayKind]) -> list[WayKind]:
    """The ways to pay that can be used now, of those this machine has."""
    raised = {fault.code for fault in state.faults}
    return [kind for kind in fitted if not _STOPS[kind] & raised]


def ways_of(state: MachineState, fitted: Sequence[WayKind], language: str) -> tuple[Way, ...]:
    """Every way to pay that this machine has, and whether it can be used."""
    can = working(state, fitted)
    standing = {is_here: text(language, "way.works" if is_here else "way.stopped") for is_here in (True, False)}
    return tuple(Way(kind, text(language, f"way.{kind}"), standing[kind in can], kind in can) for kind in fitted)


def stages_of(state: MachineState, *, is_delivered: bool, language: str) -> tuple[Stage, ...]:
    """Paid, on its way, to be taken: which of them is now."""
    if not is_delivered and state.phase not in _AFTER_APPROVAL:
        return ()
    now = 2 if is_delivered else _AFTER_APPROVAL[state.phase]
    is_card = state.phase is Phase.APPROVING or bool(state.vend and state.vend.tender == "card")
    keys = ("stage.card" if is_card else "stage.paid", "stage.vending", "stage.take")
    found = []
    for place, key in enumerate(keys):
        standing: Literal["done", "now", "next"] = "done" if place < now else "now" if place == now else "next"
        found.append(Stage(text(language, key), standing, text(language, f"stage.is_{standing}")))
    return tuple(found)


def cart_of(state: MachineState, bought: Sequence[tuple[str, int]], language: str) -> Cart | None:
    """What was bought, while there is money to go on with; None otherwise.

    Args:
        state: of the machine.
        bought: slot and price in minor units, oldest first.
        language: of the texts.
    """
    if not bought or state.phase not in {Phase.CREDIT, Phase.DISPENSING, Phase.APPROVING}:
        return None
    rows = [(state.slot(slot), price) for slot, price in bought]
    items = tuple(Bought(name_of(row, language) if row else "", money_text(price)) for row, price in rows)
    total = money_text(sum(price for _, price in bought))
    return Cart(
        title=text(language, "cart.title", count=len(items)),
        items=items,
        total_text=text(language, "cart.total", total=total),
        left_text=text(language, "cart.left", left=money_text(state.spendable)) if state.spendable else "",
        hint=text(language, "cart.hint"),
    )


def attract_of(state: MachineState) -> Attract:
    """A greeting in every language, and goods worth a look."""
    greetings = tuple(Greeting(code, text(code, "attract.title"), text(code, "attract.hint")) for code in LANGUAGES)
    rows = state.planogram.slots if state.planogram else []
    tiles = [tile_of(state, row, next(iter(LANGUAGES))) for row in rows]
    here = [tile for tile in tiles if tile.state not in {"sold_out", "locked"}]
    first = {tile.temperature: tile.slot for tile in reversed(here)}
    order = sorted(first.values()) + [tile.slot for tile in here if tile.slot not in first.values()]
    return Attract(greetings, tuple(order[:_FEATURED]))
