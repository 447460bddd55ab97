"""The record of a conversation while it is going on.

Belongs here: cheap notes on the way, entries at the end. Must not know: sockets, verdicts.
"""

from __future__ import annotations

from typing import Protocol

from harness.exchange.plan import AnyStep
from harness.runner.outcome import Entry, Kind

_MOST = 4000  # entries; a reset storm or a byte-wise megabyte must not fill the memory
_BYTES = Kind.BYTES


class Played(Protocol):
    """What has a step of now."""

    step: AnyStep | None


class _Nothing:
    """What is played before anything is."""

    step: AnyStep | None = None


class Record:
    """Notes with their times; `say` is called on every send and arrival.

    `played` has the step of now, which every note remembers.
    """

    __slots__ = ("_notes", "_start", "left_out", "played")

    def __init__(self, start: float) -> None:
        self._start = start
        self._notes: list[tuple[float, Kind, bool, str, bytes, str, AnyStep | None]] = []
        self.left_out = 0
        self.played: Played = _Nothing()

    def say(self, at: float, by_client: bool, who: str, data: bytes, detail: str) -> None:
        """Notes bytes that go one way or the other at a monotonic time."""
        notes = self._notes
        if len(notes) < _MOST:
            notes.append((at, _BYTES, by_client, who, data, detail, self.played.step))
        else:
            self.left_out += 1

    def mark(
        self, at: float, kind: Kind, by_client: bool, who: str, data: bytes = b"", detail: str = ""
    ) -> None:
        """Notes one thing at a monotonic time."""
        if len(self._notes) < _MOST:
            self._notes.append((at, kind, by_client, who, data, detail, self.played.step))
        else:
            self.left_out += 1

    def entries(self) -> tuple[Entry, ...]:
        """Returns the conversation, oldest first."""
        return tuple(
            Entry(at - self._start, kind, by_client, who, data, detail, step)
            for at, kind, by_client, who, data, detail, step in self._notes
        )
