"""Channels: a connection of the exchange with the socket that carries it.

Belongs here: writing to and reading from one socket so that every outcome is a signal.
Must not know: the play, deadlines, processes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from harness.errors import MachineError
from harness.exchange.action import Ended, Received, Refused, Signal
from harness.exchange.plan import STRANGERS, Connection
from harness.network import endpoint
from harness.network.endpoint import Address, Endpoint
from harness.spec.model import Ending

_CHUNK = 1 << 16  # bytes; what is larger is mapped anew for every read
_MOUTHFUL = 7  # bytes that a slow reader takes at a time, at first
_REFUSED = os.strerror(errno.ECONNREFUSED)
_PORTS_TRIED = 50
_SCARCE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PATIENCE = 64  # mouthfuls after which it takes more, so that long answers end


def all_of(sock: socket.socket) -> Iterator[bytes]:
    """Yields the datagrams that have come to a socket."""
    with contextlib.suppress(OSError):
        while True:
            yield sock.recv(65536)


class StreamChannel:
    """One TCP connection, ours or one that the target opened.

    `write` writes what fits and returns the count. It raises OSError as the socket does.
    """

    def __init__(
        self,
        connection: Connection,
        sock: socket.socket,
        slow: bool = False,
        ends: tuple[Address, Address] | None = None,
    ) -> None:
        """`ends` are ours and the target's, where the socket does not know them."""
        self.connection = connection
        self.sock = sock
        self.write: Callable[[bytes], int] = sock.send
        self.open = True
        self.deaf = False  # nothing that comes is read
        known = ends or (sock.getsockname()[:2], sock.getpeername()[:2])
        self.own_end: Address = known[0]
        self.target_end: Address = known[1]
        self._slow = slow
        self._reads = 0

    def read(self) -> Signal | None:
        """Returns what came, None where nothing did after all."""
        try:
            data = self.sock.recv(self._room() if self._slow else _CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            return self._end(Ending.RESET)
        if not data:
            return self._end(Ending.FIN)
        return Received(self.connection, data, time.time())

    def _room(self) -> int:
        self._reads += 1
        return _MOUTHFUL if self._reads <= _PATIENCE else _CHUNK

    def _end(self, how: Ending) -> Ended:
        self.open = False
        return Ended(self.connection, how)

    def close(self, how: Ending = Ending.FIN) -> None:
        """Closes our side."""
        if how is not Ending.HALF:
            self.open = False
        endpoint.close(self.sock, how)


class DatagramChannel:
    """One client's UDP talk: our socket and the address that it talks to."""

    def __init__(
        self,
        connection: Connection,
        sock: socket.socket,
        peer: Address | None,
        shared: bool,
        timed: bool = True,
    ) -> None:
        self.connection = connection
        self.timed = timed
        self.sock = sock
        self.peer = peer
        self._asked = peer
        self.open = True
        self.shared = shared  # the server's one socket, in the client role
        self._earlier: list[socket.socket] = []
        self._sources: list[Address] = []  # of the shared socket's datagrams

    def write(self, data: bytes, to: int = 0) -> int:
        """Sends one datagram, to where the client's one of this number came from (0: the last).

        Raises: OSError as the socket does.
        """
        peer = self._sources[to - 1] if 0 < to <= len(self._sources) else self.peer
        if peer is None:
            raise OSError(errno.EDESTADDRREQ, "no datagram has come from the client yet")
        return self.sock.sendto(data, peer)

    def read(self) -> Signal | None:
        """Returns one datagram, or the refusal that an ICMP message told."""
        try:
            data, source, at = endpoint.receive(self.sock, self.timed)
        except BlockingIOError:
            # A send that was refused has told of the error, and left it in the queue.
            return self._refused(_REFUSED) if endpoint.drop_errors(self.sock) else None
        except OSError as exc:
            endpoint.drop_errors(self.sock)
            return self._refused(exc.strerror or str(exc))
        new_port = not self.shared and source != self.peer
        if self.shared:
            self._sources.append(source)
        if self.shared or new_port:
            self.peer = source
        return Received(self.connection, data, at, new_port)

    def _refused(self, why: str) -> Refused:
        own_port = self.connection == STRANGERS or self.peer != self._asked
        return Refused(self.connection, why, own_port=own_port)

    def move(self, sock: socket.socket) -> None:
        """Goes on from another socket; the earlier one only shows answers that went astray."""
        self._earlier.append(self.sock)
        self.sock = sock

    def astray(self) -> Iterator[bytes]:
        """Yields datagrams that came to a port that this client has left."""
        for sock in self._earlier:
            yield from all_of(sock)

    def close(self, how: Ending = Ending.FIN) -> None:
        """Closes the sockets, in the server's role all but the shared one."""
        self.open = False
        for sock in self._earlier:
            sock.close()
        if not self.shared:
            endpoint.close(self.sock, Ending.FIN if how is Ending.HALF else how)


Channel = StreamChannel | DatagramChannel


class Accepted(NamedTuple):
    """A connection of the target's: its socket, both ends, ours first.

    A client that has reset it by now has left a socket that does not know its other end.
    """

    sock: socket.socket
    ends: tuple[Address, Address]


class Welcome:
    """What a client as target finds: a welcome socket and a UDP socket on one port."""

    def __init__(self, end: Endpoint = endpoint.LOOPBACK, small: bool = False) -> None:
        """Raises: MachineError."""
        self.listener, self.datagrams = _on_one_port(end, small)
        self.port: int = self.listener.getsockname()[1]

    def accept(self) -> Accepted | None:
        """Returns a connection, None where nobody waits. Raises: MachineError."""
        try:
            sock, peer = self.listener.accept()
        except OSError as exc:
            if exc.errno in _SCARCE:
                raise MachineError(f"cannot take a connection: {exc.strerror}") from exc
            return None
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Accepted(sock, (sock.getsockname()[:2], peer[:2]))

    def close(self) -> None:
        """Closes both."""
        self.listener.close()
        self.datagrams.close()


def _on_one_port(end: Endpoint, small: bool) -> tuple[socket.socket, socket.socket]:
    """Returns a TCP and a UDP socket at a port that the kernel has free for both."""
    for _ in range(_PORTS_TRIED):
        listener = end.listener(small=small)
        with contextlib.ExitStack() as unless_both:
            unless_both.enter_context(listener)
            with contextlib.suppress(MachineError):  # another program has it for UDP
                datagrams = end.datagrams(listener.getsockname()[1])
                unless_both.pop_all()
                return listener, datagrams
    raise MachineError(f"no port of {end.own} is free for TCP and UDP")
