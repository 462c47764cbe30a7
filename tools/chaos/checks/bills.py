"""Bills: each bill that was drawn in has one life, and the events tell the same one.

A bill between the rollers is the customer's until it is stacked. Every stacked bill is credited once; a bill that is
told as given back is back; "nobody knows" is only said of a validator that was in trouble.
"""

from dataclasses import dataclass

from tools.chaos.checks.verdict import Event, Run, Verdict


@dataclass(slots=True, eq=False)
class Life:
    """One bill between the rollers, as the world saw it, and what the events say of it."""

    value: int
    start: int
    """Newest event when it was drawn in."""
    end: int
    """… and when it left the rollers, or the last event of the run."""
    fate: str = ""
    """bill_stacked, bill_back, bill_removed (by staff), or empty: it is still there."""
    held: int = 0
    """Event that tells of it, 0: none."""
    told: str = ""
    """bill.stacked, bill.returned, uncertain, exchanged, or empty."""


def check_bills(run: Run, verdict: Verdict) -> None:
    """Match the bills of the world with those of the events, one after the other."""
    lives = _lives(run)
    current: Life | None = None
    for event in run.events:
        body, kind, seq = event["d"], event["kind"], event["seq"]
        if kind == "bill.held":
            current = _drawn_in(lives, seq)
            _check_held(current, event, verdict)
        elif kind in {"bill.stacked", "bill.returned"}:
            stacked = _exchanged(lives, current, seq) if kind == "bill.stacked" else current
            _check_ending(stacked, event, verdict)
            current = None
        elif kind == "fault.raised" and body["code"] == "bill.uncertain":
            _check_uncertain(run, _exchanged(lives, current, seq), seq, verdict)
            current = None
    for life in lives:
        _check_life(run, life, verdict)


def _lives(run: Run) -> list[Life]:
    lives: list[Life] = []
    for seen in run.seen("bill", "bill_stacked", "bill_back", "bill_removed"):
        if seen.what == "bill":
            lives.append(Life(int(seen.where), seen.seq, len(run.events)))
        else:
            lives[-1].fate, lives[-1].end = seen.what, seen.seq
    return lives


def _drawn_in(lives: list[Life], seq: int) -> Life | None:
    """The newest bill that was drawn in before this event."""
    return next((life for life in reversed(lives) if life.start < seq), None)


def _exchanged(lives: list[Life], life: Life | None, seq: int) -> Life | None:
    """The bill that lies there now: one of the same value that took its place unseen is the same to everybody."""
    if life is None:
        return None
    for other in lives[lives.index(life) + 1 :]:
        if life.fate != "bill_back" or other.start >= seq or other.held or other.value != life.value:
            break
        other.held, life.told = life.held, "exchanged"
        life = other
    return life


def _check_held(life: Life | None, event: Event, verdict: Verdict) -> None:
    seq, value = event["seq"], event["d"]["amount_minor"]
    if life is None:
        verdict.found("bill invented", f"event {seq} holds {value}, and no bill ever came")
        return
    if life.held:
        verdict.found("bill credited twice", f"event {seq} holds the {life.value} that event {life.held} held")
    if life.value != value:
        verdict.found("bill invented", f"event {seq} holds {value}, the bill is a {life.value}")
    life.held = seq


def _check_ending(life: Life | None, event: Event, verdict: Verdict) -> None:
    seq, kind, value = event["seq"], event["kind"], event["d"]["amount_minor"]
    if life is None:
        verdict.found("bill invented", f"event {seq} {kind} of a bill that is not held")
        return
    life.told = kind
    wanted = "bill_stacked" if kind == "bill.stacked" else "bill_back"
    if life.value != value or life.fate != wanted or life.end >= seq:
        rule = "bill invented" if kind == "bill.stacked" else "bill lost"
        verdict.found(rule, f"event {seq} {kind} {value}, but the bill is a {life.value} and {life.fate or 'held'}")


def _check_uncertain(run: Run, life: Life | None, seq: int, verdict: Verdict) -> None:
    if life is None:
        verdict.found("bill invented", f"event {seq} is unsure of a bill that is not held")
        return
    life.told = "uncertain"
    if not run.has_trouble("validator", life.start, seq):
        verdict.found("bill given up", f"event {seq} is unsure of a bill, and nothing was wrong with the validator")


def _check_life(run: Run, life: Life, verdict: Verdict) -> None:
    if life.told == "uncertain":
        return
    if life.held and not life.told:
        verdict.found("left open", f"the {life.value} that event {life.held} held has no end")
    if life.held or life.fate == "bill_back":
        return  # matched above, or the customer has it
    if life.fate == "bill_removed" and run.has_trouble("validator", 0, life.end + 1):
        verdict.losses["yen of bills that staff found between the rollers"] += life.value
    else:
        verdict.found("bill lost", f"a {life.value} came after event {life.start}, is {life.fate}, and is in no event")
