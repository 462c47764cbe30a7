"""Coin test: coins of staff's show what the acceptor takes and where it sends them; nobody gets credit."""

from collections.abc import Iterator

from edge.screens.maintenance.task import Machine, RefusedEntryError, Session, StillTask
from edge.screens.maintenance.view import Block, Fact, Key, Note, Page
from edge.screens.maintenance.words import back_key, main_key
from edge.screens.texts import text
from edge.service.device_inputs import DeviceTestAsked, DeviceTestEnded
from edge.service.devices import why_not
from edge.vend.state import DeviceTest, MachineState


class CoinTest(StillTask):
    """Open while somebody is at it: it ends with the page, the door, and after a while without a coin."""

    def __init__(self, machine: Machine, session: Session) -> None:
        """`session`: whose coins they are."""
        self._machine = machine
        self._session = session
        self._newest: DeviceTest | None = None
        """The test that was begun here, as it was last seen."""

    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - it changes with the machine's steps only
        """See `Task`."""
        state = self._machine.state
        is_open = state.is_testing_coins
        start = Key(
            "start", text(language, "maintenance.coin_test.start"), is_main=True, enabled=not why_not(state, "coin")
        )
        end = main_key("end", language, "maintenance.coin_test.end")
        keys = (back_key(language), end if is_open else start)
        return Page("coin_test", text(language, "maintenance.coin_test"), tuple(self._blocks(state, language)), keys)

    def _blocks(self, state: MachineState, language: str) -> Iterator[Block]:
        why = why_not(state, "coin")
        if state.is_testing_coins:
            yield Note(text(language, "maintenance.coin_test.open"), "ok")
        elif why:
            yield Note(text(language, f"maintenance.test.why.{why}"), "warn")
        else:
            yield Note(text(language, "maintenance.coin_test.what"))
        seen = state.test if state.is_testing_coins else self._newest
        if seen is not None:
            if not state.is_testing_coins:
                yield Note(text(language, "maintenance.coin_test.over"))
            yield from _coins(seen, language)

    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        state = self._machine.state
        if action == "start" and not state.is_testing_coins:
            why = why_not(state, "coin")
            if why:
                raise RefusedEntryError(text(language, f"maintenance.test.why.{why}"))
            self._machine.apply(DeviceTestAsked("coin", "", self._session.staff, self._session.visit))
        elif action == "end":
            self._newest = state.test
            self._end()
        return action != "back"

    def leave(self) -> None:
        """See `Task`: the next coin may be a customer's."""
        self._end()

    def _end(self) -> None:
        if self._machine.state.is_testing_coins:
            self._machine.apply(DeviceTestEnded())


def _coins(test: DeviceTest, language: str) -> Iterator[Block]:
    count = text(language, "maintenance.coin_test.count", coins=test.coins)
    yield Fact(text(language, "maintenance.coin_test.sum"), f"¥{test.worth:,}", detail=count)
    for value, routed_to in test.newest:
        yield Fact(f"¥{value:,}", text(language, f"maintenance.coin_test.to.{routed_to}"), "ok")
