"""The terminal's view: what the target has printed, and what was looked for in it.

Belongs here: output as one text that is searched. Must not know: ptys, processes.
"""

from __future__ import annotations

from harness.exchange.plan import Step
from harness.wire.message import Judge

_MOST = 1 << 16  # bytes of output that are searched


class Terminal:
    """Output since the last find, and what must not appear in it."""

    def __init__(self) -> None:
        self.unread = b""
        self._forbidden: list[tuple[Step, Judge]] = []

    def add(self, data: bytes) -> None:
        """Takes in output; of a flood only the end is kept."""
        self.unread = (self.unread + data)[-_MOST:]

    def take(self, judge: Judge) -> bool:
        """Finds a message anywhere in the output, and goes on behind it."""
        found = judge.find(self.unread)
        if found is None:
            return False
        self.unread = self.unread[found[1] :]
        return True

    def forbid(self, step: Step, judge: Judge) -> None:
        """Remembers what must not be printed from here to the end."""
        self._forbidden.append((step, judge))

    def broken(self) -> tuple[Step, bytes] | None:
        """Returns the step whose ban was broken, with the output, None while none was."""
        for step, judge in self._forbidden:
            if judge.find(self.unread) is not None:
                return step, self.unread
        return None
