"""A damaged store: found at start, kept aside as it is, never silently made anew."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.store.errors import StoreDamagedError, StoreError, StoreForeignError
from edge.store.health import keep_aside, kept_aside, replace_damaged
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import MachineState
from protocol.events import DoorClosed, DoorOpened

MACHINE = "vm-test-0001"


def open_store(path: Path, machine: str = MACHINE) -> Store:
    return Store.open(path, machine, SystemClock())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with a short past, at rest."""
    store = open_store(tmp_path / "store.db")
    for credit in range(100, 3_000, 100):
        store.commit(i.Clear(), MachineState(credit=credit), [DoorOpened(), DoorClosed()])
    store.close()
    return tmp_path / "store.db"


def change(statement: str, *values: object) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        db = sqlite3.connect(path)
        db.execute(statement, values)
        db.commit()
        db.close()

    return damage


def overwrite(offset: int, content: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(content)

    return damage


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def replay_of_another_epoch(path: Path) -> None:
    db = sqlite3.connect(path)
    body: bytes = db.execute("SELECT body FROM outbox WHERE seq = 58").fetchone()[0]
    epoch: str = db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]
    db.execute("UPDATE outbox SET body = ? WHERE seq = 58", (body.replace(epoch.encode(), b"0" * 32),))
    db.commit()
    db.close()


DAMAGE: dict[str, Callable[[Path], None]] = {
    "emptied": lambda path: path.write_bytes(b"") and None,
    "not a database": lambda path: path.write_bytes(b"not a database, but long enough to look at" * 100) and None,
    "header": overwrite(0, b"\0" * 16),
    "a page in the middle": overwrite(4096 * 3, b"\xff" * 4096),
    "cut off": cut,
    "no meta": change("DELETE FROM meta WHERE key = 'epoch'"),
    "no table": change("DROP TABLE outbox"),
    "no schema version": change("DELETE FROM meta WHERE key = 'schema'"),
    "state of half a document": change("UPDATE journal SET state = substr(state, 1, 20)"),
    "state that cannot be": change("UPDATE journal SET state = json_set(state, '$.credit', -1)"),
    "planogram gone": change("UPDATE journal SET planogram = 99"),
    "a hole in the events": change("DELETE FROM outbox WHERE seq = 40"),
    "an event changed": change("UPDATE outbox SET body = replace(body, 'door.opened', 'door.closed') WHERE seq = 41"),
    "the newest events gone": change("UPDATE meta SET value = '999' WHERE key = 'acknowledged'"),
    "another epoch's event": replay_of_another_epoch,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_store_when_damaged_then_is_refused_untouched_and_kept_aside(
    path: Path, damage: Callable[[Path], None]
) -> None:
    damage(path)
    content = path.read_bytes()
    with pytest.raises(StoreDamagedError, match=r"kept aside as store\.damaged-.*--new-store") as refusal:
        open_store(path)
    assert path.read_bytes() == content
    assert refusal.value.kept is not None
    assert refusal.value.kept.read_bytes() == content


def test_store_when_damaged_with_a_log_then_both_are_kept_as_they_were(path: Path, tmp_path: Path) -> None:
    store = open_store(path)
    store.commit(i.Clear(), MachineState(credit=7), [DoorOpened()])
    store._db.execute("UPDATE meta SET value = '999' WHERE key = 'acknowledged'")
    cold = tmp_path / "cut" / "store.db"
    cold.parent.mkdir()
    for suffix in ("", "-wal"):  # as a power cut leaves them
        shutil.copyfile(path.with_name(path.name + suffix), cold.with_name(cold.name + suffix))
    store.close()
    before = [cold.with_name(cold.name + suffix).read_bytes() for suffix in ("", "-wal")]
    with pytest.raises(StoreDamagedError) as refusal:
        open_store(cold)
    kept = refusal.value.kept
    assert kept is not None
    for name in (cold.name, kept.name):
        assert [cold.with_name(name + suffix).read_bytes() for suffix in ("", "-wal")] == before


def test_store_when_damaged_and_started_again_and_again_then_is_kept_once(path: Path) -> None:
    cut(path)
    for _ in range(5):
        with pytest.raises(StoreDamagedError):
            open_store(path)
    assert len(kept_aside(path)) == 1


def test_store_when_damaged_again_in_its_log_alone_then_is_kept_again(path: Path) -> None:
    cut(path)
    keep_aside(path, 1_000)
    path.with_name("store.db-wal").write_bytes(b"steps that came later")
    kept = keep_aside(path, 2_000)
    assert kept_aside(path)[1] == kept
    assert kept.with_name(kept.name + "-wal").read_bytes() == b"steps that came later"


def test_store_when_the_damaged_one_was_taken_away_then_is_still_not_made_anew(path: Path) -> None:
    cut(path)
    with pytest.raises(StoreDamagedError):
        open_store(path)
    path.unlink()
    with pytest.raises(StoreDamagedError, match="is missing; a damaged one is kept as"):
        open_store(path)
    assert not path.exists()


def test_store_when_only_its_log_is_left_then_is_not_made_anew(path: Path) -> None:
    path.unlink()
    path.with_name("store.db-wal").write_bytes(b"the last steps")
    with pytest.raises(StoreDamagedError, match="its last steps"):
        open_store(path)
    assert not path.exists()


def test_new_store_when_ordered_then_has_a_new_epoch_and_names_the_damaged_one(path: Path) -> None:
    before = open_store(path)
    before.close()
    cut(path)
    content = path.read_bytes()
    kept = replace_damaged(path, MACHINE, SystemClock())
    assert kept.read_bytes() == content
    store = open_store(path)
    assert store.replaces == kept.name
    assert store.epoch != before.epoch
    assert (store.last_seq, store.load_state()) == (0, MachineState())


def test_new_store_when_the_order_was_cut_half_way_then_is_refused_until_ordered_again(path: Path) -> None:
    cut(path)
    with pytest.raises(StoreDamagedError):
        open_store(path)
    path.unlink()
    path.with_name("store.db-wal").write_bytes(b"left over")
    with pytest.raises(StoreDamagedError):
        open_store(path)
    kept = replace_damaged(path, MACHINE, SystemClock())
    assert open_store(path).replaces == kept.name


def test_new_store_when_the_old_one_is_healthy_then_is_refused(path: Path) -> None:
    content = path.read_bytes()
    with pytest.raises(StoreError, match="is healthy"):
        replace_damaged(path, MACHINE, SystemClock())
    assert path.read_bytes() == content


def test_new_store_when_there_never_was_one_then_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no damaged store to replace"):
        replace_damaged(tmp_path / "store.db", MACHINE, SystemClock())


def test_new_store_when_the_old_one_is_another_machines_then_is_refused(path: Path) -> None:
    with pytest.raises(StoreForeignError):
        replace_damaged(path, "vm-test-0002", SystemClock())
    assert open_store(path).last_seq == 58
