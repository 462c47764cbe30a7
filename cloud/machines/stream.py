"""Which events of one (machine, epoch) are stored: the contiguous part, what lies beyond, the holes. Pure."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

MAX_WANTED: Final = 20
"""Holes named in one acknowledgement; the rest is asked for when these are filled."""


class Position:
    """A set of sequence numbers from 1, kept as `upto` and a few ranges beyond it."""

    def __init__(self, upto: int = 0, ahead: Iterable[int] = ()) -> None:
        self.upto = upto
        """Every seq up to this one is in the set; 0 for none."""
        self._ahead: list[list[int]] = []
        for seq in sorted(ahead):
            self.add(seq)

    def __contains__(self, seq: int) -> bool:
        if seq <= self.upto:
            return True
        index = bisect_right(self._ahead, seq, key=lambda part: part[0]) - 1
        return index >= 0 and seq <= self._ahead[index][1]

    @property
    def top(self) -> int:
        """Highest seq in the set."""
        return self._ahead[-1][1] if self._ahead else self.upto

    def add(self, seq: int) -> bool:
        """Put one number in; one that is there already changes nothing.

        Returns:
            Whether it was not there yet.
        """
        if seq == self.upto + 1 and not self._ahead:
            self.upto = seq
            return True
        if seq in self:
            return False
        self._insert(seq)
        return True

    def _insert(self, seq: int) -> None:
        index = bisect_right(self._ahead, seq, key=lambda part: part[0])
        self._ahead.insert(index, [seq, seq])
        if index + 1 < len(self._ahead) and self._ahead[index + 1][0] == seq + 1:
            self._ahead[index][1] = self._ahead.pop(index + 1)[1]
        if index and self._ahead[index - 1][1] == seq - 1:
            self._ahead[index - 1][1] = self._ahead.pop(index)[1]
        if self._ahead[0][0] == self.upto + 1:
            self.upto = self._ahead.pop(0)[1]

    def holes(self) -> list[tuple[int, int]]:
        """Missing numbers below `top` as inclusive ranges, lowest first, at most `MAX_WANTED`."""
        found = []
        last = self.upto
        for first, end in self._ahead[:MAX_WANTED]:
            found.append((last + 1, first - 1))
            last = end
        return found
