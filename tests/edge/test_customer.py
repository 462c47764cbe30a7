"""What the customer sees, as step lists on the presenter."""

import pytest

from edge.screens.customer import MESSAGE_S, NEXT_CUSTOMER_S, CustomerPresenter
from edge.screens.texts import LANGUAGES, MissingTextError, strings, text
from edge.screens.views import CustomerView
from edge.vend import inputs as i
from edge.vend.state import MachineState
from edge.vend.state_machine import step
from edge.vend.step import Context
from protocol.desired import Planogram, PlanogramSlot
from protocol.ids import claim_code

CONTEXT = Context("5f0c9b1e7a2d4c68b3e1f0a9d8c7b6a5")
KEEPING = Context(CONTEXT.epoch, is_multi_vend=True)


class Journey:
    """A customer in front of one machine: do things, look at the screen."""

    def __init__(self, language: str = "ja") -> None:
        row = {"name_ja": "緑茶", "name_en": "Green tea", "capacity": 8, "par_level": 6, "temperature": "cold"}
        slots = [
            PlanogramSlot.model_validate({"slot": slot, "product_id": f"p{slot}", "price_minor": 160, **row})
            for slot in ("A1", "A2")
        ]
        self.state = MachineState(
            planogram=Planogram(rev=1, slots=slots), on_hand={"A1": 3, "A2": 0}, hoppers={10: 20, 50: 9, 100: 9}
        )
        self.context = CONTEXT
        self.presenter = CustomerPresenter(ways=("coins", "bills", "card"))
        self.presenter.set_language(language)
        self.now = 0.0
        self.online = True

    def do(self, *happened: i.Input) -> CustomerView:
        for one in happened:
            done = step(self.state, one, self.context)
            self.state = done.state
            self.presenter.stepped(done, self.now)
        return self.look()

    def look(self, after_s: float = 0.0) -> CustomerView:
        self.now += after_s
        return self.presenter.view(self.state, online=self.online, now=self.now)


COINS = (i.CoinIn(100, "hopper", 1), i.CoinIn(100, "hopper", 2))


def test_journey_when_buying_with_change_then_each_screen_says_what_is_happening() -> None:
    customer = Journey()
    assert (customer.look().screen, customer.look().message.key) == ("home", "insert_coins")
    view = customer.do(*COINS)
    assert (view.screen, view.credit["text"], view.message.key) == ("credit", "¥200", "choose")
    view = customer.do(i.Select("A1"))
    assert (view.screen, view.message.text) == ("vending", "ただいまお出ししています")
    view = customer.do(i.Delivered(1))
    assert (view.screen, view.credit["text"]) == ("delivered", "¥40")
    view = customer.do(i.LegReady(1), i.LegDone(4))
    assert view.message.text == "ありがとうございました。おつりは¥40です"
    assert customer.look(after_s=MESSAGE_S + 1).screen == "home"


def test_journey_when_a_bill_pays_then_its_rest_never_leaves_the_screen_until_it_is_paid_out() -> None:
    customer = Journey()
    customer.state = customer.state.model_copy(update={"hoppers": {100: 9, 10: 9}})
    assert customer.do(i.BillHeld(1000, 7)).credit["text"] == "¥1,000"
    customer.do(i.Select("A1"))
    assert customer.do(i.Delivered(1)).credit["text"] == "¥840"
    assert customer.do(i.BillIn(1000)).credit["text"] == "¥840"
    assert customer.do(i.LegReady(1), i.LegDone(8)).credit["text"] == "¥40"


def test_journey_when_a_bill_is_given_back_then_stands_on_the_screen_until_it_is_out() -> None:
    customer = Journey()
    customer.do(i.BillHeld(1000, 7))
    assert customer.do(i.ReturnCredit("lever")).credit["text"] == "¥1,000"
    assert customer.do(i.BillBack(1000)).credit["text"] == "¥0"


