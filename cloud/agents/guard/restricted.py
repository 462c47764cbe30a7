"""Goods that a machine of ours never sells, whatever anybody wishes. Pure.

Alcohol, tobacco, medicine and weapons need licences, ages or people; live animals, lottery tickets and money need more.
"""

import re
from collections.abc import Iterable
from typing import Final

from cloud.agents.guard.readings import compact, hiragana, plain, spaced

_ENGLISH: Final = (
    r"alcohol\w*|beers?|wines?|sake|shochu|whisk(?:e)?y|vodka|gin|rum|tequila|liquor|liqueurs?|champagne|brandy|highball|"
    r"cigarettes?|cigars?|tobacco|vapes?|e-?cig\w*|nicotine|snus|"
    r"medicines?|medication|drugs?|aspirin|ibuprofen|loxonin|antibiotics?|painkillers?|sleeping pills?|viagra|"
    r"weapons?|guns?|pistols?|ammunition|ammo|knives|knife|stun ?guns?|tasers?|pepper ?sprays?|explosives?|fireworks?|"
    r"cannabis|marijuana|cbd|thc|cocaine|poppers|lottery tickets?|gift cards?|live (?:fish|animals?)|gold bars?"
)
_JAPANESE: Final = (
    r"酒|アルコール飲料|ビール|ワイン|焼酎|日本酒|ウイスキー|ウィスキー|ウオッカ|ウォッカ|チューハイ|酎ハイ|サワー缶|ハイボール|発泡酒|"
    r"カクテル缶|梅酒|たばこ|煙草|葉巻|電子たばこ|ベイプ|ニコチン|シーシャ|医薬品|薬品|頭痛薬|鎮痛剤|風邪薬|睡眠薬|処方薬|"
    r"ロキソニン|抗生物質|バイアグラ|武器|拳銃|銃弾|ナイフ|包丁|スタンガン|催涙スプレー|爆薬|花火|大麻|マリファナ|覚醒剤|麻薬|"
    r"宝くじ|ギフトカード|商品券|生きた魚|金塊"
)
_HARMLESS_WORDS: Final = re.compile(
    r"\b(?:(?:non|zero|no)[ -]?alcohol\w*(?: (?:beers?|wines?|cocktails?|drinks?))?|"
    r"alcohol[ -]?free|0(?:\.0+)? ?%? alcohol|(?:ginger|root|butter) beer|"
    r"wine gums?|gin(?:ger)? ale|alcohol (?:wipes?|sanitizer|tissues?))\b"
)
_HARMLESS_JOINED: Final = re.compile(
    hiragana(
        r"甘酒|ノンアルコール\w{0,6}(?:ビール|ワイン|カクテル|チューハイ|ハイボール)?|アルコール(?:フリー|除菌|ティッシュ|0)|"
        r"ジンジャービア|酒粕|酒蒸し|酒まんじゅう|肉ビール|禁酒|お酒は?ありません"
    )
)
_WORDS: Final = re.compile(rf"\b(?:{_ENGLISH})\b")
_JOINED: Final = re.compile(hiragana(_JAPANESE))


def restricted(texts: Iterable[str]) -> tuple[str, ...]:
    """Words for restricted goods in names of products, each once; empty for none."""
    found: dict[str, None] = {}
    for text in texts:
        base = plain(text)
        found.update(dict.fromkeys(_WORDS.findall(_HARMLESS_WORDS.sub(" ", spaced(base)))))
        found.update(dict.fromkeys(_JOINED.findall(_HARMLESS_JOINED.sub("", compact(base)))))
    return tuple(found)
