"""The kernel's socket tables from /proc/net: where sock_diag is not to be had.

Belongs here: the text of /proc/net/{tcp,tcp6,udp,udp6} (proc_net_tcp.rst of the kernel).
Must not know: targets. Slower than sock_diag by ten times, but it is there in every container.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.network.netlink import LISTEN, Address, End, Row
from harness.spec.model import Transport

# Columns: "sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode"
_LOCAL, _REMOTE, _STATE, _QUEUES, _INODE = 1, 2, 3, 4, 9
_FAMILIES = (("", socket.AF_INET), ("6", socket.AF_INET6))


class ProcNet:
    """The same questions as `SockDiag`, answered by reading whole tables."""

    def __init__(self, folder: Path = Path("/proc/net")) -> None:
        """Raises: OSError where there are no such tables."""
        self._folder = folder
        (folder / "tcp").stat()

    def close(self) -> None:
        """Holds nothing open."""

    def covers(self, address: str) -> bool:
        """Says whether every socket that is at an address stands in these tables."""
        return address == "::1" or address.startswith("127.")

    def sockets(self, transport: Transport, port: int = 0, at: str = "") -> Iterator[Row]:
        """Yields listening (TCP) or bound (UDP) sockets of one port or (0) of all."""
        for family, fields in self._lines(transport):
            if transport is Transport.TCP and int(fields[_STATE], 16) != LISTEN:
                continue
            address, local_port = _address(fields[_LOCAL])
            if port in (0, local_port):
                unread = int(fields[_QUEUES].partition(":")[2], 16)
                inode = int(fields[_INODE])
                yield Row(transport, family, address, local_port, unread, inode)

    def pair(self, local: Address, remote: Address) -> tuple[End | None, End | None]:
        """Returns both ends of a TCP connection on this machine; one that is gone is None."""
        ends: dict[tuple[Address, Address], End] = {}
        for _, fields in self._lines(Transport.TCP):
            unsent, unread = (int(size, 16) for size in fields[_QUEUES].split(":"))
            here, there = (_plain(_address(fields[column])) for column in (_LOCAL, _REMOTE))
            ends[here, there] = End(unread, unsent, int(fields[_INODE]))
        return ends.get((local, remote)), ends.get((remote, local))

    def _lines(self, transport: Transport) -> Iterator[tuple[int, list[str]]]:
        for suffix, family in _FAMILIES:
            table = self._folder / f"{transport}{suffix}"
            if table.exists():  # a kernel without IPv6 has one of the two
                for line in table.read_text().splitlines()[1:]:
                    yield family, line.split()


def _plain(address: Address) -> Address:
    return address[0].removeprefix("::ffff:"), address[1]


def _address(text: str) -> Address:
    """Reads `0100007F:1F90`: words of 32 bits in the machine's own order, then the port."""
    words, port = text.split(":")
    raw = b"".join(
        int(words[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(words), 8)
    )
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, raw), int(port, 16)
