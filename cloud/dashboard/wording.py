"""Events and statements in the operator's words, in the language of the request. Pure but for that."""

from collections.abc import Callable
from typing import Any, Final, Literal

from cloud.dashboard import staff_wording
from cloud.dashboard.language import language, say
from cloud.machines.ordering import LoggedEvent
from cloud.machines.reading import told
from protocol.faults import CATALOGUE

Tone = Literal["neutral", "ok", "warn", "danger"]

REFUSALS: Final = {
    "sold_out": "売切",
    "too_little_credit": "金額不足",
    "no_change": "おつり切れ",
    "locked": "販売中止",
    "unknown_slot": "番号なし",
}
REASONS: Final = {
    "jammed": "商品づまり",
    "not_home": "らせんが戻らない",
    "missing": "モーター応答なし",
    "no_drop": "落下なし",
    "sensor_blocked": "落下センサーがふさがっている",
    "interrupted": "中断",
    "uncertain": "結果不明",
}
RETURNS: Final = {"lever": "返却レバー", "idle": "時間切れ", "bill": "紙幣の確認", "vend_failed": "販売できず"}

PAYMENTS: Final = {
    "charged": "カード払い ¥{amount} を請求しました",
    "released": "カード払い ¥{amount} を取り消しました",
    "claim": "カード払い ¥{amount} の処理を確認してください",
}

COMMANDS: Final = {"vend.paid": "支払い済みの販売", "coupon.offer": "クーポン価格"}
OUTCOMES: Final = {"succeeded": "済み", "failed": "失敗", "rejected": "お断り", "expired": "期限切れ"}
TENDERS: Final = {"card": "カード", "remote": "支払い済み"}
"""Cash needs no word: it is what a machine usually takes."""

_TEXTS: Final = {
    "machine.booted": "起動しました({software})",
    "coin.accepted": "硬貨 ¥{amount_minor} を受け取りました(残高 ¥{credit_minor})",
    "bill.held": "紙幣 ¥{amount_minor} を預かりました(残高 ¥{credit_minor})",
    "bill.stacked": "紙幣 ¥{amount_minor} を収納しました",
    "bill.returned": "紙幣 ¥{amount_minor} を返しました",
    "payment.denied": "{slot} のカード払いが承認されませんでした({why})",
    "vend.started": "{slot} の販売を始めました",
    "vend.dispensed": "{slot} が売れました ¥{price_minor}",
    "change.paid": "おつり ¥{paid_minor} を払いました",
    "door.opened": "扉が開きました",
    "door.closed": "扉が閉まりました",
    "slot.restocked": "{slot} に {added} 個補充しました",
    "float.loaded": "¥{denomination_minor} 硬貨を {added} 枚入れました",
}
_TONES: Final[dict[str, Tone]] = {
    "vend.dispensed": "ok",
    "vend.failed": "danger",
    "fault.raised": "danger",
    "fault.cleared": "ok",
    "door.opened": "warn",
}


def event_line(event: LoggedEvent) -> tuple[str, str, Tone]:
    """What an event says in one line.

    Returns:
        Its kind, the line, and how it should look. An event that cannot be read gets a line too.
    """
    try:
        kind, body, _ = told(event)
        return kind, _text(kind, body), _tone(kind, body)
    except (KeyError, TypeError, ValueError):
        return "?", "読めないイベント", "danger"


def _text(kind: str, body: dict[str, Any]) -> str:
    made = _MADE.get(kind)
    if made is not None:
        return made(body)
    return say(_TEXTS[kind], **body) + _owing(body) if kind in _TEXTS else say("未知のイベント {kind}", kind=kind)


def _selected(body: dict[str, Any]) -> str:
    refused = body.get("refused", "")
    if not refused:
        return say("{slot} を選びました", slot=body["slot"])
    return say("{slot} を選びました({why})", slot=body["slot"], why=REFUSALS.get(refused, refused))


def _failed(body: dict[str, Any]) -> str:
    why = REASONS.get(body["reason"], body["reason"])
    return say("{slot} を販売できませんでした({why})", slot=body["slot"], why=why)


