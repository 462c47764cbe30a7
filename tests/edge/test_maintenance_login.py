"""Who may into the maintenance screens, for how long, and who may not."""

import pytest

from edge.screens.display import Display
from edge.screens.intents import Intent
from edge.screens.maintenance.desk import SESSION_S, UNANSWERED_S
from edge.screens.maintenance.view import Keypad
from edge.service.inputs import StaffListArrived
from edge.service.pins import hash_pin, is_right, lock_s
from edge.settings import load_settings
from edge.vend import inputs as i
from protocol.desired import StaffList
from protocol.kit.settings import SettingsError
from tests.edge.machine_bench import Bench
from tests.edge.staff_bench import FEW, OTHER_PIN, PIN, STAFF, Staff


def test_door_when_opened_then_shows_the_names_in_order_and_closed_again_the_customers_screen() -> None:
    staff = Staff()
    assert staff.page == "customer"
    staff.open_door()
    assert staff.page == "login.names"
    assert [block.text for block in staff.blocks if block.kind == "item"] == ["青木", "山田"]
    staff.close_door()
    assert staff.page == "customer"


def test_log_in_when_the_pin_is_right_then_a_visit_begins_and_the_head_says_who() -> None:
    staff = Staff()
    staff.open_door()
    view = staff.log_in()
    assert view is not None
    assert (view.page.name, view.staff) == ("menu", "青木")
    (started,) = staff.told("visit.started")
    assert (started["staff"], started["how"], len(str(started["visit"]))) == ("st-1", "pin", 32)
    assert "訪問 0分" in view.standing


def test_log_in_when_wrong_five_times_then_locks_everybody_for_five_minutes_and_doubles() -> None:
    staff = Staff()
    staff.open_door()
    staff.press(staff.item("青木").action)
    for _ in range(4):
        staff.enter("pin", "000000")
        assert staff.trouble == "暗証番号がちがいます"
    assert "あと1回" in staff.notes()
    staff.enter("pin", "000000")
    assert "約5分" in staff.trouble
    staff.enter("pin", PIN)
    assert staff.page == "login.pin"
    told = [(refused["why"], refused["failures"]) for refused in staff.told("staff.refused")]
    assert told == [*(("wrong_pin", failures) for failures in range(1, 6)), ("locked", 5)]
    assert not any(block.enabled for block in staff.blocks if isinstance(block, Keypad))
    staff.press("names")
    staff.wait(299)
    staff.press("person:1")
    staff.enter("pin", OTHER_PIN)
    assert staff.page == "login.pin"
    staff.wait(1)
    staff.enter("pin", "000000")
    assert "約10分" in staff.trouble
    for _ in range(3):
        staff.enter("pin", OTHER_PIN)
    assert [refused["why"] for refused in staff.told("staff.refused")].count("locked") == 2, "once for each lock"
    staff.wait(600)
    staff.enter("pin", OTHER_PIN)
    assert staff.page == "menu"
    assert staff.machine.state.pin_failures == 0


def test_lock_when_the_machine_starts_again_then_begins_anew() -> None:
    staff = Staff()
    staff.open_door()
    staff.press(staff.item("青木").action)
    for _ in range(5):
        staff.enter("pin", "000000")
    staff.wait(290)
    staff.restart()
    staff.look()
    staff.wait(290)
    staff.press("person:0")
    staff.enter("pin", PIN)
    assert staff.page == "login.pin"
    staff.wait(11)
    staff.enter("pin", PIN)
    assert staff.page == "menu"


def test_session_when_untouched_then_is_locked_and_the_visit_stays_open() -> None:
    staff = Staff()
    staff.open_door()
    staff.log_in()
    staff.wait(SESSION_S - 1)
    assert staff.page == "menu"
    assert staff.desk.changes_in(staff.now) == 1.0
    staff.wait(1)
    assert staff.page == "login.names"
    assert staff.told("visit.ended") == []
    staff.log_in()
    assert len(staff.told("visit.started")) == 1


def test_visit_when_the_machine_starts_again_then_goes_on_after_the_pin() -> None:
    staff = Staff()
    staff.open_door()
    staff.log_in()
    staff.restart()
    assert staff.page == "login.names"
    staff.log_in()
    assert len(staff.told("visit.started")) == 1
    staff.wait(125)
    staff.press("end_visit", "end")
    (ended,) = staff.told("visit.ended")
    assert (ended["staff"], ended["minutes"], ended["visit"]) == ("st-1", 2, staff.told("visit.started")[0]["visit"])
    assert staff.page == "login.names"


def test_visit_when_somebody_else_logs_in_then_ends_and_theirs_begins() -> None:
    staff = Staff()
    staff.open_door()
    staff.log_in()
    staff.press("log_out")
    staff.log_in("山田", OTHER_PIN)
    assert [one["staff"] for one in staff.told("visit.started")] == ["st-1", "st-2"]
    assert [one["staff"] for one in staff.told("visit.ended")] == ["st-1"]


def test_closed_door_when_asked_then_shows_the_log_in_until_nobody_answers() -> None:
    staff = Staff()
    staff.ask()
    assert staff.page == "login.names"
    staff.wait(UNANSWERED_S)
    assert staff.page == "customer"


