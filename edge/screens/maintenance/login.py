"""Who are you? A name of the staff list, then their PIN, with a lock-out. Time is passed in, monotonic seconds.

How often a PIN was wrong is in the machine's state; for how long that locks is counted here, and begins anew when the
machine starts again: pulling the plug gives no more tries.
"""

import hmac
import math
import secrets
from collections.abc import Callable
from typing import Final

from edge.screens.maintenance.task import Machine, RefusedEntryError, Session
from edge.screens.maintenance.view import Block, Entry, Fact, Item, Key, Keypad, Note, Page
from edge.screens.texts import text
from edge.service.inputs import StaffIn, StaffTurnedAway
from edge.service.pins import TRIES, is_right, lock_s
from edge.service.visits import LOCKED
from edge.vend.inputs import ReturnCredit
from edge.vend.state import Phase
from protocol.desired import StaffMember

LOCAL: Final = "local"
"""Whoever knows the PIN of the machine's own settings, while the cloud has named nobody."""
ALL_RIGHTS: Final = frozenset({"restock", "cash", "devices", "update"})

DrawId = Callable[[int], str]


class LogIn:
    """The pages before anybody is known."""

    def __init__(
        self,
        machine: Machine,
        *,
        local_pin: str = "",
        wall_ms: Callable[[], int],
        draw: DrawId = secrets.token_hex,
    ) -> None:
        """Wire it up.

        Args:
            machine: has the staff list and the wrong PINs.
            local_pin: lets `local` in while the cloud has named nobody; empty for none.
            wall_ms: wall time, milliseconds since 1970 UTC.
            draw: gives an id of so many random bytes as hex.
        """
        self._machine = machine
        self._local_pin = local_pin
        self._wall_ms = wall_ms
        self._draw = draw
        self._who: str | None = None
        """Id of the person whose PIN is asked for."""
        self._locked_for = 0
        """Wrong PINs for which the lock below was begun."""
        self._locked_until = 0.0
        self._told_for = 0
        """Wrong PINs of the lock during which a try was told of."""

    def forget(self) -> None:
        """Begin with the names again."""
        self._who = None

    def locked_left_s(self, now: float) -> float:
        """Seconds until somebody may try again; 0 when they may."""
        failures = self._machine.state.pin_failures
        if failures != self._locked_for:
            self._locked_for, self._locked_until = failures, now + lock_s(failures)
        return max(0.0, self._locked_until - now)

    # --- what is shown --------------------------------------------------------------------------
    def page(self, language: str, now: float) -> Page:
        """The names, or the keypad of the one that was chosen."""
        locked_s = self.locked_left_s(now)
        return self._names(language, locked_s) if self._who is None else self._pin(language, locked_s)

    def _names(self, language: str, locked_s: float) -> Page:
        people = self._people
        blocks: list[Block] = [*self._customers_money(language), *_locked(language, locked_s)]
        blocks += [Item(f"person:{number}", one.name, enabled=not locked_s) for number, one in enumerate(people)]
        if people:
            label, how = text(language, "maintenance.login.id"), text(language, "maintenance.login.id.detail")
            blocks.append(Entry("staff_id", label, "", "code", 60, how))
        else:
            key = "maintenance.login.nobody_local" if self._local_pin else "maintenance.login.nobody"
            blocks.append(Note(text(language, key), "warn"))
            if self._local_pin:
                blocks.append(Item("local", text(language, "maintenance.login.local"), enabled=not locked_s))
        return Page("login.names", text(language, "maintenance.login"), tuple(blocks), self._keys(language))

    def _pin(self, language: str, locked_s: float) -> Page:
        left = TRIES - self._machine.state.pin_failures
        name = self._name_of(self._who or "", language)
        blocks: list[Block] = [*_locked(language, locked_s), Fact(text(language, "maintenance.login.name"), name)]
        if 0 < left < TRIES:
            blocks.append(Note(text(language, "maintenance.login.tries_left", tries=left), "warn"))
        blocks.append(Keypad("pin", text(language, "maintenance.login.pin"), enabled=not locked_s))
        back = Key("names", text(language, "maintenance.login.other"))
        return Page("login.pin", text(language, "maintenance.login"), tuple(blocks), (back,))

    def _customers_money(self, language: str) -> tuple[Block, ...]:
        due = self._machine.state.due_to_customer
        return (Note(text(language, "maintenance.login.credit", credit=f"¥{due:,}"), "warn"),) if due else ()

    def _keys(self, language: str) -> tuple[Key, ...]:
        if self._machine.state.phase is not Phase.CREDIT:
            return ()
        return (Key("return_credit", text(language, "maintenance.login.return_credit")),)

    # --- what is pressed and typed --------------------------------------------------------------
    def press(self, action: str) -> None:
        """A name was chosen, or taken back. What is no longer there is ignored: the page is a moment old."""
        kind, _, number = action.partition(":")
        if action == "names":
            self._who = None
        elif action == "local" and self._local_pin and not self._people:
            self._who = LOCAL
        elif action == "return_credit" and self._machine.state.phase is Phase.CREDIT:
            self._machine.apply(ReturnCredit("lever"))
        elif kind == "person" and number.isdigit() and int(number) < len(self._people):
            self._who = self._people[int(number)].id

    def enter(self, field: str, value: str, language: str, now: float) -> Session | None:
        """An id or a PIN was typed.

        Returns:
            Somebody who is known now; None when nobody is yet.

        Raises:
            RefusedEntryError: nobody of that id, a wrong PIN, or not now.
            StoreFullError: it could not be written, and nobody is let in.
        """
        locked_s = self.locked_left_s(now)
        if locked_s:
            self._tell_of_lock()
            raise RefusedEntryError(_locked_text(language, locked_s))
        if field == "staff_id" and value:
            self._who = self._known(value.strip(), language)
        elif field == "pin" and self._who is not None:
            return self._judge(self._who, value, language, now)
        return None

    def _tell_of_lock(self) -> None:
        """Somebody tries on while it is locked: said once for each lock, or a passer-by could fill the journal."""
        failures = self._machine.state.pin_failures
        if self._told_for != failures:
            self._told_for = failures
            self._machine.apply(StaffTurnedAway(self._who or "", LOCKED))

    def _known(self, staff: str, language: str) -> str:
        if any(one.id == staff for one in self._people):
            return staff
        self._machine.apply(StaffTurnedAway("", "unknown"))
        raise RefusedEntryError(text(language, "maintenance.login.unknown"))

    def _judge(self, staff: str, pin: str, language: str, now: float) -> Session:
        member = next((one for one in self._people if one.id == staff), None)
        if member is not None:
            is_theirs = is_right(pin, member.pin)
        else:
            is_theirs = staff == LOCAL and not self._people and _same(pin, self._local_pin)
        if not is_theirs:
            self._machine.apply(StaffTurnedAway(staff, "wrong_pin"))
            locked_s = self.locked_left_s(now)
            wrong = text(language, "maintenance.login.wrong")
            raise RefusedEntryError(_locked_text(language, locked_s) if locked_s else wrong)
        self._who = None
        self._machine.apply(StaffIn(staff, self._draw(16), self._wall_ms()))
        visit = self._machine.state.visit
        rights = frozenset(member.rights) if member is not None else ALL_RIGHTS
        return Session(staff, self._name_of(staff, language), visit.visit if visit else "", rights)

    @property
    def _people(self) -> list[StaffMember]:
        listed = self._machine.state.staff_list
        return sorted(listed.staff, key=lambda one: (one.name_kana or one.name, one.id)) if listed else []

    def language_of(self, staff: str) -> str:
        """What a person is spoken to in; empty when nobody said."""
        return next((one.language for one in self._people if one.id == staff), "")

    def _name_of(self, staff: str, language: str) -> str:
        named = next((one.name for one in self._people if one.id == staff), "")
        return named or text(language, "maintenance.login.local_name")


def _same(typed: str, kept: str) -> bool:
    return bool(kept) and hmac.compare_digest(typed.encode(), kept.encode())


def _locked(language: str, locked_s: float) -> tuple[Block, ...]:
    return (Note(_locked_text(language, locked_s), "sorry"),) if locked_s else ()


def _locked_text(language: str, locked_s: float) -> str:
    return text(language, "maintenance.login.locked", minutes=math.ceil(locked_s / 60))
