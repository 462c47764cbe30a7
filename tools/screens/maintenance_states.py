"""Every kind of maintenance page, made by hand: each block in each of its states, in both languages."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import segno

from edge.screens.maintenance.view import (
    Block,
    Code,
    Entry,
    Fact,
    Item,
    Key,
    Keypad,
    Lines,
    MaintenanceView,
    Note,
    Page,
    Picture,
    Stepper,
)
from edge.screens.texts import labels

_HELPFUL: Final = "https://vend.example/m/vm-demo-0001/audit?from=2026-11-01"


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page, and the parts that are pressed before it is looked at."""

    name: str
    view: MaintenanceView
    presses: tuple[str, ...] = ()


def every_page(language: str) -> Iterator[MadePage]:
    """All of them in one language."""
    say = _Speaker(language)
    for name, title, blocks, keys, trouble, presses in _pages(say):
        is_inside = name not in {"login", "pin", "pin_wrong"}
        page = Page(f"made.{name}", title, blocks, keys, trouble)
        standing = say("扉: 開 · クラウド: 通信中", "Door open · Cloud: connected")
        staff = say("佐藤 花子", "Hanako Sato") if is_inside else ""
        yield MadePage(name, MaintenanceView(page, staff, standing, labels(language, "maintenance.label.")), presses)


class _Speaker:
    def __init__(self, language: str) -> None:
        self._is_japanese = language == "ja"

    def __call__(self, japanese: str, english: str) -> str:
        return japanese if self._is_japanese else english


_Row = tuple[str, str, tuple[Block, ...], tuple[Key, ...], str, tuple[str, ...]]


def _pages(say: _Speaker) -> Iterator[_Row]:
    back = Key("back", say("メニューへ", "To the menu"))
    leave = Key("leave", say("作業を終える", "End the visit"))
    yield from _at_the_door(say)
    yield ("menu", say("作業メニュー", "Menu"), _menu(say), (leave, Key("lock", say("画面をロック", "Lock"))), "", ())
    yield from _with_goods(say, back)
    yield from _with_devices(say, back)


def _at_the_door(say: _Speaker) -> Iterator[_Row]:
    close = (Key("close", say("閉じる", "Close")),)
    names = (
        say("佐藤 花子", "Hanako Sato"),
        say("鈴木 一郎", "Ichiro Suzuki"),
        say("グエン・ヴァン・アン", "Nguyen Van An"),
    )
    people = tuple(Item(f"staff-{number}", name) for number, name in enumerate(names))
    yield "login", say("担当者を選んでください", "Who are you?"), people, close, "", ()
    pad = Keypad("pin", say("佐藤さんの暗証番号", "PIN of Hanako Sato"))
    yield "pin", say("ログイン", "Log in"), (pad,), close, "", ("pad.type1", "pad.type2", "pad.type3")
    wrong = say(
        "暗証番号が違います。あと2回で5分間使えなくなります。", "Wrong PIN. Two more and it is locked for five minutes."
    )
    yield "pin_wrong", say("ログイン", "Log in"), (pad,), close, wrong, ()


def _menu(say: _Speaker) -> tuple[Block, ...]:
    rows = (
        ("restock", say("補充", "Restock"), say("ピックリスト 12行", "Pick list of 12"), "7", "warn"),
        ("changeover", say("商品の入れ替え", "Change-over"), say("新しい棚割り", "New planogram"), "2", "warn"),
        ("count", say("在庫を数える", "Count stock"), "", say("済", "done"), "ok"),
        ("cash", say("売上金の回収", "Collect cash"), say("見込み ¥12,340", "Expected ¥12,340"), "", "neutral"),
        ("float", say("釣銭の補充", "Fill change"), "", "", "neutral"),
        ("test", say("テスト販売", "Test vend"), "", "", "neutral"),
        ("motor", say("モーター回転", "Motor run"), "", "", "neutral"),
        ("faults", say("故障の一覧", "Faults"), say("B2: 商品詰まり", "B2: jammed"), "1", "sorry"),
        ("network", say("通信の状態", "Network"), "", "", "neutral"),
    )
    items = [Item(key, text, detail, badge, tone) for key, text, detail, badge, tone in rows]  # type: ignore[arg-type]
    return (
        *items,
        Item("update", say("ソフトの更新", "Update"), say("新しい版はありません", "None waiting"), enabled=False),
    )


