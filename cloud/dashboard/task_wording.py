"""Staff tasks in the operator's words (Japanese): what happened, what to do, what was found. Pure."""

from typing import Final

from cloud.dashboard.language import say
from cloud.staff_tasks.rules import SETTLED_BY_MACHINE
from cloud.staff_tasks.service import TaskView

UNKNOWN: Final = ("人の確認が必要です", "内容を確かめて、結果を記録してください。")

_TEXTS: Final = {
    "vend_uncertain": (
        "棚 {slot} の {product} が出たか分かりません",
        "取り出し口と棚を見て、商品が棚に残っているか数えてください。",
    ),
    "payout_uncertain": (
        "¥{amount} のお返しが出たか分かりません",
        "返却口と硬貨の枚数を見て、硬貨が出ていたかどうかを記録してください。",
    ),
    "debt": (
        "お客様に ¥{amount} をお返しできていません",
        "番号 {claim} をお持ちのお客様が来たら、現金でお返ししてください。",
    ),
    "debt_lapsed": (
        "断ったお返し ¥{amount} が時効になりました",
        "番号 {claim} の記録を見て、雑収入にするか、お客様にお返ししたかを記録してください。",
    ),
    "debt_claimed": (
        "断ったお返し ¥{amount} を、お客様にお返しします",
        "番号 {claim} のお客様に現金でお返しして、記録してください。",
    ),
    "card_refund": (
        "商品が出ないまま、カードで ¥{amount} を請求したおそれがあります",
        "カード会社の明細で {reference} を調べ、請求されていたら返金してください。",
    ),
    "card_collect": (
        "カード代金 ¥{amount} を受け取れていないおそれがあります",
        "カード会社の明細で {reference} を調べ、入金があるかどうかを記録してください。",
    ),
    "bill_lost": (
        "商品を渡しましたが、代金の紙幣が戻りました",
        "紙幣識別機を点検して、確認したことを記録してください。",
    ),
    "bill_uncertain": (
        "¥{amount} の紙幣が収納されたか、戻されたか分かりません",
        "収納箱の紙幣を数えて、結果を記録してください。",
    ),
    "store_replaced": (
        "機械の記録が新しく始まりました",
        "商品と硬貨をすべて数えて、終わったら記録してください。",
    ),
    "remote_refund": (
        "支払い済みの {product} ¥{amount} をお渡しできませんでした",
        "支払い {reference} を返金してください。",
    ),
    "refunded_and_delivered": (
        "返金した {product} ¥{amount} が、あとから出たと知らせがありました",
        "支払い {reference} の返金を確かめて、売上のページで返金を記録してください。",
    ),
    "customer_report": (
        "お客様から知らせがありました",
        "機械の記録を見て対応し(返金は売上のページで記録します)、結果を記録してください。",
    ),
    "refund_claim": (
        "{product} の代金 ¥{amount} をお客様に返金します",
        "番号 {claim} をお持ちのお客様が来たら、現金でお返ししてください。",
    ),
    "restock_wanted": (
        "補充の依頼があります",
        "補充計画を見て、この自販機に商品を補充してください。",
    ),
    "staff_locked_out": (
        "保守画面の暗証番号が続けて間違えられ、画面がロックされました",
        "担当者(番号 {reference})に確かめ、心当たりがなければ、その方の暗証番号を新しくしてください。",
    ),
    "goods_to_remove": (
        "棚 {slot} の {product} を取り出してください",
        "取り出した数を在庫の画面で廃棄か移動として記録してください。",
    ),
}
_NO_ANSWER: Final = (
    "支払い済みの {product} ¥{amount} が出たか、機械から知らせがありません",
    "商品が出たか確かめ、出ていなければ支払い {reference} を返金してください。",
)

_RESOLUTIONS: Final = {
    "unit_found": "商品は棚に残っていた",
    "unit_missing": "商品はなくなっていた",
    "paid": "硬貨は出ていた",
    "not_paid": "硬貨は出ていなかった",
    "paid_out": "現金でお返しした",
    "refused": "お支払いしないことにした",
    "written_off": "時効などで、雑収入にする",
    "refunded": "返金した",
    "not_charged": "請求されていなかった",
    "collected": "入金を確認した",
    "noted": "確認した",
    "answered": "お客様に対応した",
    "stacked": "収納箱にあった",
    "returned": "お客様に戻っていた",
    "counted": "数え終えた",
    "delivered": "商品は出ていた",
    "restocked": "補充した",
    "not_needed": "補充は不要だった",
    "removed": "取り出した",
    "not_there": "棚になかった",
    SETTLED_BY_MACHINE: "機械の知らせで解決",
}
_OF_KIND: Final = {
    ("card_collect", "written_off"): "回収をあきらめ、損失にする",
    ("debt", "refused"): "お支払いしないことにした(時効まで預り金に残す)",
}


def task_lines(task: TaskView, product: str) -> tuple[str, str]:
    """What happened, and what to do, in one sentence each; a kind from the future gets a plain pair."""
    texts = _TEXTS.get(task.kind, UNKNOWN)
    if task.kind == "remote_refund" and task.detail.startswith("unknown"):
        texts = _NO_ANSWER
    values = {
        "slot": task.slot,
        "product": product,
        "amount": f"{task.amount_minor:,}",
        "claim": task.claim or "なし",
        "reference": task.reference or "なし",
    }
    return say(texts[0], **values), say(texts[1], **values)


def resolution_text(kind: str, resolution: str) -> str:
    """A resolution as a person would say it."""
    return _OF_KIND.get((kind, resolution)) or _RESOLUTIONS.get(resolution, resolution)
