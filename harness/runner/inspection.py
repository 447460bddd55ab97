"""The inspection: what is looked at beside the wire: files, and what the kernel alone knows.

Belongs here: looking until it is as it has to be, or is proven to stay as it is. Must not
know: exchanges, which act comes when. What cannot be seen here is told as unseen: it is
nobody's fault, and proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from harness.exchange.action import DoFind, DoInspect, Found, Inspected
from harness.exchange.plan import Connection, Inspect, Plan
from harness.network.netlink import Address
from harness.network.tables import Tables
from harness.runner.channel import DatagramChannel, StreamChannel
from harness.runner.company import Company
from harness.runner.quiet import Quiet
from harness.runner.watch import LONGEST_LOOK, Watch
from harness.spec.model import CallsNobody, LetsGo, Reads, Role
from harness.target.folder import holds, holds_outside
from harness.target.sockets import Held, sockets_of
from harness.wire.frames import Seen, segment_in

_SHOWN = 3  # sockets in a reason
_NO_PROCESS = "a program that runs already cannot be looked into"
_HERE = ("127.0.0.1", "::1")  # where a socket is found that is bound to every address
_BLIND = "the target cannot be looked into: {}"
_FORGOTTEN = (
    "it holds no socket to anybody else; what it has sent and forgotten is seen only "
    "in a network of its own whose frames are kept"
)


def found(action: DoFind, folder: Path | None) -> Found:
    """Says whether a file is where it was looked for; `folder` is the working folder."""
    look = holds_outside if action.outside else holds
    return Found(folder is not None and look(folder, action.content))


@dataclass(frozen=True, slots=True)
class Means:
    """What an inspection looks with. `settle` waits until the target rests or takes long.

    `seen` returns what was on the wire since the play began, None where nobody has listened.
    """

    watch: Watch
    company: Company
    tables: Tables
    settle: Callable[[], int | None]
    quiet: Quiet
    seen: Callable[[], Seen | None]


class Inspection:
    """Looks at one target in one play. `port` is where a server listens."""

    def __init__(self, plan: Plan, port: int, means: Means) -> None:
        self._server = plan.role is Role.SERVER
        self._port = port
        self._means = means
        self._before: frozenset[int] = frozenset()
        self._blind = ""
        self._remembers = any(
            isinstance(step, Inspect) and isinstance(step.act, LetsGo) for step in plan.distinct
        )

    def begin(self) -> None:
        """Remembers what the target holds before anybody speaks to it."""
        process = self._means.watch.process
        if self._remembers and process is not None:
            self._means.settle()
            try:
                self._before = frozenset(each.inode for each in sockets_of(process))
            except OSError as exc:
                self._blind = _BLIND.format(exc.strerror)

    def see(self, action: DoInspect) -> Inspected:
        """Returns what is seen at last."""
        act = action.act
        try:
            if isinstance(act, Reads):
                return self._lasting(lambda: self._unread(action.connection))
            if self._means.watch.process is None:
                return Inspected(unseen=_NO_PROCESS)
            if isinstance(act, CallsNobody):
                return self._calls()
            if self._blind:
                return Inspected(unseen=self._blind)
            return self._lasting(self._left)
        except OSError as exc:
            return Inspected(unseen=_BLIND.format(exc.strerror))

    def _lasting(self, look: Callable[[], Inspected]) -> Inspected:
        """Looks until nothing is wrong, the target rests, or time is over."""
        watch, quiet, ms = self._means.watch, self._means.quiet, 0
        found = look()
        while found.wrong:
            came = watch.look(ms)
            rested = None if came else quiet.rested()
            found = look()
            if found.wrong and rested is not None:
                return Inspected(found.wrong, "", "rest", rested.evidence)
            if found.wrong and (watch.exited or quiet.is_over(time.monotonic())):
                return Inspected(found.wrong, "", "deadline")
            ms = 0 if came else min(max(1, 2 * ms), LONGEST_LOOK)
        return found

    # -- what is read ----------------------------------------------------------------------

    def _unread(self, connection: Connection) -> Inspected:
        channel, tables = self._means.company.get(connection), self._means.tables
        if isinstance(channel, StreamChannel) and channel.open:
            left = tables.tcp_unread(channel.own_end, channel.target_end)
        elif isinstance(channel, DatagramChannel) and channel.peer is not None:
            left = tables.udp_unread(channel.peer[1])
        else:
            return Inspected("has closed the connection, and what was sent may lie unread")
        if left is None and self._means.watch.process is None:
            return Inspected(unseen="what a program on another machine has read is not to be seen")
        if left is None:
            return Inspected("has nobody any more who reads what was sent")
        return Inspected("has not read what was sent to it" if left else "")

    # -- what is held ----------------------------------------------------------------------

    def _left(self) -> Inspected:
        process = self._means.watch.process
        held = sockets_of(process) if process is not None else ()
        left = [each for each in held if each.inode not in self._before]
        standing = self._means.company.standing()
        left = [each for each in left if not self._is_welcome(each) and each.remote not in standing]
        if not left and self._server and self._means.tables.waiting(self._port):
            return Inspected("has not taken in all of its clients")
        return Inspected(f"holds what its clients have left: {_some(left)}" if left else "")

    def _is_welcome(self, held: Held) -> bool:
        return held.listens and held.local[1] == self._port

    # -- who is talked to --------------------------------------------------------------------

    def _calls(self) -> Inspected:
        self._means.settle()
        process = self._means.watch.process
        held = sockets_of(process) if process is not None else ()
        own = {each.local for each in held} | {
            (each, one.local[1]) for one in held if one.listens for each in _HERE
        }
        calls = [each for each in held if each.calls and not self._is_known(each, own)]
        if calls:
            return Inspected(f"talks to somebody else: {_some(calls)}", "", "socket")
        return self._on_the_wire(own)

    def _on_the_wire(self, own: Collection[Address]) -> Inspected:
        """Looks at all frames of the target's network, where it has one of its own."""
        seen = self._means.seen()
        if seen is None or seen.lost:
            return Inspected(unseen=_FORGOTTEN)
        known = {*self._means.company.guests, *own}
        for frame in seen.frames:
            segment = segment_in(frame.data)
            if segment is not None and not {_end(segment.source), _end(segment.to)} & known:
                host, port = _end(segment.to)
                return Inspected(f"has sent something to {host} port {port}", "", "wire")
        return Inspected()

    def _is_known(self, held: Held, own: Collection[Address]) -> bool:
        """Says whether its other end is a client, the server, or the target itself."""
        if self._server and held.state and held.local[1] == self._port:
            return True  # it came in by the welcome socket
        if not self._server and held.remote is not None and held.remote[1] == self._port:
            return True
        return held.remote in self._means.company.guests or held.remote in own


def _end(end: tuple[bytes, int]) -> Address:
    return str(ip_address(end[0])), end[1]


def _some(held: Iterable[Held]) -> str:
    told = [str(each) for each in held]
    more = len(told) - _SHOWN
    return ", ".join(told[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
