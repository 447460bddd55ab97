"""Crafting: puts packets on the wire that no socket of a program would send.

Belongs here: prebuilt frames on a packet socket of the lab, and what a plain UDP socket can
send of the catalogue where there is no lab. Must not know: what a packet proves, the play.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import Protocol

from harness.exchange.action import DoCraft, Refused, Sent, Signal
from harness.exchange.plan import Craft, Open, Plan
from harness.network import endpoint
from harness.network.endpoint import Address
from harness.network.tables import Tables
from harness.runner.channel import Channel, DatagramChannel
from harness.runner.outcome import CRAFTED, Kind
from harness.runner.record import Record
from harness.spec.model import Transport
from harness.wire.malformed.catalogue import frames
from harness.wire.malformed.packet import End, Entry, Fate, Flow, Party

_NO_MAC = "00:00:00:00:00:00"
_NO_LAB = "it takes a lab, and this target lives in the network of the host"
_LOOPS = "over loopback it would make the target talk to itself for ever"
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

    def lacking(self, entry: Entry) -> str:
        """Returns why an entry cannot be sent here, "" where it can."""
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
            for step in plan.steps
            if isinstance(step, Open) and step.port
        }
        for step in plan.steps:
            if isinstance(step, Craft) and step.connection in ports and not step.says.message.open:
                data = step.says.message.produce(plan.scope)
                frames(step.packet, self._flow(ports[step.connection]), data)

    def craft(self, action: DoCraft, channel: Channel | None, record: Record) -> Signal:
        """Sends an entry from a channel's port; what the network refuses is not sent."""
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
                for frame in frames(action.packet, self._flow_of(channel), action.data):
                    self._packets(self._lab).send(frame)
        except OSError as exc:
            if self.fate(action.packet).end is End.SENDER:
                return Sent()
            return Refused(action.connection, exc.strerror or str(exc))
        return Sent()

    def _by_socket(self, channel: DatagramChannel, action: DoCraft) -> None:
        """The socket is that of one trial: what is set stays set."""
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
