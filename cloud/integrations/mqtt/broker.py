"""The process `vend broker`: the system's mosquitto when it is installed, else the embedded amqtt.

Either way a stateless switch that may lose everything: nothing is persisted, nothing is queued for those who are
away, and an event leaves a machine only on the cloud's acknowledgement. Listens on the host of MQTT_URL.
"""

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog

from cloud.integrations.mqtt.access import mosquitto_acl
from cloud.integrations.mqtt.credentials import mosquitto_hash, read_credentials
from cloud.settings import Settings
from protocol.kit.logs import setup_logging
from protocol.kit.process import run_process, run_together

log = structlog.get_logger()

AMQTT_WARN: Final = 100
AMQTT_MOST: Final = 500
"""Above this the embedded broker needs more than a core; it refuses to pretend otherwise."""

MOSQUITTO_PLACES: Final = ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto")
"""Where it is installed but often not on PATH."""

WATCH_S: Final = 1.0

_PR_SET_PDEATHSIG: Final = 1


class BrokerError(RuntimeError):
    """The broker cannot run as configured."""


def find_mosquitto() -> str | None:
    """Path of the mosquitto binary, or None."""
    on_path = shutil.which("mosquitto")
    return on_path or next((place for place in MOSQUITTO_PLACES if os.access(place, os.X_OK)), None)


async def serve(settings: Settings, stop: asyncio.Event, find: Callable[[], str | None] = find_mosquitto) -> None:
    """Run a broker until `stop` is set; `find` says where mosquitto is.

    Raises:
        BrokerError: mosquitto is asked for and not there, or ended by itself; or amqtt has too many machines.
    """
    binary = None if settings.broker == "amqtt" else find()
    if binary:
        await serve_mosquitto(settings, binary, stop)
    elif settings.broker == "mosquitto":
        raise BrokerError("BROKER=mosquitto, but no mosquitto binary was found; install it or set BROKER=auto")
    else:
        await serve_amqtt(settings, stop)


# --- amqtt -------------------------------------------------------------------------------------------


async def serve_amqtt(settings: Settings, stop: asyncio.Event) -> None:
    """Run the embedded broker until `stop` is set."""
    from amqtt.broker import Broker  # noqa: PLC0415 - 100 ms of imports only this broker needs

    check_fleet_size(len(read_credentials(settings.credentials_file)))
    broker = Broker(amqtt_config(settings))
    await broker.start()
    log.info("broker ready", kind="amqtt", url=settings.mqtt_url)
    try:
        await run_together(stop, fleet=_watch_fleet(settings.credentials_file))
    finally:
        await broker.shutdown()


def amqtt_config(settings: Settings) -> dict[str, Any]:
    """Configuration of the embedded broker: one loopback listener, our two plugins, nothing else."""
    host, port = settings.mqtt_address
    here = "cloud.integrations.mqtt.amqtt_auth"
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}", "max_connections": AMQTT_MOST + 20}},
        "timeout_disconnect_delay": 2,
        "plugins": {
            f"{here}.MachineAuthPlugin": {
                "credentials_file": str(settings.credentials_file),
                "cloud_username": settings.mqtt_username,
                "cloud_password": settings.mqtt_password.get_secret_value(),
            },
            f"{here}.TopicAccessPlugin": {"cloud_username": settings.mqtt_username},
        },
    }


def check_fleet_size(machines: int) -> None:
    """Warn above `AMQTT_WARN` machines.

    Raises:
        BrokerError: above `AMQTT_MOST`.
    """
    if machines > AMQTT_MOST:
        raise BrokerError(
            f"{machines} machines are too many for the embedded broker (at most {AMQTT_MOST}); install mosquitto"
        )
    if machines > AMQTT_WARN:
        log.warning("the embedded broker is meant for a few machines; install mosquitto", machines=machines)


async def _watch_fleet(path: Path) -> None:
    known = len(read_credentials(path))
    while True:
        await asyncio.sleep(WATCH_S)
        machines = len(await asyncio.to_thread(read_credentials, path))
        if machines != known:
            check_fleet_size(machines)
            known = machines


