"""The record of a conversation while it is going on.

Belongs here: cheap notes on the way, entries at the end. Must not know: sockets, verdicts.
"""

from __future__ import annotations

from harness.runner.outcome import Entry, Kind

_MOST = 4000  # entries; a reset storm or a byte-wise megabyte must not fill the memory


class Record:
    """Notes with their times; `mark` is called on every send and arrival."""

    __slots__ = ("_notes", "_start", "left_out")

    def __init__(self, start: float) -> None:
        self._start = start
        self._notes: list[tuple[float, Kind, bool, str, bytes, str]] = []
        self.left_out = 0

    def mark(
        self, at: float, kind: Kind, by_client: bool, who: str, data: bytes = b"", detail: str = ""
    ) -> None:
        """Notes one thing at a monotonic time."""
        if len(self._notes) < _MOST:
            self._notes.append((at, kind, by_client, who, data, detail))
        else:
            self.left_out += 1

    def entries(self) -> tuple[Entry, ...]:
        """Returns the conversation, oldest first."""
        return tuple(
            Entry(at - self._start, kind, by_client, who, data, detail)
            for at, kind, by_client, who, data, detail in self._notes
        )
