"""Run the real processes on this computer: for the demo, the smoke test, kill tests and measurements.

One `Stack` is one folder with its own secrets, data, logs and ports. Not responsible for what the processes do.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

MACHINE: Final = "vm-tokyo-0001"
OPERATOR: Final = "operator@example.com"
ORDER: Final = ("broker", "cloud", "intake", "worker", "machine")
"""Start order; stopped in reverse."""
READY_S: Final = 60.0

BrokerKind = Literal["amqtt", "mosquitto", "auto"]


class StackError(RuntimeError):
    """A process did not become ready, or died; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports on loopback."""

    broker: int = 18830
    cloud: int = 8800
    front: int = 8801

    @classmethod
    def free(cls) -> "Ports":
        """Three ports nobody uses now."""
        with contextlib.ExitStack() as held:
            sockets = [held.enter_context(socket.socket()) for _ in range(3)]
            for one in sockets:
                one.bind(("127.0.0.1", 0))
            return cls(*(one.getsockname()[1] for one in sockets))

    @classmethod
    def default_or_free(cls) -> "Ports":
        """The documented ports, each replaced by a free one where somebody else is listening."""
        spare = cls.free()
        wanted = cls()
        return cls(
            *(
                spare_port if _is_open(port) else port
                for port, spare_port in (
                    (wanted.broker, spare.broker),
                    (wanted.cloud, spare.cloud),
                    (wanted.front, spare.front),
                )
            )
        )


@dataclass(slots=True)
class Stack:
    """The processes of one installation."""

    folder: Path
    ports: Ports
    broker: BrokerKind = "amqtt"
    env: dict[str, str] = field(default_factory=dict)
    """Settings on top of the usual ones."""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Generated for this folder: the operator's password, the machine's secret, keys of the cloud."""

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        self.secrets = _load_secrets(self.folder / "secrets.json")

    # --- what it is ------------------------------------------------------------------------------
    @property
    def cloud_url(self) -> str:
        """Where the cloud answers."""
        return f"http://127.0.0.1:{self.ports.cloud}"

    @property
    def front_url(self) -> str:
        """Where the emulated machine stands."""
        return f"http://127.0.0.1:{self.ports.front}"

    @property
    def password(self) -> str:
        """The operator's generated password."""
        return self.secrets["operator_password"]

    @property
    def machine_secret(self) -> str:
        """The machine's broker password."""
        return self.secrets["machine_secret"]

    @property
    def staff_pins(self) -> list[str]:
        """PINs of the demo's two people at the machine: always the same for this folder."""
        words = [f"{self.password}:{number}".encode() for number in (1, 2)]
        return [f"{100_000 + int(sha256(word).hexdigest(), 16) % 900_000}" for word in words]

    @property
    def local_token(self) -> str:
        """The machine's token for programs on this computer; made by the machine at its first start."""
        return (self.folder / "machine" / "local_token").read_text("ascii")

    def environment(self) -> dict[str, str]:
        """All settings of all processes."""
        keep = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG", "TZ", "VIRTUAL_ENV"}}
        return keep | {
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.folder}/cloud.db",
            "DATA_DIR": str(self.folder),
            "HOST": "127.0.0.1",
            "PORT": str(self.ports.cloud),
            "MQTT_URL": f"mqtt://127.0.0.1:{self.ports.broker}",
            "MQTT_PASSWORD": self.secrets["mqtt_password"],
            "BROKER": self.broker,
            "JWT_SECRET_KEY": self.secrets["jwt_secret"],
            "ENCRYPTION_KEY": self.secrets["encryption_key"],
            "OPERATOR_EMAIL": OPERATOR,
            "OPERATOR_PASSWORD": self.password,
            "MACHINE_ID": MACHINE,
            "MACHINE_SECRET": self.machine_secret,
            "MACHINE_DIR": str(self.folder / "machine"),
            "DEVICES": "simulated",
            "FIRST_FILL": "true",
            "DEMO_STAFF_PINS": ",".join(self.staff_pins),
            "CLOUD_URL": self.cloud_url,
            "FRONT_PORT": str(self.ports.front),
            "LOG_FORMAT": "console",
            **self.env,
        }

    # --- life --------------------------------------------------------------------------------------
    def start(self, name: str) -> None:
        """Start one process; its output goes to `logs/<name>.log`."""
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "tools.cli", name],
                env=self.environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        """The log file of a process."""
        return self.folder / "logs" / f"{name}.log"

    def wait_ready(self, name: str, timeout_s: float = READY_S) -> None:
        """Wait until a process does its work.

        Raises:
            StackError: it died or took too long; the message has the end of its log.
        """
        checks: dict[str, Callable[[], bool]] = {
            "broker": lambda: _is_open(self.ports.broker),
            "cloud": lambda: _answers(f"{self.cloud_url}/ready"),
            "machine": lambda: _is_open(self.ports.front),
        }
        check = checks.get(name, lambda: self._says_ready(name))
        for _ in _every(0.05, timeout_s):
            if self.running[name].poll() is not None:
                raise StackError(f"{name} ended with code {self.running[name].returncode}:\n{self.tail(name)}")
            if check():
                return
        raise StackError(f"{name} was not ready after {timeout_s:.0f} s:\n{self.tail(name)}")

    def start_all(self, *, told: Callable[[str], None] = lambda _: None) -> None:
        """Start everything in order; `told(name)` before each."""
        told("seed")
        self.seed()
        for name in ORDER:
            told(name)
            self.start(name)
            self.wait_ready(name)

    def seed(self) -> None:
        """Migrate the database and put the demo's data in; nothing happens the second time.

        Raises:
            StackError: with what it said.
        """
        command = [sys.executable, "-m", "tools.cli", "seed"]
        done = subprocess.run(command, env=self.environment(), cwd=self.folder, capture_output=True, check=False)
        self.log("seed").write_bytes(done.stdout + done.stderr)
        if done.returncode:
            raise StackError(f"seed ended with code {done.returncode}:\n{self.tail('seed')}")

    def kill(self, name: str) -> None:
        """As a power cut would: no warning, no clean-up."""
        process = self.running[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End everything that runs, newest first, politely, then not."""
        for name in reversed(ORDER):
            process = self.running.get(name)
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill(name)
        self.running.clear()

    def dead(self) -> list[str]:
        """Processes that ended by themselves."""
        return [name for name, process in self.running.items() if process.poll() is not None]

    def tail(self, name: str, lines: int = 15) -> str:
        """The end of a log."""
        log = self.log(name)
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:]) if log.exists() else "(no log)"

    def _says_ready(self, name: str) -> bool:
        return "ready" in self.log(name).read_text("utf-8", "replace") if self.log(name).exists() else False


def _load_secrets(path: Path) -> dict[str, str]:
    """This installation's generated secrets; made once, readable by their owner only."""
    if not path.exists():
        made = {name: secrets.token_urlsafe(32) for name in ("jwt_secret", "encryption_key", "mqtt_password")}
        made |= {"machine_secret": secrets.token_urlsafe(32), "operator_password": secrets.token_urlsafe(9)}
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
    loaded: dict[str, str] = json.loads(path.read_text("utf-8"))
    return loaded


def _every(seconds: float, timeout_s: float) -> Iterator[None]:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        yield
        time.sleep(seconds)


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:  # noqa: S310 - our own http URL
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
