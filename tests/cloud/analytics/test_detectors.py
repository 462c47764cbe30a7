"""Detectors: what is odd is told with its number, what is usual is not; what is over is closed."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cloud.analytics import service
from cloud.analytics.detectors import (
    CashCounts,
    DayUnits,
    Expired,
    Insight,
    Losses,
    OpenFault,
    Planograms,
    Quiet,
    Refunds,
    SlotSilence,
    Vends,
    agent_losses,
    cash_difference,
    error_rate,
    expired_goods,
    found,
    price_mismatch,
    refund_pattern,
    sales_drop,
    silent_machine,
    stuck_slot,
    temperature,
)
from cloud.analytics.words import told
from cloud.db.database import Database
from cloud.kit.saying import in_japanese

DAY = date(2026, 11, 20)
DROP = DayUnits("vm-1", "駅前", DAY, 4, (21, 19, 22, 20, 18))
STUCK = SlotSilence("vm-1", "A1", "green-tea", "緑茶", on_hand=4, share=0.1, others=80)
VENDS = Vends("vm-1", "駅前", tried=40, failed=6, tried_before=900, failed_before=9)
REFUNDS = Refunds("vm-1", "駅前", count=5, yen=700, per_day_before=0.3)
CASH = CashCounts("vm-1", "駅前", (-200, -180, -150, 10))
LOSSES = Losses(2_000, 3_000, (100, 0, 120))
EXPIRED = Expired("vm-1", "A1", "green-tea", "緑茶", units=2, days_over=1)
FAULT = OpenFault("vm-1", "駅前", "temperature.high", "", 2)


@pytest.mark.parametrize(
    ("detect", "odd", "usual"),
    [
        (sales_drop, DROP, replace(DROP, units=17)),
        (sales_drop, DROP, replace(DROP, same_weekdays=(21, 19))),
        (sales_drop, replace(DROP, same_weekdays=(20, 20, 20, 20)), replace(DROP, units=13)),
        (silent_machine, Quiet("vm-1", "駅前", 9, 12.0), Quiet("vm-1", "駅前", 9, 5.0)),
        (stuck_slot, STUCK, replace(STUCK, others=20)),
        (stuck_slot, STUCK, replace(STUCK, on_hand=0)),
        (cash_difference, CASH, replace(CASH, differences=(-200, -180, 10))),
        (cash_difference, replace(CASH, differences=(1_200,)), replace(CASH, differences=())),
        (temperature, FAULT, replace(FAULT, code="coin_hopper.short")),
        (error_rate, VENDS, replace(VENDS, failed=2)),
        (refund_pattern, REFUNDS, replace(REFUNDS, per_day_before=4.0)),
        (agent_losses, LOSSES, replace(LOSSES, yen=900)),
        (agent_losses, Losses(900, 3_000, (100,) * 7), Losses(0, 3_000, (100,) * 7)),
        (price_mismatch, Planograms("vm-1", "駅前", 4, 3, 2), Planograms("vm-1", "駅前", 4, 3, 0)),
        (expired_goods, EXPIRED, replace(EXPIRED, days_over=0)),
    ],
)
def test_detector_when_something_is_odd_then_it_says_so_and_else_nothing(detect: Any, odd: Any, usual: Any) -> None:
    insight = detect(odd)
    assert insight.detector == detect.__name__
    assert insight.text
    assert insight.figures
    assert told(insight, in_japanese) == insight.text
    assert insight.href.startswith("/dashboard/")
    assert detect(usual) is None


def test_found_when_several_are_odd_then_the_gravest_come_first_and_each_once() -> None:
    rows = found([refund_pattern(REFUNDS), None, expired_goods(EXPIRED), expired_goods(EXPIRED)])
    assert [row.detector for row in rows] == ["expired_goods", "refund_pattern"]


def test_told_when_an_older_record_lacks_a_figure_then_it_is_told_as_it_was() -> None:
    assert told(seen("vm-1", "many fewer sold"), in_japanese) == "many fewer sold"
    assert told(replace(seen("vm-1", "older"), detector="older"), in_japanese) == "older"
    short = replace(CASH, differences=(-1_200, 10))
    assert cash_difference(CASH).text == "駅前の現金実査の差額は3 回続けて足りず、合わせて ¥530 です。"
    assert cash_difference(short).text == "駅前の現金実査の差額は¥-1,200 でした。"


def seen(machine: str, text: str = "odd") -> Insight:
    return Insight("sales_drop", "warning", text, machine_id=machine, figures={"units": 1})


async def test_note_when_seen_again_then_it_goes_on_and_when_no_longer_seen_then_it_is_over(
    database: Database,
) -> None:
    async with database.write() as db_session:
        assert len(await service.note(db_session, [seen("vm-1"), seen("vm-2")], 1_000)) == 2
    async with database.write() as db_session:
        assert await service.note(db_session, [seen("vm-1", "still odd")], 2_000) == []
    async with database.read() as db_session:
        rows = {row.machine_id: row for row in await service.anomalies(db_session, limit=10)}
    assert (rows["vm-1"].state, rows["vm-1"].times, rows["vm-1"].text) == ("open", 2, "still odd")
    assert rows["vm-2"].state == "over"
    async with database.write() as db_session:
        fresh = await service.note(db_session, [seen("vm-1"), seen("vm-2")], 3_000)
        assert [row.machine_id for row in fresh] == ["vm-2"]


async def test_acknowledge_when_it_is_over_or_changed_then_it_is_refused(database: Database) -> None:
    async with database.write() as db_session:
        (row,) = await service.note(db_session, [seen("vm-1")], 1_000)
        after = await service.acknowledge(db_session, row.id, by="op@example.com", said="見に行く", now_ms=2_000)
        assert (after.state, after.handled_by, after.revision) == ("acknowledged", "op@example.com", 2)
        with pytest.raises(service.AnomalyChangedError):
            await service.acknowledge(db_session, row.id, by="x", said="", now_ms=3_000, revision=1)
        await service.note(db_session, [], 4_000)
        with pytest.raises(service.AnomalyOverError):
            await service.acknowledge(db_session, row.id, by="x", said="", now_ms=5_000)
        with pytest.raises(service.NoSuchAnomalyError):
            await service.acknowledge(db_session, 99, by="x", said="", now_ms=5_000)
