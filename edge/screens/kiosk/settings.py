"""What the touchscreen must be told: read from the environment and `.env`, checked at once."""

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from protocol.kit.settings import read, refuse_placeholder

_LOOPBACK: Final = ("ws://127.0.0.1:", "ws://localhost:", "ws://[::1]:")


class ScreenSettings(BaseSettings):
    """One display. Every field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    machine_dir: Path = Path("var/machine")
    """The controller's folder: its local token is in there."""
    controller_url: str = "ws://127.0.0.1:8801/ws"
    """The controller's own WebSocket, on this computer."""
    screen_width: Annotated[int, Field(ge=480, le=7680)] = 1024
    screen_height: Annotated[int, Field(ge=320, le=7680)] = 600
    screen_inch: Annotated[float, Field(ge=5, le=65)] = 7.0
    """Diagonal: keys are as large as fingers, whatever the pixels."""
    backlight_dir: Path | None = None
    """Where the controller sets the backlight, as it is told; without, the screen itself draws darker."""
    screen_full: bool = True
    """Without borders over the whole display; off for a window on a desk."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_placeholder(cls, value: Any) -> Any:
        return refuse_placeholder(value)

    @field_validator("controller_url")
    @classmethod
    def _stays_here(cls, url: str) -> str:
        if not url.startswith(_LOOPBACK):
            raise ValueError("not on this computer; use ws://127.0.0.1:8801/ws")
        return url


def load_settings(**overrides: Any) -> ScreenSettings:
    """Read the environment and `.env`; `overrides` win over both.

    Raises:
        SettingsError: something is wrong; the message names every one and what to do.
    """
    return read(lambda: ScreenSettings(**overrides))
