"""Looking back in the store: when something was told. Not responsible for what it means."""

import json
from typing import Final

from edge.store.store import Store

PAGE: Final = 500
"""Events read at once."""
FARTHEST: Final = 5_000
"""Events looked back over: some 50 ms on a Pi."""


class History:
    """The newest events of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str], int | None] = {}
        self._known_at = -1

    def raised_ms(self, code: str, where: str) -> int | None:
        """Wall time at which a fault was raised last, milliseconds since 1970 UTC; None when that is too long ago."""
        if self._known_at != self._store.last_seq:
            self._known, self._known_at = {}, self._store.last_seq
        if (code, where) not in self._known:
            self._known[code, where] = self._look(code, where)
        return self._known[code, where]

    def _look(self, code: str, where: str) -> int | None:
        upto = self._store.last_seq
        end = max(0, upto - FARTHEST)
        while upto > end:
            start = max(end, upto - PAGE)
            for _, body in reversed(self._store.read_events(start, upto - start)):
                if b'"fault.raised"' in body:
                    event = json.loads(body)
                    if (event["d"]["code"], event["d"]["where"]) == (code, where):
                        return int(event["t"])
            upto = start
        return None
