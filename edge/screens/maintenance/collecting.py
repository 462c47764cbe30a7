"""Count and collect cash: what is expected, what was counted piece by piece, what differs, which bag it went into.

Each part (cash box, stacker, hoppers) is one write.
"""

from collections.abc import Callable, Sequence
from typing import Final, get_args

from edge.screens.maintenance.task import Machine, RefusedEntryError, StillTask
from edge.screens.maintenance.view import Block, Entry, Fact, Item, Key, Note, Page, Stepper, Tone
from edge.screens.maintenance.words import back_key, main_key, moved_text, number_of, refuse
from edge.screens.texts import text
from edge.screens.tiles import money_text
from edge.service.cash import believed_in, why_not_counted, worth
from edge.service.inputs import CashCounted
from edge.service.memory import CashPart

COINS: Final = (500, 100, 50, 10)
BILLS: Final = (10_000, 5_000, 2_000, 1_000)
MOST_PIECES: Final = 9_999
MOST_BAG: Final = 20
PARTS: Final[tuple[CashPart, ...]] = get_args(CashPart)


class Collect(StillTask):
    """The parts of the cash, and the count of one."""

    def __init__(self, machine: Machine, has_part: Callable[[CashPart], bool], kinds: Sequence[int]) -> None:
        """Wire it up.

        Args:
            machine: gives the state, takes what was counted.
            has_part: does this machine have the part, and does nothing count it by itself?
            kinds: denominations that the machine has a hopper for.
        """
        self._machine = machine
        self._parts = [part for part in PARTS if has_part(part)]
        self._kinds = tuple(kinds)
        self._part: CashPart | None = None
        self._pieces: dict[int, int] = {}
        self._takes_along = True
        self._bag = ""
        self._is_warned = False
        """The difference was shown; saving again writes it down."""

    # --- what is shown --------------------------------------------------------------------------
    def page(self, language: str, now: float) -> Page:  # noqa: ARG002 - the same at every moment
        """See `Task`."""
        return self._list(language) if self._part is None else self._count(self._part, language)

    def _list(self, language: str) -> Page:
        items = tuple(
            Item(
                f"part:{part}",
                text(language, f"maintenance.part.{part}"),
                text(language, "maintenance.cash.expected_short", expected=money_text(self._expected(part))),
            )
            for part in self._parts
        )
        note = Note(text(language, "maintenance.cash.how"))
        back = back_key(language)
        return Page("cash", text(language, "maintenance.cash"), (note, *items), (back,))

    def _count(self, part: CashPart, language: str) -> Page:
        expected, counted = self._expected(part), worth(self._pieces)
        moved = counted - expected
        tone: Tone = "warn" if moved else "ok"
        said = moved_text(moved)
        unit = text(language, "maintenance.cash.unit")
        blocks: list[Block] = [
            Fact(text(language, "maintenance.cash.expected"), money_text(expected)),
            *(
                Stepper(f"kind-{kind}", money_text(kind), count, 0, MOST_PIECES, 1, unit)
                for kind, count in self._pieces.items()
            ),
            Fact(text(language, "maintenance.cash.counted"), money_text(counted)),
            Fact(text(language, "maintenance.difference"), said, tone),
        ]
        if part != "hopper":
            key = "maintenance.cash.along" if self._takes_along else "maintenance.cash.stays"
            how = text(language, "maintenance.cash.along.detail")
            blocks.append(Item("along", text(language, key), how, tone="ok" if self._takes_along else "neutral"))
            if self._takes_along:
                blocks.append(Entry("bag", text(language, "maintenance.cash.bag"), self._bag, "code", MOST_BAG))
        keys = (
            back_key(language),
            Key("as_expected", text(language, "maintenance.cash.as_expected")),
            main_key("save", language),
        )
        title = text(language, f"maintenance.part.{part}")
        return Page(f"cash.{part}", title, tuple(blocks), keys)

    def _expected(self, part: CashPart) -> int:
        return worth(believed_in(self._machine.state, part))

    # --- what is pressed and typed --------------------------------------------------------------
    def press(self, action: str, language: str, now: float) -> bool:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        if self._part is None:
            part = next((one for one in self._parts if action == f"part:{one}"), None)
            if part is not None:
                self._open(part)
            return action != "back"
        if action == "back":
            self._part = None
        elif action == "along":
            self._takes_along = not self._takes_along
        elif action == "as_expected":
            self._pieces |= believed_in(self._machine.state, self._part)
        elif action == "save":
            self._save(self._part, language)
        return True

    def enter(self, field: str, value: str, language: str, now: float) -> None:  # noqa: ARG002 - as `Task` wants it
        """See `Task`."""
        kind = field.removeprefix("kind-")
        if kind.isdigit() and int(kind) in self._pieces:
            self._pieces[int(kind)] = number_of(value, MOST_PIECES, language)
            self._is_warned = False
        elif field == "bag":
            self._bag = value.strip()[:MOST_BAG]

    def _open(self, part: CashPart) -> None:
        believed = believed_in(self._machine.state, part)
        usual = {"cash_box": COINS, "stacker": BILLS, "hopper": self._kinds}[part]
        self._part = part
        self._pieces = dict.fromkeys(sorted({*usual, *believed}, reverse=True), 0)
        self._takes_along = part != "hopper"
        self._bag, self._is_warned = "", False

    def _save(self, part: CashPart, language: str) -> None:
        counted = tuple(self._pieces.items())
        collected = counted if self._takes_along and part != "hopper" else ()
        done = CashCounted(part, counted, collected, self._bag if collected else "")
        refuse(why_not_counted(self._machine.state, done), language)
        if worth(dict(collected)) and not self._bag:
            raise RefusedEntryError(text(language, "maintenance.refused.bag"))
        moved = worth(self._pieces) - self._expected(part)
        if moved and not self._is_warned:
            self._is_warned = True
            raise RefusedEntryError(text(language, "maintenance.refused.differs", amount=money_text(abs(moved))))
        self._machine.apply(done)
        self._part = None
