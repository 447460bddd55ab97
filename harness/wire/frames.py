"""Frames: Ethernet, IP, TCP and UDP headers as bytes, put together and taken apart.

Belongs here: what a capture needs of them, addresses, ports, sequence numbers, checksums
(RFC 791, 8200, 9293, 768, 1071). Must not know: sockets, files of captures, what is malformed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

TCP, UDP, ICMP = 6, 17, 1
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
LARGEST_SEGMENT = 1460
"""Bytes of a TCP segment that fit into an Ethernet frame of 1500 behind both headers."""

_ETHERNET = struct.Struct("!6s6sH")
_IPV4, _IPV6 = 0x0800, 0x86DD
_TCP_HEADER, _UDP_HEADER = struct.Struct("!HHIIBBHHH"), struct.Struct("!HHHH")
_WINDOW = 65_535
_CHECKSUM_AT = {TCP: 16, UDP: 6}
_OFFSET, _MORE = 0x1FFF, 0x2000  # of the IPv4 header's second word
_PORT_UNREACHABLE = b"\x03\x03"  # RFC 792


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: when it was seen, in nanoseconds since 1970, and how long it was on the wire."""

    at: int
    data: bytes
    length: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a case in a network; `lost` frames were more than could be kept."""

    frames: tuple[Frame, ...]
    lost: int
    hosts: Mapping[bytes, str]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a talk over IPv4. `mac` has 6 bytes, `ip` has 4."""

    mac: bytes
    ip: bytes
    port: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment, or a UDP datagram as far as its first fragment has it.

    `source` and `to` are address and port; `number` and `flags` are TCP's.
    """

    protocol: int
    source: tuple[bytes, int]
    to: tuple[bytes, int]
    data: bytes
    number: int = 0
    flags: int = 0


def tcp_frame(
    source: End, to: End, flags: int, number: int, acknowledged: int, data: bytes = b""
) -> bytes:
    """Returns a segment in its frame; the numbers are taken modulo 2**32."""
    numbers = number % 2**32, acknowledged % 2**32
    header = _TCP_HEADER.pack(source.port, to.port, *numbers, 5 << 4, flags, _WINDOW, 0, 0)
    return _framed(source, to, TCP, _summed(source.ip, to.ip, TCP, header + data))


def udp_frame(source: End, to: End, data: bytes) -> bytes:
    """Returns a datagram in its frame, in one piece however long it is."""
    header = _UDP_HEADER.pack(source.port, to.port, _UDP_HEADER.size + len(data), 0)
    return _framed(source, to, UDP, _summed(source.ip, to.ip, UDP, header + data))


def unreachable_frame(source: End, to: End, refused: bytes) -> bytes:
    """Returns the ICMP message by which a host tells of a frame that nobody listens for."""
    quoted = refused[_ETHERNET.size :][: 20 + 8]
    message = _PORT_UNREACHABLE + bytes(6) + quoted
    summed = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    return _framed(source, to, ICMP, summed)


def checksum(data: bytes) -> int:
    """Returns the Internet checksum (RFC 1071) of bytes whose own checksum field is zero."""
    return ~_folded(data) & 0xFFFF


def completed(frame: bytes) -> bytes:
    """Returns the frame with the checksum that a kernel leaves to its network card.

    Until the card has its turn, the field holds the sum over the pseudo-header alone; a virtual
    card never has it. Every other checksum, right or wrong, stays as it is.
    """
    found = _transport(frame)
    if found is None or found.protocol not in _CHECKSUM_AT or found.more:
        return frame
    begun = _folded(_pseudo(found.source, found.to, found.protocol, found.end - found.start))
    at = found.start + _CHECKSUM_AT[found.protocol]
    if found.end < at + 2 or frame[at : at + 2] != struct.pack("!H", begun):
        return frame
    message = frame[found.start : at] + b"\0\0" + frame[at + 2 : found.end]
    return frame[: found.start] + _summed(
        found.source, found.to, found.protocol, message
    ) + frame[found.end :]  # fmt: skip


def segment_in(frame: bytes) -> Segment | None:
    """Returns what an Ethernet frame carries, None where it is neither TCP nor UDP."""
    found = _transport(frame)
    if found is None:
        return None
    message = frame[found.start : found.end]
    ports = struct.unpack_from("!HH", message) if len(message) >= 4 else (0, 0)
    ends = (found.source, ports[0]), (found.to, ports[1])
    if found.protocol == UDP and len(message) >= _UDP_HEADER.size:
        return Segment(UDP, *ends, message[_UDP_HEADER.size :])
    if found.protocol == TCP and len(message) >= _TCP_HEADER.size:
        _, _, number, _, offset, flags, *_ = _TCP_HEADER.unpack_from(message)
        return Segment(TCP, *ends, message[(offset >> 4) * 4 :], number, flags)
    return None


@dataclass(frozen=True, slots=True)
class _Transport:
    """Where in a frame the transport's message stands; `more`: other fragments have the rest."""

    protocol: int
    source: bytes
    to: bytes
    start: int
    end: int
    more: bool = False


def _transport(frame: bytes) -> _Transport | None:
    """Returns None for what has no ports: no IP, another fragment than the first, cut headers."""
    if len(frame) < _ETHERNET.size + 20:
        return None
    kind, ip = _ETHERNET.unpack_from(frame)[2], _ETHERNET.size
    if kind == _IPV4:
        length, _, fragment = struct.unpack_from("!HHH", frame, ip + 2)
        if fragment & _OFFSET:
            return None
        start, end = ip + (frame[ip] & 15) * 4, min(ip + length, len(frame))
        addresses = frame[ip + 12 : ip + 16], frame[ip + 16 : ip + 20]
        return _Transport(frame[ip + 9], *addresses, start, end, bool(fragment & _MORE))
    if kind == _IPV6 and len(frame) >= ip + 40:
        (length,) = struct.unpack_from("!H", frame, ip + 4)
        addresses = frame[ip + 8 : ip + 24], frame[ip + 24 : ip + 40]
        return _Transport(frame[ip + 6], *addresses, ip + 40, min(ip + 40 + length, len(frame)))
    return None


def _framed(source: End, to: End, protocol: int, message: bytes) -> bytes:
    """Returns a message behind an Ethernet and an IPv4 header."""
    begin = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(message), 0, 0x4000, 64, protocol)
    header = begin + b"\0\0" + source.ip + to.ip
    header = begin + struct.pack("!H", checksum(header)) + source.ip + to.ip
    return _ETHERNET.pack(to.mac, source.mac, _IPV4) + header + message


def _summed(source: bytes, to: bytes, protocol: int, message: bytes) -> bytes:
    """Returns a message whose checksum field is zero with its checksum; UDP's 0 means none."""
    at = _CHECKSUM_AT[protocol]
    found = checksum(_pseudo(source, to, protocol, len(message)) + message)
    if protocol == UDP and not found:
        found = 0xFFFF
    return message[:at] + struct.pack("!H", found) + message[at + 2 :]


def _pseudo(source: bytes, to: bytes, protocol: int, length: int) -> bytes:
    numbers = "!BBH" if len(source) == 4 else "!xxBBxxH"  # the order of no matter to the sum
    return source + to + struct.pack(numbers, 0, protocol, length)


def _folded(data: bytes) -> int:
    """Returns the ones' complement sum of 16-bit words."""
    total = sum(_words(data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _words(data: bytes) -> Iterator[int]:
    even = data + b"\0" * (len(data) % 2)
    return (word for (word,) in struct.iter_unpack("!H", even))
