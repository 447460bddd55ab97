"""Sockets of the harness: made, connected, closed in every way TCP knows.

Belongs here: the one edge where the socket interface's errors become words. Must not
know: exchanges, targets, whether a network is the host's or a lab's.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import MachineError
from harness.network.poll import writable
from harness.spec.model import Ending

Make = Callable[[int, int], socket.socket]
"""Makes a socket of a family and a kind (AF_*, SOCK_*). Raises: OSError."""

Address = tuple[str, int]

_IP_RECVERR = 11  # linux/in.h; tells an unconnected UDP socket of ICMP port unreachable
_IPV6_RECVERR = 25  # linux/in6.h
_ERROR_ROOM = 512  # bytes of ancillary data in which one error comes
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; each datagram tells when the kernel received it
_STAMP = struct.Struct("ll")  # struct timespec
_STAMP_ROOM = socket.CMSG_SPACE(_STAMP.size)
_SEGMENT = 536  # bytes; what RFC 9293, 3.7.1 assumes of a host that says nothing
_SMALL = 16_384  # bytes; with less, a transfer crawls from acknowledgement to acknowledgement


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the harness stands, and the address at which it finds a target.

    `own` is where its sockets are bound, `target` what they speak to. `wild` are the other
    addresses at which a target may be bound to take what is sent to `target`.
    """

    own: str
    target: str
    wild: frozenset[str]
    make: Make = socket.socket

    @property
    def family(self) -> int:
        """socket.AF_INET or AF_INET6."""
        return socket.AF_INET6 if ":" in self.own else socket.AF_INET

    def reaches(self, address: str, only_v6: bool = False) -> bool:
        """Says whether a socket that is bound at an address takes what is sent from here."""
        if only_v6 and self.family == socket.AF_INET:
            return False
        return address == self.target or address in self.wild

    def stream(self, small: bool = False) -> socket.socket:
        """Returns a non-blocking TCP socket; `small`: with small buffers, see `_shrink`."""
        made = self._made(socket.SOCK_STREAM)
        if small:
            _shrink(made)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def datagrams(self, port: int = 0, timed: bool = True) -> socket.socket:
        """Returns a non-blocking UDP socket at a port that hears of refusals, `timed`: of times."""
        made = self._made(socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            _hear_errors(made, True)
            made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, int(timed))
        self._bind(made, port)
        return made

    def listener(self, port: int = 0, small: bool = False) -> socket.socket:
        """Returns a non-blocking welcome socket at a port; `small` as in `stream`."""
        made = self._made(socket.SOCK_STREAM)
        if small:
            _shrink(made)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._bind(made, port)
        made.listen(64)
        return made

    def _made(self, kind: socket.SocketKind) -> socket.socket:
        try:
            made = self.make(self.family, kind)
        except OSError as exc:
            raise MachineError(f"cannot make a socket: {exc.strerror}") from exc
        made.setblocking(False)
        return made

    def _bind(self, sock: socket.socket, port: int) -> None:
        try:
            sock.bind((self.own, port))
        except OSError as exc:
            sock.close()
            raise MachineError(f"cannot bind {self.own} port {port}: {exc.strerror}") from exc


def loopback(family: int = socket.AF_INET, make: Make = socket.socket) -> Endpoint:
    """Returns the end that speaks to programs of its own network over loopback."""
    if family == socket.AF_INET6:
        return Endpoint("::1", "::1", frozenset({"::"}), make)
    wild = frozenset({"0.0.0.0", "::", "::ffff:127.0.0.1"})  # noqa: S104 - a target's
    return Endpoint("127.0.0.1", "127.0.0.1", wild, make)


LOOPBACK = loopback()
"""The end at 127.0.0.1 of the network that this process is in."""


def receive(sock: socket.socket, timed: bool = True) -> tuple[bytes, Address, float]:
    """Returns one datagram, its sender, and when it came in seconds since 1970.

    The time of a `timed` one is the kernel's where it tells one: however late we read, it is
    right. Raises: OSError as the socket does.
    """
    if not timed:
        data, source = sock.recvfrom(65536)
        return data, source[:2], time.time()
    data, ancillary, _, source = sock.recvmsg(65536, _STAMP_ROOM)
    for _, kind, stamp in ancillary:
        if kind == _SO_TIMESTAMPNS and len(stamp) == _STAMP.size:
            seconds, nanoseconds = _STAMP.unpack(stamp)
            return data, source[:2], seconds + nanoseconds / 1e9
    return data, source[:2], time.time()


def connect(sock: socket.socket, address: Address, seconds: float) -> int:
    """Connects, and waits where the full queue of a busy server makes that last.

    Returns 0, or the number of the error.
    """
    failed = sock.connect_ex(address)
    return until_connected(sock, seconds) if failed == errno.EINPROGRESS else failed


def until_connected(sock: socket.socket, seconds: float) -> int:
    """Waits for a connection under way. Returns 0, or the number of the error."""
    if not writable(sock, seconds):
        return errno.ETIMEDOUT
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def narrow(sock: socket.socket) -> None:
    """Lets a socket, not yet connected, take as little as there can be before it is read."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)


def acknowledge(sock: socket.socket) -> None:
    """Sends the acknowledgement that TCP may put off, 40 ms and more (RFC 9293, 3.8.6.3)."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def drop_errors(sock: socket.socket) -> int:
    """Empties a socket's queue of errors: while one is in there, poll() reports it for ever.

    Returns how many there were.
    """
    dropped = 0
    with contextlib.suppress(OSError):
        while True:
            sock.recvmsg(1, _ERROR_ROOM, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
            dropped += 1
    return dropped


def ignore_errors(sock: socket.socket) -> None:
    """Lets a UDP socket hear of no refusals any more, nor of those that it has in its queue."""
    with contextlib.suppress(OSError):
        _hear_errors(sock, False)
    drop_errors(sock)


def _hear_errors(sock: socket.socket, on: bool) -> None:
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, int(on))
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, int(on))


def close(sock: socket.socket, how: Ending) -> None:
    """Closes this side in the given way; HALF leaves the socket open for reading."""
    if how is Ending.HALF:
        with contextlib.suppress(OSError):  # the other side was quicker
            sock.shutdown(socket.SHUT_WR)
        return
    if how is Ending.RESET:
        # RFC 9293, 3.10.4: an abort sends RST; a linger time of 0 is how Linux is asked for it.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def _shrink(sock: socket.socket) -> None:
    """Makes our buffer small and, by small segments, that of the other side.

    A sender's buffer holds twenty segments to begin with (tcp_sndbuf_expand of the kernel):
    with those of loopback it swallows 2.6 MB, and hardly any write() is ever cut short.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
