"""The ring: what is on a lab's wire, kept by the kernel until somebody wants to see it.

Belongs here: a TPACKET_V3 ring of an AF_PACKET socket (Documentation/networking/packet_mmap.rst).
Must not know: what the frames say, what becomes of them.

Nobody reads while cases pass. A case that begins gives back the blocks of those before it, and
the times of the frames tell which are its own. A block is closed when it is full, and not by a
timer, which would spend a block on every few packets of a slow case; so the open block is read
too. That is sound where nothing is under way, since the kernel writes a packet in place and
counts it in the block; one that it would be writing is known by its time.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator

from harness.errors import MachineError
from harness.wire.frames import Frame

_SOL_PACKET = 263  # linux/socket.h
_RX_RING, _STATISTICS, _VERSION = 5, 6, 10  # linux/if_packet.h
_TPACKET_V3 = struct.pack("i", 2)

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_KIND, _HARDWARE = 0xFFFF_F004, 0xFFFF_F01C  # SKF_AD_OFF with ..._PKTTYPE, ..._HATYPE
_OUTGOING = 4  # PACKET_OUTGOING
_LOOPBACK = 772  # ARPHRD_LOOPBACK, linux/if_arp.h
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h
_ONCE = b"".join(
    struct.pack("HBBI", *each)
    for each in (
        (_LOAD, 0, 0, _HARDWARE),
        (_IF_EQUAL, 0, 2, _LOOPBACK),
        (_LOAD, 0, 0, _KIND),
        (_IF_EQUAL, 1, 0, _OUTGOING),
        (_RETURN, 0, 0, 0xFFFF_FFFF),
        (_RETURN, 0, 0, 0),
    )
)
"""The filter for all frames but those that go out over loopback: there each comes in as well."""

_BLOCK, _BLOCKS = 1 << 17, 16  # bytes; a block holds the largest frame that a card can be given
_FRAME = 1 << 11  # of no meaning in version 3, and to be told all the same
_NEVER = 1 << 30  # milliseconds after which an open block is closed
_REQUEST = struct.pack("7I", _BLOCK, _BLOCKS, _FRAME, _BLOCK // _FRAME * _BLOCKS, _NEVER, 0, 0)

_DESCRIPTION = struct.Struct("=8xIII")  # struct tpacket_block_desc: status, packets, the first
_STATUS_AT = 8
_OURS = 1  # TP_STATUS_USER
_HEADER = struct.Struct("=IIIIIIH")  # struct tpacket3_hdr: next, s, ns, kept, length, status, mac
_COUNTS = struct.Struct("=III")  # struct tpacket_stats_v3: packets, dropped, freezes

_LIBC = ctypes.CDLL(None, use_errno=True)


class Ring:
    """All frames of a network from now on, both ways; 2 MiB of them between two marks."""

    def __init__(self, sock: socket.socket) -> None:
        """Takes over an AF_PACKET socket of the network, for all protocols and interfaces.

        The kernel makes a ring, and ends one, only after all processors have passed by: some
        milliseconds, in which the harness has other things to do.
        """
        self._sock = sock
        self._map: mmap.mmap | None = None
        self._block = 0
        self._since = 0
        self._errno = 0
        self._making = threading.Thread(target=self._make, name="ring")
        self._making.start()

    def _make(self) -> None:
        """Asks for the ring by ctypes, since a call of Python's would stop all its threads."""
        code = ctypes.create_string_buffer(_ONCE)
        program = struct.pack("HP", len(_ONCE) // 8, ctypes.addressof(code))
        for level, option, value in (
            (socket.SOL_SOCKET, _SO_ATTACH_FILTER, program),
            (_SOL_PACKET, _VERSION, _TPACKET_V3),
            (_SOL_PACKET, _RX_RING, _REQUEST),
        ):
            if _LIBC.setsockopt(self._sock.fileno(), level, option, value, len(value)):
                self._errno = ctypes.get_errno()
                return

    def ready(self) -> None:
        """Waits until frames are kept. Raises: MachineError where the kernel has no ring."""
        self._making.join()
        if self._map is not None:
            return
        if self._errno:
            raise MachineError(f"the kernel keeps no frames: {os.strerror(self._errno)}")
        try:
            self._map = mmap.mmap(self._sock.fileno(), _BLOCK * _BLOCKS)
        except OSError as exc:
            raise MachineError(f"the kernel keeps no frames: {exc.strerror}") from exc

    def mark(self) -> None:
        """Begins anew: what was on the wire until now is not to be seen any more."""
        self.ready()
        assert self._map is not None
        for _ in range(_BLOCKS):
            at = self._block * _BLOCK
            status, *_ = _DESCRIPTION.unpack_from(self._map, at)
            if not status & _OURS:
                break
            struct.pack_into("=II", self._map, at + _STATUS_AT, 0, 0)
            self._block = (self._block + 1) % _BLOCKS
        self._lost()
        self._since = time.time_ns()

    def seen(self) -> tuple[tuple[Frame, ...], int]:
        """Returns the frames since the mark, and how many more there was no room for."""
        return tuple(self._frames()), self._lost()

    def close(self) -> None:
        """Lets go of the network; the kernel takes its time for it."""
        threading.Thread(target=self._close, name="ring-end").start()

    def _close(self) -> None:
        self._making.join()
        if self._map is not None:
            self._map.close()
        self._sock.close()

    # -- what lies in the ring ---------------------------------------------------------------

    def _lost(self) -> int:
        """Returns how many frames found no room since this was asked last."""
        told = self._sock.getsockopt(_SOL_PACKET, _STATISTICS, _COUNTS.size)
        return int(_COUNTS.unpack(told)[1])

    def _frames(self) -> Iterator[Frame]:
        assert self._map is not None
        for number in range(self._block, self._block + _BLOCKS):
            at = number % _BLOCKS * _BLOCK
            status, packets, first = _DESCRIPTION.unpack_from(self._map, at)
            yield from self._frames_of(at, at + first, packets)
            if not status & _OURS:
                return

    def _frames_of(self, block: int, at: int, packets: int) -> Iterator[Frame]:
        """Yields the frames of a block since the mark, each once."""
        assert self._map is not None
        for _ in range(packets):
            if at + _HEADER.size > block + _BLOCK:
                return
            onward, seconds, nanoseconds, kept, length, _, mac = _HEADER.unpack_from(self._map, at)
            when = seconds * 10**9 + nanoseconds
            if self._since <= when and at + mac + kept <= block + _BLOCK:
                yield Frame(when, self._map[at + mac : at + mac + kept], length)
            at += onward
