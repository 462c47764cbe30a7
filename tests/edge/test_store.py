"""The journal and outbox: durable, whole, and never silently made anew."""

import json
import sqlite3
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.store.errors import StoreForeignError, StoreFullError
from edge.store.store import Keep, Store
from edge.vend import inputs as i
from edge.vend.state import MachineState, Phase
from protocol.desired import Planogram, RestockList, StaffList
from protocol.envelope import GENESIS, Envelope, digest
from protocol.events import DoorClosed, DoorOpened

MACHINE = "vm-test-0001"


def open_store(path: Path, machine: str = MACHINE) -> Store:
    return Store.open(path, machine, SystemClock())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_state_when_reopened_then_is_the_last_committed(path: Path) -> None:
    store = open_store(path)
    state = MachineState(credit=300, phase=Phase.CREDIT, on_hand={"A1": 3}, hoppers={100: 7})
    store.commit(i.Select("A1"), state, [])
    store.close()
    assert open_store(path).load_state() == state


def test_events_when_committed_then_form_a_gap_free_digest_chain_over_boots(path: Path) -> None:
    for _ in range(3):
        store = open_store(path)
        store.commit(i.DoorMoved(is_open=True), MachineState(), [DoorOpened(), DoorClosed()])
        store.close()
    rows = open_store(path).read_events(0, 100)
    previous = GENESIS
    for expected, (seq, body) in enumerate(rows, start=1):
        envelope = Envelope.from_bytes(body)
        assert (seq, envelope.seq, envelope.h) == (expected, expected, previous)
        previous = digest(body)
    assert len(rows) == 6
    assert [Envelope.from_bytes(body).boot.n for _, body in rows] == [1, 1, 2, 2, 3, 3]


def test_step_when_the_transaction_fails_then_leaves_neither_state_nor_event(path: Path) -> None:
    store = open_store(path)
    store.commit(i.Clear(), MachineState(credit=100), [DoorOpened()])
    store._db.execute("CREATE TRIGGER no BEFORE INSERT ON outbox BEGIN SELECT raise(ABORT, 'no'); END")
    with pytest.raises(sqlite3.IntegrityError):
        store.commit(i.Clear(), MachineState(credit=200), [DoorClosed()])
    assert store.load_state().credit == 100
    assert store.last_seq == 1
    store._db.execute("DROP TRIGGER no")
    store.commit(i.Clear(), MachineState(credit=300), [DoorClosed()])
    assert [seq for seq, _ in store.read_events(0, 9)] == [1, 2]


def test_step_when_the_disk_is_full_then_says_so_and_keeps_what_was(path: Path) -> None:
    store = open_store(path)
    store.commit(i.Clear(), MachineState(credit=100), [])
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    large = MachineState(credit=200, on_hand={f"A{n}": n for n in range(50_000)})
    with pytest.raises(StoreFullError, match="disk is full"):
        store.commit(i.Clear(), large, [])
    store.close()
    assert open_store(path).load_state().credit == 100


def test_acknowledge_when_old_repeated_or_from_the_future_then_changes_nothing(path: Path) -> None:
    store = open_store(path)
    store.commit(i.Clear(), MachineState(), [DoorOpened()] * 5)
    assert store.acknowledge(3)
    assert not store.acknowledge(3)
    assert not store.acknowledge(2)
    assert not store.acknowledge(6)
    store.close()
    assert open_store(path).acknowledged == 3


def test_acknowledged_events_when_asked_for_again_then_are_still_there(path: Path) -> None:
    store = open_store(path)
    store.commit(i.Clear(), MachineState(), [DoorOpened()] * 5)
    store.acknowledge(5)
    assert [seq for seq, _ in store.read_events(1, 2)] == [2, 3]


def test_store_when_of_another_machine_then_is_refused(path: Path) -> None:
    open_store(path).close()
    with pytest.raises(StoreForeignError, match="belongs to machine 'vm-test-0001'"):
        open_store(path, "vm-test-0002")


def test_store_when_of_a_newer_version_then_is_refused(path: Path) -> None:
    store = open_store(path)
    store._db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    store.close()
    with pytest.raises(StoreForeignError, match="newer than this software"):
        open_store(path)


def test_journal_when_read_then_says_what_happened_in_words(path: Path) -> None:
    store = open_store(path)
    store.commit(i.CoinIn(100, "hopper", 7), MachineState(), [])
    said = json.loads(store._db.execute("SELECT input FROM journal").fetchone()[0])
    assert said == {"type": "CoinIn", "amount": 100, "routed_to": "hopper", "counter": 7}