def _card_settled(body: dict[str, Any]) -> str:
    phrase = PAYMENTS.get(body["outcome"], "カード払い ¥{amount} {outcome}")
    return say(phrase, amount=body["amount_minor"], outcome=body["outcome"]) + _claim(body)


def _claim(body: dict[str, Any]) -> str:
    """The code the customer was shown, at the end of a line."""
    return say("、番号 {claim}", claim=body["claim"]) if body.get("claim") else ""


def _returned(body: dict[str, Any]) -> str:
    why = RETURNS.get(body["reason"], body["reason"])
    return say("¥{paid} を返しました({why})", paid=body["paid_minor"], why=why) + _owing(body)


def _command_taken(body: dict[str, Any]) -> str:
    return say("指示を受けました: {name}", name=COMMANDS.get(body["name"], body["name"]))


def _command_done(body: dict[str, Any]) -> str:
    name, ends = COMMANDS.get(body["name"], body["name"]), OUTCOMES.get(body["outcome"], body["outcome"])
    phrase = "指示の結果: {name} {ends}({why})" if body.get("why") else "指示の結果: {name} {ends}"
    return say(phrase, name=name, ends=ends, why=body.get("why"))


def sale_note(tender: str, coupon: str, list_minor: int) -> str:
    """What is special about a sale, in a word or two; empty for cash at the list price."""
    parts = [say(TENDERS.get(tender, ""))]
    if coupon:
        parts.append(say("クーポン {coupon}", coupon=coupon))
    if list_minor:
        parts.append(say("定価 ¥{amount:,}", amount=list_minor))
    return " · ".join(part for part in parts if part)


def _fault(phrase: str) -> Callable[[dict[str, Any]], str]:
    return lambda body: say(phrase, meaning=fault_meaning(body["code"]), where=body.get("where", "")).rstrip()


DOCUMENTS: Final = {"planogram": "棚割", "staff": "担当者の一覧", "restock": "補充の一覧"}


def _applied(body: dict[str, Any]) -> str:
    phrase = (
        "{name} が改訂 {rev} に切り替わりました" if body["ok"] else "{name} が改訂 {rev} を適用できませんでした({why})"
    )
    return say(phrase, name=DOCUMENTS.get(body["name"], body["name"]), rev=body["rev"], why=body.get("why", ""))


_MADE: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "selection.made": _selected,
    "vend.failed": _failed,
    "payment.settled": _card_settled,
    "credit.returned": _returned,
    "fault.raised": _fault("故障: {meaning} {where}"),
    "fault.cleared": _fault("復旧: {meaning} {where}"),
    "settings.applied": _applied,
    "command.taken": _command_taken,
    "command.done": _command_done,
    **staff_wording.MADE,
}
"""Kinds whose line needs more than its fields."""


def _owing(body: dict[str, Any]) -> str:
    """What the machine still owes the customer, and the code they were shown."""
    if not body.get("short_minor"):
        return ""
    return say("。¥{short} 不足", short=body["short_minor"]) + _claim(body)


def _tone(kind: str, body: dict[str, Any]) -> Tone:
    if body.get("outcome") in {"claim", "failed", "rejected", "expired"}:
        return "warn"
    if body.get("short_minor") or body.get("unpaid_minor") or body.get("refused"):
        return "warn"
    if staff_wording.needs_a_look(kind, body):
        return "warn"
    return _TONES.get(kind, "neutral" if kind in _TEXTS or kind in _MADE else "warn")


def fault_meaning(code: str) -> str:
    """What a fault code means; the code itself when a newer machine uses one we do not know."""
    row = CATALOGUE.get(code)
    if row is None:
        return code
    return (row.customer_ja if language() == "ja" else "") or row.meaning


def fault_severity(code: str) -> str:
    """info, warning or danger, as the pages colour it."""
    row = CATALOGUE.get(code)
    if row is None:
        return "warning"
    return {"notice": "info", "slot": "warning", "money": "warning"}.get(row.severity.value, "danger")
