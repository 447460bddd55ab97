"""Links: interfaces brought up, joined and given addresses, by rtnetlink (rtnetlink(7)).

Belongs here: the messages of NETLINK_ROUTE that a private network takes. Must not know:
which networks there are. Written by hand since a library for it costs 270 ms to import, and
a network is made in less than 10. Of this project it imports what is as lean.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import socket
import struct
import time
from typing import Self

from harness.network.poll import readable

_REQUEST, _ACK, _CREATE, _EXCLUSIVE = 0x1, 0x4, 0x400, 0x200  # linux/netlink.h
_NEWLINK, _GETLINK, _NEWADDR, _NEWROUTE, _NEWNEIGH = 16, 18, 20, 24, 28  # linux/rtnetlink.h
_ADDRESS, _NAME, _MTU, _DISCIPLINE, _STATE, _INFO, _PEER_NETWORK = 1, 3, 4, 6, 16, 18, 28
_LINK_CHANGES = 1  # RTMGRP_LINK
_UP = 6  # IF_OPER_UP of linux/if.h
_NO_DUPLICATES = 0x02  # IFA_F_NODAD: nobody else can have it
_PERMANENT = 0x80  # NUD_PERMANENT
_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")  # ifinfomsg
_SIOCETHTOOL = 0x8946  # linux/sockios.h
_OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)  # ETHTOOL_STXCSUM, STSO, SGSO, SGRO of linux/ethtool.h
_PATIENCE = 2.0  # seconds
_GLANCE = 0.001  # seconds between two looks while the kernel tells of no change


def _attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def _packed(address: str) -> tuple[int, bytes]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.inet_pton(family, address)


class Links:
    """The interfaces of the network namespace in which this was made; a context manager."""

    def __init__(self) -> None:
        """Raises: OSError."""
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE)
        self._changes = socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE)
        self._changes.bind((0, _LINK_CHANGES))
        self._turn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()
        self._changes.close()

    def up(self, index: int, mtu: int = 0) -> None:
        """Brings an interface up. Raises: OSError."""
        body = _LINK.pack(0, 0, index, 1, 1)
        self._ask(_NEWLINK, 0, body + (_attribute(_MTU, struct.pack("=I", mtu)) if mtu else b""))

    def pair(self, name: str, mac: str, peer: str, peer_mac: str, network: int) -> None:
        """Makes a veth pair, one end here and one in another namespace. Raises: OSError."""
        there = (
            _LINK.pack(0, 0, 0, 0, 0)
            + _attribute(_NAME, peer.encode() + b"\0")
            + _attribute(_ADDRESS, bytes.fromhex(peer_mac.replace(":", "")))
            + _attribute(_PEER_NETWORK, struct.pack("=I", network))
        )
        kind = _attribute(1, b"veth\0") + _attribute(2, _attribute(1, there))
        body = (
            _LINK.pack(0, 0, 0, 0, 0)
            + _attribute(_NAME, name.encode() + b"\0")
            + _attribute(_ADDRESS, bytes.fromhex(mac.replace(":", "")))
            + _attribute(_INFO, kind)
        )
        self._ask(_NEWLINK, _CREATE | _EXCLUSIVE, body)

    def address(self, index: int, address: str, prefix: int) -> None:
        """Gives an interface an address; of IPv4 with its broadcast address. Raises: OSError."""
        family, packed = _packed(address)
        flags = _NO_DUPLICATES if family == socket.AF_INET6 else 0
        body = struct.pack("=BBBBi", family, prefix, flags, 0, index)
        body += _attribute(2, packed) + _attribute(1, packed)
        if family == socket.AF_INET:
            hosts = (1 << 32 - prefix) - 1
            body += _attribute(4, (int.from_bytes(packed, "big") | hosts).to_bytes(4, "big"))
        self._ask(_NEWADDR, _CREATE | _EXCLUSIVE, body)

    def neighbour(self, index: int, address: str, mac: str) -> None:
        """Tells the hardware address of a host, so that nobody has to ask. Raises: OSError."""
        family, packed = _packed(address)
        body = struct.pack("=BxxxiHBB", family, index, _PERMANENT, 0, 1)
        body += _attribute(1, packed) + _attribute(2, bytes.fromhex(mac.replace(":", "")))
        self._ask(_NEWNEIGH, _CREATE, body)

    def default_route(self, index: int, gateway: str) -> None:
        """Sends what is for nobody here to a gateway. Raises: OSError."""
        family, packed = _packed(gateway)
        # rtmsg: main table (254), by an administrator (4), universe (0), unicast (1)
        body = struct.pack("=BBBBBBBBI", family, 0, 0, 0, 254, 4, 0, 1, 0)
        body += _attribute(5, packed) + _attribute(4, struct.pack("=I", index))
        self._ask(_NEWROUTE, _CREATE, body)

    def until_ready(self, index: int) -> None:
        """Waits until an interface really sends. Raises: OSError, TimeoutError.

        The end of a pair that is brought up first swallows what it is given until the kernel
        has got round to activating it: its state is UP then, and its queue no longer `noop`.
        """
        until = time.monotonic() + _PATIENCE
        while not self._sends(index):
            if time.monotonic() > until:
                raise TimeoutError(errno.ETIMEDOUT, f"interface {index} does not come up")
            if readable(self._changes, within=_GLANCE):
                self._changes.recv(1 << 16)

    @staticmethod
    def keep_frames_whole(name: str) -> None:
        """Has an interface of this network send real frames: with checksums, none joined.

        Raises: OSError.
        """
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            for command in _OFFLOADS:
                value = array.array("I", (command, 0))  # struct ethtool_value: off
                request = struct.pack("16sP16x", name.encode(), value.buffer_info()[0])
                fcntl.ioctl(asked, _SIOCETHTOOL, request)

    def _sends(self, index: int) -> bool:
        body = _LINK.pack(0, 0, index, 0, 0)
        self._turn += 1
        self._socket.send(
            _HEADER.pack(_HEADER.size + len(body), _GETLINK, _REQUEST, self._turn, 0) + body
        )
        reply = self._socket.recv(1 << 16)
        size, kind = struct.unpack_from("=IH", reply)
        state, discipline, at = 0, b"noop", _HEADER.size + _LINK.size
        while kind == _NEWLINK and at + 4 <= size:
            length, name = struct.unpack_from("=HH", reply, at)
            if name == _STATE:
                state = reply[at + 4]
            elif name == _DISCIPLINE:
                discipline = reply[at + 4 : at + length].rstrip(b"\0")
            at += max(4, (length + 3) & ~3)
        return state == _UP and discipline != b"noop"

    def _ask(self, kind: int, flags: int, body: bytes) -> None:
        self._turn += 1
        header = _HEADER.pack(
            _HEADER.size + len(body), kind, _REQUEST | _ACK | flags, self._turn, 0
        )
        self._socket.send(header + body)
        (code,) = struct.unpack_from("=i", self._socket.recv(1 << 16), _HEADER.size)
        if code:
            raise OSError(-code, f"rtnetlink message {kind}: {os.strerror(-code)}")
