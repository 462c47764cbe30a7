"""A coin acceptor that is not there: answers bytes like one, and judges the coins of a simulated world."""

from typing import Final

from hardware.coin_acceptor.events import BUFFER_SIZE, DEPTH, next_counter
from hardware.wire.cctalk import Header
from hardware.wire.cctalk_peer import ACK, Identity, Reply
from hardware.world import World
from hardware.world_state import AcceptorState

COIN_IDS: Final = {1: b"JP010A", 3: b"JP050A", 4: b"JP100A", 5: b"JP500B"}
EMPTY_ID: Final = b"......"
WORTH: Final = {10: 1, 50: 3, 100: 4, 500: 5}
"""Coin value in yen -> its position."""
POSITIONS: Final = 16
CASH_BOX_PATH: Final = 5
UNKNOWN_COIN: Final = 1
INHIBITED_COIN: Final = 2
CREDIT_SENSOR_BLOCKED: Final = 14


class SimulatedCoinAcceptor:
    """A `Peer` for a `PeerLine`. Its counter, buffer and inhibits live in the world's state, as if in its own memory.

    Args:
        world: whose coins it judges.
        address: 2, or 11…17.
    """

    def __init__(self, world: World, address: int = 2) -> None:
        self._world = world
        self._address = address
        self._identity = Identity("Coin Acceptor", "AVS", "SIM-A1", 1001)
        world.judge_coin = self.judge

    @property
    def address(self) -> int:
        """See `Peer`."""
        return self._address

    def power_cycle(self) -> None:
        """It loses power for a moment and forgets all but its sorter paths and its count of coins."""
        self._world.state.acceptor = AcceptorState(paths=self._memory.paths, accepted=self._memory.accepted)
        self._world.changed()
        self._world.news()

    def judge(self, value: int) -> int | None:
        """A coin rolls past the sensors: the path it takes, or None when it is refused. Counted either way."""
        position = WORTH.get(value)
        if position is None:
            self._count(0, UNKNOWN_COIN)
            return None
        if not self._memory.is_accepting or not self._memory.mask >> (position - 1) & 1:
            self._count(0, INHIBITED_COIN)
            return None
        if self._world.state.is_coin_path_blocked:
            self._count(0, CREDIT_SENSOR_BLOCKED)
            return None
        path = self._memory.paths.get(position, CASH_BOX_PATH)
        if not self._world.hopper_has_room(value):
            path = CASH_BOX_PATH
        self._memory.accepted += 1
        self._count(position, path)
        return path

    def answer(self, header: int, data: bytes) -> Reply | None:
        """See `Peer`."""
        if header == Header.RESET and not data:
            self.power_cycle()
            return ACK
        told = self._tell(header, data)
        if told is not None:
            return Reply(told)
        return self._change(header, data) if data else self._identity.answer(header)

    def _tell(self, header: int, data: bytes) -> bytes | None:
        memory = self._memory
        if header == Header.REQUEST_COIN_ID and len(data) == 1 and 1 <= data[0] <= POSITIONS:
            return COIN_IDS.get(data[0], EMPTY_ID)
        if header == Header.REQUEST_SORTER_PATH and len(data) == 1:
            return bytes([memory.paths.get(data[0], CASH_BOX_PATH)])
        if data:
            return None
        pairs = b"".join(bytes(pair) for pair in memory.buffer)
        answers: dict[int, bytes] = {
            Header.POLLING_PRIORITY: bytes([2, 10]),
            Header.SELF_CHECK: bytes([0]),
            Header.READ_CREDIT: (bytes([memory.counter]) + pairs).ljust(BUFFER_SIZE, b"\0"),
            Header.REQUEST_ACCEPTANCE_COUNTER: (memory.accepted % 2**24).to_bytes(3, "little"),
            Header.REQUEST_INHIBITS: memory.mask.to_bytes(2, "little"),
            Header.REQUEST_MASTER_INHIBIT: bytes([memory.is_accepting]),
        }
        return answers.get(header)

    def _change(self, header: int, data: bytes) -> Reply | None:
        match header, len(data):
            case Header.MODIFY_SORTER_PATH, 2:
                self._memory.paths[data[0]] = data[1]
            case Header.MODIFY_INHIBITS, 2:
                self._memory.mask = int.from_bytes(data, "little")
            case Header.MODIFY_MASTER_INHIBIT, 1:
                self._memory.is_accepting = bool(data[0] & 1)
            case _:
                return None
        self._world.changed()
        return ACK

    def _count(self, a: int, b: int) -> None:
        memory = self._memory
        memory.counter = next_counter(memory.counter)
        memory.buffer = [(a, b), *memory.buffer][:DEPTH]
        self._world.news()

    @property
    def _memory(self) -> AcceptorState:
        return self._world.state.acceptor
