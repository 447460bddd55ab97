"""The company: all sockets of one conversation, those that we open and those that come in.

Belongs here: which channel carries which connection, who is seated at it, what arrives on it.
Must not know: actions, deadlines, the play.
"""

from __future__ import annotations

import math
import socket
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from harness.exchange.action import DoListen, Opened, Received, Refused, Sent, Signal
from harness.exchange.plan import STRANGERS, Connection, Listen, Plan
from harness.network.endpoint import Address, Endpoint
from harness.network.tables import Tables
from harness.runner.channel import (
    Accepted,
    Channel,
    DatagramChannel,
    StreamChannel,
    Welcome,
    all_of,
)
from harness.runner.outcome import ANOTHER_PORT, Kind
from harness.runner.record import Record
from harness.runner.watch import Watch
from harness.spec.model import Delivery, Role, Transport

Shown = Callable[[float], None]


class Company:
    """The channels by connection. `shown` is told when a client program shows itself.

    `came` is when something last came, in monotonic seconds. `guests` grows by
    every address that we speak from to the target. `get` returns the channel that carries a
    connection, None where there is none.
    """

    def __init__(
        self,
        plan: Plan,
        end: Endpoint,
        watch: Watch,
        record: Record,
        welcome: Welcome | None,
        shown: Shown,
        guests: set[Address],
    ) -> None:
        self._end = end
        self._clients = plan.case.clients
        self.slow = plan.delivery is Delivery.SLOW_READER
        self._heeds_strangers = plan.heeds_strangers
        self._target_is_client = plan.role is Role.CLIENT
        self._watch = watch
        self._record = record
        self._welcome = welcome
        self._shown = shown
        self.came = -math.inf
        self._timed = plan.timed
        self._channels: dict[Connection, Channel] = {}
        self.get: Callable[[Connection], Channel | None] = self._channels.get
        self._waiting: deque[Accepted] = deque()
        self._strangers: dict[socket.socket, int] = {}  # with how many answers each has had
        self.guests = guests
        unheard = (step for step in plan.distinct if isinstance(step, Listen) and not step.on)
        self._unheard = {step.connection for step in unheard}
        if welcome is not None:
            watch.add(welcome.listener.fileno(), self._welcome_in)
            everybody = Connection(self._clients[0], Transport.UDP)
            self.add(DatagramChannel(everybody, welcome.datagrams, None, shared=True))

    def add(self, channel: Channel) -> None:
        """Lets a channel carry its connection from here on; the one before is closed."""
        before = self._channels.get(channel.connection)
        if isinstance(before, StreamChannel) or (before is not None and not before.shared):
            self._watch.remove(before.sock.fileno())
            before.close()
        self._channels[channel.connection] = channel
        self.guests.add(channel.sock.getsockname()[:2])
        self._watch.add(channel.sock.fileno(), partial(self._read, channel))

    def talk(self, connection: Connection, target: Address, port: int = 0) -> None:
        """Makes the UDP socket that carries a connection to the target, at a port (0: any)."""
        sock = self._end.datagrams(port, self._timed)
        self.add(DatagramChannel(connection, sock, target, False, self._timed))

    def move(self, channel: DatagramChannel) -> DatagramChannel:
        """Goes on from another port; a server's welcome socket is still listened to."""
        if channel.shared:
            moved = DatagramChannel(channel.connection, self._end.datagrams(), channel.peer, False)
            self.add(moved)
            return moved
        self._watch.remove(channel.sock.fileno())
        channel.move(self._end.datagrams(timed=channel.timed))
        self.guests.add(channel.sock.getsockname()[:2])
        self._watch.add(channel.sock.fileno(), partial(self._read, channel))
        return channel

    def say_as_stranger(self, data: bytes, to: Address) -> None:
        """Sends a datagram from a port of its own. Raises: OSError.

        Its answers are read where the plan looks at them, and then all strangers are one.
        """
        if self._heeds_strangers:
            if STRANGERS not in self._channels:
                self.add(DatagramChannel(STRANGERS, self._end.datagrams(), to, shared=False))
            self._channels[STRANGERS].sock.sendto(data, to)
            return
        stranger = self._end.datagrams()
        self._strangers[stranger] = 0
        self.guests.add(stranger.getsockname()[:2])
        stranger.sendto(data, to)

    def unheard(self, connection: Connection) -> bool:
        """Says whether a connection is one on which we do not listen."""
        return connection in self._unheard

    def listen(self, action: DoListen) -> Sent:
        """Takes in nothing more from a connection until it is listened to again."""
        channel, on = self._channels.get(action.connection), action.on
        if isinstance(channel, StreamChannel) and channel.open and channel.deaf is on:
            channel.deaf = not on
            if on:
                self._watch.add(channel.sock.fileno(), partial(self._read, channel))
            else:
                self._watch.remove(channel.sock.fileno())
        return Sent()

    def standing(self) -> frozenset[Address]:
        """Returns our ends of the connections that are open."""
        streams = (each for each in self._channels.values() if isinstance(each, StreamChannel))
        return frozenset(each.own_end for each in streams if each.open)

    def dismiss(self, connection: Connection) -> None:
        """Takes in nothing more from a connection; to be called before it is closed."""
        channel = self._channels.get(connection)
        if channel is not None and channel.open:
            self._watch.remove(channel.sock.fileno())
        self._watch.forget(connection)

    def leave(self) -> None:
        """Closes everything."""
        for channel in self._channels.values():
            self._watch.remove(channel.sock.fileno())
            channel.close()
        for sock in (*self._strangers, *(each.sock for each in self._waiting)):
            sock.close()
        self._strangers.clear()
        self._waiting.clear()

    # -- what cannot be seen by waiting ------------------------------------------------------

    def under_way(self, tables: Tables, wired: bool) -> bool:
        """Says whether a target that rests has said what its kernel has not delivered yet.

        `wired`: or has not got what was said to it, which a wire between both may lose.
        """
        ends = [
            (channel.target_end, channel.own_end)
            for channel in self._channels.values()
            if isinstance(channel, StreamChannel) and channel.open and not channel.deaf
        ]
        return any(
            tables.tcp_unread(target, own) or (wired and tables.tcp_under_way(own, target))
            for target, own in ends
        )

    def connections(self) -> list[tuple[Address, Address]]:
        """Returns both ends of what is connected with the target, whose end is the first."""
        return [
            (channel.target_end, channel.own_end)
            for channel in self._channels.values()
            if isinstance(channel, StreamChannel) and channel.open
        ]

    def where_it_went(self) -> str:
        """Returns in words where an answer went that did not come, "" where nobody knows."""
        for channel in self._channels.values():
            if isinstance(channel, DatagramChannel) and any(True for _ in channel.astray()):
                return "its answer went to the port that the client had used before"
        # A stranger has said one thing, and may have had one answer to that.
        for stranger in self._strangers:
            self._strangers[stranger] += sum(1 for _ in all_of(stranger))
        if any(count > 1 for count in self._strangers.values()):
            return "its answer went to a stranger, who had said something before"
        return ""

    # -- what comes ----------------------------------------------------------------------------

    def _read(self, channel: Channel) -> None:
        signal = channel.read()
        if type(signal) is Received:
            now = self.came = time.monotonic()
            if self._welcome is not None:
                signal = self._from_client(signal, channel, now)
            detail = ANOTHER_PORT if signal.new_port else ""
            who = channel.connection.client
            self._record.say(now, self._target_is_client, who, signal.data, detail)
        elif signal is None:
            return
        else:
            self._gone(signal, channel)
        self._watch.pending.append(signal)
        if self._waiting:
            self.seat()

    def _from_client(self, signal: Received, channel: Channel, now: float) -> Received:
        self._shown(now)
        left = self._channels.get(channel.connection) is not channel
        return signal._replace(astray=True) if left else signal

    def _gone(self, signal: Signal, channel: Channel) -> None:
        if isinstance(channel, StreamChannel):
            self._watch.remove(channel.sock.fileno())
        refused = isinstance(signal, Refused)
        detail = signal.why if isinstance(signal, Refused) else str(getattr(signal, "how", ""))
        kind, who = Kind.REFUSE if refused else Kind.CLOSE, channel.connection.client
        self._record.mark(time.monotonic(), kind, self._target_is_client, who, detail=detail)

    def _welcome_in(self) -> None:
        accepted = self._welcome.accept() if self._welcome is not None else None
        if accepted is not None:
            self._waiting.append(accepted)
            self.seat()

    def seat(self) -> None:
        """Gives the longest waiting connection to the client that has none open."""
        for name in self._clients if self._waiting else ():
            connection = Connection(name, Transport.TCP)
            held = self._channels.get(connection)
            if self._waiting and (held is None or not held.open):
                accepted = self._waiting.popleft()
                self.add(StreamChannel(connection, accepted.sock, self.slow, accepted.ends))
                now = time.monotonic()
                self._shown(now)
                self._record.mark(now, Kind.OPEN, True, name)
                self._watch.pending.append(Opened(connection))
