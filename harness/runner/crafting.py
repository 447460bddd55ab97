"""Crafting: puts packets on the wire that no socket of a program would send.

Belongs here: prebuilt frames on a packet socket of the lab, and what a plain UDP socket can
send of the catalogue where there is no lab. Must not know: what a packet proves, the play.
"""

from __future__ import annotations

import contextlib
import importlib
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from harness.exchange.action import DoCraft, Refused, Sent, Signal
from harness.exchange.plan import Connection, Craft, Open, Plan
from harness.network import endpoint
from harness.network.endpoint import Address
from harness.network.tables import Tables
from harness.runner.caller import RefusedError
from harness.runner.channel import Channel, DatagramChannel
from harness.runner.handmade import OWN_MAC, OWN_V4, HandmadeStream
from harness.runner.outcome import CRAFTED, Kind
from harness.runner.record import Record
from harness.spec.model import Transport
from harness.wire.malformed.catalogue import frames
from harness.wire.malformed.packet import End, Entry, Fate, Flow, Party
from harness.wire.malformed.stack import Stack

_FIRST = 40_000  # ports of handmade connections lie behind it
_NO_MAC = "00:00:00:00:00:00"
_NO_LAB = "it takes a lab, and this target lives in the network of the host"
_LOOPS = "over loopback it would make the target talk to itself for ever"
_NO_LINK = "it takes the link of a lab, and this target listens on loopback alone"
_NO_V6 = "the target does not listen over IPv6"


class Side(Protocol):
    """One end of a lab's link."""

    @property
    def mac(self) -> str:
        """Its Ethernet address."""

    @property
    def v4(self) -> str:
        """Its IPv4 address."""

    @property
    def v6(self) -> str:
        """Its IPv6 address."""


class Laboratory(Protocol):
    """What crafting needs of a lab."""

    @property
    def sides(self) -> Mapping[str, Side]:
        """Its ends, "far" (the harness's) and "near" (the target's); none in a poorer one."""

    def packets(self, side: str = "far") -> socket.socket:
        """Returns a socket for whole Ethernet frames."""


