"""What agents do, in words for the dashboard."""

from collections.abc import Mapping
from typing import Final

from cloud.dashboard.decisions_words import AGENTS

AGENT_NAMES: Final[Mapping[str, str]] = AGENTS | {"anomalies": "異常の確認", "retention": "保存期限の整理"}
"""Of agents, and of what else runs by the clock."""

CHANNELS: Final[Mapping[str, str]] = {
    "schedule": "定期実行",
    "operator": "担当者の依頼",
    "customer": "お客様",
    "supplier": "仕入先",
    "web": "ウェブ",
}

OUTCOMES: Final[Mapping[str, str]] = {
    "running": "実行中",
    "done": "完了",
    "fell_back": "規則へ交代",
    "failed": "失敗",
    "cancelled": "中止",
    "abandoned": "中断",
    "proposed": "承認待ち",
    "denied": "不可",
    "refused": "拒否",
    "shadow": "影",
}
"""Of runs, and of single calls."""

TONES: Final[Mapping[str, str]] = {
    "running": "low",
    "fell_back": "low",
    "proposed": "low",
    "failed": "danger",
    "abandoned": "danger",
    "denied": "danger",
    "refused": "danger",
}

WHYS: Final[Mapping[str, str]] = {
    "": "",
    "down": "モデルにつながりません",
    "slow": "モデルの応答が遅すぎました",
    "limited": "モデルの利用制限",
    "key": "APIキーが無効です",
    "money": "モデルの残高不足",
    "request": "モデルが依頼を受け付けません",
    "context": "会話が長すぎました",
    "broken": "応答が途切れました",
    "refused": "モデルが断りました",
    "rambling": "同じことの繰り返し",
    "budget": "今日の予算に達しました",
    "resting": "モデルの不調が続くため休止中",
    "stopped": "担当者が止めました",
    "shadow": "影の判断",
    "lost": "処理が途中で失われました",
}

STEPS: Final[Mapping[str, str]] = {
    "": "",
    "thinking": "考えています",
    "deciding": "判断しています",
    "conversations": "会話",
    "runs": "実行の記録",
    "debts": "お返し",
    "credits": "残高",
}
"""Other steps are the names of tools."""

STATUSES: Final[Mapping[str, str]] = {
    "queued": "待機中",
    "running": "実行中",
    "done": "完了",
    "failed": "失敗",
    "cancelled": "中止",
    "interrupted": "中断(要確認)",
}
