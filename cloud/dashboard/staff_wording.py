"""What staff did at a machine, in the operator's words (Japanese). Pure; `wording.py` has the other events."""

from collections.abc import Callable
from typing import Any, Final

from cloud.dashboard.cash_words import PARTS
from cloud.dashboard.language import say
from cloud.staff_tasks.detect import LOCKS_FROM

REMOVED: Final = {
    "expired": "期限切れ",
    "damaged": "破損",
    "changeover": "商品の入れ替え",
    "test": "点検",
    "other": "その他",
}
REFUSED: Final = {"wrong_pin": "暗証番号が違います", "locked": "ロック中", "unknown": "登録のない担当者"}
TESTS: Final = {
    "vend": "販売",
    "motor": "モーター",
    "coin": "硬貨",
    "sensor": "センサー",
    "change": "お釣り",
}
KNOBS: Final = {"volume": "音量", "brightness": "明るさ"}
RIGHTS: Final = {"restock": "補充", "cash": "現金", "devices": "機器の点検", "update": "更新"}


def _ended(body: dict[str, Any]) -> str:
    rest = say("。残した作業 {count} 件", count=len(body["open_tasks"])) if body.get("open_tasks") else ""
    return say("訪問が終わりました({minutes} 分)", minutes=body["minutes"]) + rest


def _refused(body: dict[str, Any]) -> str:
    why = REFUSED.get(body["why"], body["why"])
    if body["failures"] >= LOCKS_FROM and body["why"] != "locked":
        return say("保守画面をロックしました: {why}(続けて {times} 回)", why=why, times=body["failures"])
    return say("保守画面に入れませんでした: {why}(続けて {times} 回)", why=why, times=body["failures"])


def _removed(body: dict[str, Any]) -> str:
    phrase = "{slot} から {count} 個取り出しました({why})"
    if body.get("lot"):
        phrase = "{slot} から {count} 個取り出しました({why}、ロット {lot})"
    why = REMOVED.get(body["why"], body["why"])
    return say(phrase, slot=body["slot"], count=body["removed"], why=why, lot=body.get("lot"))


def _counted(body: dict[str, Any]) -> str:
    off = body["counted"] - body["believed"]
    phrase = "{slot} を数えました: {count} 個(差 {off:+d})" if off else "{slot} を数えました: {count} 個"
    return say(phrase, slot=body["slot"], count=body["counted"], off=off)


def _cash(body: dict[str, Any]) -> str:
    part = PARTS.get(body["part"], body["part"])
    phrase = "{part}を数えました: ¥{counted:,}(うち回収 ¥{collected:,})"
    if body.get("bag"):
        phrase = "{part}を数えました: ¥{counted:,}(うち回収 ¥{collected:,}、袋 {bag})"
    counted, collected = body["counted_minor"], body["collected_minor"]
    return say(phrase, part=part, counted=counted, collected=collected, bag=body.get("bag"))


def _tested(body: dict[str, Any]) -> str:
    name, ends = TESTS.get(body["test"], body["test"]), "異常なし" if body["ok"] else "異常あり"
    phrase = "点検: {name} {where} {ends}({detail})" if body.get("detail") else "点検: {name} {where} {ends}"
    return say(phrase, name=name, where=body["where"], ends=ends, detail=body.get("detail"))


def _adjusted(body: dict[str, Any]) -> str:
    return say("{knob}を {value} にしました", knob=KNOBS.get(body["name"], body["name"]), value=body["value"])


def _exported(body: dict[str, Any]) -> str:
    return say("監査データを書き出しました({format}、{to})", format=str(body["format"]).upper(), to=body["to"])


MADE: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "visit.started": lambda _: say("訪問が始まりました"),
    "visit.ended": _ended,
    "staff.refused": _refused,
    "slot.removed": _removed,
    "slot.counted": _counted,
    "slot.changed_over": lambda body: say("{slot} を新しい商品に入れ替えました", slot=body["slot"]),
    "cash.counted": _cash,
    "coin.tested": lambda body: say("点検で ¥{amount} 硬貨を入れました", amount=body["amount_minor"]),
    "device.tested": _tested,
    "audit.exported": _exported,
    "machine.adjusted": _adjusted,
}
"""Kind to its line."""


def needs_a_look(kind: str, body: dict[str, Any]) -> bool:
    """Whether the line is one to stop at: refused, broken, or other than the machine believed."""
    if kind == "staff.refused" or (kind == "device.tested" and not body["ok"]):
        return True
    if kind == "slot.counted":
        return bool(body["counted"] != body["believed"])
    return kind == "cash.counted" and bool(body["counted_minor"] != body["believed_minor"])
