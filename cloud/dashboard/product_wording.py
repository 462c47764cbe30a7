"""Products, prices and planograms in the words of the pages."""

from collections.abc import Mapping
from typing import Final

from cloud.dashboard.language import language

TEMPERATURES: Final = {"cold": "つめた〜い", "hot": "あったか〜い", "ambient": "常温"}
"""As on every street machine."""

CLASSES: Final = {"food": "飲食料品(軽減税率)", "standard": "標準税率"}


def allergens(words: Mapping[str, str]) -> dict[str, str]:
    """Code to its word, in the language of the request: a code is the English word."""
    return {code: word if language() == "ja" else code.replace("-", " ").capitalize() for code, word in words.items()}


FIELDS: Final = {
    "id": "商品コード",
    "name_ja": "商品名",
    "name_en": "英語の商品名",
    "name_kana": "読み",
    "jan": "JANコード",
    "size_amount": "内容量",
    "size_unit": "内容量の単位",
    "temperature": "温度",
    "allergens": "アレルゲン",
    "tax_class": "税区分",
    "tax_changes": "税区分の変更",
    "shelf_life_days": "賞味期間(日)",
    "picture": "イラスト",
    "photo": "写真",
    "is_active": "販売",
}
"""Fields of a product."""

PROBLEMS: Final = {
    "id": "小文字の英字、数字、ハイフンで、64文字までご記入ください。",
    "name_ja": "120文字までで、商品名をご記入ください。",
    "name_en": "120文字までで、英語の商品名をご記入ください。",
    "name_kana": "ひらがなかカタカナでご記入ください。",
    "jan": "8桁か13桁の数字です。最後の1桁が合いません。もう一度お読み取りください。",
    "size_amount": "1以上の数と単位を、両方ご記入ください。",
    "shelf_life_days": "1以上の日数をご記入ください。",
    "tax_changes": "適用開始日と税区分をご確認ください。同じ日は一度だけです。",
    "allergens": "一覧にあるものからお選びください。",
}
"""What to do about a field."""

REFUSALS: Final = {
    "jan_taken": "このJANコードは、ほかの商品に登録されています。",
    "changed_meanwhile": "ほかの方が先に変更しました。今の内容をご確認のうえ、もう一度お試しください。",
    "not_a_picture": "JPEG、PNG、WebPの写真をお選びください。",
    "too_many_pixels": "写真が大きすぎます。4,000万画素までに縮小してください。",
    "broken_picture": "写真が壊れています。保存し直してからお選びください。",
    "too_large": "ファイルが大きすぎます。",
    "no_file": "ファイルをお選びください。",
    "bad_table": "表に誤りがあるため、何も変更していません。",
    "price_list_exists": "このコードの価格表は、すでにあります。",
    "no_such_price_list": "この価格表は見つかりません。",
    "no_such_product": "登録のない商品が含まれています。",
    "no_such_machine": "この自動販売機は見つかりません。",
    "past_day": "過ぎた日は選べません。今日以降の日をお選びください。",
    "invalid": "記入内容をご確認ください。",
    "no_such_plan": "この予定は、すでに反映されたか、取り消されています。",
}
"""Why something was not done."""

DOUBTS: Final = {
    "below_cost": "{price:,}円は、原価を下回ります(原価 {against:,}円)。",
    "jump": "{price:,}円は、今の価格から50%を超えて変わります(今 {against:,}円)。",
}
"""Prices to look at twice."""
