"""The kernel's socket tables by sock_diag netlink: one question, its rows.

Belongs here: the bytes of NETLINK_SOCK_DIAG (linux/inet_diag.h, sock_diag(7)). Must not
know: targets, or what a row is good for.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.spec.model import Transport

Address = tuple[str, int]
"""An address as inet_ntop() writes it, and a port."""

LISTEN = 10  # net/tcp_states.h

PROTOCOL = 4
"""NETLINK_SOCK_DIAG of linux/netlink.h."""

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
# inet_diag_msg: family, state, local port and address, then rqueue, wqueue, inode
_ROW = struct.Struct("=BBxx2s2x16s28x4xII4xI")
# Of tcp_info: bytes_received; notsent_bytes, and further on bytes_sent, bytes_retrans (4.19).
_RECEIVED_AT, _RECEIVED = 128, struct.Struct("=Q")
_SENT_AT, _SENT = 144, struct.Struct("=I52xQQ")
_ANY_COOKIE = b"\xff" * 8
_NOWHERE = bytes(16)


@dataclass(frozen=True, slots=True)
class Row:
    """A socket that listens (TCP) or is bound. `unread` is memory, or connections not accepted."""

    transport: Transport
    family: int
    address: str
    port: int
    unread: int
    inode: int
    only_v6: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """One end of a TCP connection.

    `unread` and `unsent` are bytes that its program has not read and its peer has not
    acknowledged. `written` and `received` are all that it was given and has got so far, -1
    where the kernel does not say.
    """

    unread: int
    unsent: int
    inode: int
    written: int = -1
    received: int = -1


class SockDiag:
    """A netlink socket that is held open; `close` it."""

    def __init__(
        self,
        asked: socket.socket | None = None,
        elsewhere: Mapping[str, socket.socket] | None = None,
    ) -> None:
        """Asks the network of this process, or the one in which the socket `asked` was made.

        `elsewhere` are sockets made in other networks, by the addresses that are there.
        Raises: OSError where the kernel has no such tables.
        """
        self._socket = asked or socket.socket(
            socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, PROTOCOL
        )
        self._elsewhere = elsewhere or {}
        self._turn = 0
        try:
            for transport in Transport:  # the kernel may have the one module and not the other
                for _ in self.sockets(transport, port=1):
                    break
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Closes the netlink sockets."""
        for each in (self._socket, *self._elsewhere.values()):
            each.close()

    def covers(self, address: str) -> bool:
        """Says whether every socket that is at an address stands in these tables."""
        return address in self._elsewhere or address == "::1" or address.startswith("127.")

    def sockets(self, transport: Transport, port: int = 0, at: str = "") -> Iterator[Row]:
        """Yields listening (TCP) or bound (UDP) sockets of one port or (0) of all.

        Of both families, in the network of the address `at`. Raises: OSError.
        """
        states = 1 << LISTEN if transport is Transport.TCP else _ALL_STATES
        for family in (socket.AF_INET, socket.AF_INET6):
            question = _QUESTION.pack(
                family, _NUMBERS[transport], 0, states, port.to_bytes(2, "big"), b"\0\0",
                _NOWHERE, _NOWHERE, 0, _ANY_COOKIE,
            )  # fmt: skip
            yield from self._dump(self._at(at), question, transport)

    def pair(self, local: Address, remote: Address) -> tuple[End | None, End | None]:
        """Returns both ends of a TCP connection, ours at `local` looked up first.

        One exact look-up each; an end that is gone (or was never there) is None.
        """
        here, there = self._at(local[0]), self._at(remote[0])
        turn = self._turn = self._turn + 2
        size = _HEADER.size + _QUESTION.size
        one = _HEADER.pack(size, _ASK, _REQUEST, turn, 0) + _connection(local, remote)
        other = _HEADER.pack(size, _ASK, _REQUEST, turn + 1, 0) + _connection(remote, local)
        if here is there:
            here.send(one + other)
            return self._one(here, turn), self._one(here, turn + 1)
        here.send(one)
        ours = self._one(here, turn)
        there.send(other)
        return ours, self._one(there, turn + 1)

    def _at(self, address: str) -> socket.socket:
        return self._elsewhere.get(address, self._socket)

    def _one(self, asked: socket.socket, turn: int) -> End | None:
        while True:
            reply = asked.recv(4096)
            size, kind, _, answered, _ = _HEADER.unpack_from(reply)
            if answered != turn:
                continue  # left over from a question whose asker was interrupted
            if kind == _ERROR:
                _raise_unless_absent(reply)
                return None
            return _end(reply, size)

    def _dump(self, asked: socket.socket, question: bytes, transport: Transport) -> Iterator[Row]:
        turn = self._turn = self._turn + 2
        size = _HEADER.size + len(question)
        asked.send(_HEADER.pack(size, _ASK, _REQUEST | _DUMP, turn, 0) + question)
        rows: list[Row] = []
        while not self._gather(asked, turn, transport, rows):
            pass
        return iter(rows)

    def _gather(
        self, asked: socket.socket, turn: int, transport: Transport, rows: list[Row]
    ) -> bool:
        """Adds one packet's rows. Says whether it was the last packet."""
        reply = asked.recv(1 << 16)
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


