"""The relay: the wire of a lab in user space, which does to each packet what its schedule says.

Runs as a process of the lab, so that it shares neither the harness's interpreter nor its
fate. Belongs here: frames from one end to the other, which of them count, and the orders
that the harness gives. Must not know: the rest of the harness but harness.wire.schedule.

Numbered are, per flow and direction, UDP datagrams and TCP segments that carry bytes, those
sent again too; of a datagram in fragments the first. A flow is told by its transport and
the ports at its left and right end. Everything else goes through: SYN, acknowledgements, ICMP.

Orders are JSON, one in each message of a SOCK_SEQPACKET socket. Each is answered by {"done":
so many frames} when it holds and all that had come by then was sent on, be it -1 where some
is held back; in between come the fates that packets have met. The relay
begins at rest: until the order "go" what is sent stays in the kernel, so that a schedule can
be laid before the first packet. It ends when the harness does, or the network.
"""

from __future__ import annotations

import errno
import heapq
import json
import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from harness.network.poll import writable
from harness.wire.schedule import Fate, Line, Out, Schedule

LEFT, RIGHT = "left", "right"
"""The ends, as orders name them; what comes from the left goes to the right."""

MESSAGE_LIMIT = 65_536
"""Bytes of an order or a fate told."""

_FRAME = 65_600  # bytes; larger than any frame without offloads
_ETHERNET = 14
_TCP, _UDP = 6, 17
_OVER = {"tcp": _TCP, "udp": _UDP}
_QUEUE = 4096  # frames; a socket's receive buffer holds a few hundred
_PATIENCE = 10.0  # seconds
_GLANCE = 0.001  # seconds


class Flow(NamedTuple):
    """A talk between two ports: IP's number of its transport, the ports at both ends."""

    protocol: int
    left: int
    right: int


class Counted(NamedTuple):
    """A packet that is numbered: its flow, and where its bytes end in the frame."""

    flow: Flow
    end: int


def relay(left: socket.socket, right: socket.socket, control: socket.socket) -> None:
    """Joins two sockets that bring and take whole Ethernet frames, until `control` ends.

    Raises: OSError where a frame cannot be sent on.
    """
    wire = Wire(left, right, control)
    try:
        while wire.turn():
            continue
    except ConnectionError:
        return  # the harness is gone


class Wire:
    """The state of a relay: lines by flow and direction, and packets that are held back."""

    def __init__(self, left: socket.socket, right: socket.socket, control: socket.socket) -> None:
        self._ends = {left.fileno(): (LEFT, left, right), right.fileno(): (RIGHT, right, left)}
        self._control = control
        self._lines: dict[tuple[Flow, str], Line[bytes]] = {}
        self._laid: dict[tuple[int, str], Schedule] = {}  # for flows that have none of their own
        self._late: list[tuple[float, int, socket.socket, bytes]] = []
        self._frames = 0
        self._goes = False
        for each in (left, right):
            each.setblocking(False)
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def turn(self) -> bool:
        """Waits for something and deals with it. Says whether the harness is still there."""
        limit = None
        if self._late:
            limit = max(0.0, self._late[0][0] - time.monotonic()) * 1000 + 1
        for fd, _ in self._poll.poll(limit):
            if fd in self._ends:
                self._forward(*self._ends[fd])
            elif not self._obey(self._control.recv(MESSAGE_LIMIT)):
                return False
        while self._late and self._late[0][0] <= time.monotonic():
            _, _, to, frame = heapq.heappop(self._late)
            _send(to, frame)
        return True

    # -- orders --------------------------------------------------------------------------

    def _obey(self, message: bytes) -> bool:
        if not message:
            return False
        order = json.loads(message)
        for end in self._ends.values() if self._goes else ():
            self._forward(*end)  # what had come before is not what the order is about
        if order["order"] == "go" and not self._goes:
            self._goes = True
            for fd in self._ends:
                self._poll.register(fd, select.POLLIN)
        elif order["order"] == "clear":
            self._lines.clear()
            self._laid.clear()
        elif order["order"] == "lay":
            self._lay(order)
        self._tell({"done": -1 if self._late else self._frames})
        return True

    def _lay(self, order: dict[str, Any]) -> None:
        """Lays a schedule for one flow, or (no ports) for each that has none of its own."""
        fates = {int(number): Fate(fate) for number, fate in order["fates"].items()}
        schedule = Schedule(fates, order["delay"])
        protocol, way = _OVER[order["over"]], order["way"]
        if order["ports"]:
            self._lines[Flow(protocol, *order["ports"]), way] = Line(schedule)
        else:
            self._laid[protocol, way] = schedule

    def _tell(self, told: dict[str, Any]) -> None:
        self._control.send(json.dumps(told).encode())

    # -- frames --------------------------------------------------------------------------

    def _forward(self, way: str, source: socket.socket, to: socket.socket) -> None:
        for frame in _frames(source):
            self._frames += 1
            counted = counted_in(frame, way == LEFT)
            line = self._line(counted.flow, way) if counted is not None else None
            if counted is None or line is None:
                _send(to, frame)
                continue
            outs = line.carry(frame)
            told = line.schedule.told(line.count)
            if told:
                number, now = line.count, time.monotonic()
                self._tell({"at": now, "way": way, "number": number, "fate": told})
            for out in outs:
                self._put(out, to, counted)

    def _line(self, flow: Flow, way: str) -> Line[bytes] | None:
        line = self._lines.get((flow, way))
        if line is None and (flow.protocol, way) in self._laid:
            line = self._lines[flow, way] = Line(self._laid[flow.protocol, way])
        return line

    def _put(self, out: Out[bytes], to: socket.socket, counted: Counted) -> None:
        frame = corrupted(out.packet, counted.end) if out.corrupt else out.packet
        if out.after <= 0:
            _send(to, frame)
            return
        due = time.monotonic() + out.after
        heapq.heappush(self._late, (due, self._frames, to, frame))  # no two frames are compared


