"""The clerk without a model: understands a message, names tools, and words the answer from live facts.

It is the default without a key, the fallback when a model fails, and the shadow a model is compared with. Like every
mind it only names tools; what happens is the guard's word.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cloud.agents.customer import words as say
from cloud.agents.customer.phrases import Intent
from cloud.agents.customer.shelf import Good, good_from
from cloud.agents.customer.understanding import Language, Understood, understand
from cloud.agents.mind import Hears, Prompt, Reply, Told, Turn
from cloud.agents.tools import Answer, Call

MAX_LISTED: Final = 6
"""More products than this are not read out."""
_NEEDS_GOODS: Final = {Intent.PRICE, Intent.STOCK, Intent.ALLERGENS, Intent.PRODUCT, Intent.COUPON, Intent.COMPLAINT}


@dataclass(frozen=True, slots=True)
class Scene:
    """What the clerk knows when it answers."""

    situation: dict[str, Any]
    goods: tuple[Good, ...]
    words: str
    asked: Understood
    done: tuple[Call, ...]
    """Calls of this turn of the customer that have been answered."""

    @property
    def language(self) -> Language:
        """To answer in."""
        return self.asked.language

    @property
    def machine(self) -> dict[str, Any]:
        """How the machine is."""
        found: dict[str, Any] = self.situation.get("machine", {})
        return found

    def text(self, key: str, **values: Any) -> str:
        """A text in the customer's language."""
        return say.text(self.language, key, **values)

    def shown(self, rows: Sequence[Good]) -> str:
        """Some products in one line."""
        return say.joined(self.language, [say.short(self.language, row) for row in rows[:MAX_LISTED]])

    def together(self, *parts: str) -> str:
        """One answer of several sentences."""
        return say.sentences(self.language, list(parts))


class ClerkRules:
    """A `Mind` of rules."""

    @property
    def name(self) -> str:
        """As runs record it."""
        return "rules"

    async def reply(self, prompt: Prompt, turns: Sequence[Turn], hears: Hears | None = None) -> Reply:
        """The next turn; never fails."""
        scene = read(turns)
        last = turns[-1] if turns else Told()
        answers = last.answers if isinstance(last, Told) else ()
        known = {tool.name for tool in prompt.tools}
        said, wanted = _answered(scene, answers) if answers else _asked(scene)
        calls = tuple(
            Call(f"{len(turns)}-{number}", name, arguments)
            for number, (name, arguments) in enumerate(wanted)
            if name in known
        )
        if calls:
            return Reply("", calls, "tools")
        said = said or scene.text("person.not" if wanted else "unknown")
        if hears:
            hears(said)
        return Reply(said)


Wanted = list[tuple[str, dict[str, Any]]]
Step = tuple[str, Wanted]
"""What to say, or the calls to make first."""


def read(turns: Sequence[Turn]) -> Scene:
    """Gather what a reply needs from the turns so far."""
    situation: dict[str, Any] = {}
    words, since = "", 0
    for number, turn in enumerate(turns):
        if isinstance(turn, Told):
            situation = dict(turn.situation) or situation
            if not turn.answers:
                words, since = turn.words, number
    goods = tuple(good_from(row) for row in situation.get("goods", []))
    otherwise: Language = "en" if situation.get("language") == "en" else "ja"
    asked = understand(words, goods, otherwise)
    if not asked.goods and asked.intent in _NEEDS_GOODS:
        asked = _with_goods_of_before(asked, turns[:since], goods, otherwise)
    done = tuple(call for turn in turns[since:] if isinstance(turn, Reply) for call in turn.calls)
    return Scene(situation, goods, words, asked, done)


def _with_goods_of_before(
    asked: Understood, earlier: Sequence[Turn], goods: tuple[Good, ...], otherwise: Language
) -> Understood:
    """`And how much is it?` is about what was named last."""
    if asked.intent is Intent.ALLERGENS and asked.allergens:
        return asked
    for turn in reversed(earlier):
        if isinstance(turn, Told) and turn.words:
            before = understand(turn.words, goods, otherwise)
            if before.goods:
                return Understood(**{name: getattr(asked, name) for name in asked.__slots__} | {"goods": before.goods})
    return asked


# --- what to do first -----------------------------------------------------------------------------------------------


def _asked(scene: Scene) -> Step:
    if not scene.words:
        return _greeting(scene)
    return _FIRST[scene.asked.intent](scene)


def _greeting(scene: Scene) -> Step:
    customer = scene.situation.get("customer", {})
    key = "greeting.again" if customer.get("purchases", 0) > 0 else "greeting"
    parts = [scene.text(key, machine=scene.machine.get("name", ""))]
    if not scene.machine.get("is_selling", True):
        parts.append(scene.text("notice.stopped"))
    if coupons := customer.get("open_coupons", []):
        parts.append(scene.text("offer.coupon", coupons=_coupon_lines(scene, coupons)))
    if picks := _picks(scene):
        parts.append(scene.text("offer.recommend", goods=scene.shown(picks)))
    parts.append(scene.text("offer.wish"))
    return scene.together(*parts), []


