"""The wire of one conversation: what becomes of packets by their schedules.

Belongs here: both ways in which it is carried out. Of datagrams the harness is itself one
end: one that it does not send is a lost one, to the bit, and so is an answer that is thrown
away once it was seen; a network could do nothing else to them that a program notices. The
segments of a stream are the kernel's: the wire of the lab loses them. Must not know: what is
expected.
"""

from __future__ import annotations

import contextlib
import heapq
import time
from collections.abc import Callable

from harness.exchange.action import DoImpair, Received
from harness.exchange.plan import Connection
from harness.network.lab.wire import Wire as LabWire
from harness.network.netlink import Address
from harness.runner.watch import Watch
from harness.spec.model import Role, Transport
from harness.wire.schedule import Line

Send = Callable[[], object]
Note = Callable[[str, bool, float], None]


class Wire:
    """Carries the packets of one play; `streams` is what those of TCP go over.

    `note(text, by_client, at)` is told of each fate, with a monotonic time.
    """

    def __init__(self, own: Role, streams: LabWire | None, note: Note) -> None:
        self._own = own
        self._streams = streams
        self._note = note
        self._lines: dict[tuple[Connection, Role], Line[Send]] = {}
        self._late: list[tuple[float, int, Send]] = []
        self._held = 0
        self.counts = False  # whether datagrams have to go through it
        self.holds = False  # whether one is under way still

    def lay(self, action: DoImpair, ends: tuple[Address, Address] | None) -> None:
        """Lays a schedule; packets are counted from here on.

        `ends` of a stream are the harness's and the target's, None where it is still to be
        opened. Raises: MachineError.
        """
        if action.connection.over is Transport.UDP:
            self._lines[action.connection, action.by] = Line(action.schedule)
            self.counts = True
            return
        assert self._streams is not None, "whoever has no wire for it does not play it"
        ports = (ends[0][1], ends[1][1]) if ends else None
        self._streams.lay(action.schedule, "tcp", action.by is not self._own, ports)

    def passed(self) -> int:
        """Returns how many frames have gone over the lab's wire, -1 where it holds some back.

        What was sent before is at the other end then. Raises: MachineError.
        """
        return self._streams.passed() if self._streams is not None else 0

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
            self.holds = True

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
        self.holds = bool(self._late)
        return released

    def _tell(self, line: Line[Send], by: Role) -> None:
        told = line.schedule.told(line.count)
        if told:
            self._note(told, by is Role.CLIENT, time.monotonic())

    # -- the wire of the lab ------------------------------------------------------------------

    def begin(self, watch: Watch) -> None:
        """Lets nothing be left of the play before. Raises: MachineError."""
        if self._streams is not None:
            self._streams.clear()
            for _ in self._streams.met():
                continue
            watch.add(self._streams.fileno(), self._take)

    def go(self) -> None:
        """Lets packets through from here on. Raises: MachineError."""
        if self._streams is not None:
            self._streams.go()

    def end(self, watch: Watch) -> None:
        """Takes in what became of the last packets. Raises: MachineError."""
        if self._streams is not None:
            watch.remove(self._streams.fileno())
            self._take()

    def _take(self) -> None:
        for met in self._streams.met() if self._streams is not None else ():
            by = self._own.other if met.of_target else self._own
            self._note(f"segment {met.number} {met.fate}", by is Role.CLIENT, met.at)