def _frames(source: socket.socket) -> Iterator[bytes]:
    """Yields what has come, and no more than a queue holds: a flood leaves orders their turn."""
    for _ in range(_QUEUE):
        try:
            yield source.recv(_FRAME)
        except BlockingIOError:
            return


def _send(to: socket.socket, frame: bytes) -> None:
    """Puts a frame on the other end; one for which there is no room yet waits, and is not lost.

    Raises: OSError where there is none for long.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            to.send(frame)
            return
        except OSError as exc:
            if exc.errno not in (errno.EAGAIN, errno.ENOBUFS) or time.monotonic() > until:
                raise
        if writable(to, _GLANCE):
            os.sched_yield()  # the queue behind the socket is full, of which nobody tells more


def counted_in(frame: bytes, from_left: bool) -> Counted | None:
    """Returns what is known of a frame that is numbered, None for any other.

    IPv4 (RFC 791) and IPv6 without extension headers (RFC 8200).
    """
    ip = _ETHERNET
    kind = frame[12:14]
    if kind == b"\x08\x00" and len(frame) >= ip + 20:
        size, fragment = struct.unpack_from("!HxxH", frame, ip + 2)
        protocol, at, end = frame[ip + 9], ip + (frame[ip] & 15) * 4, ip + size
        if fragment & 0x1FFF:
            return None
    elif kind == b"\x86\xdd" and len(frame) >= ip + 40:
        protocol, at = frame[ip + 6], ip + 40
        end = at + int.from_bytes(frame[ip + 4 : ip + 6])
    else:
        return None
    shortest = {_UDP: 8, _TCP: 20}.get(protocol)
    if shortest is None or end > len(frame) or at + shortest > end:
        return None
    header = shortest if protocol == _UDP else (frame[at + 12] >> 4) * 4
    size = end - at - header
    if size < 0 or (protocol == _TCP and size == 0):
        return None
    ports = struct.unpack_from("!HH", frame, at)
    return Counted(Flow(protocol, *(ports if from_left else reversed(ports))), end)


def corrupted(frame: bytes, end: int) -> bytes:
    """Returns the frame with the lowest bit of its last byte before `end` flipped."""
    return frame[: end - 1] + bytes((frame[end - 1] ^ 1,)) + frame[end:]


# -- the harness's end -------------------------------------------------------------------


def order(what: str) -> bytes:
    """Returns an order: "go", to let packets through; "clear", to forget all schedules; "look"."""
    return json.dumps({"order": what}).encode()


def lay(schedule: Schedule, over: str, way: str, ports: tuple[int, int] | None = None) -> bytes:
    """Returns the order to lay a schedule for packets that come from one end (`way`).

    `ports` are those of a flow at its left and right end; None: for each flow that has no
    schedule of its own, and counts its own packets.
    """
    fates = {str(number): str(fate) for number, fate in schedule.fates.items()}
    told = {"order": "lay", "over": over, "ports": ports, "way": way, "fates": fates}
    return json.dumps({**told, "delay": schedule.delay}).encode()
