"""The customer's screen as plain data: what every renderer (browser, Kivy) draws. Field names are their contract.

Amounts are whole yen texts; prices include tax.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from edge.screens.clerk import ClerkView
from edge.screens.cues import Light, Sound
from edge.screens.maintenance.view import MaintenanceView

Tone = Literal["neutral", "ok", "warn", "sorry"]
WayKind = Literal["coins", "bills", "card"]
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
class Greeting:
    """What the attract screen says in one language."""

    language: str
    title: str
    hint: str


@dataclass(frozen=True, slots=True)
class Attract:
    """Nobody is at the machine: it greets in every language at once. Any touch sends the intent `wake`."""

    greetings: tuple[Greeting, ...]
    slots: tuple[str, ...]
    """Tiles to be shown large: goods that can be bought now, one of each temperature first."""


@dataclass(frozen=True, slots=True)
class Bought:
    """One thing that was bought in this business."""

    name: str
    price_text: str


@dataclass(frozen=True, slots=True)
class Cart:
    """What was bought from the same money, on a machine that keeps the rest for the next choice."""

    title: str
    items: tuple[Bought, ...]
    """Oldest first."""
    total_text: str
    left_text: str
    """What is left to buy from; empty when nothing is known of it, as with most cards."""
    hint: str
    """That one may go on, or end."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to pay at this machine."""

    kind: WayKind
    text: str
    standing: str
    """In words: can it be used now?"""
    is_working: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a purchase under way, so that waiting has an end."""

    text: str
    standing: Literal["done", "now", "next"]
    standing_text: str
    """The same in words."""


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
    attract: Attract | None = None
    """Nobody is here; drawn over the home screen until somebody touches it."""
    cart: Cart | None = None
    """Something was bought, and the rest of the money waits for the next choice."""
    ways: tuple[Way, ...] = ()
    """How one can pay here, in the order they are shown."""
    stages: tuple[Stage, ...] = ()
    """How far the purchase is; empty when none is under way."""
    clerk: ClerkView | None = None
    """The talk with the clerk; None on a machine that has none."""
    maintenance: MaintenanceView | None = None
    """Staff are at the machine: this is drawn instead of everything else."""
    sound: Sound = field(default_factory=Sound)
    """Also while staff are at the machine, as are the next two."""
    light: Light | None = None
    brightness: int = 100
    """Of the display, in percent, as staff have set it."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)
