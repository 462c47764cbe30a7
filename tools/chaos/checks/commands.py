"""Commands of the cloud: each ends once, and as it says; its vend is at the price that was asked for."""

from collections import Counter

from tools.chaos.checks.verdict import Run, Verdict


def check_commands(run: Run, verdict: Verdict) -> None:
    """What was asked, what the machine says became of it, and what it sold because of it."""
    asked = run.record.asked
    outcomes = _outcomes(run, verdict)
    started, sold = Counter[str](), Counter[str]()
    for event in run.of_kind("vend.started", "vend.dispensed"):
        body = event["d"]
        command, wish = body["command"], asked.get(body["command"])
        if not command:
            if body["tender"] == "remote":
                verdict.found("command invented", f"event {event['seq']}: nobody paid for {body['vend_id']}")
            continue
        if wish is None or (body["slot"], body["price_minor"]) != (wish.slot, wish.price):
            verdict.found("price", f"event {event['seq']} sells {body['slot']} at {body['price_minor']}, asked {wish}")
        (started if event["kind"] == "vend.started" else sold)[command] += 1
    for command, wish in asked.items():
        outcome, tries, units = outcomes.get(command, "open"), started[command], sold[command]
        is_right = {"succeeded": units == 1, "failed": tries == 1 and not units, "open": False}.get(outcome, not units)
        if wish.kind == "vend.paid":
            is_right = is_right and tries == (outcome in {"succeeded", "failed"})
        if not is_right:
            verdict.found("command", f"{wish} is {outcome}, {tries} vends were begun for it and {units} units sold")


def _outcomes(run: Run, verdict: Verdict) -> dict[str, str]:
    outcomes: dict[str, str] = {}
    for event in run.of_kind("command.done"):
        command = event["d"]["command"]
        if command in outcomes:
            verdict.found("command", f"{command} is done twice, in event {event['seq']}")
        outcomes[command] = event["d"]["outcome"]
    return outcomes