# --- mosquitto ---------------------------------------------------------------------------------------


async def serve_mosquitto(settings: Settings, binary: str, stop: asyncio.Event) -> None:
    """Run mosquitto as a child until `stop` is set."""
    folder = settings.credentials_file.parent.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    cloud_line = _cloud_line(settings)
    stamp = _stamp(settings.credentials_file)  # before it is read: a change from now on will be noticed
    write_mosquitto_files(settings, folder, cloud_line)
    process = await asyncio.create_subprocess_exec(
        binary, "-c", str(folder / "mosquitto.conf"), stdin=asyncio.subprocess.DEVNULL, preexec_fn=_ends_with_us()
    )
    try:
        await _wait_until_open(*settings.mqtt_address, process)
        log.info("broker ready", kind="mosquitto", url=settings.mqtt_url)
        await run_together(
            stop, mosquitto=_ends(process), passwords=_keep_passwords(settings, cloud_line, stamp, process)
        )
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _ends_with_us() -> Callable[[], None] | None:
    """What the child does first: ask Linux to end it when we are killed, or it would keep the port for ever.

    Source: prctl(2), PR_SET_PDEATHSIG. Elsewhere a killed broker process leaves mosquitto behind.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # before the fork: nothing is loaded in the child
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def _ends(process: asyncio.subprocess.Process) -> None:
    raise BrokerError(f"mosquitto ended with code {await process.wait()}; its own messages are above")


async def _wait_until_open(host: str, port: int, process: asyncio.subprocess.Process) -> None:
    for _ in range(100):
        if process.returncode is not None:
            raise BrokerError(f"mosquitto ended with code {process.returncode} at start; its own messages are above")
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise BrokerError(f"mosquitto does not listen on {host}:{port} after 5 s")


async def _keep_passwords(
    settings: Settings, cloud_line: str, known: tuple[int, int] | None, process: asyncio.subprocess.Process
) -> None:
    """Rewrite the password file and have it read again whenever the machines' credentials change."""
    passwords = settings.credentials_file.parent.resolve() / "passwords"
    while True:
        await asyncio.sleep(WATCH_S)
        stamp = _stamp(settings.credentials_file)
        if stamp != known:
            known = stamp
            _write_private(passwords, password_file(settings, cloud_line))
            process.send_signal(signal.SIGHUP)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_ino


def write_mosquitto_files(settings: Settings, folder: Path, cloud_line: str) -> None:
    """Write configuration, access list and passwords into `folder`."""
    host, port = settings.mqtt_address
    user = pwd.getpwuid(os.geteuid()).pw_name
    lines = (
        f"listener {port} {host}",
        "allow_anonymous false",
        "use_username_as_clientid true",
        f"password_file {folder / 'passwords'}",
        f"acl_file {folder / 'access'}",
        f"user {user}",
        "persistence false",
        "set_tcp_nodelay true",
        "max_inflight_messages 1000",
        "max_queued_messages 10000",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
    )
    _write_private(folder / "passwords", password_file(settings, cloud_line))
    _write_private(folder / "access", mosquitto_acl(settings.mqtt_username))
    _write_private(folder / "mosquitto.conf", "\n".join(lines) + "\n")


def password_file(settings: Settings, cloud_line: str) -> str:
    """The password file of mosquitto: the cloud and every machine."""
    machines = read_credentials(settings.credentials_file)
    rows = [cloud_line, *(f"{name}:{credential.mosquitto}" for name, credential in machines.items())]
    return "\n".join(rows) + "\n"


def _cloud_line(settings: Settings) -> str:
    return f"{settings.mqtt_username}:{mosquitto_hash(settings.mqtt_password.get_secret_value())}"


def _write_private(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def run(settings: Settings) -> None:
    """The process: logs `broker ready` once, ends cleanly on SIGTERM and SIGINT, loudly when the broker dies."""
    setup_logging(settings.secrets(), log_format=settings.log_format, debug=settings.debug)
    run_process("broker", lambda stop: serve(settings, stop))
