"""What a machine's display shows: the customer's business, the talk with the clerk, and staff's work, as one view.

Every renderer (browser, Kivy) draws the same view and sends the same intents. Not responsible for carrying them
(`edge/front`). Time is passed in, monotonic seconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from edge.clerk.port import Clerk
from edge.runtime import Runtime
from edge.screens.clerk import ClerkPresenter
from edge.screens.cues import Cues, light_of
from edge.screens.customer import CLAIM_S, IDLE_WARNING_S, MESSAGE_S, CustomerPresenter
from edge.screens.intents import Intent
from edge.screens.maintenance.desk import MaintenanceDesk
from edge.screens.texts import text
from edge.screens.views import CustomerView, Message, WayKind
from edge.vend.step import Step

MESSAGE_TIMES_S = (MESSAGE_S, CLAIM_S)
"""When something that was said may have had its time."""


class Display:
    """One display; however many renderers show it."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        is_online: Callable[[], bool],
        clerk: Clerk | None = None,
        phone_page: str = "",
        ways: Sequence[WayKind] = ("coins",),
        desk: MaintenanceDesk | None = None,
    ) -> None:
        """Show `runtime`.

        Args:
            runtime: gives the state, takes what is pressed.
            is_online: is the cloud there?
            clerk: whom a customer can ask; None for nobody.
            phone_page: address of this machine's page in the cloud, for customers' phones; empty for none.
            ways: how one can pay at this machine, cash first.
            desk: the maintenance screens; None for a machine without.
        """
        self._runtime = runtime
        self._is_online = is_online
        self._customer = CustomerPresenter(phone_page, ways)
        self._clerk = ClerkPresenter(clerk)
        self._desk = desk
        self._cues = Cues()

    def stepped(self, step: Step, now: float) -> None:
        """Remember what is to be told about a step."""
        self._customer.stepped(step, now)
        self._cues.stepped(step)

    def view(self, now: float) -> CustomerView:
        """What is to be seen at this moment."""
        state, idle_left_s = self._runtime.state, self._runtime.idle_left_s
        self._clerk.forget_after(now)
        self._customer.next_customer_in(state, now)
        view = self._customer.view(state, online=self._is_online(), now=now, idle_left_s=idle_left_s)
        attract = view.attract if self._clerk.standing == "closed" else None
        view = replace(
            view,
            clerk=self._clerk.view(view.language),
            attract=attract,
            sound=self._cues.sound(state.volume),
            light=light_of(state, view.language),
            brightness=state.brightness,
        )
        return view if self._desk is None else self._with_staff(view, self._desk, now)

    @staticmethod
    def _with_staff(view: CustomerView, desk: MaintenanceDesk, now: float) -> CustomerView:
        """The view while staff are here, or wanted to be."""
        maintenance = desk.view(view.language, now)
        if maintenance is not None:
            return replace(view, language=desk.language(view.language), maintenance=maintenance)
        if desk.is_refusing(now):
            said = text(view.language, "maintenance.customer_first")
            return replace(view, message=Message("customer_first", said, "warn"))
        return view

    def changes_in(self, now: float) -> float | None:
        """Seconds until the view changes by itself; None when it does not."""
        waits = [self._clerk.forget_after(now), self._customer.next_customer_in(self._runtime.state, now)]
        left_s = self._runtime.idle_left_s
        if left_s is not None:  # when the warning begins, and every second of it
            waits.append(left_s - IDLE_WARNING_S if left_s > IDLE_WARNING_S else 1.0)
        if self._desk is not None:
            waits.append(self._desk.changes_in(now))
        return min((wait for wait in waits if wait is not None), default=None)

    def obey(self, intent: Intent, now: float) -> None:
        """Do what somebody pressed.

        Raises:
            StoreFullError: it could not be written; nothing was done.
        """
        if self._desk is not None and self._is_staffs(intent, self._desk, now):
            return
        self._customer.touched(now)
        if intent.is_staying:
            self._runtime.touched()
        elif intent.language:
            self._customer.set_language(intent.language)
        elif intent.is_turning_low:
            self._customer.is_low = not self._customer.is_low
        elif intent.clerk:
            self._talk(intent, now)
        elif intent.key:
            selection = self._customer.press(intent.key)
            if selection:
                self._runtime.apply(intent.select(selection))
        elif intent.input is not None:
            self._customer.entered = ""
            self._runtime.apply(intent.input)

    def _is_staffs(self, intent: Intent, desk: MaintenanceDesk, now: float) -> bool:
        """Was it for the maintenance screens, and is done?"""
        if intent.maintenance:
            desk.obey(intent, self._customer.language, now)
            shown = desk.view(self._customer.language, now)
            if shown is not None and shown.page.trouble:
                self._cues.give("refused")
        elif intent.language and desk.view(self._customer.language, now) is not None:
            desk.set_language(intent.language)
        else:
            return False
        return True

    def _talk(self, intent: Intent, now: float) -> None:
        match intent.clerk:
            case "open":
                self._clerk.open(self._customer.language, now)
            case "say":
                self._clerk.say(intent.words, now)
            case _:
                self._clerk.close()
