"""What is on the display: a greeting, the customer's half, the maintenance half, or the veil while nobody answers."""

from collections.abc import Callable
from typing import Any, Final

from kivy.graphics import Color, Rectangle
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.widget import Widget

from edge.screens.kiosk import look
from edge.screens.kiosk.attract import AttractScreen
from edge.screens.kiosk.customer import CustomerScreen
from edge.screens.kiosk.layout import Display
from edge.screens.kiosk.maintenance import MaintenanceScreen
from edge.screens.kiosk.sounds import Sounds
from edge.screens.kiosk.veil import Veil

LIGHTS: Final = {"green": "success", "blue": "brand", "amber": "amber", "red": "danger"}
"""Colour of the line along the upper edge; the message says the same in words."""
LIGHT_MM: Final = 1.2
DARKEST: Final = 0.6
"""However dark staff have set it, something is still seen."""


class Stage(FloatLayout):  # type: ignore[misc] # Kivy has no types
    """Shows one of the four. Begins behind the veil: nothing is true before the controller has said it."""

    def __init__(self, display: Display, intend: Callable[[dict[str, Any]], None], **values: Any) -> None:
        super().__init__(size=(display.width, display.height), size_hint=(None, None), **values)
        self.customer = CustomerScreen(display, intend)
        self.maintenance = MaintenanceScreen(display, intend)
        self.attract = AttractScreen(display, intend)
        self.veil = Veil(display)
        self.sounds = Sounds()
        self.is_dimming = True
        """Draws darker when staff want that; not where there is a backlight for it."""
        self.add_widget(self.veil)
        line = LIGHT_MM * display.px_per_mm
        with self.canvas.after:
            self._light = Color(0, 0, 0, 0)
            Rectangle(pos=(0, display.height - line), size=(display.width, line))
            self._shade = Color(0, 0, 0, 0)
            Rectangle(pos=(0, 0), size=(display.width, display.height))

    @property
    def shown(self) -> Widget:
        """Which of the four is seen."""
        return self.children[0]

    def heard(self, frame: dict[str, Any]) -> None:
        """Draw what the controller says; frames that are no views are for other pages."""
        if frame.get("type") != "view":
            return
        view = frame["view"]
        self.sounds.hear(view["sound"])
        light = view["light"]
        self._light.rgba = look.colours()[LIGHTS[light["colour"]]] if light else (0, 0, 0, 0)
        self._shade.a = min(DARKEST, 1 - view["brightness"] / 100) if self.is_dimming else 0
        maintenance = view["maintenance"]
        if maintenance is not None:
            self.maintenance.show(maintenance)
            self._turn_to(self.maintenance)
        elif view["attract"] is not None:
            self.attract.show(view)
            self._turn_to(self.attract)
        else:
            self.customer.show(view)
            self._turn_to(self.customer)

    def lost(self) -> None:
        """The controller does not answer: what was shown may no longer be true."""
        self.sounds.forget()
        self._light.a = 0
        self._turn_to(self.veil)

    def _turn_to(self, widget: Widget) -> None:
        if self.shown is widget:
            return
        if self.shown is self.maintenance:
            self.maintenance.leave()
        self.clear_widgets()
        self.add_widget(widget)
