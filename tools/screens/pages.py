"""Maintenance pages that between them have every kind of block, for looking at renderers without a machine."""

from collections.abc import Iterator
from typing import Any, Final

import edge.screens.maintenance.view as v
from edge.screens.codes import qr_code
from edge.screens.texts import LANGUAGES
from tools.screens.states import Screen

_LABELS: Final = {
    "ja": {
        "delete": "消す",
        "done": "決定",
        "next": "次へ",
        "before": "前へ",
        "close": "閉じる",
        "sheet": "{sheet}/{sheets}",
    },
    "en": {
        "delete": "Delete",
        "done": "Done",
        "next": "Next",
        "before": "Back",
        "close": "Close",
        "sheet": "{sheet}/{sheets}",
    },
}


def _say(language: str, japanese: str, english: str) -> str:
    return japanese if language == "ja" else english


def _menu(to: str) -> v.Page:
    names = [
        ("補充", "Restock"), ("商品の入れ替え", "Change-over"), ("数える", "Count"), ("集金", "Cash collection"),
        ("つり銭の補充", "Fill change"), ("試し出し", "Test vend"), ("センサー", "Sensors"), ("通信", "Network"),
    ]  # fmt: skip
    blocks = tuple(
        v.Item(
            f"task:{n}", _say(to, *pair), _say(to, "このあとの作業", "What comes next"), badge=str(n) if n < 3 else ""
        )
        for n, pair in enumerate(names)
    )
    key = v.Key("log_out", _say(to, "訪問を終える", "End the visit"), is_main=True)
    return v.Page("sample.menu", _say(to, "作業メニュー", "Menu"), blocks, (key,))


def _pin(to: str) -> v.Page:
    pad = v.Keypad("pin", _say(to, "暗証番号", "PIN"))
    back = v.Key("back", _say(to, "戻る", "Back"))
    wrong = _say(to, "暗証番号がちがいます。あと4回", "Wrong PIN. 4 tries left")
    return v.Page("sample.pin", _say(to, "佐藤 花子", "Hanako Sato"), (pad,), (back,), wrong)


def _slot(to: str) -> v.Page:
    blocks = (
        v.Note(_say(to, "A1 緑茶。まず数を確かめます。", "A1 green tea. Count first."), "warn"),
        v.Fact(_say(to, "機械の記録", "On record"), _say(to, "3個", "3 units")),
        v.Stepper("found", _say(to, "あった数", "Found"), 3, 0, 8, unit=_say(to, "個", "")),
        v.Stepper("added", _say(to, "入れた数", "Added"), 5, 0, 8, detail=_say(to, "あと5個入ります", "Room for 5")),
        v.Entry("lot", _say(to, "ロット", "Lot"), "L2611", "code"),
        v.Entry("best_before", _say(to, "賞味期限", "Best before"), "2027-03-31", "date"),
        v.Fact(_say(to, "温度", "Temperature"), "5 °C", "ok", _say(to, "2分前", "2 minutes ago")),
    )  # fmt: skip
    keys = (v.Key("back", _say(to, "戻る", "Back")), v.Key("next", _say(to, "次の商品", "Next slot"), is_main=True))
    return v.Page("sample.slot", _say(to, "補充 A1", "Restock A1"), blocks, keys)


def _export(to: str) -> v.Page:
    code = qr_code("https://vend.example/m/vm-demo-0001", _say(to, "携帯で読み取れます", "Read it with a phone"))
    code_block = v.Code(code.says, code.rows, code.caption)
    lines = v.Lines(tuple(f"2026-11-21 12:{n:02d}:05 vend.dispensed A{n}" for n in range(6)))
    keys = (v.Key("back", _say(to, "戻る", "Back")),)
    return v.Page("sample.export", _say(to, "監査データ", "Audit data"), (code_block, lines), keys)


PAGES: Final = {"menu": _menu, "pin": _pin, "slot": _slot, "export": _export}


def every_page() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name, language and the customer's view with the page over it."""
    for language in LANGUAGES:
        for name, made in PAGES.items():
            staff = _say(language, "佐藤 花子", "Hanako Sato")
            standing = _say(language, "扉: 開 · 通信: つながっています", "Door: open · Cloud: connected")
            view = v.MaintenanceView(made(language), staff, standing, _LABELS[language])
            yield name, language, Screen(language).view().to_dict() | {"maintenance": view.to_dict()}