def test_journey_when_choosing_first_then_the_screen_says_how_much_is_missing() -> None:
    view = Journey().do(i.Select("A1"), COINS[0])
    assert view.message.text == "緑茶 — あと¥60入れてください"
    assert [tile.state for tile in view.tiles] == ["chosen", "sold_out"]


def test_journey_when_sold_out_then_says_so_in_words() -> None:
    view = Journey().do(*COINS, i.Select("A2"))
    assert (view.message.tone, view.message.key) == ("warn", "refused.sold_out")
    assert view.tiles[1].state_text == "売切"


def test_journey_when_nothing_came_out_then_says_sorry_and_shows_the_money() -> None:
    view = Journey("en").do(*COINS, i.Select("A1"), i.NotDelivered("jammed", "slot.jammed"))
    assert (view.screen, view.message.tone, view.credit["text"]) == ("sorry", "sorry", "¥200")
    assert view.tiles[0].state_text == "Not ready"


def test_journey_when_change_is_short_then_says_how_much_is_owed() -> None:
    customer = Journey()
    customer.state = customer.state.model_copy(update={"hoppers": {10: 4}})
    paid = [i.CoinIn(100, "cash_box", 1), i.CoinIn(100, "cash_box", 2), i.Select("A1"), i.Delivered(1)]
    view = customer.do(*paid, i.LegReady(1), i.LegDone(3))
    claim = claim_code(CONTEXT.epoch, 1)
    assert (
        view.message.text.replace("\u2060", "")
        == f"申し訳ありません。¥10が足りません。番号 {claim} を係員にお見せください"
    )
    assert customer.look(after_s=30).message.key == "short"


def test_journey_when_the_door_is_open_then_is_out_of_service() -> None:
    view = Journey().do(i.DoorMoved(is_open=True))
    assert (view.screen, view.message.key) == ("out_of_service", "blocked")


def test_journey_when_offline_then_says_what_still_works() -> None:
    customer = Journey("en")
    customer.online = False
    assert customer.look().notice == "Offline. You can still buy with cash or a card."
    view = customer.do(i.FaultSeen("cashless_reader.offline"))
    assert view.notice == "Cards cannot be used now. Offline. You can still buy with cash."
    assert [(way.kind, way.is_working) for way in view.ways] == [("coins", True), ("bills", True), ("card", False)]
    assert view.ways[2].standing == "cannot be used"


def test_journey_when_paying_by_card_then_each_screen_says_what_is_happening() -> None:
    customer = Journey("en")
    view = customer.do(i.CardBegun("s1", 1000))
    assert (view.screen, view.message.key, view.tiles[0].state) == ("credit", "card_ready", "affordable")
    assert customer.do(i.Select("A1")).message.text == "Checking your card"
    assert customer.do(i.CardApproved("s1", "r1", 160)).message.key == "vending"
    assert customer.do(i.Delivered(1)).message.key == "delivered"
    assert customer.do(i.CardSettled("r1")).message.key == "delivered"


def test_journey_when_the_card_is_denied_then_says_what_else_can_be_used() -> None:
    view = Journey("en").do(i.CardBegun("s1", 1000), i.Select("A1"), i.CardDenied("s1", "declined"))
    assert view.message.text == "The card was not accepted. Please use cash or another card"


def test_journey_when_a_released_payment_cannot_be_confirmed_then_shows_a_claim_code() -> None:
    customer = Journey()
    customer.do(i.CardBegun("s1", 1000), i.Select("A1"), i.CardApproved("s1", "r1", 160))
    view = customer.do(i.NotDelivered("jammed"), i.CardUnsettled("r1", "silent"))
    assert (view.screen, view.message.key) == ("sorry", "card_claim")


