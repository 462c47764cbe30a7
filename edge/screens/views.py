"""The customer's screen as plain data: what every renderer (browser, Kivy) draws. Field names are their contract.

Amounts are whole yen texts; prices include tax.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from edge.screens.clerk import ClerkView
from edge.screens.maintenance.view import MaintenanceView

Tone = Literal["neutral", "ok", "warn", "sorry"]
TileState = Literal["available", "affordable", "chosen", "sold_out", "locked"]


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence to the customer."""

    key: str
    text: str
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True)
class Tile:
    """One selection."""

    slot: str
    product_id: str
    name: str
    price_minor: int
    price_text: str
    list_price_text: str
    """The price without the coupon, to be shown struck out; empty without one."""
    temperature: str
    temperature_text: str
    state: TileState
    state_text: str
    picture: str


@dataclass(frozen=True, slots=True)
class Detail:
    """The chosen product, while it is being paid."""

    slot: str
    name: str
    price_text: str
    """As it is agreed to: tax included, in words."""
    missing_text: str
    """What is still needed."""
    temperature: str
    temperature_text: str
    size: str
    allergens: str
    """What it contains, in words, or where that is written."""
    picture: str


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: what it says, and its modules row by row, `1` is dark; four light ones belong around it."""

    says: str
    rows: tuple[str, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press; `intent` is what it sends."""

    intent: str
    text: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class CustomerView:
    """Everything a renderer needs. Field names are the renderers' contract."""

    screen: Literal["home", "credit", "vending", "delivered", "sorry", "out_of_service"]
    language: str
    languages: list[dict[str, str]]
    credit: dict[str, Any]
    message: Message
    tiles: list[Tile]
    keypad: dict[str, str]
    buttons: list[Button]
    notice: str
    labels: dict[str, str] = field(default_factory=dict)
    detail: Detail | None = None
    """The product that is chosen and not yet paid."""
    code: Code | None = None
    """To be taken along on a phone: the claim, when there is one."""
    is_low: bool = False
    """All controls within reach of somebody who sits."""
    clerk: ClerkView | None = None
    """The talk with the clerk; None on a machine that has none."""
    maintenance: MaintenanceView | None = None
    """Staff are at the machine: this is drawn instead of everything else."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)
