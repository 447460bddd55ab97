"""Handmade: a TCP connection of which the harness makes every segment itself.

Belongs here: the other host of a connection, as small as it can be: its handshake, its
acknowledgements, crafted segments among right ones. Must not know: the play, what a segment
proves. It has an address of its own in the lab, at which no kernel is, so that nobody else
answers. Over the link of a lab nothing is lost: nothing is ever sent again.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import socket
import struct
import time
from typing import NamedTuple

from harness.exchange.action import Ended, Received, Signal
from harness.exchange.plan import Connection
from harness.network.poll import readable
from harness.runner.channel import StreamChannel
from harness.spec.model import Ending
from harness.wire.malformed.packet import Flow
from harness.wire.malformed.stack import Layer, Position, Stack

OWN_MAC, OWN_V4 = "02:00:00:00:00:03", "10.9.0.3"
_MAC, _IP = bytes.fromhex(OWN_MAC.replace(":", "")), socket.inet_aton(OWN_V4)
_ARP, _V4, _TCP = b"\x08\x06", b"\x08\x00", 6
_REQUEST = bytes.fromhex("0001080006040001")  # RFC 826: Ethernet, IPv4, a request
_REPLY = bytes.fromhex("0001080006040002")
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16  # RFC 9293, 3.1
_TURN = 1 << 32  # sequence numbers are counted modulo this
_START = 1000  # our first one: every run has the same
_MOST = 1400  # bytes of a segment of ours
_ARRIVING = {"seq", "flags"}  # fields that do not keep a segment from being taken


class _Segment(NamedTuple):
    seq: int
    ack: int
    flags: int
    data: bytes


class HandmadeStream(StreamChannel):
    """One connection; `flow` is ours to the target."""

    def __init__(
        self, connection: Connection, raw: socket.socket, flow: Flow, seconds: float
    ) -> None:
        """Connects. Raises: OSError where nobody listens, or nobody answers in time."""
        ends = ((flow.source.v4, flow.source.port), (flow.target.v4, flow.target.port))
        super().__init__(connection, raw, ends=ends)
        self.write = self._write
        self._flow = flow
        self._said, self._heard = _START, 0
        self._ahead: list[tuple[int, int]] = []
        self._stacking = importlib.import_module("harness.wire.malformed.stacking")
        self._connect(time.monotonic() + seconds)

    # -- speaking --------------------------------------------------------------------------

    def _write(self, data: bytes) -> int:
        """Sends right segments. Raises: OSError where the connection is gone."""
        if not self.open:
            raise BrokenPipeError(errno.EPIPE, "the connection is gone")
        for at in range(0, len(data), _MOST):
            piece = data[at : at + _MOST]
            self._send(Stack(()), piece)
            self._go_on((self._said, self._said + len(piece)))
        return len(data)

    def craft(self, stack: Stack, data: bytes) -> None:
        """Sends one segment as it is written; `seq` and `ack` count from where we stand.

        Bytes that are taken by the target as it stands count as said, be it once those before
        them are; what is not taken does not. Raises: OSError, HarnessError.
        """
        self._send(stack, data)
        given = stack.given("TCP")
        seq, flags = given.get("seq", 0), str(given.get("flags", ""))
        alone = all(each.name == "TCP" or not each.fields for each in stack.layers)
        if (
            alone
            and set(given) <= _ARRIVING
            and isinstance(seq, int)
            and not set(flags) & set("RS")
        ):
            self._go_on((self._said + seq, self._said + seq + len(data)))

    def _go_on(self, span: tuple[int, int]) -> None:
        """Moves our position over all that a receiver has without a gap (RFC 9293, 3.4)."""
        self._ahead.append(span)
        for start, end in sorted(self._ahead):
            if start <= self._said < end:
                self._said = end
        self._ahead = [each for each in self._ahead if each[1] > self._said]

    def close(self, how: Ending = Ending.FIN) -> None:
        """Ends our side."""
        if self.open:
            with contextlib.suppress(OSError):
                self._send(
                    Stack((Layer("TCP", (("flags", "RA" if how is Ending.RESET else "FA"),)),))
                )
            self._said += 1
        if how is not Ending.HALF:
            self.open = False
            self.sock.close()

    def _send(self, stack: Stack, data: bytes = b"") -> None:
        at = Position(self._said % _TURN, self._heard)
        if not stack.layers:
            stack = Stack((Layer("TCP"),))
        self.sock.send(self._stacking.frame(stack, self._flow, data, "TCP", at))

    # -- listening -------------------------------------------------------------------------

    def read(self) -> Signal | None:
        """Returns what a frame brings, None where it is nothing to the play."""
        segment = self._segment()
        if segment is None:
            return None
        if segment.flags & _RST:
            self.open = False
            return Ended(self.connection, Ending.RESET)
        fresh = segment.seq == self._heard
        if segment.data:
            if fresh:
                self._heard = (self._heard + len(segment.data)) % _TURN
            self._send(Stack(()))  # an end that came with it is sent again, and taken alone
            return Received(self.connection, segment.data, time.time()) if fresh else None
        if segment.flags & _FIN and fresh:
            self._heard = (self._heard + 1) % _TURN
            self._send(Stack(()))
            self.open = False
            return Ended(self.connection, Ending.FIN)
        return None

    def _connect(self, deadline: float) -> None:
        self._send(Stack((Layer("TCP", (("flags", "S"),)),)))
        while readable(self.sock, within=deadline - time.monotonic()):
            segment = self._segment()
            if segment is not None and segment.flags & _RST:
                raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
            if segment is not None and segment.flags & (_SYN | _ACK) == _SYN | _ACK:
                self._said, self._heard = _START + 1, (segment.seq + 1) % _TURN
                self._send(Stack(()))
                return
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")

    def _segment(self) -> _Segment | None:
        """Returns a segment of this connection; who asks where we are is told."""
        try:
            frame = self.sock.recv(65_536)
        except BlockingIOError:
            return None
        if frame[12:14] == _ARP and frame[14:22] == _REQUEST and frame[38:42] == _IP:
            self.sock.send(frame[6:12] + _MAC + _ARP + _REPLY + _MAC + _IP + frame[22:32])
            return None
        return self._of_ours(frame)

    def _of_ours(self, frame: bytes) -> _Segment | None:
        if frame[:6] != _MAC or frame[12:14] != _V4 or frame[23] != _TCP:
            return None
        packet = frame[14 : 14 + int.from_bytes(frame[16:18], "big")]
        behind = packet[4 * (packet[0] & 15) :]
        source, target, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", behind)
        if (source, target) != (self.target_end[1], self.own_end[1]):
            return None
        return _Segment(seq, ack, flags, behind[4 * (offset >> 4) :])
