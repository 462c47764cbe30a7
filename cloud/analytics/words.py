"""What is odd, in words: Japanese phrases that `say` fills in, so that an English dashboard has its own. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Protocol

from cloud.kit.saying import Say, in_japanese

SEVERITIES: Final = {"alarm": "至急", "warning": "注意", "notice": "参考"}
STATES: Final = {"open": "未対応", "acknowledged": "対応中", "over": "終了"}

ODD: Final = {
    "sales_drop": (
        "{name}の {day:%-m月%-d日} の販売は {units} 個で、同じ曜日のふだん({usual:g} 個)より大きく減りました。"
    ),
    "silent_machine": "{name}は {hours} 時間売れていません。この時間帯のふだんの販売は {expected:.1f} 個です。",
    "stuck_slot": (
        "棚 {slot} の{name}は、ほかの棚で {others} 個売れるあいだ 1 個も売れていません"
        "(帳簿の在庫 {on_hand} 個)。詰まりか、在庫の数え違いかもしれません。"
    ),
    "cash_difference": "{name}の現金実査の差額は¥{newest_yen:+,} でした。",
    "cash_run": "{name}の現金実査の差額は{counts} 回続けて足りず、合わせて ¥{run_yen:,} です。",
    "temperature": "{name}の庫内温度の異常({code})が {hours} 時間続いています。商品の温度を確かめてください。",
    "error_rate": ("{name}で販売の失敗が増えています: {tried} 回のうち {failed} 回(これまでは {usual_percent:.1f}%)。"),
    "refund_pattern": (
        "{name}で返金や請求が 1 日に {count} 件(¥{yen:,})ありました。ふだんは 1 日 {per_day_before:.1f} 件です。"
    ),
    "agent_losses": (
        "エージェントの値引き・返金などが今日は ¥{yen:,} です(1 日の上限 ¥{budget:,}、ふだん ¥{usual:,.0f})。"
    ),
    "price_mismatch": "{name}は棚割・価格の第 {published} 版をまだ使っていません(いまは第 {applied} 版)。",
    "expired_goods": "棚 {slot} の{name} {units} 個は賞味期限を {days_over} 日過ぎています。すぐに取り出してください。",
}
"""Detector to its sentence. Slots are its figures, and the slot of the machine."""


class Told(Protocol):
    """Something odd as it was written down."""

    @property
    def detector(self) -> str:
        """Who saw it."""

    @property
    def figures(self) -> Mapping[str, Any]:
        """What it was judged by."""

    @property
    def slot(self) -> str:
        """Of the machine; may be empty."""

    @property
    def text(self) -> str:
        """The Japanese sentence."""


def sentence(detector: str, figures: Mapping[str, Any], slot: str = "", say: Say = in_japanese) -> str:
    """What a detector saw.

    Args:
        detector: its name.
        figures: `name` of the machine or product, `day` as 2026-11-22, and the numbers.
        slot: of the machine.
        say: puts it together.

    Raises:
        KeyError: a figure is lacking.
    """
    day = {"day": date.fromisoformat(figures["day"])} if "day" in figures else {}
    phrase = ODD["cash_run" if detector == "cash_difference" and figures.get("is_run") else detector]
    return say(phrase, **{"slot": slot, **figures, **day})


def told(row: Told, say: Say) -> str:
    """The same of what was written down; an older record that lacks a figure is told as it was."""
    try:
        return sentence(row.detector, row.figures, row.slot, say)
    except KeyError:
        return row.text
