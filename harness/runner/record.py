"""The record of a conversation while it is going on.

Belongs here: cheap notes on the way, entries at the end. Must not know: sockets, verdicts.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.exchange.plan import AnyStep
from harness.runner.outcome import Entry, Kind

_MOST = 4000  # entries; a reset storm or a byte-wise megabyte must not fill the memory


def _none() -> None:
    """Nothing is played yet."""


class Record:
    """Notes with their times; `mark` is called on every send and arrival.

    `step` returns the step that is being played, which every note remembers.
    """

    __slots__ = ("_notes", "_start", "left_out", "step")

    def __init__(self, start: float) -> None:
        self._start = start
        self._notes: list[tuple[float, Kind, bool, str, bytes, str, AnyStep | None]] = []
        self.left_out = 0
        self.step: Callable[[], AnyStep | None] = _none

    def mark(
        self, at: float, kind: Kind, by_client: bool, who: str, data: bytes = b"", detail: str = ""
    ) -> None:
        """Notes one thing at a monotonic time."""
        if len(self._notes) < _MOST:
            self._notes.append((at, kind, by_client, who, data, detail, self.step()))
        else:
            self.left_out += 1

    def entries(self) -> tuple[Entry, ...]:
        """Returns the conversation, oldest first."""
        return tuple(
            Entry(at - self._start, kind, by_client, who, data, detail, step)
            for at, kind, by_client, who, data, detail, step in self._notes
        )