def test_journey_when_the_machine_keeps_the_rest_then_shows_what_was_bought_and_how_to_end() -> None:
    customer = Journey()
    customer.context = KEEPING
    view = customer.do(i.CoinIn(500, "hopper", 1), i.Select("A1"), i.Delivered(1))
    assert (view.screen, view.message.key, view.credit["text"]) == ("credit", "bought", "¥340")
    assert view.message.text == "取出口からお取りください。残り¥340で、つづけてお選びいただけます"
    assert view.cart is not None
    assert ([one.price_text for one in view.cart.items], view.cart.left_text) == (["¥160"], "残り ¥340")
    assert (view.buttons[0].text, view.buttons[0].enabled) == ("おわる", True)
    view = customer.do(i.Select("A1"))
    assert (view.screen, view.cart is not None and view.cart.title) == ("vending", "お買い上げ 1点")
    view = customer.do(i.Delivered(1))
    assert view.cart is not None
    assert (view.cart.title, view.cart.total_text, view.cart.left_text) == ("お買い上げ 2点", "合計 ¥320", "残り ¥180")
    view = customer.do(i.ReturnCredit("lever"))
    assert (view.cart, view.message.key) == (None, "paying_out")
    view = customer.do(i.LegReady(1), i.LegDone(1), i.LegReady(1), i.LegDone(1), i.LegReady(1), i.LegDone(3))
    assert (view.cart, view.message.text) == (None, "¥180をお返ししました")
    view = customer.do(i.CoinIn(500, "hopper", 2))
    assert (view.cart, view.buttons[0].text) == (None, "返却")


def test_journey_when_change_is_paid_at_once_then_there_is_no_cart() -> None:
    view = Journey().do(*COINS, i.Select("A1"), i.Delivered(1))
    assert (view.cart, view.buttons[0].text) == (None, "返却")


def test_journey_when_buying_then_says_how_far_it_is_in_words() -> None:
    customer = Journey()
    assert customer.do(*COINS).stages == ()
    stages = customer.do(i.Select("A1")).stages
    assert [(one.text, one.standing) for one in stages] == [
        ("お支払い", "done"),
        ("お出ししています", "now"),
        ("お取りください", "next"),
    ]
    assert [one.standing_text for one in stages] == ["済", "いま", "つぎ"]
    assert [one.standing for one in customer.do(i.Delivered(1)).stages] == ["done", "done", "now"]


def test_journey_when_the_card_is_asked_then_that_is_the_first_stage() -> None:
    first, *_ = Journey().do(i.CardBegun("s1", 1000), i.Select("A1")).stages
    assert (first.text, first.standing) == ("カードの確認", "now")


def test_attract_when_nobody_is_here_then_greets_in_every_language_until_touched() -> None:
    customer = Journey("en")
    assert customer.look().attract is None
    view = customer.look(after_s=NEXT_CUSTOMER_S)
    assert view.attract is not None
    assert [one.title for one in view.attract.greetings] == ["いらっしゃいませ", "Welcome"]
    assert view.attract.slots == ("A1",)
    customer.presenter.touched(customer.now)
    assert customer.look().attract is None


def test_attract_when_money_is_in_or_nothing_is_sold_then_is_not_shown() -> None:
    customer = Journey()
    assert customer.do(COINS[0]).attract is None
    assert customer.look(after_s=NEXT_CUSTOMER_S + 1).attract is None
    assert Journey().do(i.DoorMoved(is_open=True)).attract is None


def test_journey_when_a_coin_wakes_the_machine_then_it_does_not_greet_again_at_once() -> None:
    customer = Journey()
    assert customer.look(after_s=300).attract is not None
    assert customer.do(COINS[0], i.ReturnCredit("lever"), i.LegReady(1), i.LegDone(1)).attract is None
    assert customer.look(after_s=MESSAGE_S + 1).attract is None
    assert customer.look(after_s=NEXT_CUSTOMER_S).attract is not None


def test_journey_when_cancelled_then_the_money_comes_back_and_the_choice_is_gone() -> None:
    customer = Journey()
    customer.do(COINS[0], i.Select("A1"))
    view = customer.do(i.Clear())
    assert (view.message.key, view.detail) == ("choose", None)
    view = customer.do(i.ReturnCredit("lever"), i.LegReady(1), i.LegDone(1))
    assert (view.message.text, view.credit["text"]) == ("¥100をお返ししました", "¥0")


