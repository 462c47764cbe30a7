"""The `vend` command: one word per process. Each process imports only what it needs."""

import argparse
import sys
from collections.abc import Callable, Sequence

from protocol.kit.settings import SettingsError


def _machine(options: argparse.Namespace) -> None:
    from edge.main import run
    from edge.settings import load_settings

    run(load_settings(), new_store=options.new_store)


def _cloud(_: argparse.Namespace) -> None:
    from cloud.main import run
    from cloud.settings import load_settings

    run(load_settings())


def _intake(_: argparse.Namespace) -> None:
    from cloud.intake import run
    from cloud.settings import load_settings

    run(load_settings())


def _worker(_: argparse.Namespace) -> None:
    from cloud.settings import load_settings
    from cloud.worker import run

    run(load_settings())


def _broker(_: argparse.Namespace) -> None:
    from cloud.integrations.mqtt.broker import run
    from cloud.settings import load_settings

    run(load_settings())


def _seed(_: argparse.Namespace) -> None:
    from tools.seed import run

    run()


def _demo(options: argparse.Namespace) -> None:
    from tools.demo_run import run

    sys.exit(run(smoke=options.smoke, folder=options.dir, fresh=options.fresh))


def _user(options: argparse.Namespace) -> None:
    from cloud.identity.cli import run
    from cloud.settings import load_settings

    sys.exit(run(load_settings().database_url, options))


def _user_arguments(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Describe `vend user` when it is what was typed: other processes need nothing of the cloud."""
    if arguments[:1] == ["user"]:
        from cloud.identity.cli import add_arguments

        add_arguments(parser)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a process; settings come from the environment and `.env`.

    Raises:
        SystemExit: 2 for wrong arguments or settings (said on standard error), else as the process ended.
    """
    parser = argparse.ArgumentParser(prog="vend", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], None], what: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=what, description=what)
        command.set_defaults(run=run)
        return command

    machine = add("machine", _machine, "the controller of one machine: on a Pi, or emulated with DEVICES=simulated")
    machine.add_argument(
        "--new-store",
        action="store_true",
        help="once: put a new journal in the place of a damaged one, which is kept aside",
    )
    add("cloud", _cloud, "the web application: API, dashboard, WebSockets")
    add("intake", _intake, "MQTT in: store every event, then acknowledge it")
    add("worker", _worker, "understand stored events: sales, stock, books")
    add("broker", _broker, "an MQTT broker for a desk: mosquitto when it is installed, else an embedded one")
    add("seed", _seed, "demo data: twelve products, a first purchase, capital, the machine MACHINE_ID")
    demo = add("demo", _demo, "everything on this computer, with one emulated machine")
    demo.add_argument("--smoke", action="store_true", help="buy a drink, check the books, then stop")
    demo.add_argument("--dir", default=".demo", help="where the demo keeps its data (default: .demo)")
    demo.add_argument("--fresh", action="store_true", help="throw the demo's earlier data away first")
    typed = sys.argv[1:] if arguments is None else list(arguments)
    _user_arguments(add("user", _user, "who may log in: add, list, role, password, disable, enable"), typed)
    options = parser.parse_args(typed)
    try:
        options.run(options)
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