def _picks(scene: Scene) -> list[Good]:
    wanted = scene.situation.get("recommended", [])
    fitting = [row for row in scene.goods if row.state == "available"]
    if scene.asked.temperature:
        fitting = [row for row in fitting if row.temperature == scene.asked.temperature] or fitting
    by_slot = {row.slot: row for row in fitting}
    named = [row for row in scene.asked.goods if row.slot in by_slot]
    return (named or [by_slot[slot] for slot in wanted if slot in by_slot] or fitting)[:3]


def _coupon_lines(scene: Scene, coupons: Sequence[dict[str, Any]]) -> str:
    names = {row.product_id: row.name(scene.language) for row in scene.goods}
    lines = [
        scene.text("coupon.line", name=names.get(row["product_id"], row["product_id"]), price=row["price_yen"],
                   code=row.get("code", ""))
        for row in coupons
    ]  # fmt: skip
    return say.joined(scene.language, lines)


def _offline(scene: Scene) -> str:
    if not scene.machine.get("is_selling", True):
        return scene.text("notice.stopped")
    return "" if scene.machine.get("is_connected", True) else scene.text("notice.offline")


def _goods(scene: Scene) -> Step:
    rows = scene.asked.goods
    if not rows:
        return (_stock_list(scene) if _asks_for_all(scene) else scene.text("stock.unknown")), []
    lines = [say.line(scene.language, row) for row in rows[:MAX_LISTED]]
    return scene.together(*lines, _offline(scene)), []


_FOR_ALL: Final = ("何が", "なにが", "全部", "どんな", "一覧", "what", "everything", "menu", "list", "all ", "which")


def _asks_for_all(scene: Scene) -> bool:
    return any(word in scene.words.casefold() for word in _FOR_ALL) or scene.asked.intent is Intent.PRICE


def _stock_list(scene: Scene) -> str:
    rows = [row for row in scene.goods if row.state == "available"]
    if not rows:
        return scene.text("stock.nothing")
    every = say.joined(scene.language, [say.short(scene.language, row) for row in rows])
    return scene.together(scene.text("stock.list", goods=every), _offline(scene))


def _allergens(scene: Scene) -> Step:
    if scene.asked.goods:
        parts = [_label(scene, row) for row in scene.asked.goods[:MAX_LISTED]]
    elif scene.asked.allergens:
        parts = [_without(scene)]
    else:
        return scene.text("allergens.which"), []
    return scene.together(*parts, scene.text("allergens.care")), []


def _label(scene: Scene, row: Good) -> str:
    name = row.name(scene.language)
    if row.allergens is None:
        return scene.text("allergens.unknown", name=name)
    if not row.allergens:
        return scene.text("allergens.none", name=name)
    named = say.joined(scene.language, [say.allergen(scene.language, code) for code in row.allergens])
    return scene.text("allergens.named", name=name, allergens=named)


def _without(scene: Scene) -> str:
    wanted = set(scene.asked.allergens)
    free = [row for row in scene.goods if row.allergens is not None and not wanted & set(row.allergens)]
    free = [row for row in free if row.state == "available"]
    named = say.joined(scene.language, [say.allergen(scene.language, code) for code in scene.asked.allergens])
    if not free:
        return scene.text("allergens.without_none", allergens=named)
    every = say.joined(scene.language, [say.short(scene.language, row) for row in free])
    return scene.text("allergens.without", allergens=named, goods=every)


def _recommend(scene: Scene) -> Step:
    picks = _picks(scene)
    return (scene.text("recommend", goods=scene.shown(picks)) if picks else scene.text("stock.nothing")), []


def _wish(scene: Scene) -> Step:
    if not scene.asked.wish:
        return scene.text("wish.what"), []
    return "", [("record_product_request", {"wish": scene.asked.wish[:120]})]


def _complaint(scene: Scene) -> Step:
    asked = scene.asked
    if asked.code:
        return "", [("look_up_claim", {"code": asked.code})]
    slot = asked.slot or (asked.goods[0].slot if len(asked.goods) == 1 else "")
    if not slot and not asked.is_about_health:
        return scene.text("complaint.which"), []
    kind = "quality" if asked.is_about_health else "change" if asked.is_about_change else "not_delivered"
    arguments: dict[str, Any] = {"kind": kind, "details": scene.words[:500]}
    if slot:
        arguments["slot"] = slot
    if asked.minutes_ago is not None:
        arguments["minutes_ago"] = asked.minutes_ago
    return "", [("report_problem", arguments)]