def test_closed_door_when_a_customer_has_money_inside_then_the_customer_comes_first() -> None:
    staff = Staff()
    staff.machine.apply(i.CoinIn(100, "hopper", 1))
    assert staff.ask() is None
    assert staff.desk.is_refusing(staff.now)
    staff.open_door()
    assert staff.page == "login.names"
    assert "¥100" in staff.notes()
    staff.press("return_credit")
    assert staff.machine.state.credit == 0


def test_session_behind_a_closed_door_when_a_coin_falls_then_is_locked() -> None:
    staff = Staff()
    staff.ask()
    staff.log_in()
    staff.machine.apply(i.CoinIn(100, "hopper", 1))
    assert staff.page == "customer"


def test_log_in_when_nobody_is_registered_then_says_so_and_the_machines_own_pin_helps() -> None:
    nobody = Staff(staff=None)
    nobody.open_door()
    assert "MAINTENANCE_PIN" in nobody.notes()
    alone = Staff(staff=None, local_pin="493817")
    alone.open_door()
    alone.press("local")
    alone.enter("pin", "493818")
    assert alone.page == "login.pin"
    alone.enter("pin", "493817")
    assert alone.told("visit.started")[0]["staff"] == "local"


def test_machines_own_pin_when_the_cloud_has_named_staff_then_lets_nobody_in() -> None:
    staff = Staff(local_pin="493817")
    staff.open_door()
    staff.press("local")
    staff.enter("pin", "493817")
    assert staff.page == "login.names"


def test_id_when_typed_then_asks_for_its_pin_and_an_unknown_one_counts_as_wrong() -> None:
    staff = Staff()
    staff.open_door()
    staff.enter("staff_id", "st-9")
    assert staff.trouble
    assert [(one["staff"], one["why"]) for one in staff.told("staff.refused")] == [("", "unknown")]
    staff.enter("staff_id", "st-1")
    staff.enter("pin", PIN)
    assert staff.page == "menu"


def test_pin_when_typed_then_is_in_no_event_and_no_view() -> None:
    staff = Staff()
    staff.open_door()
    view = staff.log_in()
    said = f"{[event.to_dict() for event in staff.machine.events]}{view}{staff.machine.state.visit}"
    assert PIN not in said


def test_staff_list_when_older_then_is_ignored_and_a_newer_one_is_told_as_applied() -> None:
    staff = Staff()
    staff.machine.apply(StaffListArrived(StaffList(rev=1, staff=[])))
    assert staff.machine.state.staff_list == STAFF
    staff.machine.apply(StaffListArrived(StaffList(rev=2, staff=[])))
    assert [(one["name"], one["rev"]) for one in staff.told("settings.applied")] == [("staff", 2)]
    assert staff.machine.state.applied["staff"] == 2


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "scrypt$16$8$1$c2FsdA==",
        "scrypt$99999999$8$1$c2FsdA==$c2FsdA==",
        "plain$1$1$1$c2FsdA==$!!",
        "scrypt$x$8$1$a$b",
    ],
)
def test_pin_when_the_hash_cannot_be_used_then_fits_nothing(kept: str) -> None:
    assert not is_right(PIN, kept)


def test_pin_when_judged_then_only_the_right_one_fits() -> None:
    kept = hash_pin(PIN, b"some other salt!", n=FEW)
    assert is_right(PIN, kept)
    assert not is_right(OTHER_PIN, kept)


def test_lock_when_wrong_again_and_again_then_doubles_up_to_an_hour() -> None:
    assert [lock_s(failures) for failures in (0, 4, 5, 6, 7, 8, 9, 30)] == [0, 0, 300, 600, 1200, 2400, 3600, 3600]


@pytest.mark.parametrize("pin", ["12345", "123456789", "12a456", "１２３４５６"])
def test_settings_when_the_maintenance_pin_is_no_pin_then_say_so(pin: str) -> None:
    with pytest.raises(SettingsError, match="6 to 8 digits"):
        load_settings(machine_id="vm-0001", machine_secret="a-secret-of-16-chars", maintenance_pin=pin)


async def test_display_when_the_door_opens_then_gives_the_maintenance_view_in_its_language(bench: Bench) -> None:
    staff = Staff()
    display = Display(bench.runtime, is_online=lambda: True, desk=staff.desk)
    assert display.view(staff.now).maintenance is None
    staff.open_door()
    view = display.view(staff.now)
    assert view.maintenance is not None
    assert view.to_dict()["maintenance"]["page"]["title"] == "係員ログイン"
    display.obey(Intent(language="en"), staff.now)
    assert display.view(staff.now).language == "en"
    staff.close_door()
    assert display.view(staff.now).language == "ja"


async def test_display_when_staff_ask_while_a_customer_is_served_then_says_why_not(bench: Bench) -> None:
    staff = Staff()
    staff.machine.apply(i.CoinIn(100, "hopper", 1))
    display = Display(bench.runtime, is_online=lambda: True, desk=staff.desk)
    display.obey(Intent(maintenance="open"), staff.now)
    assert display.view(staff.now).message.key == "customer_first"
