"""What an acceptor or a changer had to tell when it lost its memory, and nobody had read by then."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from tools.chaos.checks.verdict import NO_MAINS, Run

READ_WITHIN_S: Final = 5.0
"""A running controller has journaled every event by then, on a bad wire too."""
SILENCE_S: Final = 1.6
"""… and so much later for each command that the line of a changer failed: its time-out, and the rest after it."""


def forgotten(run: Run, what: str, heard: Sequence[tuple[int, int]]) -> Counter[int]:
    """Coins that moved shortly before the device lost its memory and were not on the disk by then, by kind.

    Args:
        run: to judge.
        what: how the log calls such a coin.
        heard: event and denomination of those that are on the disk.
    """
    moved, fresh, lost = Counter[int](), list[tuple[float, int]](), Counter[int]()
    is_up, booted, fresh_from, patience = False, 0.0, 0.0, READ_WITHIN_S
    for seen in run.log:
        if seen.what == "boot":
            is_up, booted = True, seen.at
        elif seen.what == "changer":
            patience += SILENCE_S * seen.count
        elif seen.what == what:
            moved[int(seen.where)] += 1
            fresh.append((seen.at, int(seen.where)))
        elif seen.what in {"kill", "acceptor_restart"} | NO_MAINS:
            if is_up and seen.at - booted >= patience:
                fresh_from = seen.at - patience  # what moved before had time enough to be read
            if seen.what != "kill":
                read = Counter(kind for seq, kind in heard if seq <= seen.seq)
                newest = Counter(kind for at, kind in fresh if at >= fresh_from)
                lost |= (moved - read) & (newest + lost)
            is_up = is_up and seen.what == "acceptor_restart"
    return lost
