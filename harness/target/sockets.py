"""The Internet sockets that a target holds, each looked at through a copy (pidfd_getfd(2)).

Belongs here: what a socket is, whose ends it has. Must not know: which of them are right.
The kernel's tables do not do: a connection that was reset is in none, and held all the same.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from harness.network.netlink import Address
from harness.spec.model import Transport
from harness.target.descriptor import copied, links
from harness.target.process import Process

_STATES = (
    "", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT",
    "CLOSED", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING",
)  # fmt: skip
"""By their numbers in net/tcp_states.h; the names are those of RFC 9293, 3.3.2."""

_TRANSPORTS = {socket.SOCK_STREAM: Transport.TCP, socket.SOCK_DGRAM: Transport.UDP}
_CALLING = "SYN-SENT"
_LISTENS = "LISTEN"
_GONE = (errno.EBADF, errno.ENOENT, errno.ESRCH)


@dataclass(frozen=True, slots=True)
class Held:
    """One socket. `state` is TCP's ("" over UDP); `remote` None where it has no other end."""

    inode: int
    transport: Transport
    state: str
    local: Address
    remote: Address | None

    @property
    def listens(self) -> bool:
        """Says whether it waits for whoever comes: a welcome socket, or one for datagrams."""
        return self.state == _LISTENS or (not self.state and self.remote is None)

    @property
    def calls(self) -> bool:
        """Says whether it has another end, or tries to have one."""
        return self.state == _CALLING or self.remote is not None

    def __str__(self) -> str:
        if self.listens:
            return f"a socket at {self.transport} port {self.local[1]}"
        if self.remote is None:
            return f"a {self.transport} socket in state {self.state}"
        state = f" in state {self.state}" if self.state else ""
        return f"a {self.transport} socket{state} to {self.remote[0]} port {self.remote[1]}"


def sockets_of(process: Process) -> tuple[Held, ...]:
    """Returns the Internet sockets that its processes hold, each once. Raises: OSError."""
    found: dict[int, Held] = {}
    for pid in process.pids():
        for number, inode in _sockets(pid):
            if inode not in found:
                found.update((each.inode, each) for each in _looked_at(pid, number, inode))
    return tuple(found.values())


def _sockets(pid: int) -> Iterator[tuple[int, int]]:
    """Yields number and inode of each socket of a process."""
    with _unless_gone():
        for number, link in links(pid).items():
            kind, _, inode = link.partition("socket:[")
            if not kind and inode:
                yield number, int(inode.rstrip("]"))


def _looked_at(pid: int, number: int, inode: int) -> Iterator[Held]:
    """Yields what a socket is, nothing where it is no Internet socket or is closed meanwhile."""
    with _unless_gone(), socket.socket(fileno=copied(pid, number)) as copy:
        if copy.family in (socket.AF_INET, socket.AF_INET6) and copy.type in _TRANSPORTS:
            transport, state = _TRANSPORTS[copy.type], ""
            if transport is Transport.TCP:
                state = _STATES[copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]]
            yield Held(inode, transport, state, _plain(copy.getsockname()), _peer(copy))


def _peer(copy: socket.socket) -> Address | None:
    try:
        return _plain(copy.getpeername())
    except OSError:
        return None


def _plain(address: tuple[str, int]) -> Address:
    return address[0].removeprefix("::ffff:"), address[1]


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    """Lets pass what ended while it was looked at."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in _GONE:
            raise
