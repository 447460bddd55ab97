"""Sockets of the harness on loopback: made, connected, closed in every way TCP knows.

Belongs here: the one edge where the socket interface's errors become words. Must not
know: exchanges, targets.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time

from harness.errors import MachineError
from harness.spec.model import Ending, Transport

HOST = "127.0.0.1"

_IP_RECVERR = 11  # linux/in.h; tells an unconnected UDP socket of ICMP port unreachable
_ERROR_ROOM = 512  # bytes of ancillary data in which one error comes
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; each datagram tells when the kernel received it
_STAMP = struct.Struct("ll")  # struct timespec
_STAMP_ROOM = socket.CMSG_SPACE(_STAMP.size)
_SEGMENT = 536  # bytes; what RFC 9293, 3.7.1 assumes of a host that says nothing
_SMALL = 16_384  # bytes; with less, a transfer crawls from acknowledgement to acknowledgement


def stream(small: bool = False) -> socket.socket:
    """Returns a non-blocking TCP socket; `small`: with small buffers, see `_shrink`."""
    made = _made(socket.SOCK_STREAM)
    if small:
        _shrink(made)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def datagrams(port: int = 0) -> socket.socket:
    """Returns a non-blocking UDP socket at a loopback port that hears of refusals and times."""
    made = _made(socket.SOCK_DGRAM)
    with contextlib.suppress(OSError):
        made.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    _bind(made, port)
    return made


def receive(sock: socket.socket) -> tuple[bytes, tuple[str, int], float]:
    """Returns one datagram, its sender, and when it came in seconds since 1970.

    The time is the kernel's where it tells one: however late we read, it is right.
    Raises: OSError as the socket does.
    """
    data, ancillary, _, source = sock.recvmsg(65536, _STAMP_ROOM)
    for _, kind, stamp in ancillary:
        if kind == _SO_TIMESTAMPNS and len(stamp) == _STAMP.size:
            seconds, nanoseconds = _STAMP.unpack(stamp)
            return data, source, seconds + nanoseconds / 1e9
    return data, source, time.time()


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


def listener(port: int = 0, small: bool = False) -> socket.socket:
    """Returns a non-blocking welcome socket at a loopback port; `small` as in `stream`."""
    made = _made(socket.SOCK_STREAM)
    if small:
        _shrink(made)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _bind(made, port)
    made.listen(64)
    return made


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


def free_on(port: int, transports: tuple[Transport, ...]) -> bool:
    """Says whether the port can be bound at every transport right now."""
    kinds = {Transport.TCP: socket.SOCK_STREAM, Transport.UDP: socket.SOCK_DGRAM}
    for transport in transports:
        with socket.socket(socket.AF_INET, kinds[transport]) as probe:
            if transport is Transport.TCP:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))  # noqa: S104 - only to see whether it is taken
            except OSError:
                return False
    return True


def may_bind(port: int) -> bool:
    """Says whether this user may bind the port, free or not: those below 1024 are guarded."""
    with _made(socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return False
        except OSError:
            return True
    return True


def _shrink(sock: socket.socket) -> None:
    """Makes our buffer small and, by small segments, that of the other side.

    A sender's buffer holds twenty segments to begin with (tcp_sndbuf_expand of the kernel):
    with those of loopback it swallows 2.6 MB, and hardly any write() is ever cut short.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)


def _made(kind: socket.SocketKind) -> socket.socket:
    try:
        made = socket.socket(socket.AF_INET, kind)
    except OSError as exc:
        raise MachineError(f"cannot make a socket: {exc.strerror}") from exc
    made.setblocking(False)
    return made


def _bind(sock: socket.socket, port: int) -> None:
    try:
        sock.bind((HOST, port))
    except OSError as exc:
        sock.close()
        raise MachineError(f"cannot bind {HOST} port {port}: {exc.strerror}") from exc
