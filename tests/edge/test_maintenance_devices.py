"""Staff test devices and clear faults: journeys on the pages, without a display and without a device."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest

from edge.audit.dts import Read
from edge.backlight import Backlight
from edge.clock import LoopClock
from edge.cloud_link.link import CloudLink
from edge.cloud_link.standing import LinkWatch, Standing
from edge.cloud_link.transport import CannotConnectError, Connection
from edge.log_ring import KEPT, LogRing
from edge.screens.maintenance.device_tasks import Workshop, devices
from edge.screens.maintenance.jam import STAGES
from edge.screens.maintenance.task import Machine, TaskKind
from edge.screens.maintenance.view import Code, Item, Lines, Stepper
from edge.screens.texts import strings
from edge.sensor_watch import Reading
from edge.service.clearing import BY_OPERATOR, BY_STAFF, CHECKED, who_clears
from edge.store.history import History
from edge.store.store import Store
from edge.updating import Updates
from edge.vend import inputs as i
from edge.vend.state import MachineState, Phase
from edge.vend.step import Step
from hardware.dispenser.port import SlotCondition
from protocol.events import DoorOpened, FaultRaised
from protocol.faults import CATALOGUE
from tests.edge.staff_bench import OTHER_PIN, Staff
from tools.design import guide

FAULT_MS = 1_795_000_000_000


class Shop:
    """The rest of the machine, as these tasks see it."""

    def __init__(self) -> None:
        self.looked_at: list[str] = []
        self.found: list[Reading] = []
        self.is_watched = False
        self.has_dropped = True
        self.is_busy = False
        self.is_disk_full = False
        self.link = Standing(True, 200.0, 3.0, 0, "broker.example:8883", 5 * 2**20)
        self.log: list[str] = []
        self.languages: list[str] = []
        self.newer, self.is_possible, self.is_asked_for, self.asked_by = "", True, False, ""
        self.size = 100

    def kinds(self, machine: Machine) -> Sequence[TaskKind]:
        return devices(
            Workshop(
                machine=machine,
                slots=("A1", "A2", "A3"),
                sensors=self,
                raised_ms=lambda *_: FAULT_MS,
                look_again=self.looked_at.append,
                book=self,
                link=lambda: self.link,
                log_lines=lambda: tuple(self.log),
                software=self,
                set_language=self.languages.append,
            )
        )

    # --- its software ----------------------------------------------------------------------------
    software = "0.1.0"

    def waiting(self) -> str:
        return self.newer

    def ask(self, staff: str) -> None:
        self.asked_by, self.is_asked_for = staff, True

    # --- its audit book --------------------------------------------------------------------------
    def read(self, state: MachineState) -> Read:
        since = Counter({"vend.A1.CA.paid": 480, "vend.A1.CA.n": 3, "in": 1000, "out": 520})
        at = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
        return Read("vm-test-0001", "1.0", at, None, 1, since, since, state)

    def export(self, state: MachineState, wanted: str) -> tuple[str, str, bool]:
        if self.is_disk_full:
            raise OSError(28, "No space left on device")
        return f"vm.{wanted}", "x" * self.size, False

    # --- its sensors -----------------------------------------------------------------------------
    def watch(self) -> None:
        self.is_watched = True

    def rest(self) -> None:
        self.is_watched = False

    def readings(self) -> Sequence[Reading]:
        return self.found

    def rearm(self) -> bool:
        if not self.is_busy:
            self.has_dropped = False
        return not self.is_busy


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def staff(shop: Shop) -> Staff:
    here = Staff(shop.kinds)
    here.ask()
    here.log_in()
    return here


def test_motor_run_when_a_jam_is_freed_then_the_coil_turns_once_and_the_slot_sells_again(staff: Staff) -> None:
    staff.machine.apply(i.FaultSeen("slot.jammed", "A1"))
    staff.press("task:motors")
    assert "詰まり" in staff.item("A1").detail
    staff.press("slot:A1", "run")
    assert "まわしています" in staff.notes()
    assert staff.machine.state.phase is Phase.SERVICING
    staff.machine.apply(i.NotDelivered("no_drop", turned=True))
    assert staff.fact("結果").tone == "ok"
    assert staff.fact("異常").tone == "ok"
    told = staff.told("device.tested")[0]
    assert (told["test"], told["where"], told["ok"], told["staff"]) == ("motor", "A1", True, "st-1")
    cleared = staff.told("fault.cleared")[0]
    assert (cleared["code"], cleared["staff"]) == ("slot.jammed", "st-1")
    assert cleared["visit"] == told["visit"] != ""
    staff.press("back", "back")
    assert staff.page == "menu"


def test_test_vend_when_a_unit_falls_then_stock_and_summary_have_it(staff: Staff) -> None:
    staff.press("task:test_vend", "slot:A1", "run")
    staff.machine.apply(i.Delivered(turns=1))
    assert staff.fact("在庫").value == "2個"
    assert "センサーが感知" in staff.fact("結果").value
    assert staff.told("slot.removed")[0]["why"] == "test"
    staff.press("back", "back", "end_visit")
    assert staff.fact("取り出し").value == "1個"


@pytest.mark.parametrize(
    ("task", "slot", "said"),
    [("motors", "A1", "扉を閉めてから"), ("test_vend", "A2", "在庫がありません")],
)
def test_coil_when_it_may_not_turn_then_the_page_says_why_and_the_key_is_off(
    staff: Staff, task: str, slot: str, said: str
) -> None:
    if task == "motors":
        staff.open_door()
    staff.press(f"task:{task}", f"slot:{slot}")
    view = staff.look()
    assert view is not None
    assert said in staff.notes()
    assert not next(key for key in view.page.keys if key.action == "run").enabled
    staff.press("run")
    assert said in staff.trouble
    assert staff.machine.state.test is None


def test_devices_when_somebody_has_no_right_then_the_tests_are_closed_to_them(shop: Shop) -> None:
    staff = Staff(shop.kinds)
    staff.ask()
    staff.log_in("山田", OTHER_PIN)
    assert not staff.item("モーター運転").enabled
    assert staff.item("異常の一覧").enabled


def test_coin_test_when_coins_come_then_each_is_shown_and_none_is_credit(staff: Staff) -> None:
    staff.press("task:coin_test", "start")
    staff.machine.apply(i.CoinIn(100, "hopper", 1))
    staff.machine.apply(i.CoinIn(500, "cash_box", 2))
    assert staff.fact("受け取った").value == "¥600"
    assert staff.fact("¥500").value == "金庫へ"
    assert staff.machine.state.credit == 0
    staff.press("end")
    assert "終わりました" in staff.notes()
    assert staff.fact("受け取った").value == "¥600"
    assert staff.told("device.tested")[0]["ok"]


@pytest.mark.parametrize("how", ["back", "time", "log_out", "restart"])
def test_coin_test_when_nobody_is_there_any_more_then_the_next_coin_is_credit(staff: Staff, how: str) -> None:
    staff.press("task:coin_test", "start")
    match how:
        case "back":
            staff.press("back")
        case "time":
            staff.wait(200)
            staff.look()
        case "log_out":
            staff.desk.log_out()
        case _:
            staff.restart()
    staff.machine.apply(i.CoinIn(100, "hopper", 1))
    assert staff.machine.state.credit == 100


def test_fault_when_a_person_may_clear_it_then_it_is_cleared_in_their_name(staff: Staff) -> None:
    staff.machine.apply(i.FaultSeen("coin_hopper.short", "hopper 100"))
    staff.press("task:faults")
    staff.press(staff.item("hopper 100").action)
    assert "から" in staff.fact("hopper 100").detail
    assert staff.fact("すること").value
    staff.press("clear")
    assert "異常はありません" in staff.notes()
    assert staff.told("fault.cleared")[0]["staff"] == "st-1"


def test_fault_when_the_machine_can_look_then_it_is_asked_to_and_nobody_can_talk_it_away(
    staff: Staff, shop: Shop
) -> None:
    staff.machine.apply(i.FaultSeen("slot.jammed", "A2"))
    staff.press("task:faults")
    staff.press(staff.item("A2").action, "clear")
    assert "解除できません" in staff.trouble
    staff.press("check")
    assert shop.looked_at == ["A2"]
    assert staff.machine.state.slot_fault("A2") == "slot.jammed"
    staff.machine.apply(i.FaultGone("slot.jammed", "A2"))
    assert staff.page == "faults"


def test_faults_when_there_are_some_then_the_menu_counts_them(staff: Staff) -> None:
    staff.machine.apply(i.FaultSeen("slot.jammed", "A2"))
    staff.machine.apply(i.FaultSeen("drop_sensor.late"))
    assert staff.item("異常の一覧").badge == "2"


def test_faults_when_listed_then_every_one_of_the_catalogue_has_words_and_somebody_who_clears_it() -> None:
    for code in CATALOGUE:
        for language in ("ja", "en"):
            assert f"maintenance.fault.{code}" in strings(language)
            assert f"maintenance.fault.{code}.do" in strings(language)
    known = BY_STAFF | BY_OPERATOR | CHECKED
    assert known <= CATALOGUE.keys()
    assert not BY_STAFF & BY_OPERATOR
    assert {who_clears(code) for code in CHECKED} == {"machine"}


async def test_history_when_a_fault_was_raised_twice_then_tells_the_newest(tmp_path: Path) -> None:

    store = Store.open(tmp_path / "s.db", "vm-test-0001", LoopClock(asyncio.get_running_loop(), 1000), durable=False)
    raised = FaultRaised(code="slot.jammed", where="A1")
    store.commit(i.Clear(), MachineState(), [raised])
    await asyncio.sleep(5)
    store.commit(i.Clear(), MachineState(), [raised, FaultRaised(code="slot.jammed", where="A2")])
    store.commit(i.Clear(), MachineState(), [DoorOpened()] * 600)
    history = History(store)
    assert history.raised_ms("slot.jammed", "A1") == 6000
    assert history.raised_ms("slot.missing", "A1") is None
    store.close()


# --- sensors -------------------------------------------------------------------------------------
def test_sensors_when_shown_then_each_speaks_in_words_and_coils_by_their_row(staff: Staff, shop: Shop) -> None:
    shop.found = [
        Reading("door", "attention", "open"),
        Reading("hopper", "missing", "silent", "100"),
        *(Reading("coil", "ok", "home", slot) for slot in ("A1", "A2")),
        Reading("coil", "ok", "home", "B1"),
        Reading("coil", "fault", "not_home", "B2"),
    ]
    staff.press("task:sensors")
    assert (staff.fact("扉").value, staff.fact("扉").tone) == ("開いている", "warn")
    assert (staff.fact("釣銭機 ¥100").value, staff.fact("釣銭機").tone) == ("応答なし", "sorry")
    assert staff.fact("らせん A").value == "2本とも定位置"
    assert (staff.fact("らせん B").value, staff.fact("らせん B").tone) == ("B2 途中で停止", "sorry")


def test_sensors_when_the_page_is_left_then_the_devices_are_left_alone(staff: Staff, shop: Shop) -> None:
    staff.press("task:sensors")
    assert shop.is_watched
    assert staff.desk.changes_in(staff.now) == pytest.approx(0.5)
    staff.wait(200)
    staff.look()
    assert not shop.is_watched


@pytest.mark.parametrize("is_seen", [True, False])
def test_drop_sensor_when_tried_then_the_cloud_hears_how_it_went(staff: Staff, shop: Shop, is_seen: bool) -> None:
    staff.press("task:sensors", "try")
    assert "光をさえぎって" in staff.notes()
    shop.has_dropped = is_seen
    assert ("感知しました" in staff.notes()) == is_seen
    staff.press("back")
    told = staff.told("device.tested")
    assert [(one["test"], one["ok"]) for one in told] == [("sensor", is_seen)]
    assert "○点検" in staff.fact("訪問の手順").value


def test_drop_sensor_when_a_customer_is_served_then_the_try_is_refused(staff: Staff, shop: Shop) -> None:
    shop.is_busy = True
    staff.press("task:sensors", "try", "back")
    assert staff.told("device.tested") == []


def test_sensors_when_they_can_speak_then_every_word_is_known() -> None:
    says = {"open", "closed", "clear", "blocked", "fell", "nothing_fell", "silent", "accepting", "refusing"}
    says |= {"paying", "fault", "ready", "holding", "card"} | {found.value for found in SlotCondition}
    assert {f"maintenance.sensor.says.{word}" for word in says} <= strings("ja").keys()


# --- the jam guide -------------------------------------------------------------------------------
def test_jam_guide_when_followed_then_ends_with_a_slot_that_sells(staff: Staff, shop: Shop) -> None:
    staff.machine.apply(i.FaultSeen("slot.no_drop", "A2"))
    staff.press("task:jam")
    assert next(block.action for block in staff.blocks if isinstance(block, Item)) == "slot:A2"
    staff.press("slot:A2")
    staff.open_door()
    staff.press("next", "next", "next")
    staff.close_door()
    staff.press("next", "run")
    staff.machine.apply(i.NotDelivered("no_drop", turned=True))
    assert staff.fact("結果").tone == "ok"
    staff.press("next", "try")
    shop.has_dropped = True
    assert "感知しました" in staff.notes()
    staff.press("next", "sell")
    assert staff.page == "menu"
    assert staff.machine.state.slot_fault("A2") == ""
    assert [(one["test"], one["ok"]) for one in staff.told("device.tested")] == [("motor", True), ("sensor", True)]
    assert staff.told("fault.cleared")[-1]["staff"] == "st-1"


def test_jam_guide_when_the_machine_still_finds_the_jam_then_only_leaving_it_locked_ends_it(staff: Staff) -> None:
    staff.machine.apply(i.FaultSeen("slot.jammed", "A1"))
    staff.press("task:jam", "slot:A1", *["next"] * 6)
    assert staff.page == "jam.end"
    staff.press("sell")
    assert "まだ異常" in staff.trouble
    staff.press("leave_locked")
    assert (staff.page, staff.machine.state.slot_fault("A1")) == ("menu", "slot.jammed")


def test_jam_guide_when_staff_are_in_doubt_then_a_slot_that_would_sell_stays_locked(staff: Staff) -> None:
    staff.machine.apply(i.FaultSeen("slot.jammed", "A1"))
    staff.press("task:jam", "slot:A1")
    staff.machine.apply(i.FaultGone("slot.jammed", "A1"))
    staff.press(*["next"] * 6, "leave_locked")
    assert staff.machine.state.slot_fault("A1") == "slot.out_of_use"
    staff.press("task:jam", "slot:A1", *["next"] * 6, "sell")
    assert staff.machine.state.slot_fault("A1") == ""


def test_jam_guide_when_gone_back_then_shows_the_step_before_and_at_last_the_menu(staff: Staff) -> None:
    staff.press("task:jam", "slot:A1", "next", "back", "back")
    assert staff.page == "jam"
    staff.press("back")
    assert staff.page == "menu"


def test_jam_guide_when_it_has_pictures_then_both_renderers_have_each_of_them() -> None:
    assert set(STAGES[1:-1]) == set(guide.draw_all())
    for name, svg in guide.draw_all().items():
        assert len(svg) < 6 * 1024
        drawn = resources.files("edge.screens").joinpath(f"kiosk/art/guide/{name}.png").read_bytes()
        assert drawn.startswith(b"\x89PNG")


# --- audit ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("size", "has_code"), [(100, True), (2500, False)])
def test_audit_when_exported_then_names_the_file_and_shows_a_code_when_it_is_small(
    staff: Staff, shop: Shop, size: int, has_code: bool
) -> None:
    shop.size = size
    staff.press("task:audit")
    assert (staff.fact("販売").value, staff.fact("販売").detail) == ("¥480", "3個")
    staff.press("dts")
    assert staff.fact("書き出しました").value == "vm.dts"
    assert any(isinstance(block, Code) for block in staff.blocks) == has_code
    assert [(one["format"], one["to"]) for one in staff.told("audit.exported")] == [("dts", "file")]


def test_audit_when_the_disk_is_full_then_says_so_and_nothing_is_told(staff: Staff, shop: Shop) -> None:
    shop.is_disk_full = True
    staff.press("task:audit", "csv")
    assert "No space left" in staff.trouble
    assert staff.told("audit.exported") == []


# --- what the machine says of itself -------------------------------------------------------------
def test_network_when_the_line_is_cut_then_says_since_when_and_what_waits(staff: Staff, shop: Shop) -> None:
    staff.press("task:network")
    assert (staff.fact("クラウド").tone, staff.fact("クラウド").detail) == ("ok", "3分前から")
    shop.link = Standing(False, 7300.0, None, 12, "broker.example:8883", 5 * 2**20)
    assert (staff.fact("クラウド").tone, staff.fact("クラウド").detail) == ("warn", "2時間前から")
    assert staff.fact("未送信").value == "12件"
    assert staff.fact("記録の空き").value == "5 MiB"


@pytest.mark.parametrize(("field", "value"), [("volume", "30"), ("brightness", "10")])
def test_knob_when_turned_then_stays_and_the_cloud_hears_of_it(staff: Staff, field: str, value: str) -> None:
    staff.press("task:sound_light")
    staff.enter(field, value)
    knob = next(block for block in staff.blocks if isinstance(block, Stepper) and block.field == field)
    assert knob.value == int(value)
    told = staff.told("machine.adjusted")[0]
    assert (told["name"], told["value"], told["staff"]) == (field, int(value), "st-1")
    staff.restart()
    assert getattr(staff.machine.state, field) == int(value)


@pytest.mark.parametrize(("field", "value"), [("brightness", "0"), ("volume", "101"), ("volume", "-1"), ("volume", "")])
def test_knob_when_turned_too_far_then_stays_where_it_was(staff: Staff, field: str, value: str) -> None:
    staff.press("task:sound_light")
    staff.enter(field, value)
    assert "数字を入れて" in staff.trouble
    assert staff.told("machine.adjusted") == []


def test_language_when_chosen_then_the_desk_is_told(staff: Staff, shop: Shop) -> None:
    staff.press("task:language", "language:en")
    assert shop.languages == ["en"]
    assert staff.item("日本語").badge == "使用中"


def test_log_when_it_grows_then_the_page_stands_still_until_asked(staff: Staff, shop: Shop) -> None:
    shop.log = ["b", "a"]
    staff.press("task:logs")
    shop.log = ["c", "b", "a"]
    assert Lines(("b", "a")) in staff.blocks
    staff.press("again")
    assert Lines(("c", "b", "a")) in staff.blocks


def test_update_when_a_newer_version_waits_then_is_asked_for_once_in_somebodys_name(staff: Staff, shop: Shop) -> None:
    shop.newer = "0.2.0"
    assert staff.item("ソフトの更新").badge == "1"
    staff.press("task:update", "ask")
    assert shop.asked_by == "st-1"
    assert "頼みました" in staff.notes()
    staff.press("ask")
    assert staff.trouble


def test_update_when_nothing_waits_or_nobody_brings_any_then_the_page_says_which(staff: Staff, shop: Shop) -> None:
    staff.press("task:update")
    assert "新しい版はありません" in staff.notes()
    staff.press("ask")
    assert shop.asked_by == ""
    shop.is_possible = False
    assert "UPDATE_DIR" in staff.notes()


async def test_link_when_watched_then_the_broker_is_named_without_its_password(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "s.db", "vm-test-0001", LoopClock(asyncio.get_running_loop(), 1000), durable=False)
    link = CloudLink(
        store, NoWay(), software="1", applied=dict, on_planogram=lambda _: None, apply=lambda _: None, seed=1
    )
    watch = LinkWatch(link, "mqtts://user:pa55word@broker.example")
    await asyncio.sleep(30)
    link.set_online(online=True)
    await asyncio.sleep(5)
    standing = watch.standing()
    assert (standing.broker, standing.is_online, standing.since_s) == ("broker.example:8883", True, 5.0)
    assert standing.heard_s is None
    store.close()


class NoWay:
    async def connect(self, _: bytes) -> Connection:
        raise CannotConnectError("no network")


def test_log_ring_when_lines_come_then_keeps_the_newest_without_secrets() -> None:
    ring = LogRing()
    for n in range(KEPT + 5):
        ring(None, "info", {"timestamp": "2026-03-14T15:09:26Z", "level": "info", "event": f"line {n}", "slot": "A1"})
    lines = ring.lines()
    assert (len(lines), lines[0]) == (KEPT, f"15:09:26 INFO line {KEPT + 4} slot=A1")


def test_updates_when_a_version_is_put_there_then_only_a_newer_one_waits(tmp_path: Path) -> None:
    updates = Updates("0.9.0", tmp_path, tmp_path / "updates", lambda: 5)
    assert updates.waiting() == ""
    (tmp_path / "updates").mkdir()
    for version, waiting in (("0.8.9", ""), ("0.9.0", ""), ("0.10.0\n", "0.10.0"), ("rubbish", "")):
        (tmp_path / "updates" / "VERSION").write_text(version, "utf-8")
        assert updates.waiting() == waiting
    updates.ask("st-1")
    assert updates.is_asked_for
    assert json.loads((tmp_path / "update-wanted").read_text("utf-8"))["staff"] == "st-1"


def test_backlight_when_brightness_changes_then_follows_and_a_missing_one_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "max_brightness").write_text("255\n", "ascii")
    light = Backlight(tmp_path)
    light.stepped(Step(MachineState(brightness=50)))
    assert (tmp_path / "brightness").read_text("ascii") == "127"
    Backlight(tmp_path / "none").follow(MachineState())
