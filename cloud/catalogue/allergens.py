"""The allergens that food labels in Japan name: eight that must be named, twenty that should be. Pure.

Source: Food Labelling Standards (食品表示基準), appendix 14, and the Consumer Affairs Agency's notice on what should be
named, as in force since April 2025. # unverified: a later notice may move one from the second list to the first.
"""

from typing import Final

REQUIRED: Final = {
    "shrimp": "えび",
    "crab": "かに",
    "walnut": "くるみ",
    "wheat": "小麦",
    "buckwheat": "そば",
    "egg": "卵",
    "milk": "乳",
    "peanut": "落花生",
}
"""Code to its word on a label: must be named."""

RECOMMENDED: Final = {
    "almond": "アーモンド",
    "abalone": "あわび",
    "squid": "いか",
    "salmon-roe": "いくら",
    "orange": "オレンジ",
    "cashew": "カシューナッツ",
    "kiwi": "キウイフルーツ",
    "beef": "牛肉",
    "sesame": "ごま",
    "salmon": "さけ",
    "mackerel": "さば",
    "soybean": "大豆",
    "chicken": "鶏肉",
    "banana": "バナナ",
    "pork": "豚肉",
    "macadamia": "マカダミアナッツ",
    "peach": "もも",
    "yam": "やまいも",
    "apple": "りんご",
    "gelatin": "ゼラチン",
}
"""Code to its word on a label: should be named."""

ALLERGENS: Final = REQUIRED | RECOMMENDED
_ORDER: Final = {code: number for number, code in enumerate(ALLERGENS)}


def in_order(codes: list[str]) -> list[str]:
    """Each code once, in the order of labels.

    Raises:
        ValueError: one is not a code of `ALLERGENS`.
    """
    unknown = sorted(set(codes) - set(ALLERGENS))
    if unknown:
        raise ValueError(f"no allergen is called {unknown[0]!r}; known are {', '.join(ALLERGENS)}")
    return sorted(set(codes), key=_ORDER.__getitem__)
