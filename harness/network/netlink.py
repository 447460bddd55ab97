"""The kernel's socket tables by sock_diag netlink: one question, its rows.

Belongs here: the bytes of NETLINK_SOCK_DIAG (linux/inet_diag.h, sock_diag(7)). Must not
know: targets, or what a row is good for.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from harness.spec.model import Transport

Address = tuple[str, int]
"""A dotted IPv4 address and a port."""

LISTEN = 10  # net/tcp_states.h

_PROTOCOL = 4  # NETLINK_SOCK_DIAG
_ASK = 20  # SOCK_DIAG_BY_FAMILY
_REQUEST, _DUMP = 0x1, 0x300
_ERROR, _DONE = 2, 3
_NUMBERS = {Transport.TCP: socket.IPPROTO_TCP, Transport.UDP: socket.IPPROTO_UDP}
_ALL_STATES = 0xFFFFFFFF
_INFO, _ONLY_V6 = 2, 11  # INET_DIAG_INFO, INET_DIAG_SKV6ONLY
_WITH_INFO = 1 << (_INFO - 1)

_HEADER = struct.Struct("=IHHII")  # nlmsghdr
# inet_diag_req_v2: family, protocol, ext, pad, states, then inet_diag_sockid: ports in
# network order, addresses of 16 bytes, interface, cookie (all ones: any).
_QUESTION = struct.Struct("=BBBxI2s2s16s16sI8s")
# inet_diag_msg: family, state, timer, retrans, sockid, expires, rqueue, wqueue, uid, inode
_ROW = struct.Struct("=BBxx2s2s16s16s12xIIIII")
_SENT = struct.Struct(
    "=I52xQQ"
)  # tcp_info from 144: notsent_bytes; at 200 bytes_sent, bytes_retrans
_SENT_AT, _RECEIVED_AT = 144, 128
_ANY_COOKIE = b"\xff" * 8
_NOWHERE = bytes(16)


@dataclass(frozen=True, slots=True)
class Row:
    """One socket. `unread` and `unsent` are bytes; of a listener, connections not accepted.

    `written` and `received` are the bytes that a TCP connection was given and has got so
    far, -1 where the kernel does not say.
    """

    transport: Transport
    family: int
    state: int
    address: str
    port: int
    peer: str
    peer_port: int
    unread: int
    unsent: int
    inode: int
    only_v6: bool = False
    written: int = -1
    received: int = -1


class SockDiag:
    """A netlink socket that is held open; `close` it."""

    def __init__(self) -> None:
        """Raises: OSError where the kernel has no such tables."""
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, _PROTOCOL
        )
        self._turn = 0
        try:
            for transport in Transport:  # the kernel may have the one module and not the other
                for _ in self.sockets(transport, port=1):
                    break
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Closes the netlink socket."""
        self._socket.close()

    def sockets(self, transport: Transport, port: int = 0, listening: bool = True) -> Iterator[Row]:
        """Yields the sockets of both families, of one local port or (0) of all.

        `listening` leaves out TCP connections: much cheaper, since the kernel need not walk
        its table of connections. Raises: OSError.
        """
        states = 1 << LISTEN if listening and transport is Transport.TCP else _ALL_STATES
        for family in (socket.AF_INET, socket.AF_INET6):
            question = _QUESTION.pack(
                family, _NUMBERS[transport], 0, states, port.to_bytes(2, "big"), b"\0\0",
                _NOWHERE, _NOWHERE, 0, _ANY_COOKIE,
            )  # fmt: skip
            yield from self._dump(question, transport)

    def pair(self, local: Address, remote: Address) -> tuple[Row | None, Row | None]:
        """Returns both ends of a TCP connection on this machine, looked up in this order.

        One exact look-up each; an end that is gone (or was never there) is None.
        """
        first, second = self._connection(local, remote), self._connection(remote, local)
        turn = self._turn = self._turn + 2
        size = _HEADER.size + _QUESTION.size
        self._socket.send(
            _HEADER.pack(size, _ASK, _REQUEST, turn, 0)
            + first
            + _HEADER.pack(size, _ASK, _REQUEST, turn + 1, 0)
            + second
        )
        return self._one(turn), self._one(turn + 1)

    def _connection(self, local: Address, remote: Address) -> bytes:
        # AF_INET finds the IPv6 sockets too that talk to an IPv4 peer: one hash holds both.
        return _QUESTION.pack(
            socket.AF_INET, socket.IPPROTO_TCP, _WITH_INFO, _ALL_STATES,
            local[1].to_bytes(2, "big"), remote[1].to_bytes(2, "big"),
            socket.inet_aton(local[0]), socket.inet_aton(remote[0]), 0, _ANY_COOKIE,
        )  # fmt: skip

    def _one(self, turn: int) -> Row | None:
        while True:
            reply = self._socket.recv(4096)
            size, kind, _, answered, _ = _HEADER.unpack_from(reply)
            if answered != turn:
                continue  # left over from a question whose asker was interrupted
            if kind == _ERROR:
                _raise_unless_absent(reply)
                return None
            row = _row(reply, _HEADER.size, size, Transport.TCP)
            # The kernel falls back to the listener of that port; that is no connection.
            return None if row.state == LISTEN else row

    def _dump(self, question: bytes, transport: Transport) -> Iterator[Row]:
        turn = self._turn = self._turn + 2
        size = _HEADER.size + len(question)
        self._socket.send(_HEADER.pack(size, _ASK, _REQUEST | _DUMP, turn, 0) + question)
        rows: list[Row] = []
        while not self._gather(turn, transport, rows):
            pass
        return iter(rows)

    def _gather(self, turn: int, transport: Transport, rows: list[Row]) -> bool:
        """Adds one packet's rows. Says whether it was the last packet."""
        reply = self._socket.recv(1 << 16)
        at = 0
        while at + _HEADER.size <= len(reply):
            size, kind, _, answered, _ = _HEADER.unpack_from(reply, at)
            if answered == turn:
                if kind == _DONE:
                    return True
                if kind == _ERROR:
                    _raise(reply, at)
                rows.append(_row(reply, at + _HEADER.size, at + size, transport))
            at += (size + 3) & ~3
        return False