def _connection(local: Address, remote: Address) -> bytes:
    # AF_INET finds the IPv6 sockets too that talk to an IPv4 peer: one hash holds both.
    family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
    return _QUESTION.pack(
        family, socket.IPPROTO_TCP, _WITH_INFO, _ALL_STATES,
        local[1].to_bytes(2, "big"), remote[1].to_bytes(2, "big"),
        socket.inet_pton(family, local[0]), socket.inet_pton(family, remote[0]), 0, _ANY_COOKIE,
    )  # fmt: skip


def _raise(reply: bytes, at: int = 0) -> None:
    (code,) = struct.unpack_from("=i", reply, at + _HEADER.size)
    raise OSError(-code, f"sock_diag: {errno.errorcode.get(-code, code)}")


def _raise_unless_absent(reply: bytes) -> None:
    (code,) = struct.unpack_from("=i", reply, _HEADER.size)
    if -code != errno.ENOENT:
        _raise(reply)


def _row(reply: bytes, at: int, end: int, transport: Transport) -> Row:
    family, _, port, address, unread, _, inode = _ROW.unpack_from(reply, at)
    only_v6 = any(
        kind == _ONLY_V6 and reply[begin]
        for kind, begin, _ in _attributes(reply, at + _ROW.size, end)
    )
    return Row(
        transport=transport,
        family=family,
        address=socket.inet_ntop(family, address if family == socket.AF_INET6 else address[:4]),
        port=int.from_bytes(port, "big"),
        unread=unread,
        inode=inode,
        only_v6=only_v6,
    )


def _end(reply: bytes, size: int) -> End | None:
    _, state, _, _, unread, unsent, inode = _ROW.unpack_from(reply, _HEADER.size)
    if state == LISTEN:  # the kernel falls back to the listener of that port
        return None
    for kind, at, length in _attributes(reply, _HEADER.size + _ROW.size, size):
        if kind == _INFO and length >= _SENT_AT + _SENT.size:
            (received,) = _RECEIVED.unpack_from(reply, at + _RECEIVED_AT)
            waiting, sent, again = _SENT.unpack_from(reply, at + _SENT_AT)
            return End(unread, unsent, inode, sent - again + waiting, received)
    return End(unread, unsent, inode)


def _attributes(reply: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yields kind, where its data begins, and the data's length (struct nlattr)."""
    while at + 4 <= end:
        length, kind = struct.unpack_from("=HH", reply, at)
        yield kind, at + 4, length - 4
        at += max(4, (length + 3) & ~3)
