import json
from typing import Any

import pytest

from cloud.dashboard.wording import event_line, fault_meaning, sale_note
from cloud.machines.ordering import LoggedEvent
from protocol.events import EVENTS


def logged(raw: bytes) -> LoggedEvent:
    return LoggedEvent(1, "vm-test-0001", "a" * 32, 1, raw, 0)


def test_event_line_when_a_kind_is_from_the_future_then_it_says_so() -> None:
    assert event_line(logged(b'{"kind":"hologram.shown","d":{}}'))[1:] == ("未知のイベント hologram.shown", "warn")


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"kind":"vend.failed","d":{}}', b'{"kind":1,"d":[]}', b"\xff"])
def test_event_line_when_an_event_cannot_be_read_then_it_still_has_a_line(raw: bytes) -> None:
    assert event_line(logged(raw))[1]


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_event_line_when_the_kind_is_ours_then_it_has_words_of_its_own(kind: str) -> None:
    body = {
        "software": "1",
        "amount_minor": 1,
        "credit_minor": 1,
        "slot": "A1",
        "price_minor": 1,
        "paid_minor": 1,
        "reason": "lever",
        "code": "slot.jammed",
        "added": 1,
        "denomination_minor": 10,
        "name": "planogram",
        "rev": 1,
        "ok": True,
        "why": "x",
        "outcome": "charged",
        "minutes": 3,
        "failures": 5,
        "removed": 1,
        "counted": 1,
        "believed": 2,
        "part": "hopper",
        "believed_minor": 1,
        "counted_minor": 1,
        "collected_minor": 0,
        "test": "motor",
        "where": "B2",
        "format": "dts",
        "to": "usb",
        "value": 60,
    }
    line = event_line(logged(json.dumps({"kind": kind, "d": body}).encode()))
    assert "未知" not in line[1]
    assert "読めない" not in line[1]


def test_fault_meaning_when_the_code_is_unknown_then_the_code_itself_is_shown() -> None:
    assert fault_meaning("new.fault") == "new.fault"


def test_event_line_when_the_machine_owes_change_then_it_names_the_sum_and_the_code() -> None:
    body = {"paid_minor": 30, "short_minor": 10, "claim": "7K3Q-9MXA"}
    line = event_line(logged(json.dumps({"kind": "change.paid", "d": body}).encode()))
    assert line[1:] == ("おつり ¥30 を払いました。¥10 不足、番号 7K3Q-9MXA", "warn")


@pytest.mark.parametrize(
    ("kind", "body", "words", "tone"),
    [
        ("command.taken", {"name": "vend.paid"}, "指示を受けました: 支払い済みの販売", "neutral"),
        ("command.done", {"name": "vend.paid", "outcome": "succeeded"}, "指示の結果: 支払い済みの販売 済み", "neutral"),
        (
            "command.done",
            {"name": "coupon.offer", "outcome": "rejected", "why": "door"},
            "指示の結果: クーポン価格 お断り(door)",
            "warn",
        ),
        ("command.done", {"name": "cooler.set", "outcome": "failed"}, "指示の結果: cooler.set 失敗", "warn"),
    ],
)
def test_event_line_when_a_command_is_answered_then_it_says_which_and_how(
    kind: str, body: dict[str, str], words: str, tone: str
) -> None:
    assert event_line(logged(json.dumps({"kind": kind, "d": body}).encode())) == (kind, words, tone)


@pytest.mark.parametrize(
    ("kind", "body", "words", "tone"),
    [
        (
            "slot.removed",
            {"slot": "B2", "removed": 2, "why": "expired", "lot": "K7"},
            "B2 から 2 個取り出しました(期限切れ、ロット K7)",
            "neutral",
        ),
        ("slot.counted", {"slot": "B2", "counted": 5, "believed": 6}, "B2 を数えました: 5 個(差 -1)", "warn"),
        ("slot.counted", {"slot": "B2", "counted": 5, "believed": 5}, "B2 を数えました: 5 個", "neutral"),
        (
            "cash.counted",
            {"part": "cash_box", "believed_minor": 1900, "counted_minor": 1900, "collected_minor": 900, "bag": "B-17"},
            "金庫箱を数えました: ¥1,900(うち回収 ¥900、袋 B-17)",
            "neutral",
        ),
        (
            "staff.refused",
            {"why": "wrong_pin", "failures": 5},
            "保守画面をロックしました: 暗証番号が違います(続けて 5 回)",
            "warn",
        ),
        (
            "staff.refused",
            {"why": "locked", "failures": 5},
            "保守画面に入れませんでした: ロック中(続けて 5 回)",
            "warn",
        ),
        (
            "device.tested",
            {"test": "motor", "where": "B2", "ok": False, "detail": "home"},
            "点検: モーター B2 異常あり(home)",
            "warn",
        ),
        (
            "visit.ended",
            {"minutes": 14, "open_tasks": ["door_open"]},
            "訪問が終わりました(14 分)。残した作業 1 件",
            "neutral",
        ),
    ],
)
def test_event_line_when_staff_did_something_then_it_says_what_and_whether_to_look(
    kind: str, body: dict[str, Any], words: str, tone: str
) -> None:
    assert event_line(logged(json.dumps({"kind": kind, "d": body}).encode())) == (kind, words, tone)


@pytest.mark.parametrize(
    ("sale", "note"),
    [
        (("cash", "", 0), ""),
        (("card", "", 0), "カード"),
        (("cash", "RAIN", 1600), "クーポン RAIN · 定価 ¥1,600"),
        (("remote", "", 0), "支払い済み"),
        (("barter", "", 0), ""),
    ],
)
def test_sale_note_when_a_sale_is_special_then_it_says_how(sale: tuple[str, str, int], note: str) -> None:
    assert sale_note(*sale) == note
