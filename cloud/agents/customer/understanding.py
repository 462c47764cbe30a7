"""What a customer wants, read from their words in Japanese or English. Pure; words in, an intent out.

It serves the clerk that works without a model, and decides nothing: only the guard lets things happen.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cloud.agents.customer.phrases import RULES, Intent
from cloud.agents.customer.shelf import Good
from cloud.catalogue.allergens import ALLERGENS

Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class Understood:
    """One message, understood."""

    language: Language
    intent: Intent
    goods: tuple[Good, ...] = ()
    """What of the machine it names, or kinds of it; empty for nothing."""
    allergens: tuple[str, ...] = ()
    """Codes."""
    code: str = ""
    """A claim code as machines show it, `7K3Q-9MXA`."""
    slot: str = ""
    temperature: str = ""
    """cold or hot, when they say so."""
    is_about_change: bool = False
    """A complaint about change or money, not about goods."""
    is_about_health: bool = False
    """Something that nobody should eat or drink any more of."""
    minutes_ago: int | None = None
    wish: str = ""
    """What they would like to find here, in their words."""


_KINDS: Final[tuple[tuple[str, str], ...]] = (
    (r"お茶|緑茶|(?<![紅麦])茶|\bteas?\b", r"茶|ティー|tea"),
    (r"コーヒー|珈琲|coffee|カフェ", r"コーヒー|カフェ|coffee|latte"),
    (r"水(?!曜|着|道)|ウォーター|\bwater\b", r"水|ウォーター|water"),
    (r"炭酸|ソーダ|サイダー|コーラ|\bcola\b|\bsoda\b|fizzy|sparkling",
     r"サイダー|ソーダ|コーラ|炭酸|cider|soda|\bcola|sparkling"),
    (r"スープ|\bsoups?\b", r"スープ|soup"),
    (r"お菓子|おやつ|スナック|食べ物|しょっぱい|\bsnacks?\b|thing to (?:eat|nibble)|\bchips\b|\bcrackers?\b",
     r"せんべい|チップス|チョコ|ようかん|cracker|chips|chocolate|yokan|snack|bar$"),
    (r"甘い|スイーツ|チョコ|\bsweets?\b|chocolate", r"チョコ|ようかん|カフェオレ|chocolate|yokan|milk coffee"),
)  # fmt: skip
"""How customers name a kind, and what its goods are called."""
_DRINKS: Final = re.compile(r"飲み物|飲みもの|ドリンク|\bdrinks?\b|thirsty|のど|喉")
_HOT: Final = re.compile(r"あったか|あたたか|温か|暖か|ホット|\bhot\b|\bwarm\b")
_COLD: Final = re.compile(r"つめた|冷た|アイス|\bcold\b|\bcool\b|chilled")
_CODE: Final = re.compile(r"(?<![0-9a-z])(?=([0-9a-z]{4})([-‐-―ー\s]?)([0-9a-z]{4})(?![0-9a-z]))")
_BARE_SLOT: Final = re.compile(r"(?<![0-9a-z-])([a-h][0-9]{1,2})(?![0-9a-z-])")
_ABOUT_MONEY: Final = re.compile(r"お?釣|おつり|つり銭|\bchange\b|お札|硬貨|小銭|二重|charged|カード")
_ABOUT_HEALTH: Final = re.compile(
    r"腐|カビ|かび|異物|虫|期限切|賞味期限|腹|気分が悪|吐|しびれ"
    r"|\bsick\b|\bill\b|mou?ld|spoiled|expired|insect|foreign|vomit|stomach"
)
_AGO: Final = re.compile(r"(\d{1,3}) ?(分|時間|min|hour|hr)[a-z]* ?(前|ほど前|くらい前|ぐらい前|ago)")
_JUST_NOW: Final = re.compile(r"さっき|先ほど|たった今|(いま|今)(買|押|入れ)|just now|\bi just\b|a? ?moments? ago")
_WISH: Final = (
    re.compile(r"(?P<wish>.{1,60}?)(を|も|は)?(置いて|入れて|扱って|仕入れて|売って|追加して|リクエスト|希望)"),
    re.compile(r"(?P<wish>.{1,60}?)(が|も|を)(あれば|あったら|あると|ほし|欲し)"),
    re.compile(
        r"\b(?:stock|sell|carry|add|offer|bring in|have|had|request|wish for|like|want)\b "
        r"(?:to (?:see|find|buy|have) )?(?P<wish>[^.!?,]{2,60})"
    ),
)
_NOT_YET: Final = re.compile(
    r"返金.{0,8}(いつ|どう|状況|まだ)|(status|when).{0,20}refund|refund.{0,20}(status|yet|when)"
)

_MORE_WORDS: Final = {
    "wheat": ("グルテン", "gluten", "小麦粉"),
    "milk": ("牛乳", "ミルク", "乳製品", "dairy", "lactose"),
    "egg": ("たまご", "玉子", "eggs"),
    "peanut": ("ピーナッツ", "peanuts", "ナッツ", "nuts", "nut"),
    "walnut": ("胡桃", "クルミ", "ナッツ", "nuts", "nut"),
    "almond": ("ナッツ", "nuts", "nut"),
    "cashew": ("ナッツ", "nuts", "nut"),
    "macadamia": ("ナッツ", "nuts", "nut"),
    "buckwheat": ("蕎麦", "soba"),
    "shrimp": ("エビ", "海老", "prawn", "shellfish"),
    "crab": ("カニ", "蟹", "shellfish"),
    "soybean": ("豆乳", "大豆", "soy", "soya"),
    "sesame": ("ゴマ", "胡麻"),
    "apple": ("リンゴ", "林檎"),
}


def normal(words: str) -> str:
    """One spelling for what is written in several: full width, case, spaces."""
    text = unicodedata.normalize("NFKC", words).casefold().replace("’", "'")
    return re.sub(r"\s+", " ", text).strip()


def language_of(words: str, otherwise: Language = "ja") -> Language:
    """Japanese when a kana or kanji is in it, English when only Latin letters are, else `otherwise`."""
    if re.search(r"[぀-ヿ㐀-鿿ｦ-ﾟ]", words):
        return "ja"
    return "en" if re.search(r"\b[A-Za-z]{2,}\b", words) else otherwise


def code_in(words: str) -> str:
    """The claim code in a text, as machines write it; empty for none.

    Eight letters in a row are taken for a code only with a digit among them: `NEWPRICE` is a word.
    """
    found = [match.groups() for match in _CODE.finditer(normal(words))]
    likely = [both for both in found if all(map(_has_digit, (both[0], both[2])))] or [
        both for both in found if both[1].strip() or not both[1]
    ]
    for first, _, second in likely or found[-1:]:
        both = (first + second).upper().replace("O", "0").replace("I", "1").replace("L", "1")
        if _has_digit(first + second) and "U" not in both:
            return f"{both[:4]}-{both[4:]}"
    return ""


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def understand(words: str, goods: Sequence[Good], otherwise: Language = "ja") -> Understood:
    """Read one message.

    Args:
        words: as the customer wrote them.
        goods: of the machine they stand at.
        otherwise: the language to answer in when the words show none.
    """
    text = normal(words)
    named = _named(text, goods)
    code = code_in(words)
    temperature = "hot" if _HOT.search(text) else "cold" if _COLD.search(text) else ""
    intent = _intent(text, has_goods=bool(named) or bool(temperature), code=code)
    slot = next((found.upper() for found in _BARE_SLOT.findall(text) if _is_slot(found.upper(), goods)), "")
    return Understood(
        language=language_of(words, otherwise),
        intent=intent,
        goods=_of_temperature(named, goods, temperature),
        allergens=_allergens(text) if intent is Intent.ALLERGENS else (),
        code=code,
        slot=slot,
        temperature=temperature,
        is_about_change=bool(_ABOUT_MONEY.search(text)),
        is_about_health=bool(_ABOUT_HEALTH.search(text)),
        minutes_ago=_minutes_ago(text),
        wish=_wish(words) if intent is Intent.WISH else "",
    )


def _minutes_ago(text: str) -> int | None:
    if found := _AGO.search(text):
        return int(found[1]) * (60 if found[2] in {"時間", "hour", "hr"} else 1)
    return 5 if _JUST_NOW.search(text) else None


def _wish(words: str) -> str:
    """The wished-for thing, cut out of the sentence; the sentence itself when no pattern fits."""
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", words)).strip()
    for pattern in _WISH:
        found = re.search(pattern.pattern, text, re.IGNORECASE)
        if found and (wish := _trimmed(found["wish"])):
            return wish
    return text[:60]


def _trimmed(wish: str) -> str:
    wish = re.split(r"[、。!?\n]", wish)[-1] if not wish.isascii() else wish
    wish = re.sub(r"^(あの|あと|できれば|次は|今度|ここに|この自販機に|もっと)+", "", wish.strip())
    wish = re.sub(
        r"^(some|a|an|the|more) |( here| in (this|the) machine| please| next time| too)+$",
        "",
        wish,
        flags=re.IGNORECASE,
    )
    return wish.strip(" 「」『』\"'")


def _intent(text: str, *, has_goods: bool, code: str) -> Intent:
    found = next((intent for intent, pattern in RULES if pattern.search(text)), None)
    if code and (found in {None, Intent.THANKS, Intent.GREETING, Intent.HOURS} or _NOT_YET.search(text)):
        return Intent.CLAIM
    if found is not None and not (found in {Intent.THANKS, Intent.GREETING} and has_goods):
        return found
    return Intent.PRODUCT if has_goods else Intent.UNKNOWN


def _is_slot(name: str, goods: Iterable[Good]) -> bool:
    return any(row.slot == name for row in goods)


def _named(text: str, goods: Sequence[Good]) -> tuple[Good, ...]:
    """Goods whose name, reading or slot is in the text; else those of the kinds it names."""
    katakana = _as_katakana(text)
    exact = [row for row in goods if _says(row, text, katakana)]
    if exact:
        return tuple(exact)
    found: dict[str, Good] = {}
    for asked, called in _KINDS:
        if re.search(asked, text):
            found |= {row.slot: row for row in goods if re.search(called, _called(row))}
    if not found and _DRINKS.search(text):
        found = {row.slot: row for row in goods if row.temperature != "ambient"}
    return tuple(found[slot] for slot in sorted(found))


def _called(row: Good) -> str:
    return f"{row.name_ja} {row.kana} {row.name_en}".casefold()


def _says(row: Good, text: str, katakana: str) -> bool:
    japanese = (_as_katakana(normal(name)) for name in (row.name_ja, row.kana) if len(name) > 1)
    english = re.search(rf"\b{re.escape(normal(row.name_en))}s?\b", text) if row.name_en else None
    at = re.search(rf"(?<![0-9a-z-]){re.escape(row.slot.casefold())}(?![0-9a-z-])", text)
    return bool(english or at) or any(name in katakana for name in japanese)


def _of_temperature(named: tuple[Good, ...], goods: Sequence[Good], temperature: str) -> tuple[Good, ...]:
    if not temperature:
        return named
    fitting = tuple(row for row in (named or goods) if row.temperature == temperature)
    return fitting or named


def _allergens(text: str) -> tuple[str, ...]:
    katakana = _as_katakana(text)
    found = []
    for code, word in ALLERGENS.items():
        names = (word, *_MORE_WORDS.get(code, ()))
        japanese = any(not name.isascii() and _as_katakana(normal(name)) in katakana for name in names)
        english = any(
            re.search(rf"\b{re.escape(name)}s?\b", text) for name in (code.replace("-", " "), *names) if name.isascii()
        )
        if japanese or english:
            found.append(code)
    return tuple(found)


_KATAKANA: Final = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}


def _as_katakana(text: str) -> str:
    """So that おちゃ and オチャ are the same."""
    return text.translate(_KATAKANA)
