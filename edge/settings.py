"""What a machine must be told: read from the environment and `.env`, checked at once, refused as a whole list."""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from protocol.ids import MACHINE_PATTERN
from protocol.kit.settings import read, refuse_placeholder, refuse_short


class MachineSettings(BaseSettings):
    """One machine. Every field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    machine_id: Annotated[str, Field(pattern=MACHINE_PATTERN)]
    """4 to 40 lower-case letters, digits and dashes; also the MQTT user name."""
    machine_secret: SecretStr
    """The machine's MQTT password, at least 16 characters, given at provisioning."""
    machine_dir: Path = Path("var/machine")
    """Folder for everything the machine writes."""
    mqtt_url: str = "mqtt://127.0.0.1:18830"
    devices: Literal["real", "simulated"] = "real"
    """`simulated`: the emulated machine, with the same drivers on simulated wires and pins."""
    simulated_wire: Literal["memory", "pty"] = "pty"
    """Emulated machine only: ccTalk over an in-memory null modem, or over a pseudo-terminal with pyserial."""
    coin_device: Literal["hoppers", "changer"] = "hoppers"
    """`hoppers`: an acceptor and hoppers on ccTalk. `changer`: one coin changer, so far on an emulated machine only."""
    pin_factory: Literal["lgpio", "rpigpio", "mock", "fake_rpi"] = "lgpio"
    cctalk_port: Path = Path("/dev/ttyAMA0")
    """Serial port of the ccTalk bus; by-id names survive re-plugging."""
    acceptor_address: Annotated[int, Field(ge=2, le=255)] = 2
    acceptor_count_order: Literal["little", "big"] = "little"
    """Byte order of the acceptor's count of coins; some makers send the high byte first (see its manual)."""
    hopper_addresses: dict[int, int] = Field(default={10: 3, 50: 4, 100: 5, 500: 6})
    """Coin value in yen to the ccTalk address of its hopper, as JSON."""
    sorter_paths: dict[int, int] = Field(default={10: 1, 50: 2, 100: 3, 500: 4})
    """Coin value in yen to the sorter path above its hopper, as JSON; other paths end in the cash box."""
    cloud_url: str = ""
    """Address of the cloud's pages, for the clerk and for customers' own phones; empty: the machine has no clerk."""
    front_host: Literal["127.0.0.1", "::1", "localhost"] = "127.0.0.1"
    front_port: Annotated[int, Field(ge=0, le=65535)] = 8801
    maintenance_pin: SecretStr = SecretStr("")
    """Lets staff into the maintenance screens while the cloud has named nobody: 6 to 8 digits; empty lets nobody in."""
    idle_return_s: Annotated[float, Field(ge=5, le=3600)] = 60.0
    """Untouched credit is paid back after so many seconds."""
    multi_vend: bool = False
    """Keep the credit that is left after a sale for the next one, instead of paying change at once."""
    first_fill: bool = False
    """Emulated machine only: fill slots, and hoppers or tubes, once, as a first staff visit would."""
    export_dir: Path | None = None
    """Folder of a USB stick: audit exports go there too while it is there; without, only into `MACHINE_DIR/exports`."""
    update_dir: Path | None = None
    """Where newer software is put, with its version in a file `VERSION`; without, staff cannot ask for updates."""
    backlight_dir: Path | None = None
    """Of the display, below /sys/class/backlight; without, whoever draws the screen dims it."""
    log_format: Literal["json", "console"] = "json"

    @field_validator("*", mode="before")
    @classmethod
    def _no_placeholder(cls, value: Any) -> Any:
        return refuse_placeholder(value)

    @field_validator("coin_device")
    @classmethod
    def _has_a_driver(cls, device: str, info: ValidationInfo) -> str:
        if device == "changer" and info.data.get("devices") == "real":
            raise ValueError("no wire driver for a coin changer yet; use hoppers, or DEVICES=simulated")
        return device

    @field_validator("cloud_url")
    @classmethod
    def _nobody_listens_in(cls, url: str) -> str:
        parts = urlsplit(url)
        is_near = parts.hostname in {"127.0.0.1", "::1", "localhost"}
        if url and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_near))):
            raise ValueError(
                "not of the form https://host (http:// on this computer only: the machine's secret goes there)"
            )
        return url.rstrip("/")

    @field_validator("maintenance_pin")
    @classmethod
    def _is_pin(cls, pin: SecretStr) -> SecretStr:
        digits = pin.get_secret_value()
        if digits and not (digits.isascii() and digits.isdigit() and 6 <= len(digits) <= 8):
            raise ValueError("not 6 to 8 digits; leave it empty to let nobody in by the machine's own PIN")
        return pin

    @field_validator("machine_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr) -> SecretStr:
        refuse_short(secret.get_secret_value(), 16)
        return secret


def load_settings(**overrides: Any) -> MachineSettings:
    """Read the environment and `.env`; `overrides` win over both.

    Raises:
        SettingsError: something is missing or wrong; the message names every one and what to do.
    """
    return read(lambda: MachineSettings(**overrides))
