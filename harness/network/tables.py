"""What the kernel's socket tables tell about programs on this machine.

Belongs here: who listens where, and what lies unread in front of whom. Must not know:
exchanges, how a target is started. Both ends of a connection are in these tables, or in those
of a lab's other side.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from harness.errors import MachineError
from harness.network.endpoint import LOOPBACK, Endpoint
from harness.network.netlink import Address, End, SockDiag
from harness.network.procnet import ProcNet
from harness.spec.model import Transport

_BACKLOG = 11  # column of softnet_stat (net/core/net-procfs.c)


@dataclass(frozen=True, slots=True)
class Bound:
    """A TCP socket that listens or a UDP socket that is bound. `family` as in socket.AF_*."""

    transport: Transport
    family: int
    address: str
    port: int
    inode: int
    only_v6: bool = False

    def reached_from(self, end: Endpoint) -> bool:
        """Says whether it takes what is sent from there."""
        return end.reaches(self.address, self.only_v6)

    def told(self, ends: Collection[Endpoint] = (LOOPBACK,)) -> str:
        """Returns it in words, with its address where it is reached from none of our ends."""
        where = "" if any(map(self.reached_from, ends)) else f" of {self.address} only"
        return f"{self.transport} port {self.port}{where}"


class Tables:
    """The kernel's tables, held open; a context manager."""

    def __init__(self, source: SockDiag | ProcNet | None = None) -> None:
        """Asks `source`, or this process's sock_diag, or /proc/net where the kernel has none.

        Raises: MachineError where there is neither.
        """
        self._source: SockDiag | ProcNet
        self._queues: int | None = None
        try:
            self._source = source or _source()
        except (OSError, AttributeError) as exc:  # no AF_NETLINK: not Linux
            raise MachineError(f"the kernel's socket tables cannot be read: {exc}") from exc
        with contextlib.suppress(OSError):
            self._queues = os.open("/proc/net/softnet_stat", os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Lets go of the kernel's tables."""
        self._source.close()
        if self._queues is not None:
            os.close(self._queues)
            self._queues = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def bound(self, transport: Transport, port: int = 0, at: str = "") -> tuple[Bound, ...]:
        """Returns the listening (TCP) or bound (UDP) sockets of a port, 0: of every port.

        In the target's network, or in that of the address `at`.
        """
        return tuple(
            Bound(transport, row.family, row.address, row.port, row.inode, row.only_v6)
            for row in self._source.sockets(transport, port, at)
        )

    def covers(self, address: str) -> bool:
        """Says whether every socket that is at an address stands in these tables."""
        return self._source.covers(address)

    def bound_by(self, inodes: Collection[int]) -> tuple[Bound, ...]:
        """Returns those of all listening and bound sockets that have one of these inodes."""
        return tuple(
            each
            for transport in Transport
            for each in self.bound(transport)
            if each.inode in inodes
        )

    def tcp_unread(self, local: Address, remote: Address) -> int | None:
        """Returns how many bytes sent from `local` the socket at `remote` has not read yet.

        Bytes that are still on their way count. 0 means that the program has taken them all
        out of the kernel. None: the connection has no other end (any more).
        """
        ours, theirs = self._source.pair(local, remote)
        return None if theirs is None else theirs.unread + _under_way(ours, theirs)

    def tcp_under_way(self, local: Address, remote: Address) -> int:
        """Returns how many bytes sent from `local` have not come to `remote`, if it is there."""
        ours, theirs = self._source.pair(local, remote)
        return 0 if theirs is None else _under_way(ours, theirs)

    def tcp_queued(self, local: Address, remote: Address) -> int:
        """Returns how many bytes sent from `local` have arrived at `remote` and lie unread."""
        _, theirs = self._source.pair(local, remote)
        return 0 if theirs is None else theirs.unread

    def waiting(self, port: int) -> int:
        """Returns how many TCP connections to a port its listener has not accepted yet."""
        return sum(row.unread for row in self._source.sockets(Transport.TCP, port))

    def peers(self, transport: Transport, local: Address, remote: Address) -> frozenset[int]:
        """Returns the inodes of the sockets that a connected socket talks to."""
        if transport is Transport.TCP:
            _, theirs = self._source.pair(local, remote)
            return frozenset() if theirs is None else frozenset((theirs.inode,))
        return frozenset(each.inode for each in self.bound(transport, remote[1], remote[0]))

    def under_way(self) -> int:
        """Returns how many packets lie in the queues between senders and receivers.

        Over loopback a packet is delivered before send() returns, unless the kernel puts that
        off to a thread of its own; then it is seen here. 0 too where the kernel does not tell
        (before Linux 5.10).
        """
        if self._queues is None:
            return 0
        rows = map(bytes.split, os.pread(self._queues, 1 << 16, 0).splitlines())
        return sum(int(row[_BACKLOG], 16) for row in rows if len(row) > _BACKLOG)

    def udp_unread(self, port: int) -> int | None:
        """Returns the memory that datagrams take which the port's sockets have not read.

        0 means that all were read. None: no socket is bound to that port.
        """
        rows = [row.unread for row in self._source.sockets(Transport.UDP, port)]
        return sum(rows) if rows else None


def _source() -> SockDiag | ProcNet:
    try:
        return SockDiag()
    except (OSError, AttributeError):
        return ProcNet()


def _under_way(ours: End | None, theirs: End) -> int:
    """Counts what has left us and has not arrived.

    By the two counters where the kernel has them (since 4.19): an acknowledgement, which is
    what else would tell, may be held back for 40 ms.
    """
    if ours is None:
        return 0
    if ours.written < 0 or theirs.received < 0:
        return ours.unsent
    return max(0, ours.written - theirs.received)
