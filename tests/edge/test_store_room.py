"""Room on the disk: the reserve, and what it is for."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.store.errors import StoreFullError
from edge.store.room import ENOUGH_BYTES, LOW_BYTES, OPENING_BYTES, RESERVE_BYTES, Room
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import MachineState
from protocol.events import DoorOpened

MACHINE = "vm-test-0001"


class Disk:
    """A disk that says what it is told to say."""

    def __init__(self, free: int = 100 * ENOUGH_BYTES) -> None:
        self.free = free

    def __call__(self, folder: Path) -> int:
        return self.free


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def store(path: Path, disk: Disk) -> Iterator[Store]:
    opened = Store.open(path, MACHINE, SystemClock(), free=disk)
    yield opened
    opened.close()


def fill(store: Store) -> None:
    """From here on SQLite gets not one more page."""
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")


def large_state(credit: int) -> MachineState:
    return MachineState(credit=credit, on_hand={f"A{n}": n for n in range(5_000)})


def test_reserve_when_the_store_is_open_then_is_really_allocated(store: Store, path: Path) -> None:
    assert path.with_name("store.reserve").stat().st_blocks * 512 >= RESERVE_BYTES
    assert store.look_for_room()


def test_room_when_little_is_left_then_is_missing_until_there_is_plenty(store: Store, disk: Disk) -> None:
    said = []
    for free in (LOW_BYTES, LOW_BYTES - 1, LOW_BYTES, ENOUGH_BYTES - 1, ENOUGH_BYTES, LOW_BYTES):
        disk.free = free
        said.append(store.look_for_room())
    assert said == [True, False, False, False, True, True]


def test_step_when_the_disk_is_full_then_is_written_in_the_room_of_the_reserve(path: Path, disk: Disk) -> None:
    class RoomThatHelps(Room):
        def give_up(self) -> bool:
            had_one = super().give_up()
            store._db.execute("PRAGMA max_page_count = 100000")
            return had_one

    store = Store.open(path, MACHINE, SystemClock(), free=disk)
    store._room = RoomThatHelps(path, disk)
    fill(store)
    store.commit(i.Clear(), large_state(300), [DoorOpened()])
    assert store.load_state().credit == 300
    assert store.last_seq == 1
    assert not path.with_name("store.reserve").exists()


def test_step_when_the_reserve_does_not_help_then_is_refused_whole(store: Store) -> None:
    store.commit(i.Clear(), MachineState(credit=100), [])
    fill(store)
    with pytest.raises(StoreFullError, match="reserve is used up"):
        store.commit(i.Clear(), large_state(200), [DoorOpened()])
    assert store.load_state().credit == 100
    assert store.last_seq == 0


def test_reserve_when_given_up_then_is_taken_again_only_with_plenty_beside_it(path: Path, disk: Disk) -> None:
    room = Room(path, disk)
    assert room.look()
    assert room.give_up()
    assert not room.give_up()
    disk.free = ENOUGH_BYTES + RESERVE_BYTES - 1
    assert not room.look()
    assert not path.with_name("store.reserve").exists()
    disk.free = ENOUGH_BYTES + RESERVE_BYTES
    assert room.look()
    assert path.with_name("store.reserve").stat().st_size == RESERVE_BYTES


def test_reserve_when_half_made_by_a_power_cut_then_is_completed(path: Path, disk: Disk) -> None:
    path.with_name("store.reserve").write_bytes(b"x")
    assert Room(path, disk).look()
    assert path.with_name("store.reserve").stat().st_size == RESERVE_BYTES


def test_store_when_opened_on_a_full_disk_then_opens_in_the_room_of_the_reserve(path: Path, disk: Disk) -> None:
    first = Store.open(path, MACHINE, SystemClock(), free=disk)
    first.commit(i.Clear(), MachineState(credit=100), [])
    first.close()
    disk.free = OPENING_BYTES - 1
    second = Store.open(path, MACHINE, SystemClock(), free=disk)
    assert second.load_state().credit == 100
    assert not second.look_for_room()
    assert not path.with_name("store.reserve").exists()
    second.close()


# On a disk that is really full: a small file system of our own, in a namespace of our own. Some computers
# forbid that; the tests above do without.
_ON_A_FULL_DISK = """
import sys
from pathlib import Path
from edge.clock import SystemClock
from edge.store.errors import StoreFullError
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import MachineState
from protocol.events import DoorOpened

folder = Path(sys.argv[1])
plenty = lambda _: 1 << 40
store = Store.open(folder / "store.db", "vm-test-0001", SystemClock(), free=plenty)
with (folder / "others").open("wb", buffering=0) as hog:
    try:
        while hog.write(b"x" * 65536) == 65536:
            pass
    except OSError:
        pass
steps = 0
try:
    while True:
        store.commit(i.Clear(), MachineState(credit=steps + 1), [DoorOpened()])
        steps += 1
        if steps == 100:
            assert not (folder / "store.reserve").exists(), "the reserve was not needed"
except StoreFullError:
    pass
assert steps > 500, steps
assert store.load_state().credit == store.last_seq == steps
store.close()
(folder / "others").unlink()
again = Store.open(folder / "store.db", "vm-test-0001", SystemClock())
assert again.load_state().credit == again.last_seq == steps
again.commit(i.Clear(), MachineState(), [DoorOpened()])
print("steps in the reserve:", steps)
"""


def on_small_disk(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    script = 'mount -t tmpfs -o size=24m none "$0" && exec "$@"'
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(folder)]
    return subprocess.run([*namespace, *command], capture_output=True, text=True, check=False, timeout=60)


def test_disk_when_really_full_then_hundreds_of_steps_fit_the_reserve_and_nothing_is_lost(tmp_path: Path) -> None:
    if not shutil.which("unshare") or on_small_disk(tmp_path, "true").returncode:
        pytest.skip("this computer gives no file system of one's own")
    done = on_small_disk(tmp_path, sys.executable, "-c", _ON_A_FULL_DISK, str(tmp_path))
    assert "steps in the reserve" in done.stdout, done.stdout + done.stderr
