"""Judge a run from outside: count money and goods in the world, read the events, and compare.

Independent on purpose: it knows nothing of the runtime, the vend or the payout, only JSON. Losses that no
controller can prevent are not findings; they are counted as `Losses`, each with its own bound (README.md).
Source: rules 1 to 4, 6 and 7 of the architecture; docs/decisions/0004, 0008, 0009.
"""

import json
from collections import Counter
from collections.abc import Iterator

from tools.chaos.checks.account import check_account
from tools.chaos.checks.bills import check_bills
from tools.chaos.checks.books import check_chain, check_disk, check_end, check_link, check_world
from tools.chaos.checks.cards import check_cards
from tools.chaos.checks.coins import check_coins
from tools.chaos.checks.commands import check_commands
from tools.chaos.checks.goods import check_goods, windows
from tools.chaos.checks.staff import check_staff
from tools.chaos.checks.verdict import Run, Verdict
from tools.chaos.record import Record, Seen


def check(record: Record) -> Verdict:
    """Judge one run."""
    verdict, run = Verdict(), Run(record)
    verdict.kinds = Counter(event["kind"] for event in run.events)
    check_end(run, verdict)
    check_chain(run, verdict)
    check_account(run, verdict)
    check_coins(run, verdict)
    vends = windows(run, verdict)
    check_goods(run, vends, verdict)
    check_staff(run, vends, verdict)
    check_bills(run, verdict)
    check_cards(run, vends, verdict)
    check_commands(run, verdict)
    check_disk(run, verdict)
    check_link(run, verdict)
    check_world(run, verdict)
    verdict.losses = +verdict.losses
    return verdict


def describe(record: Record) -> Iterator[str]:
    """World log and events of a run in the order they happened, for `--replay`."""
    log: list[Seen] = sorted(record.log, key=lambda seen: seen.seq)
    position = 0
    for raw in record.events:
        event = json.loads(raw)
        while position < len(log) and log[position].seq < event["seq"]:
            yield _line(log[position])
            position += 1
        body = {key: value for key, value in event["d"].items() if key not in {"currency", "devices", "planogram_rev"}}
        yield f"{event['seq']:5}  boot {event['boot']['n']:<3} {event['kind']} {body}"
    yield from (_line(seen) for seen in log[position:])


def _line(seen: Seen) -> str:
    return f"        world {seen.at:7.1f} s: {seen.what} {seen.where} x{seen.count}"