def _raise(reply: bytes, at: int = 0) -> None:
    (code,) = struct.unpack_from("=i", reply, at + _HEADER.size)
    raise OSError(-code, f"sock_diag: {errno.errorcode.get(-code, code)}")


def _raise_unless_absent(reply: bytes) -> None:
    (code,) = struct.unpack_from("=i", reply, _HEADER.size)
    if -code != errno.ENOENT:
        _raise(reply)


def _row(reply: bytes, at: int, end: int, transport: Transport) -> Row:
    family, state, port, peer_port, address, peer, _, unread, unsent, _, inode = (
        _ROW.unpack_from(reply, at)
    )  # fmt: skip
    only_v6, written, received = False, -1, -1
    for kind, begin, length in _attributes(reply, at + _ROW.size, end):
        if kind == _ONLY_V6:
            only_v6 = bool(reply[begin])
        elif kind == _INFO and length >= _SENT_AT + _SENT.size:
            waiting, sent, again = _SENT.unpack_from(reply, begin + _SENT_AT)
            written = sent - again + waiting
            (received,) = struct.unpack_from("=Q", reply, begin + _RECEIVED_AT)
    width = 4 if family == socket.AF_INET else 16
    return Row(
        transport=transport,
        family=family,
        state=state,
        address=socket.inet_ntop(family, address[:width]),
        port=int.from_bytes(port, "big"),
        peer=socket.inet_ntop(family, peer[:width]),
        peer_port=int.from_bytes(peer_port, "big"),
        unread=unread,
        unsent=unsent,
        inode=inode,
        only_v6=only_v6,
        written=written,
        received=received,
    )


def _attributes(reply: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yields kind, where its data begins, and the data's length (struct nlattr)."""
    while at + 4 <= end:
        length, kind = struct.unpack_from("=HH", reply, at)
        yield kind, at + 4, length - 4
        at += max(4, (length + 3) & ~3)
