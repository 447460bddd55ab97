"""The kernel's socket tables from /proc/net: where sock_diag is not to be had.

Belongs here: the text of /proc/net/{tcp,tcp6,udp,udp6} (proc_net_tcp.rst of the kernel).
Must not know: targets. Slower than sock_diag by ten times, but it is there in every container.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.network.netlink import LISTEN, Address, Row
from harness.spec.model import Transport

_FAMILIES = (("", socket.AF_INET), ("6", socket.AF_INET6))


class ProcNet:
    """The same questions as `SockDiag`, answered by reading whole tables."""

    def __init__(self, folder: Path = Path("/proc/net")) -> None:
        """Raises: OSError where there are no such tables."""
        self._folder = folder
        (folder / "tcp").stat()

    def close(self) -> None:
        """Holds nothing open."""

    def sockets(self, transport: Transport, port: int = 0, listening: bool = True) -> Iterator[Row]:
        """Yields the sockets of both families, of one local port or (0) of all."""
        only_listening = listening and transport is Transport.TCP
        for suffix, family in _FAMILIES:
            table = self._folder / f"{transport}{suffix}"
            lines = table.read_text().splitlines() if table.exists() else []
            for row in (_row(line, transport, family) for line in lines[1:]):
                if port in (0, row.port) and not (only_listening and row.state != LISTEN):
                    yield row

    def pair(self, local: Address, remote: Address) -> tuple[Row | None, Row | None]:
        """Returns both ends of a TCP connection on this machine; one that is gone is None."""
        ends = {
            ((_plain(row.address), row.port), (_plain(row.peer), row.peer_port)): row
            for row in self.sockets(Transport.TCP, listening=False)
        }
        return ends.get((local, remote)), ends.get((remote, local))


def _plain(address: str) -> str:
    return address.removeprefix("::ffff:")


def _row(line: str, transport: Transport, family: int) -> Row:
    fields = line.split()
    address, port = _address(fields[1])
    peer, peer_port = _address(fields[2])
    unsent, unread = (int(size, 16) for size in fields[4].split(":"))
    return Row(
        transport=transport,
        family=family,
        state=int(fields[3], 16),
        address=address,
        port=port,
        peer=peer,
        peer_port=peer_port,
        unread=unread,
        unsent=unsent,
        inode=int(fields[9]),
    )


def _address(text: str) -> Address:
    """Reads `0100007F:1F90`: words of 32 bits in the machine's own order, then the port."""
    words, port = text.split(":")
    raw = b"".join(
        int(words[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(words), 8)
    )
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, raw), int(port, 16)
