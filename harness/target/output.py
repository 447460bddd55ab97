"""What a target printed: the last of it, and how much it was.

Belongs here: bounded memory for unbounded output. Must not know: where it comes from.
"""

from __future__ import annotations

KEPT = 1 << 16
"""Bytes of the end that are kept."""


class Output:
    """Takes any amount of output and keeps its last `KEPT` bytes."""

    __slots__ = ("_end", "total")

    def __init__(self) -> None:
        self._end = bytearray()
        self.total = 0

    def add(self, data: bytes) -> None:
        """Adds what was printed next."""
        self.total += len(data)
        self._end += data
        if len(self._end) > 2 * KEPT:  # moved once for every 64 KiB, not for every line
            del self._end[:-KEPT]

    @property
    def tail(self) -> bytes:
        """The last of it, at most `KEPT` bytes."""
        return bytes(self._end[-KEPT:])
