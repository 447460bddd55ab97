"""Reading: whether the target has taken out of the kernel what was said to it over TCP.

Belongs here: waiting until it has, or is seen not to. Must not know: what was said, what is
answered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from harness.network import endpoint
from harness.network.tables import Tables
from harness.runner.casetime import CaseTime
from harness.runner.channel import StreamChannel
from harness.runner.quiet import Quiet
from harness.runner.watch import LONGEST_LOOK, Watch

_QUICK_LOOKS = 200  # at a piece that is not read yet, before the target itself is looked at
_PEEKING = 0.25  # of the case's time, until a piece that is not read is followed by the next
_STALLED = 0.3  # seconds, after the first probe of a window that is full (RFC 9293, 3.8.6.1)


class Reading:
    """Watches one target read. `note` takes a line for the report."""

    def __init__(
        self,
        tables: Tables,
        watch: Watch,
        quiet: Quiet,
        case_time: CaseTime,
        note: Callable[[str], None],
    ) -> None:
        self._tables = tables
        self._watch = watch
        self._quiet = quiet
        self._time = case_time
        self._note = note
        self._peeks = False  # it leaves in the kernel what is not whole yet, and does not rest
        self._awake = 0.0  # when it was last seen to do something about what lies unread

    def _unread(self, channel: StreamChannel) -> bool:
        return bool(self._tables.tcp_unread(channel.own_end, channel.target_end))

    def wait(self, channel: StreamChannel) -> None:
        """Waits until the kernel shows that the target has read all of it.

        It need not: a program may look at what came and leave it there until its message is
        whole (MSG_PEEK, SO_RCVLOWAT). One that rests gets the next piece at once; of one that
        does not, this is found out once, and is not the case's time.
        """
        looks, quiet, began = 0, 1, time.monotonic()
        while self._unread(channel):
            looks += 1
            if looks < _QUICK_LOOKS:
                os.sched_yield()
                continue
            if self._peeks or time.monotonic() - began >= _PEEKING * self._time.seconds:
                return self._sees_only(began)
            if not self._watch.look(quiet):
                # It may have read between the look at the queue and the one at its threads.
                if self._quiet.rested() and self._unread(channel):
                    return self._note("it rests and has not read this: the next is sent")
                quiet = min(2 * quiet, LONGEST_LOOK)
            if not channel.open or self._watch.exited:
                return None
        return None

    def _sees_only(self, began: float) -> None:
        self._note("it does not read this: the next is sent")
        if not self._peeks:
            self._peeks = True
            self._time.put_off(time.monotonic() - began)

    # -- where we do not listen --------------------------------------------------------------

    def wait_unheard(self, channel: StreamChannel) -> None:
        """Waits until it has read it all, or cannot go on as we do not read."""
        quiet = 1
        self.begin()
        while self._unread(channel):
            if not self._watch.look(quiet) and self.stalls(channel):
                return
            if self._watch.exited or self._quiet.is_over(time.monotonic()):
                return
            quiet = min(2 * quiet, LONGEST_LOOK)

    def begin(self) -> None:
        """Begins to look whether it `stalls`."""
        self._awake = time.monotonic()

    def stalls(self, channel: StreamChannel) -> bool:
        """Says whether the target sleeps over what lies before it, and has for a while.

        Nothing that it has written waits for an acknowledgement that we put off.
        """
        endpoint.acknowledge(channel.sock)
        now = time.monotonic()
        queued = self._tables.tcp_queued(channel.own_end, channel.target_end)
        if not queued or not self._watch.sleeps():
            self._awake = now
        return now - self._awake >= _STALLED