def test_journey_when_it_sells_out_while_choosing_then_the_choice_is_refused_and_the_money_stays() -> None:
    customer = Journey()
    customer.state = customer.state.model_copy(update={"on_hand": {"A1": 1, "A2": 0}})
    customer.context = KEEPING
    customer.do(i.CoinIn(500, "hopper", 1), i.Select("A1"), i.Delivered(1))
    view = customer.do(i.Select("A1"))
    assert (view.message.key, view.tiles[0].state_text, view.credit["text"]) == ("refused.sold_out", "売切", "¥340")


def test_journey_when_power_is_cut_while_vending_then_a_new_screen_shows_the_vend_and_then_its_end() -> None:
    customer = Journey()
    customer.do(*COINS, i.Select("A1"))
    customer.presenter = CustomerPresenter()
    assert (customer.look().screen, customer.look().credit["text"]) == ("vending", "¥200")
    assert customer.do(i.Started("test", {})).screen == "vending"
    assert customer.do(i.Delivered(0)).screen == "delivered"


def test_journey_when_power_was_cut_and_nothing_fell_then_says_sorry_and_keeps_the_money() -> None:
    customer = Journey()
    customer.do(*COINS, i.Select("A1"))
    customer.presenter = CustomerPresenter()
    view = customer.do(i.Started("test", {}), i.NotDelivered("interrupted"))
    assert (view.screen, view.credit["text"]) == ("sorry", "¥200")


def test_journey_when_debt_is_left_then_its_code_can_be_taken_along() -> None:
    customer = Journey()
    customer.presenter = CustomerPresenter("https://vend.example/m/vm-1")
    customer.state = customer.state.model_copy(update={"hoppers": {10: 4}})
    paid = [i.CoinIn(100, "cash_box", 1), i.CoinIn(100, "cash_box", 2), i.Select("A1"), i.Delivered(1)]
    view = customer.do(*paid, i.LegReady(1), i.LegDone(3))
    assert view.code is not None
    assert view.code.says == f"https://vend.example/m/vm-1?claim={claim_code(CONTEXT.epoch, 1)}"
    assert len(view.code.rows) == len(view.code.rows[0])


def test_journey_when_no_coin_is_left_for_change_then_says_so_before_money_is_put_in() -> None:
    customer = Journey()
    customer.state = customer.state.model_copy(update={"hoppers": {10: 0, 100: 0}})
    assert customer.look().notice == "釣銭切れです。"


def test_credit_when_nobody_touches_it_then_the_screen_asks_before_it_is_returned() -> None:
    customer = Journey()
    customer.do(COINS[0])
    assert customer.presenter.view(customer.state, online=True, now=0, idle_left_s=11).message.key == "choose"
    view = customer.presenter.view(customer.state, online=True, now=0, idle_left_s=9.2)
    assert view.message.text == "続けますか?あと10秒で¥100をお返しします"
    assert [button.enabled for button in view.buttons if button.intent == "stay"] == [True]


def test_lever_when_there_is_no_credit_then_is_not_offered() -> None:
    customer = Journey()
    assert not customer.look().buttons[0].enabled
    assert customer.do(COINS[0]).buttons[0].enabled


@pytest.mark.parametrize(("keys", "selection"), [("A1", "A1"), ("b2", "B2"), ("1", ""), ("AB3", "B3")])
def test_keypad_when_pressed_then_gives_the_selection_when_it_is_complete(keys: str, selection: str) -> None:
    presenter = CustomerPresenter()
    assert [presenter.press(key) for key in keys][-1] == selection


def test_language_when_unknown_then_stays() -> None:
    customer = Journey("xx")
    assert customer.look().language == "ja"


def test_texts_when_compared_then_every_language_has_the_same_keys() -> None:
    assert {frozenset(strings(code)) for code in LANGUAGES} == {frozenset(strings("ja"))}


def test_text_when_missing_then_is_an_error_that_names_the_file() -> None:
    with pytest.raises(MissingTextError, match=r"strings/en\.json"):
        text("en", "no.such.key")
