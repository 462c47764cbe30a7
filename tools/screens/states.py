"""Every state of the display: the customer's reached as a customer reaches it, by steps of the real state machine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from cloud.seed import demo_planogram
from edge.clerk.port import Answered, Heard, Silent
from edge.screens.clerk import ClerkPresenter
from edge.screens.customer import CustomerPresenter
from edge.screens.texts import LANGUAGES
from edge.screens.views import CustomerView, WayKind
from edge.vend import inputs as i
from edge.vend.state import MachineState, Order
from edge.vend.state_machine import step
from edge.vend.step import Context
from protocol.commands import CouponOffer
from tools.screens.maintenance_states import every_page

CONTEXT: Final = Context("5f0c9b1e7a2d4c68b3e1f0a9d8c7b6a5")
KEEPING: Final = Context(CONTEXT.epoch, is_multi_vend=True)
"""A machine that keeps the rest of the money for the next choice."""
WAYS: Final[tuple[WayKind, ...]] = ("coins", "bills", "card")
PHONE_PAGE: Final = "https://vend.example/m/vm-demo-0001"
WELCOME: Final = {
    "ja": "いらっしゃいませ。商品のことや、お困りのことをお聞かせください。",
    "en": "Welcome. Ask me about the goods, or tell me what went wrong.",
}
ADVICE: Final = {
    "ja": "温かいコーンスープ(C1、150円)はいかがですか。乳と大豆を含みます。",
    "en": "How about a hot corn soup (C1, ¥150)? It contains milk and soy.",
}


class Screen:
    """One display, in the hands of a customer."""

    def __init__(self, language: str) -> None:
        planogram = demo_planogram()
        on_hand = {row.slot: 6 for row in planogram.slots} | {"A3": 0}
        self.state = MachineState(planogram=planogram, on_hand=on_hand, hoppers={10: 40, 50: 20, 100: 40, 500: 10})
        self.context, self.now = CONTEXT, 0.0
        self.customer = CustomerPresenter(PHONE_PAGE, WAYS)
        self.customer.set_language(language)
        self._listeners: list[Callable[[Heard], None]] = []
        self.clerk = ClerkPresenter(self)
        self.online = True
        self.idle_left_s: float | None = None

    def do(self, *happened: i.Input) -> None:
        """Let things happen, one after the other."""
        for one in happened:
            done = step(self.state, one, self.context)
            self.state = done.state
            self.customer.stepped(done, 0.0)

    def view(self) -> CustomerView:
        """What is seen."""
        view = self.customer.view(self.state, online=self.online, now=self.now, idle_left_s=self.idle_left_s)
        return replace(view, clerk=self.clerk.view(view.language))

    # --- a clerk that says what it is told to ----------------------------------------------------
    def listen(self, listener: Callable[[Heard], None]) -> None:
        """As `Clerk.listen`."""
        self._listeners.append(listener)

    def greet(self, language: str) -> None:
        """As `Clerk.greet`."""
        self.hear(Answered(WELCOME[language]))

    def say(self, words: str) -> None:
        """As `Clerk.say`."""

    def part(self) -> None:
        """As `Clerk.part`."""

    def hear(self, heard: Heard) -> None:
        """Let the clerk speak."""
        for listener in self._listeners:
            listener(heard)


COINS: Final = (i.CoinIn(100, "hopper", 1), i.CoinIn(100, "hopper", 2))
SOLD: Final = (*COINS, i.Select("A1"), i.Delivered(1))


def _talk(screen: Screen) -> None:
    screen.clerk.open(screen.customer.language, 0.0)
    screen.clerk.say({"ja": "温かいものは?", "en": "Something hot?"}[screen.customer.language], 0.0)
    screen.hear(Answered(ADVICE[screen.customer.language]))


def _no_clerk(screen: Screen) -> None:
    screen.clerk.open(screen.customer.language, 0.0)
    screen.hear(Silent("offline"))
    screen.online = False


def _offline(screen: Screen) -> None:
    screen.online = False


def _still_there(screen: Screen) -> None:
    screen.do(*COINS)
    screen.idle_left_s = 8.0


def _coupon(screen: Screen) -> None:
    row = screen.state.slot("A1")
    assert row is not None  # noqa: S101 - the demo machine sells there
    wish = CouponOffer(
        slot="A1", product_id=row.product_id, list_minor=row.price_minor, price_minor=100, coupon="RAINY-DAY"
    )
    screen.do(i.CouponOffered(_order(), wish, 60_000))


def _order() -> Order:
    return Order(command="0" * 32, n=1, name="coupon.offer")


def _short(screen: Screen) -> None:
    screen.do(*SOLD, i.LegReady(1), i.LegRefused("empty"))


def _cart(screen: Screen) -> None:
    screen.context = KEEPING
    screen.do(i.CoinIn(500, "hopper", 1), i.Select("A1"), i.Delivered(1), i.Select("C1"), i.Delivered(1))
    screen.now = 10.0


def _attract(screen: Screen) -> None:
    screen.now = 100.0


def _troubled(screen: Screen) -> None:
    screen.online = False
    screen.do(i.FaultSeen("bill_validator.trouble"), i.FaultSeen("cashless_reader.offline"))


def _low(screen: Screen) -> None:
    screen.customer.is_low = True
    screen.do(*COINS)


STATES: Final[dict[str, Callable[[Screen], None]]] = {
    "home": lambda _: None,
    "credit": lambda screen: screen.do(*COINS),
    "chosen": lambda screen: screen.do(i.CoinIn(100, "hopper", 1), i.Select("C1")),
    "card": lambda screen: screen.do(i.CardBegun("1", None)),
    "approving": lambda screen: screen.do(i.CardBegun("1", None), i.Select("A1")),
    "vending": lambda screen: screen.do(*COINS, i.Select("A1")),
    "delivered": lambda screen: screen.do(*SOLD, i.LegReady(1), i.LegDone(4)),
    "sorry": lambda screen: screen.do(*COINS, i.Select("A1"), i.NotDelivered("jammed", "slot.jammed")),
    "claim": _short,
    "sold_out": lambda screen: screen.do(*COINS, i.Select("A3")),
    "still_there": _still_there,
    "coupon": _coupon,
    "offline": _offline,
    "service": lambda screen: screen.do(i.DoorMoved(is_open=True)),
    "clerk": _talk,
    "clerk_offline": _no_clerk,
    "low": _low,
    "cart": _cart,
    "attract": _attract,
    "troubled": _troubled,
}
"""Name to the way there."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One state in one language."""

    name: str
    language: str
    view: CustomerView
    presses: tuple[str, ...] = ()
    """Parts of the maintenance screen that are pressed before it is looked at."""


def every_state() -> Iterator[Shown]:
    """All of the customer's, language by language."""
    for language in LANGUAGES:
        for name, reach in STATES.items():
            screen = Screen(language)
            reach(screen)
            yield Shown(name, language, screen.view())


def every_screen() -> Iterator[Shown]:
    """The same and every maintenance page."""
    yield from every_state()
    for language in LANGUAGES:
        for made in every_page(language):
            view = replace(Screen(language).view(), maintenance=made.view)
            yield Shown(f"m-{made.name}", language, view, made.presses)
