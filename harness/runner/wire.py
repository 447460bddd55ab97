"""The wire of one conversation, where the harness is itself one end of it.

Belongs here: what becomes of datagrams by their schedule. A datagram that is not sent is a
lost one, to the bit, and so is an answer that is thrown away once it was seen: a network
could do nothing else to them that a program notices. Must not know: streams, whose segments
are the kernel's and need a wire of their own; what is expected.
"""

from __future__ import annotations

import contextlib
import heapq
import time
from collections.abc import Callable

from harness.exchange.action import DoImpair, Received
from harness.exchange.plan import Connection
from harness.spec.model import Role
from harness.wire.schedule import Line

Send = Callable[[], object]
Note = Callable[[str, bool], None]


class DatagramWire:
    """Carries the datagrams of one play. `note(text, by_client)` is told of each fate."""

    def __init__(self, own: Role, note: Note) -> None:
        self._own = own
        self._note = note
        self._lines: dict[tuple[Connection, Role], Line[Send]] = {}
        self._late: list[tuple[float, int, Send]] = []
        self._held = 0

    def lay(self, action: DoImpair) -> None:
        """Lays a schedule; packets are counted from here on."""
        self._lines[action.connection, action.by] = Line(action.schedule)

    @property
    def holds(self) -> bool:
        """Says whether something is under way still."""
        return bool(self._late)

    def carry(self, connection: Connection, send: Send) -> None:
        """Sends what leaves the wire now that this goes into it. Raises: OSError as `send` does."""
        line = self._lines.get((connection, self._own)) if self._lines else None
        if line is None:
            send()
            return
        outs = line.carry(send)
        self._tell(line, self._own)
        for out in outs:
            if out.corrupt:  # the kernel of whoever gets it throws it away
                continue
            if not out.after:
                out.packet()
                continue
            self._held += 1
            heapq.heappush(self._late, (time.monotonic() + out.after, self._held, out.packet))

    def came(self, signal: Received) -> None:
        """Counts a datagram of the target's. What becomes of it changes nothing of what it is."""
        line = self._lines.get((signal.connection, self._own.other)) if self._lines else None
        if line is not None:
            line.carry(lambda: None)
            self._tell(line, self._own.other)

    def due(self, now: float) -> float:
        """Returns in how many seconds the next is sent that is held back, infinity where none."""
        return self._late[0][0] - now if self._late else float("inf")

    def release(self, now: float) -> bool:
        """Sends what was held back long enough. Says whether anything was."""
        released = False
        while self._late and self._late[0][0] <= now:
            released = True
            with contextlib.suppress(OSError):  # nobody is there any more
                heapq.heappop(self._late)[2]()
        return released

    def _tell(self, line: Line[Send], by: Role) -> None:
        told = line.schedule.told(line.count)
        if told:
            self._note(told, by is Role.CLIENT)