def _with_goods(say: _Speaker, back: Key) -> Iterator[_Row]:
    apply = Key("apply", say("この内容で登録", "Save this"), is_main=True)
    following = Key("following", say("次の商品", "Next slot"))
    steppers: tuple[Block, ...] = (
        Fact(say("A1 緑茶 500 ml", "A1 Green tea 500 ml"), say("あと6本入ります", "Room for 6"), detail="¥160"),
        Stepper("found", say("あった数", "Found"), 6, 0, 12, unit=say("本", "")),
        Stepper("added", say("入れた数", "Added"), 6, 0, 6, unit=say("本", ""), detail=say("リスト: 6本", "List: 6")),
        Stepper("removed", say("抜いた数", "Removed"), 0, 0, 12, unit=say("本", "")),
        Entry("best_before", say("賞味期限", "Best before"), "2027-03-31", "date"),
        Entry("lot", say("ロット", "Lot"), "L240-17", "code"),
    )
    keys = (apply, following, back)
    title = say("補充 1/12", "Restock 1/12")
    yield "restock", title, steppers, keys, "", ()
    yield "restock_number", title, steppers, keys, "", ("2.value", "pad.type1")
    yield "restock_date", title, steppers, keys, "", ("4.value",)
    yield "restock_lot", title, steppers, keys, "", ("5.value",)
    full = say(
        "A1には12本までしか入りません。数を確かめてください。", "A1 holds no more than 12. Please check the number."
    )
    yield "restock_refused", title, steppers, keys, full, ()
    cash: tuple[Block, ...] = (
        Fact(say("見込みの金額", "Expected"), "¥12,340"),
        Fact(say("数えた金額", "Counted"), "¥12,290"),
        Fact(say("差", "Difference"), "−¥50", "warn", say("もう一度数えてください", "Please count again")),
        *(Stepper(f"c{value}", f"¥{value:,}", 12, 0, 999, unit=say("枚", "")) for value in (10, 50, 100, 500, 1000)),
        Entry("bag", say("袋の番号", "Bag number"), "", "code"),
    )
    yield "cash", say("売上金の回収", "Collect cash"), cash, (apply, back), "", ()


def _with_devices(say: _Speaker, back: Key) -> Iterator[_Row]:
    sensors: tuple[Block, ...] = (
        Fact(say("扉", "Door"), say("開いています", "open"), "warn"),
        Fact(
            say("落下センサー", "Drop sensor"),
            say("正常", "fine"),
            "ok",
            say("最後の反応 3分前", "Last seen 3 min ago"),
        ),
        *(Fact(f"{row}{n}", say("原点", "at home"), "ok") for row in "AB" for n in (1, 3, 4)),
        Fact("B2", say("原点にいません", "not at home"), "sorry", say("詰まりのおそれ", "may be jammed")),
    )
    yield "sensors", say("センサーの状態", "Sensors"), sensors, (back,), "", ()
    guide: tuple[Block, ...] = (
        Picture(
            "free-spiral",
            say(
                "つまった商品を手前に引いて取り出し、らせんの間に何も残っていないことを確かめます。",
                "Pull the jammed product towards you. Make sure that nothing is left between the turns of the spiral.",
            ),
        ),
    )
    on = Key("on", say("次へ", "Go on"), is_main=True)
    yield "guide", say("詰まりの直し方 2/6", "Clear a jam 2/6"), guide, (on, back), "", ()
    rows = tuple("".join("1" if one else "0" for one in row) for row in segno.make(_HELPFUL, micro=False).matrix)
    caption = say(
        "スマートフォンで読み取ってください。ファイルは機械の中にもあります。",
        "Read this with a phone. The file is kept in the machine, too.",
    )
    yield "audit", say("監査データ", "Audit data"), (Code(_HELPFUL, rows, caption),), (back,), "", ()
    log = tuple(f"12:{n:02d}:05 link: acknowledged 3 events, 0 left in the outbox" for n in range(59, 29, -1))
    yield "logs", say("記録", "Logs"), (Lines(log),), (back,), "", ()
    end: tuple[Block, ...] = (
        Note(say("おつかれさまでした。次の作業が残っています。", "Thank you. This is still to be done."), "warn"),
        Fact(say("入れた商品", "Added"), say("42点 / 7か所", "42 units in 7 slots"), "ok"),
        Fact(say("回収した金額", "Collected"), "¥12,290", "ok"),
        Note(say("B2の故障が残っています。", "B2 still has a fault."), "sorry"),
    )
    finish = Key("finish", say("終わる", "Finish"), is_main=True)
    yield "summary", say("作業のまとめ", "Summary"), end, (finish, back), "", ()
