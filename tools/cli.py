"""The `vend` command: one word per process. Each process imports only what it needs."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from protocol.kit.settings import SettingsError
from tools.fake_claude.behaviours import BEHAVIOURS


def _machine(options: argparse.Namespace) -> None:
    from edge.main import run
    from edge.settings import load_settings

    run(load_settings(), new_store=options.new_store)


def _screen(_: argparse.Namespace) -> None:
    from edge.screens.kiosk.main import run
    from edge.screens.kiosk.settings import load_settings

    run(load_settings())


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

    sys.exit(run(smoke=options.smoke, folder=options.dir, fresh=options.fresh, model=options.model))


def _reseal(_: argparse.Namespace) -> None:
    from cloud.reseal import run
    from cloud.settings import load_settings

    run(load_settings())


def _user(options: argparse.Namespace) -> None:
    from cloud.identity.cli import run
    from cloud.settings import load_settings

    sys.exit(run(load_settings().database_url, options))


def _user_arguments(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Describe `vend user` when it is what was typed: other processes need nothing of the cloud."""
    if arguments[:1] == ["user"]:
        from cloud.identity.cli import add_arguments

        add_arguments(parser)


def _backup(options: argparse.Namespace) -> None:
    from tools.backup import run_backup

    sys.exit(run_backup(options.file))


def _restore(options: argparse.Namespace) -> None:
    from tools.backup import run_restore

    sys.exit(run_restore(options.file, options.into, replace=options.replace))


def _rebuild(options: argparse.Namespace) -> None:
    from tools.backup import run_rebuild

    sys.exit(run_rebuild(options.into))


def _export(options: argparse.Namespace) -> None:
    from tools.export import run_export

    sys.exit(run_export(options.format, options.file))


def _explain(options: argparse.Namespace) -> None:
    from tools.explain import run

    sys.exit(run(options.decision, is_verifying=options.verify))


def _month_report(options: argparse.Namespace) -> None:
    from tools.report import run

    sys.exit(run(options.month, options.out, is_pdf=options.pdf))


def _add_report_commands(report: argparse.ArgumentParser) -> None:
    """`vend report WHAT`."""
    kinds = report.add_subparsers(dest="report", required=True, metavar="WHAT")
    month = kinds.add_parser("month", help="a month's statements, tax, cash and earnings: JSON, or PDF to keep")
    month.add_argument("--month", metavar="2026-10", help="which (default: the newest month that is over)")
    month.add_argument("--pdf", action="store_true", help="PDF instead of JSON")
    month.add_argument("--out", type=Path, help="file to write (default: report-MONTH.pdf; JSON: standard output)")
    month.set_defaults(run=_month_report)
    text = "all books as a text file that Beancount or hledger loads and checks"
    export = kinds.add_parser("export", help=text, description=text)
    export.add_argument("format", choices=("beancount", "hledger"))
    export.add_argument("file", type=Path, help="the file to make; it must not exist")
    export.set_defaults(run=_export)


def _add_database_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    save = add("backup", _backup, "save database, files and conversations to one file, while everything runs")
    save.add_argument("file", type=Path, help="the file to make; it must not exist")
    load = add("restore", _restore, "put a backup into an empty database; stop cloud, intake and worker before")
    load.add_argument("file", type=Path, help="the backup")
    load.add_argument("--into", metavar="URL", help="another database than DATABASE_URL; of any kind")
    load.add_argument(
        "--replace", action="store_true", help="throw away what the database (and, without --into, MongoDB) holds"
    )
    again = add("rebuild", _rebuild, "replay all events into fresh books and compare: sales, stock, ledger")
    again.add_argument("--into", metavar="URL", help="keep the fresh books there (default: compare and forget)")


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
    add("screen", _screen, "the touchscreen of the machine on this computer (needs the extra [screen])")
    add("cloud", _cloud, "the web application: API, dashboard, WebSockets")
    add("intake", _intake, "MQTT in: store every event, then acknowledge it")
    add("worker", _worker, "understand stored events: sales, stock, books")
    add("broker", _broker, "an MQTT broker for a desk: mosquitto when it is installed, else an embedded one")
    add("seed", _seed, "demo data: twelve products, a first purchase, capital, the machine MACHINE_ID")
    demo = add("demo", _demo, "everything on this computer, with one emulated machine")
    demo.add_argument("--smoke", action="store_true", help="buy a drink, check the books, then stop")
    demo.add_argument("--dir", default=".demo", help="where the demo keeps its data (default: .demo)")
    demo.add_argument(
        "--model", choices=sorted(BEHAVIOURS), default="", help="the agents ask a fake model that behaves so"
    )
    demo.add_argument("--fresh", action="store_true", help="throw the demo's earlier data away first")
    _add_database_commands(add)
    _add_report_commands(add("report", _export, "the books on paper and for other programs"))
    add("reseal", _reseal, "after a change of ENCRYPTION_KEY: seal anew what the key before it sealed")
    explain = add("explain", _explain, "why an agent did something: inputs, rules, verdicts, approver, ledger effect")
    explain.add_argument("decision", type=int, nargs="?", help="its number (default: the newest ones, a line each)")
    explain.add_argument("--verify", action="store_true", help="check the hash chain of the whole log")
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
