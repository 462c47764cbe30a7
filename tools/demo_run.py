"""`vend demo`: everything on this computer, with one emulated machine. `--smoke` buys a drink and checks the books."""

import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from rich.console import Console
from rich.panel import Panel

from cloud.seed import DEMO_STAFF
from tools.smoke import SmokeError, buy
from tools.stack import OPERATOR, Ports, Stack, StackError

WORDS: Final = {
    "seed": "twelve drinks and snacks, their first purchase, capital",
    "broker": "MQTT broker (amqtt)",
    "cloud": "web application",
    "intake": "stores events, then acknowledges them",
    "worker": "turns events into sales, stock and books",
    "machine": "emulated vending machine",
}
RESTARTS: Final = 5
"""Restarts of one process within a minute after which the demo gives up: something is really wrong."""

_console = Console(highlight=False)


def run(*, smoke: bool, folder: str, fresh: bool, model: str = "") -> int:
    """Run the demo.

    Args:
        smoke: buy a drink in a throw-away folder on free ports, then stop.
        folder: where the data is kept; made when it is not there.
        fresh: begin anew.
        model: how a fake model behaves that the agents then ask; empty leaves them to their rules.

    Returns:
        Exit code: 0 when all went well.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if smoke:
        with tempfile.TemporaryDirectory(prefix="vend-smoke-") as throw_away:
            return _smoke(Stack(Path(throw_away), Ports.free()))
    path = Path(folder)
    if fresh and path.exists():
        shutil.rmtree(path)
    stack = Stack(path, Ports.default_or_free())
    with _fake_model(stack, model):
        return _demo(stack)


@contextmanager
def _fake_model(stack: Stack, behaviour: str) -> Iterator[None]:
    """A Messages API of this computer beside the demo's processes."""
    if not behaviour:
        yield
        return
    port = Ports.free().cloud
    stack.env |= {"ANTHROPIC_API_KEY": "key-of-the-demo", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}"}
    command = [sys.executable, "-m", "tools.fake_claude", behaviour, "--port", str(port)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _start(stack: Stack) -> None:
    stack.start_all(told=lambda name: _console.print(f"  starting [bold]{name}[/] — {WORDS[name]}"))


def _smoke(stack: Stack) -> int:
    started = time.monotonic()

    def tell(line: str) -> None:
        _console.print(f"  [green]✓[/] {time.monotonic() - started:5.1f} s  {line}", soft_wrap=True)

    try:
        _start(stack)
        tell("five processes are ready")
        asyncio.run(buy(stack, tell))
    except (SmokeError, StackError) as error:
        _console.print(f"  [red]✗ stopped here:[/] {error}", soft_wrap=True)
        for name in stack.running:
            _console.print(f"[dim]--- end of {name}.log ---\n{stack.tail(name, 8)}[/]", markup=True, soft_wrap=True)
        return 1
    finally:
        stack.stop()
    _console.print("[green]✓ one sale, from the coin to the books[/]")
    return 0


def _staff(stack: Stack) -> str:
    people = zip(DEMO_STAFF, stack.staff_pins, strict=True)
    return "   ".join(f"{person.name} [bold]PIN[/] {pin}" for person, pin in people)


def _demo(stack: Stack) -> int:
    try:
        _start(stack)
        _console.print(
            Panel(
                f"[bold]Machine[/]    {stack.front_url}/\n"
                f"[bold]Dashboard[/]  {stack.cloud_url}/dashboard/\n"
                f"[bold]Login[/]      {OPERATOR}   [bold]Password[/]  {stack.password}\n"
                f"[bold]Staff[/]      {_staff(stack)}   (the lock on the machine's page)\n\n"
                f"Buy something at the machine and watch the dashboard. Logs: {stack.folder}/logs\n"
                "Ctrl-C stops everything; the data stays for the next time.",
                title="AI Vending System",
                expand=False,
            )
        )
        return _watch(stack)
    except StackError as error:
        _console.print(f"[red]✗ {error}[/]", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        _console.print("\nstopping …")
        return 0
    finally:
        stack.stop()


def _watch(stack: Stack) -> int:
    """Restart what dies, as systemd would on a real installation."""
    restarts: dict[str, list[float]] = {}
    while True:
        time.sleep(0.5)
        for name in stack.dead():
            now = time.monotonic()
            recent = [at for at in restarts.get(name, []) if now - at < 60] + [now]
            restarts[name] = recent
            if len(recent) > RESTARTS:
                _console.print(f"[red]✗ {name} keeps dying:[/]\n{stack.tail(name)}", soft_wrap=True)
                return 1
            _console.print(f"  [yellow]{name} ended; starting it again[/]")
            stack.start(name)