def test_planogram_when_in_many_states_then_is_written_once_and_read_with_each(path: Path) -> None:
    store = open_store(path)
    first, second = Planogram(rev=1, slots=[]), Planogram(rev=2, slots=[])
    for credit in (100, 200):
        store.commit(i.Clear(), MachineState(credit=credit, planogram=first), [])
    for credit in (300, 400):
        store.commit(i.Clear(), MachineState(credit=credit, planogram=second), [])
    assert store._db.execute("SELECT count(*) FROM planogram").fetchone() == (2,)
    store.close()
    assert open_store(path).load_state() == MachineState(credit=400, planogram=second)


def test_documents_of_staff_when_written_then_are_kept_outside_the_rows_and_read_again(path: Path) -> None:
    store = open_store(path)
    people, picks = StaffList(rev=3, staff=[]), RestockList(rev=2, made_ms=1, trip="trip-9")
    state = MachineState(staff_list=people)
    store.commit(i.Clear(), state, [])
    state = state.model_copy(update={"credit": 100, "restock_list": picks})
    store.commit(i.Clear(), state, [])
    assert "trip-9" not in store._db.execute("SELECT group_concat(state) FROM journal").fetchone()[0]
    store.close()
    assert open_store(path).load_state() == state


def test_planogram_when_the_step_that_brought_it_fails_then_comes_with_the_next(path: Path) -> None:
    store = open_store(path)
    store._db.execute("CREATE TRIGGER no BEFORE INSERT ON journal BEGIN SELECT raise(ABORT, 'no'); END")
    state = MachineState(planogram=Planogram(rev=7, slots=[]))
    with pytest.raises(sqlite3.IntegrityError):
        store.commit(i.Clear(), state, [])
    store._db.execute("DROP TRIGGER no")
    store.commit(i.Clear(), state, [])
    assert store.load_state() == state


def test_planograms_when_no_journal_row_needs_them_then_are_forgotten(path: Path) -> None:
    store = Store.open(path, MACHINE, SystemClock(), keep=Keep(journal_rows=3))
    for rev in range(1, 20):
        store.commit(i.Clear(), MachineState(planogram=Planogram(rev=rev, slots=[])), [])
    kept = store._db.execute("SELECT count(*) FROM planogram").fetchone()[0]
    assert kept <= 5
    assert store.load_state().planogram == Planogram(rev=19, slots=[])


def test_past_when_longer_than_kept_then_is_removed_while_running(path: Path) -> None:
    store = Store.open(path, MACHINE, SystemClock(), durable=False, keep=Keep(journal_rows=10, acknowledged=20))
    for number in range(100):
        store.commit(i.Clear(), MachineState(credit=number), [DoorOpened()])
        store.acknowledge(store.last_seq)
    assert store._db.execute("SELECT count(*) FROM journal").fetchone()[0] == 10
    assert [seq for seq, _ in store.read_events(0, 99)] == list(range(80, 101))
    assert store.load_state().credit == 99


def test_past_when_the_cloud_lacks_it_then_is_kept_however_long(path: Path) -> None:
    store = Store.open(path, MACHINE, SystemClock(), durable=False, keep=Keep(journal_rows=10, acknowledged=5))
    for _ in range(100):
        store.commit(i.Clear(), MachineState(), [DoorOpened()])
    store.acknowledge(7)
    for _ in range(100):
        store.commit(i.Clear(), MachineState(), [DoorOpened()])
    assert [seq for seq, _ in store.read_events(0, 999)] == list(range(3, 201))


def test_past_when_very_long_then_is_removed_slice_by_slice(path: Path) -> None:
    store = Store.open(path, MACHINE, SystemClock(), durable=False, keep=Keep(acknowledged=1, slice_rows=4))
    store.commit(i.Clear(), MachineState(), [DoorOpened()] * 50)
    store.acknowledge(50)
    left = []
    for _ in range(3):
        store.commit(i.Clear(), MachineState(), [])
        left.append(len(store.read_events(0, 99)))
    assert left == [46, 42, 38]


def test_file_when_the_past_is_removed_then_stops_growing(path: Path) -> None:
    store = Store.open(path, MACHINE, SystemClock(), durable=False, keep=Keep(journal_rows=50, acknowledged=50))
    sizes = []
    for number in range(1, 1_501):
        store.commit(i.Clear(), MachineState(on_hand={f"A{n}": n for n in range(30)}), [DoorOpened(), DoorClosed()])
        store.acknowledge(store.last_seq)
        if number % 500 == 0:
            sizes.append(store._db.execute("PRAGMA page_count").fetchone()[0])
    assert sizes[2] <= sizes[0] + 2
