"""The driver: does what a play asks with real sockets, and tells it what happened.

Belongs here: one case's conversation, its deadline, its waits. Must not know: what is
right or wrong (that is the play's), how a target is built or started (the instance's).

Every wait is a poll() on the sockets, the target's output and its end; when nothing
comes, the target itself is looked at (harness.target.rest), and only where that proves
nothing does a deadline decide.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from harness.errors import TargetError
from harness.exchange.action import (
    Action,
    Await,
    Awaited,
    DoClose,
    DoCraft,
    DoFind,
    DoImpair,
    DoInspect,
    DoListen,
    Done,
    DoOpen,
    DoRestart,
    DoSend,
    DoType,
    NotStarted,
    Opened,
    Printed,
    Received,
    Refused,
    Restarted,
    Sent,
    Signal,
)
from harness.exchange.plan import Connection, Plan
from harness.exchange.play import Play
from harness.network.endpoint import LOOPBACK, Address, Endpoint
from harness.network.lab.wire import Wire as LabWire
from harness.network.tables import Tables
from harness.runner.caller import Caller, RefusedError
from harness.runner.casetime import CaseTime
from harness.runner.channel import DatagramChannel, StreamChannel, Welcome
from harness.runner.company import Company
from harness.runner.crafting import Crafter
from harness.runner.inspection import Inspection, Means, found
from harness.runner.outcome import ANOTHER_PORT, Kind
from harness.runner.quiet import GRACE, Quiet
from harness.runner.reading import Reading
from harness.runner.record import Record
from harness.runner.watch import LONGEST_LOOK, Watch
from harness.runner.wire import Wire
from harness.spec.model import Ending, Role, Transport
from harness.target.process import Process
from harness.wire.frames import Seen

_SENT = Sent()
_START = 15.0  # seconds a client program has until it first shows itself on the wire
_UNOWED = (Awaited.SILENCE, Awaited.NOTHING_MORE)  # nothing has to come
_A_TICK = 0.03  # seconds that a target which polls is given to see that a client has left


class Driver:
    """Plays one plan once. `restart` starts the server anew and returns its process."""

    def __init__(
        self,
        plan: Plan,
        process: Process | None,
        port: int,
        tables: Tables,
        end: Endpoint = LOOPBACK,
        folder: Path | None = None,
        welcome: Welcome | None = None,
        restart: Callable[[], Process] | None = None,
        crafter: Crafter | None = None,
        wire: LabWire | None = None,
        guests: set[Address] | None = None,
        seen: Callable[[], Seen | None] = lambda: None,
    ) -> None:
        self._plan = plan
        self._end = end
        self._target = (end.target, port)
        self._tables = tables
        self._restart_target = restart
        self._crafter = crafter or Crafter(self._target, tables)
        self.began = time.time()
        self._start = time.monotonic()
        self.record = Record(self._start)
        self._time = CaseTime(self._start, plan.seconds, _START if welcome else 0.0)
        self._unread: StreamChannel | None = None  # what was said last, with no wait since
        self._awaited: Await | None = None  # what is waited for, and nothing but output has come
        self._since = 0.0
        self._late = False  # time was over when it last printed
        self._client_speaks = plan.role is Role.SERVER
        self._watch = Watch(tables, self.record, plan.role is Role.CLIENT)
        self._pending = self._watch.pending
        self._company = Company(
            plan, end, self._watch, self.record, welcome, self._time.shown,
            set() if guests is None else guests,
        )  # fmt: skip
        self._wire = Wire(plan.role.other, wire, self._note)
        self._watch.under_way = lambda: self._company.under_way(tables, wire is not None)
        self._watch.connections = self._company.connections
        self._watch.adopt(process)
        self._quiet = Quiet(self._watch, self._company, self._wire, self._time)
        self._reading = Reading(tables, self._watch, self._quiet, self._time, self._note)
        self._caller = Caller(end, port, tables, self._watch, self._quiet)
        means = Means(self._watch, self._company, tables, self.settle, self._quiet, seen)
        self._inspection = Inspection(plan, port, means)
        self._do: dict[type[Action], Callable[..., Signal]] = {
            DoOpen: self._open,
            DoSend: self._send,
            DoCraft: self._craft,
            DoClose: self._close,
            DoType: self._type,
            DoFind: lambda action: found(action, folder),
            DoRestart: self._restart,
            DoImpair: self._impair,
            DoInspect: self._inspection.see,
            DoListen: self._company.listen,
            Await: self._await,
        }

    # -- the whole ---------------------------------------------------------------------

    def play(self) -> Play:
        """Plays to the end and closes every socket of ours."""
        play = Play(self._plan)
        self.record.played = play
        do, feed = self._do, play.feed
        try:
            self._wire.begin(self._watch)
            self._inspection.begin()
            action = play.start()
            while isinstance(action, DoImpair):  # holds from the first packet on
                action = feed(self._impair(action))
            self._wire.go()
            while type(action) is not Done:
                action = feed(do[type(action)](action))
        finally:
            self._company.leave()
            self._wire.end(self._watch)
        return play

    def settle(self) -> int | None:
        """Waits until the target has dealt with our leaving. Returns its status if it ended."""
        watch, quiet, began = self._watch, 1, time.monotonic()
        while watch.process is not None and not watch.exited:
            waited = time.monotonic() - began
            if watch.rests() or waited > GRACE or (watch.ticks and waited > _A_TICK):
                break
            watch.look(quiet)
            quiet = min(2 * quiet, LONGEST_LOOK)
        return watch.process.status() if watch.process is not None and watch.exited else None

    @property
    def held_up(self) -> float:
        """The longest time in seconds for which nobody here has looked at what happened."""
        return self._watch.control.held_up

    @property
    def seconds(self) -> float:
        """How long the conversation took so far."""
        return time.monotonic() - self._start

    def _note(self, text: str, by_client: bool = False, at: float = 0.0) -> None:
        self.record.mark(at or time.monotonic(), Kind.NOTE, by_client, "", detail=text)

    # -- actions -------------------------------------------------------------------------

    def _open(self, action: DoOpen) -> Signal:
        connection = action.connection
        self._watch.forget(connection)
        if connection.over is Transport.UDP:  # nobody else sees anything of it
            self._company.talk(connection, self._target, self._crafter.port(action.port))
            return Opened(connection)
        self.record.mark(time.monotonic(), Kind.OPEN, True, connection.client)
        try:
            self._company.add(self._connected(action))
        except RefusedError as exc:
            who = connection.client
            self.record.mark(time.monotonic(), Kind.REFUSE, False, who, detail=str(exc))
            return exc.quiet or Refused(connection, str(exc))
        return Opened(connection)

    def _connected(self, action: DoOpen) -> StreamChannel:
        connection, slow = action.connection, self._company.slow
        if action.by_hand:
            return self._by_hand(connection)
        began = time.monotonic()
        sock = self._caller.connect(slow, self._company.unheard(connection))
        self._time.put_off(time.monotonic() - began)  # of hundreds, that is ours and the kernel's
        return StreamChannel(connection, sock, slow)

    def _by_hand(self, connection: Connection) -> StreamChannel:
        self._watch.control.begin(self._watch.process)
        try:
            return self._crafter.connect(connection, self._time.left(time.monotonic()))
        except TimeoutError as exc:
            raise RefusedError(str(exc), self._quiet.expired("nothing has come back")) from exc

    def _send(self, action: DoSend) -> Signal:
        channel, pieces = self._company.get(action.connection), action.pieces
        if channel is None or not channel.open:
            return Refused(action.connection, "the connection is closed")
        if isinstance(channel, DatagramChannel):
            return self._send_datagrams(channel, action)
        if self._unread is channel:  # each message is a read of its own, unless they are joined
            self._reading.wait(channel)
        self._unread = channel
        if len(pieces) == 1:
            return self._write(channel, pieces[0], "") or _SENT
        last = len(pieces) - 1
        for index, piece in enumerate(pieces):
            ended = self._write(channel, piece, "read before the next" if index < last else "")
            if ended is not None:
                return ended
            if index < last:
                self._reading.wait(channel)
        return _SENT

    def _write(self, channel: StreamChannel, data: bytes, detail: str) -> Signal | None:
        who = channel.connection.client
        self.record.say(time.monotonic(), self._client_speaks, who, data, detail)
        rest = data
        while rest:
            try:
                rest = rest[channel.write(rest) :]
            except BlockingIOError:
                stuck = self._until_writable(channel)
                if stuck is not None:
                    return stuck
            except OSError as exc:
                return Refused(channel.connection, exc.strerror or str(exc))
        if channel.deaf:
            self._reading.wait_unheard(channel)
        return None

    def _until_writable(self, channel: StreamChannel) -> Signal | None:
        """Reads what comes until there is room; returns what proves that there will be none.

        Where we do not listen, a server that does not read on either is not to blame.
        """
        fd, quiet = channel.sock.fileno(), 1
        self._reading.begin()
        while channel.open and not self._watch.until_writable(fd, quiet):
            if channel.deaf and self._reading.stalls(channel):
                return _SENT
            rested = self._quiet.rested()
            if rested and not self._watch.until_writable(fd, 0):
                return rested
            if self._quiet.is_over(time.monotonic()):
                return self._quiet.expired("it does not read what is sent")
            quiet = min(2 * quiet, LONGEST_LOOK)
        return None

    def _send_datagrams(self, channel: DatagramChannel, action: DoSend) -> Signal:
        if action.another_port:
            channel = self._company.move(channel)
        who = "a stranger" if action.stray else channel.connection.client
        detail = ANOTHER_PORT if action.another_port else ""
        for piece in action.pieces:
            self.record.say(time.monotonic(), self._client_speaks, who, piece, detail)
            detail = ""
            try:
                self._put(channel, piece, action)
            except OSError as exc:
                return Refused(action.connection, exc.strerror or str(exc))
        return _SENT

    def _put(self, channel: DatagramChannel, piece: bytes, action: DoSend) -> None:
        if action.stray:
            self._company.say_as_stranger(piece, channel.peer or self._target)
        elif not self._wire.counts:
            channel.write(piece, action.to)
        else:
            self._wire.carry(action.connection, partial(channel.write, piece, action.to))

    def _craft(self, action: DoCraft) -> Signal:
        return self._crafter.craft(action, self._company.get(action.connection), self.record)

    def _close(self, action: DoClose) -> Signal:
        channel, who = self._company.get(action.connection), action.connection.client
        now, how = time.monotonic(), action.how
        self.record.mark(now, Kind.CLOSE, self._client_speaks, who, detail=str(how))
        if channel is None or how is Ending.HALF:
            if channel is not None and channel.open:
                channel.close(how)
            return Sent()
        self._company.dismiss(action.connection)
        if channel.open:
            channel.close(how)
            self._company.seat()
            if self._client_speaks:
                self.settle()
                self._time.put_off(time.monotonic() - now)  # our waiting is not the target's time
        return Sent()

    def _type(self, action: DoType) -> Signal:
        self.record.mark(time.monotonic(), Kind.TYPED, True, "", action.line)
        if self._watch.process is not None and not self._watch.exited:
            self._watch.process.type(action.line)
        return Sent()

    def _restart(self, action: DoRestart) -> Signal:
        self._note("stopped, started again")
        if self._restart_target is None:
            return NotStarted("a running address cannot be started again")
        self._watch.adopt(None)
        try:
            self._watch.adopt(self._restart_target())
        except TargetError as exc:
            return NotStarted(str(exc))
        self._pending.clear()
        self._time.begin_anew(time.monotonic())
        return Restarted()

    def _impair(self, action: DoImpair) -> Signal:
        channel = self._company.get(action.connection)
        stream = channel if isinstance(channel, StreamChannel) and channel.open else None
        self._wire.lay(action, (stream.own_end, stream.target_end) if stream else None)
        return _SENT

    # -- waiting -------------------------------------------------------------------------

    def _await(self, action: Await) -> Signal:
        """Waits. Output does not make another wait of it: a target may print for ever."""
        self._unread, pending, wire = None, self._pending, self._wire
        if action.kind in _UNOWED:
            signal = self._silence(action)
        else:
            if not pending:  # a moment in which nothing but the answer is looked at
                self._watch.look(0 if wire.holds else 1)
            signal = pending.popleft() if pending else self._waited(action, False)
        if type(signal) is Received:
            if wire.counts:
                wire.came(signal)
        elif type(signal) is Printed:
            if not self._overdue():
                return signal
            signal = self._quiet.expired()
        self._awaited = None
        return signal

    def _silence(self, action: Await) -> Signal:
        """Takes what is there; else waits, where nothing is owed, until that is enough."""
        if action != self._awaited:
            self._awaited, self._since = action, time.monotonic()
        pending = self._pending
        self._watch.look(0)
        if all(type(each) is Printed for each in pending):
            enough = self._quiet.enough(self._since)
            if enough is not None:
                return enough
        return pending.popleft() if pending else self._waited(action, True)

    def _overdue(self) -> bool:
        """Says whether time was over when it last printed, too: whoever prints for ever ends."""
        before, self._late = self._late, self._quiet.is_over(time.monotonic())
        return before and self._late

    def _waited(self, action: Await, unowed: bool) -> Signal:
        """Looks at the target itself, as long as nothing comes, and waits longer each time."""
        pending, quiet = self._pending, 1 if unowed else 2
        while not pending:
            now = time.monotonic()
            if self._wire.release(now):
                self._since = now  # from here on it is to be answered
            nobody = action.kind is Awaited.EXIT and self._watch.process is None
            if nobody or self._quiet.is_over(now):
                if not nobody and self._watch.look(0) and pending:
                    break  # it was there before anybody had the time to look
                return self._quiet.expired()
            ended = self._quiet.rested() or (self._quiet.enough(self._since) if unowed else None)
            if ended is not None and not pending:
                return ended
            left = max(0.0, min(self._quiet.left(now), self._wire.due(now)))
            if not pending and not self._watch.look(min(quiet, math.ceil(left * 1000))):
                quiet = min(2 * quiet, LONGEST_LOOK)
                if quiet == LONGEST_LOOK:
                    self._watch.control.begin(self._watch.process)
        return pending.popleft()
