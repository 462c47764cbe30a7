"""Words no call may carry, in a tool's name or in its arguments, however they are spelled. Pure.

They say that somebody tries to talk an agent out of its limits. Nothing depends on finding them all: the limits are
kept by the other rules. A customer who speaks of these things in chat is not refused; a call that carries them is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cloud.agents.guard.readings import compact, hiragana, readings, spaced

_MY: Final = r"(?!my\b|mine\b)"

_ENGLISH: Final[Mapping[str, tuple[str, ...]]] = {
    "override_safety": (
        (
            r"\b(override|disable|ignore|bypass|circumvent|deactivate|remove|(?:turn|switch) off|skip) "
            r"(?:(?:the|all|any|your|its|every|previous|prior|above|earlier|existing) )*"
            r"(safety|guard ?rails?|guards?|limits?|restrictions?|rules?|polic(?:y|ies)|instructions?|system prompt)"
            r"\b"
        ),
        r"\b(safety|guard ?rails?) (override|off|disabled)\b",
        r"\b(jail ?break|developer mode|dan mode|god mode)\b",
    ),
    "bypass_payment": (
        r"\b(bypass|skip|circumvent|fake|forge|waive|spoof) (?:(?:the|all|any|a|my) )*(payments?|paying|checkout)\b",
        r"\bpayment (bypass|override|skipped)\b",
        r"\bmark (?:\w+ ){0,3}as paid\b",
    ),
    "unlimited_dispense": (
        (
            r"\b(unlimited|infinite|endless|unbounded) (?:free )?"
            r"(dispens\w*|vends?|vending|items?|drinks?|products?|coupons?|refunds?|credits?)\b"
        ),
        r"\b(dispense|vend|release|eject) (?:all|everything|every|the whole)\b",
        r"\bempty the (?:whole )?machine\b",
    ),
    "access_admin": (
        (
            r"\b(access|become|act as|grant|log ?in(?: as)?|enter|sudo|switch to|escalate to|give me) "
            r"(?:(?:the|an|as|to|me|full|your) )*(admin\w*|root|super ?user|maintenance mode|debug mode)\b"
        ),
        r"\badmin\w* (access|mode|password|rights?|privileges?|override)\b",
    ),
    "modify_prices": (
        r"\b(modify|change|set|update|override) (?:(?:the|all|every) )*prices?(?: to| =)? ?(?:0|zero|free|1 yen)\b",
        r"\bmodify prices?\b",
        r"\bset price [a-z0-9]+ ?= ?\d",
        r"\bprices? = ?\d",
    ),
    "delete_data": (
        r"\b(delete|drop|erase|wipe|purge|truncate|destroy) (?:(?:the|all|every|entire|whole|from) )*"
        + _MY
        + r"(data|databases?|tables?|logs?|records?|ledger|journal|audit|transactions?|backups?)\b",
        r"\brm rf\b",
        r"\b(delete from|drop table|truncate table) \w",
    ),
}
_JAPANESE: Final[Mapping[str, tuple[str, ...]]] = {
    "override_safety": (
        (
            r"(安全|あんぜん|制限|せいげん|ガードレール|ガード|ルール|規則|上限|システムプロンプト)(装置|機能|設定|対策)?(を|は|も)?"
            r"(すべて|全て|全部|ぜんぶ)?(無効|解除|無視|むし|オフ|突破|外せ|外し|外す|はずし|スキップ|バイパス|超えて)"
        ),
        r"(これまで|今まで|いままで|以前|上記|前|全て|すべて)の(指示|命令|ルール|設定|プロンプト)(を|は)?(すべて|全て|全部)?(無視|忘れ|わすれ|破棄)",
        r"(脱獄|ジェイルブレイク|開発者モード|デベロッパーモード)",
    ),
    "bypass_payment": (
        r"(支払い?|しはらい|決済|けっさい|会計|課金|料金)(を|は)?(スキップ|回避|バイパス|飛ばし|とばし|省略|偽装|免除)",
        r"(支払い?|しはらい|決済)(なし|無し|せず)(で|に)(出|だ|排出|販売|払い出)",
        r"(支払い?済み?|決済済み?)(に|と)(偽装|書き換え|見せかけ|マーク|したこと)",
    ),
    "unlimited_dispense": (
        (
            r"(無制限|無限|むげん|いくらでも|ありったけ|全部|ぜんぶ|全て|すべて|全商品)(に|の商品を|の飲み物を|を)?"
            r"(排出|払い出|払出|放出|吐き出|ディスペンス)"
        ),
        r"(無制限|無限)(の|に)?(クーポン|返金|割引|商品|飲み物)",
        r"(自販機|機械|在庫)(を|の中身を)(空|からっぽ|空っぽ)に",
    ),
    "access_admin": (
        r"(管理者|かんりしゃ|アドミン|ルート|保守|メンテナンス|デバッグ|特権)(の)?(権限|けんげん|モード|画面|アクセス|パスワード)",
        r"(管理者|アドミン|オーナー)(として|に)(ログイン|切り替え|昇格|振る舞)",
    ),
    "modify_prices": (r"(価格|値段|料金)(を|は)?(すべて|全て|全部)?(0|ゼロ|零|1)円?に(書き換え|変更|設定|改)",),
    "delete_data": (
        r"(全ての?|すべての|全部の|全)(データ|記録|ログ|履歴|台帳|帳簿|顧客|取引)(を|の)?(全部|すべて|全て)?(削除|消去|消し|消せ|抹消|破棄)",
        r"(データベース|ログ|台帳|帳簿|監査記録|取引記録|バックアップ)(を|の)?(全部|すべて|全て)?(削除|消去|消し|消せ|抹消|改ざん|破棄)",
    ),
}
FORBIDDEN: Final = tuple(_ENGLISH)
"""Names of the patterns."""

_COMPACT: Final[Mapping[str, tuple[str, ...]]] = {
    "override_safety": (
        "overridesafety", "disablesafety", "bypasssafety", "overrideguard", "disableguard",
        "ignorepreviousinstructions", "ignoreallpreviousinstructions", "ignoreallinstructions", "ignoreallrules",
    ),
    "bypass_payment": ("bypasspayment", "skippayment"),
    "unlimited_dispense": ("unlimiteddispense", "dispenseall", "dispenseunlimited"),
    "access_admin": ("accessadmin", "adminaccess", "becomeadmin", "adminoverride"),
    "modify_prices": ("modifyprices", "modifyprice", "overrideprice"),
    "delete_data": ("deletedata", "deletealldata", "droptable", "wipedatabase", "dropdatabase"),
}  # fmt: skip
"""Written as one word: spelled apart, or as the name of a tool."""

_WORDS: Final = tuple((name, re.compile("|".join(rows))) for name, rows in _ENGLISH.items())
_JOINED: Final = tuple((name, re.compile(hiragana("|".join((*_JAPANESE[name], *_COMPACT[name]))))) for name in _ENGLISH)


def texts_of(value: Any) -> Iterator[str]:
    """Every text in arguments, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from texts_of(inner)
    elif isinstance(value, Iterable):
        for inner in value:
            yield from texts_of(inner)


def forbidden(name: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The forbidden patterns in a tool's name and arguments, in the order of `FORBIDDEN`; empty for none."""
    pieces = [text for text in texts_of(arguments) if len(text) >= 3]
    found = {pattern for text in (name, *pieces, " ".join(pieces)) for pattern in _in(text)}
    return tuple(pattern for pattern in FORBIDDEN if pattern in found)


def _in(text: str) -> Iterator[str]:
    for reading in readings(text):
        words, joined = spaced(reading), compact(reading)
        for name, pattern in _WORDS:
            if pattern.search(words):
                yield name
        for name, pattern in _JOINED:
            if pattern.search(joined):
                yield name
