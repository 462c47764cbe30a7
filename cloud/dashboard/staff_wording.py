"""What staff did at a machine, in the operator's words (Japanese). Pure; `wording.py` has the other events."""

from collections.abc import Callable
from typing import Any, Final

from cloud.dashboard.cash_words import PARTS

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
    rest = f"。残した作業 {len(body['open_tasks'])} 件" if body.get("open_tasks") else ""
    return f"訪問が終わりました({body['minutes']} 分){rest}"


def _refused(body: dict[str, Any]) -> str:
    why = REFUSED.get(body["why"], body["why"])
    return f"保守画面に入れませんでした: {why}(続けて {body['failures']} 回)"


def _removed(body: dict[str, Any]) -> str:
    lot = f"、ロット {body['lot']}" if body.get("lot") else ""
    return f"{body['slot']} から {body['removed']} 個取り出しました({REMOVED.get(body['why'], body['why'])}{lot})"


def _counted(body: dict[str, Any]) -> str:
    off = body["counted"] - body["believed"]
    return f"{body['slot']} を数えました: {body['counted']} 個" + (f"(差 {off:+d})" if off else "")


def _cash(body: dict[str, Any]) -> str:
    part = PARTS.get(body["part"], body["part"])
    bag = f"、袋 {body['bag']}" if body.get("bag") else ""
    return f"{part}を数えました: ¥{body['counted_minor']:,}(うち回収 ¥{body['collected_minor']:,}{bag})"


def _tested(body: dict[str, Any]) -> str:
    name, ends = TESTS.get(body["test"], body["test"]), "異常なし" if body["ok"] else "異常あり"
    detail = f"({body['detail']})" if body.get("detail") else ""
    return f"点検: {name} {body['where']} {ends}{detail}"


def _adjusted(body: dict[str, Any]) -> str:
    return f"{KNOBS.get(body['name'], body['name'])}を {body['value']} にしました"


MADE: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "visit.started": lambda _: "訪問が始まりました",
    "visit.ended": _ended,
    "staff.refused": _refused,
    "slot.removed": _removed,
    "slot.counted": _counted,
    "slot.changed_over": lambda body: f"{body['slot']} を新しい商品に入れ替えました",
    "cash.counted": _cash,
    "coin.tested": lambda body: f"点検で ¥{body['amount_minor']} 硬貨を入れました",
    "device.tested": _tested,
    "audit.exported": lambda body: f"監査データを書き出しました({str(body['format']).upper()}、{body['to']})",
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