class Crafter:
    """Sends to one target. `target` is where its sockets are spoken to by the harness."""

    def __init__(self, target: Address, tables: Tables, lab: Laboratory | None = None) -> None:
        self._target = target
        self._tables = tables
        self._lab = lab
        self._loopback = target[0].startswith("127.") or target[0] == "::1"
        self._socket: socket.socket | None = None
        self._by_hand = 0  # connections so far, each from a port of its own

    def close(self) -> None:
        """Closes the packet socket, where one was opened."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def port(self, wanted: int) -> int:
        """Returns the port for a client that crafts: in a lab all are free, else 0."""
        return wanted if self._lab is not None else 0

    def fate(self, entry: Entry) -> Fate:
        """Returns what becomes of an entry on the way that it takes here."""
        return entry.fate_on(self._loopback)

    def lacking(self, entry: Entry | Stack, over: Transport = Transport.UDP) -> str:
        """Returns why a packet cannot be sent here, "" where it can."""
        if isinstance(entry, Stack):
            if self._lab is None:
                return _NO_LAB
            return _NO_LINK if over is Transport.TCP and self._loopback else ""
        if self._lab is None:
            return _NO_LAB if entry.options is None else ""
        if self._loopback and self.fate(entry).end is End.SENDER:
            return _LOOPS
        return _NO_V6 if entry.v6 and not self._hears_v6() else ""

    def _hears_v6(self) -> bool:
        bound = self._tables.bound(Transport.UDP, self._target[1])
        return any(each.family == socket.AF_INET6 for each in bound)

    def prepare(self, plan: Plan) -> None:
        """Builds what a plan crafts, so that no time goes by in its play."""
        if self._lab is None:
            return
        ports = {
            step.connection: step.port
            for step in plan.distinct
            if isinstance(step, Open) and step.port
        }
        for step in plan.distinct:
            if isinstance(step, Craft) and isinstance(step.packet, Entry):
                known = step.connection in ports and not step.says.message.open
                data = step.says.message.produce(plan.scope) if known else b""
                frames(step.packet, self._flow(ports.get(step.connection, 0)), data)

    def craft(self, action: DoCraft, channel: Channel | None, record: Record) -> Signal:
        """Sends an entry from a channel's port; what the network refuses is not sent."""
        if isinstance(channel, HandmadeStream) and isinstance(action.packet, Stack):
            return self._segment(action, channel, action.packet, record)
        if not isinstance(channel, DatagramChannel):
            return Refused(action.connection, "there is no UDP socket to send it from")
        by_client, detail = not channel.shared, f"{CRAFTED}{action.packet.id}"
        who = action.connection.client
        record.mark(time.monotonic(), Kind.BYTES, by_client, who, action.data, detail)
        endpoint.ignore_errors(channel.sock)  # it is the packet that a kernel complains of
        try:
            if self._lab is None:
                self._by_socket(channel, action)
            else:
                for frame in self._frames(action, self._flow_of(channel)):
                    self._packets(self._lab).send(frame)
        except OSError as exc:
            if isinstance(action.packet, Entry) and self.fate(action.packet).end is End.SENDER:
                return Sent()
            return Refused(action.connection, exc.strerror or str(exc))
        return Sent()

    def connect(self, connection: Connection, seconds: float) -> HandmadeStream:
        """Returns a TCP connection of which each segment is made by hand.

        Raises: RefusedError, TimeoutError where nothing comes back in so many seconds.
        """
        assert self._lab is not None
        near = self._lab.sides["near"]
        with contextlib.ExitStack() as unless_connected:
            raw = unless_connected.enter_context(self._lab.packets("far"))
            target = Party(near.mac, near.v4, near.v6, self._target[1])
            self._by_hand += 1
            own = Party(OWN_MAC, OWN_V4, "", _FIRST + self._by_hand)
            try:
                made = HandmadeStream(connection, raw, Flow(own, target), seconds)
            except TimeoutError:
                raise
            except OSError as exc:
                raise RefusedError(exc.strerror or str(exc)) from exc
            unless_connected.pop_all()
        return made

    def _segment(
        self, action: DoCraft, channel: HandmadeStream, stack: Stack, record: Record
    ) -> Signal:
        who, detail = action.connection.client, f"{CRAFTED}{stack.id}"
        record.mark(time.monotonic(), Kind.BYTES, True, who, action.data, detail)
        try:
            channel.craft(stack, action.data)
        except OSError as exc:
            return Refused(action.connection, exc.strerror or str(exc))
        return Sent()

    def _frames(self, action: DoCraft, flow: Flow) -> Sequence[bytes]:
        if isinstance(action.packet, Entry):
            return frames(action.packet, flow, action.data)
        stacking = importlib.import_module("harness.wire.malformed.stacking")
        return (stacking.frame(action.packet, flow, action.data, "UDP"),)

    def _by_socket(self, channel: DatagramChannel, action: DoCraft) -> None:
        """The socket is that of one trial: what is set stays set."""
        assert isinstance(action.packet, Entry)
        for option in action.packet.options or ():
            channel.sock.setsockopt(option.level, option.name, option.value)
        channel.write(action.packet.carries(action.data))

    def _packets(self, lab: Laboratory) -> socket.socket:
        if self._socket is None:
            self._socket = lab.packets("lo" if self._loopback else "far")
            self._socket.setblocking(True)  # a full queue is waited for, not lost
        return self._socket

    def _flow_of(self, channel: DatagramChannel) -> Flow:
        return self._flow(channel.sock.getsockname()[1])

    def _flow(self, port: int) -> Flow:
        target = self._target[1]
        assert self._lab is not None
        if self._loopback:
            here = Party(_NO_MAC, "127.0.0.1", "::1", port)
            return Flow(here, Party(_NO_MAC, "127.0.0.1", "::1", target), prefix=8)
        far, near = self._lab.sides["far"], self._lab.sides["near"]
        source = Party(far.mac, far.v4, far.v6, port)
        return Flow(source, Party(near.mac, near.v4, near.v6, target))
