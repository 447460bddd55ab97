"""The watch: everything that can happen in a case, waited for in one place.

Belongs here: poll() over sockets, the target's output and its end; the look at a target
that stays quiet. Must not know: what is awaited, or what a deadline makes of it.
"""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Callable, Collection

from harness.exchange.action import Ended, Exited, Printed, Received, Signal
from harness.exchange.plan import Connection
from harness.network.tables import Tables
from harness.runner.control import Control
from harness.runner.outcome import Kind
from harness.runner.record import Record
from harness.target.descriptor import Ends
from harness.target.process import Process
from harness.target.rest import Kind as Rest
from harness.target.rest import Proof, asleep, prove

_PRINTED_A_SECOND = 5_000_000  # bytes that are taken from a terminal, on a busy machine
_FLOOD = 0.1  # seconds of it, from which on it matters whether the machine is late
_MOST_PRINTING = 10.0
_LAST_WORDS = 1.0  # seconds for what it said before its end; its children's must not last for ever
LONGEST_LOOK = 50
"""Milliseconds between two looks at a target that does not rest."""


class Watch:
    """Signals in the order in which they came: `pending`."""

    def __init__(self, tables: Tables, record: Record, target_is_client: bool) -> None:
        self.pending: deque[Signal] = deque()
        self.exited = False
        self.proof: Proof | None = None  # the last one, whatever it says
        self.control = Control(time.monotonic())
        self.printing = 0.0  # seconds that its own output has cost it, beside the case's time
        self.process: Process | None = None
        self.under_way: Callable[[], bool] = lambda: False  # whether more is to come for certain
        self.connections: Callable[[], Collection[Ends]] = tuple  # those with the harness
        self._tables = tables
        self._record = record
        self._target_is_client = target_is_client
        self._poll = select.poll()
        self._readers: dict[int, Callable[[], None]] = {}

    # -- what is watched ---------------------------------------------------------------

    def add(self, fd: int, reader: Callable[[], None]) -> None:
        """Calls `reader` whenever there is something to read."""
        self._readers[fd] = reader
        self._poll.register(fd, select.POLLIN)

    def remove(self, fd: int) -> None:
        """Looks away from it, if it was watched; to be called before it is closed."""
        if self._readers.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def adopt(self, process: Process | None) -> None:
        """Watches this process, and no longer the one before."""
        if self.process is not None:
            self.remove(self.process.output_fd)
            self.remove(self.process.exit_fd)
        self.process, self.exited = process, False
        if process is not None:
            self.add(process.output_fd, self._take_output)
            self.add(process.exit_fd, self._see_end)

    def forget(self, connection: Connection) -> None:
        """Drops what came on a connection that is closed: the next of its name begins anew."""
        kept = [
            each
            for each in self.pending
            if not isinstance(each, Received | Ended) or each.connection != connection
        ]
        self.pending.clear()
        self.pending.extend(kept)

    # -- looking -----------------------------------------------------------------------

    def look(self, ms: int) -> bool:
        """Takes in all that happens within so many milliseconds. Says whether anything did."""
        began = 0.0 if ms <= 1 and not self._target_is_client else time.monotonic()
        events = self._poll.poll(ms)
        if began:
            self.control.waited(began, ms / 1000, time.monotonic())
        readers = self._readers
        for fd, _ in events:
            if fd in readers:
                readers[fd]()
        return bool(events)

    def until_writable(self, fd: int, ms: int) -> bool:
        """Takes in what comes until the descriptor takes more. Says whether it does."""
        listened = fd in self._readers
        if listened:
            self._poll.modify(fd, select.POLLIN | select.POLLOUT)
        else:
            self._poll.register(fd, select.POLLOUT)
        try:
            for found, events in self._poll.poll(ms):
                if found == fd and events & select.POLLOUT:
                    return True
                if found in self._readers:
                    self._readers[found]()
        finally:
            if fd in self._readers:
                self._poll.modify(fd, select.POLLIN)
            elif not listened:
                self._poll.unregister(fd)
        return False

    def rests(self) -> Proof | None:
        """Returns the proof that the target waits for more, None where there is none."""
        if self.process is None or self.exited:
            return None
        proof = self.proof = prove(self.process, self._tables, self.connections())
        if proof.kind is Rest.GONE:
            self._see_end()
        # What it said last was here before it went to rest: over loopback, and at a terminal,
        # a write() has delivered when it returns.
        return proof if proof.kind is Rest.RESTS and not self.look(0) else None

    def sleeps(self) -> bool:
        """Says whether the target did nothing just now; other than rest, that may change."""
        return self.process is None or self.exited or asleep(self.process)

    def seen(self) -> str:
        """Returns in words what the last proof has found, "" where there was none."""
        proof = self.proof
        if proof is None or self.exited:
            return ""
        return f"the target {proof.kind.value}" + (f": {proof.evidence}" if proof.evidence else "")

    @property
    def ticks(self) -> bool:
        """Says whether the last proof found that it waits, with a time limit of its own."""
        return self.proof is not None and self.proof.kind is Rest.TIMED

    # -- the target --------------------------------------------------------------------

    def _take_output(self) -> None:
        process = self.process
        data = process.drain() if process is not None else b""
        if data:
            self.printing = min(self.printing + len(data) / _PRINTED_A_SECOND, _MOST_PRINTING)
            if self.printing > _FLOOD:
                self.control.begin(process)
            self._record.mark(time.monotonic(), Kind.PRINTED, self._target_is_client, "", data)
            self.pending.append(Printed(data))

    def _see_end(self) -> None:
        process = self.process
        if process is None or self.exited:
            return
        self.remove(process.exit_fd)
        until = time.monotonic() + _LAST_WORDS  # what it said before its end comes first
        while (self.look(1) or self.under_way()) and time.monotonic() < until:
            continue
        self._take_output()
        # A server that goes to the background ends well; one that crashes is dead, whoever is left.
        status = process.status()
        if status is not None and (status != 0 or not process.pids()):
            self.exited = True
            self.pending.append(Exited(status))
