"""What is on the display now: the customer's half, the maintenance half, or the veil while nobody answers."""

from collections.abc import Callable
from typing import Any

from kivy.uix.floatlayout import FloatLayout
from kivy.uix.widget import Widget

from edge.screens.kiosk.customer import CustomerScreen
from edge.screens.kiosk.layout import Display
from edge.screens.kiosk.maintenance import MaintenanceScreen
from edge.screens.kiosk.veil import Veil


class Stage(FloatLayout):  # type: ignore[misc] # Kivy has no types
    """Shows one of the three. Begins behind the veil: nothing is true before the controller has said it."""

    def __init__(self, display: Display, intend: Callable[[dict[str, Any]], None], **values: Any) -> None:
        super().__init__(size=(display.width, display.height), size_hint=(None, None), **values)
        self.customer = CustomerScreen(display, intend)
        self.maintenance = MaintenanceScreen(display, intend)
        self.veil = Veil(display)
        self.add_widget(self.veil)

    @property
    def shown(self) -> Widget:
        """Which of the three is seen."""
        return self.children[0]

    def heard(self, frame: dict[str, Any]) -> None:
        """Draw what the controller says; frames that are no views are for other pages."""
        if frame.get("type") != "view":
            return
        view = frame["view"]
        maintenance = view.get("maintenance")
        if maintenance is not None:
            self.maintenance.show(maintenance)
            self._turn_to(self.maintenance)
        else:
            self.customer.show(view)
            self._turn_to(self.customer)

    def lost(self) -> None:
        """The controller does not answer: what was shown may no longer be true."""
        self._turn_to(self.veil)

    def _turn_to(self, widget: Widget) -> None:
        if self.shown is widget:
            return
        if self.shown is self.maintenance:
            self.maintenance.leave()
        self.clear_widgets()
        self.add_widget(widget)
