"""The products on the customer's screen: one tile per selection, and what is known of the chosen one."""

from edge.screens.texts import allergen, text
from edge.screens.views import Detail, Tile, TileState
from edge.vend.state import MachineState
from protocol.desired import PlanogramSlot


def money_text(minor: int) -> str:
    """`¥1,600`."""
    return f"¥{minor:,}"


def name_of(row: PlanogramSlot, language: str) -> str:
    """The product's name."""
    return row.name_ja if language == "ja" else row.name_en


def _tile_state(state: MachineState, row: PlanogramSlot) -> TileState:
    if state.slot_fault(row.slot):
        return "locked"
    if state.on_hand.get(row.slot, 0) < 1:
        return "sold_out"
    if row.slot == state.chosen or (state.vend and state.vend.slot == row.slot):
        return "chosen"
    price = state.price_of(row)
    return "affordable" if state.spendable >= price or state.card_covers(price) else "available"


def tile_of(state: MachineState, row: PlanogramSlot, language: str) -> Tile:
    """One selection, as it can be bought now."""
    condition, price = _tile_state(state, row), state.price_of(row)
    return Tile(
        slot=row.slot,
        product_id=row.product_id,
        name=name_of(row, language),
        price_minor=price,
        price_text=money_text(price),
        list_price_text=money_text(row.price_minor) if state.offer_for(row) else "",
        temperature=row.temperature,
        temperature_text=text(language, f"temperature.{row.temperature}"),
        state=condition,
        state_text=text(language, f"tile.{condition}") if condition in {"sold_out", "locked"} else "",
        picture=row.picture,
    )


def detail_of(state: MachineState, language: str) -> Detail | None:
    """What is known of the chosen product; None when none is."""
    row = state.slot(state.chosen)
    if row is None:
        return None
    price = state.price_of(row)
    named = [allergen(language, code) for code in row.allergens]
    allergens = text(language, "front.list_separator").join(named) or text(language, "allergens_on_label")
    return Detail(
        slot=row.slot,
        name=name_of(row, language),
        price_text=text(language, "price_with_tax", price=f"{price:,}"),
        missing_text=money_text(price - state.spendable),
        temperature=row.temperature,
        temperature_text=text(language, f"temperature.{row.temperature}"),
        size=row.size,
        allergens=allergens,
        picture=row.picture,
    )