def _claim(scene: Scene) -> Step:
    if scene.asked.code:
        return "", [("look_up_claim", {"code": scene.asked.code})]
    return scene.text("complaint.which"), []


def _coupon(scene: Scene) -> Step:
    customer = scene.situation.get("customer", {})
    if coupons := customer.get("open_coupons", []):
        return scene.text("coupon.open", coupons=_coupon_lines(scene, coupons)), []
    picks = _picks(scene)
    if customer.get("may_have_coupon") and picks:
        return "", [("grant_coupon", {"slot": picks[0].slot})]
    return scene.text("coupon.not"), []


def _payment(scene: Scene) -> Step:
    is_connected = scene.machine.get("is_connected", True)
    notices = scene.machine.get("notices", []) if scene.language == "ja" else []
    extra = "" if is_connected else scene.text("payment.cash_only")
    return scene.together(scene.text("payment"), extra, *notices), []


def _hours(scene: Scene) -> Step:
    return scene.together(scene.text("hours"), _offline(scene)), []


def _person(scene: Scene) -> Step:
    return "", [("ask_a_person", {"why": scene.words[:300]})]


def _thanks(scene: Scene) -> Step:
    return scene.text("thanks"), []


def _unknown(scene: Scene) -> Step:
    return scene.text("unknown"), []


_FIRST: Final[dict[Intent, Callable[[Scene], Step]]] = {
    Intent.GREETING: _greeting,
    Intent.PRODUCT: _goods,
    Intent.PRICE: _goods,
    Intent.STOCK: _goods,
    Intent.ALLERGENS: _allergens,
    Intent.RECOMMEND: _recommend,
    Intent.WISH: _wish,
    Intent.COMPLAINT: _complaint,
    Intent.CLAIM: _claim,
    Intent.COUPON: _coupon,
    Intent.PAYMENT: _payment,
    Intent.HOURS: _hours,
    Intent.PERSON: _person,
    Intent.THANKS: _thanks,
    Intent.UNKNOWN: _unknown,
}


# --- what to say when the tools have answered -----------------------------------------------------------------------


def _answered(scene: Scene, answers: Sequence[Answer]) -> Step:
    if not scene.done or not answers:
        return scene.text("unknown"), []
    last, content = scene.done[-1], answers[-1].content
    result: dict[str, Any] = content.get("result") or {}
    outcome = str(content.get("outcome", "failed"))
    return _AFTER[last.name](scene, outcome, result) if last.name in _AFTER else (scene.text("unknown"), [])


def _after_wish(scene: Scene, outcome: str, _: dict[str, Any]) -> Step:
    return (scene.text("wish.done", wish=scene.asked.wish) if outcome == "done" else scene.text("wish.not")), []


def _after_report(scene: Scene, outcome: str, result: dict[str, Any]) -> Step:
    care = scene.text("complaint.safe") if scene.asked.is_about_health else ""
    if outcome != "done":
        return scene.together(care, scene.text("person.not")), []
    if result.get("refundable_yen") and not scene.asked.is_about_change:
        call = scene.done[-1].arguments
        return "", [("refund_sale", {name: call[name] for name in ("slot", "minutes_ago") if name in call})]
    if scene.asked.is_about_health or scene.asked.is_about_change or "slot" not in scene.done[-1].arguments:
        return scene.together(care, scene.text("complaint.reported")), []
    return scene.text("refund.no_sale"), []


def _after_refund(scene: Scene, outcome: str, result: dict[str, Any]) -> Step:
    care = scene.text("complaint.safe") if scene.asked.is_about_health else ""
    return scene.together(care, say.refund(scene.language, outcome, result)), []


def _after_claim(scene: Scene, outcome: str, result: dict[str, Any]) -> Step:
    return say.claim(scene.language, scene.asked.code, outcome, result), []


def _after_coupon(scene: Scene, outcome: str, result: dict[str, Any]) -> Step:
    if outcome == "proposed":
        return scene.text("coupon.proposed"), []
    if outcome != "done":
        return scene.text("coupon.not"), []
    name = next((row.name(scene.language) for row in scene.goods if row.slot == result.get("slot")), "")
    values = {"price": result.get("price_yen", 0), "code": result.get("code", ""), "until": result.get("until", "")}
    return scene.text("coupon.granted", name=name, **values), []


def _after_person(scene: Scene, outcome: str, _: dict[str, Any]) -> Step:
    return scene.text("person.done" if outcome == "done" else "person.not"), []


_AFTER: Final[dict[str, Callable[[Scene, str, dict[str, Any]], Step]]] = {
    "record_product_request": _after_wish,
    "report_problem": _after_report,
    "refund_sale": _after_refund,
    "look_up_claim": _after_claim,
    "grant_coupon": _after_coupon,
    "ask_a_person": _after_person,
}
