"""Building: each entry of the catalogue as Ethernet frames, by scapy.

Belongs here: one function for each way of being malformed. Must not know: what a kernel
does with it. Imported only where a packet is built, since scapy takes its time to load.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from scapy.layers.inet import ICMP, IP, UDP, in4_chksum
from scapy.layers.inet6 import IPv6, in6_chksum
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import checksum

from harness.wire.malformed.packet import Entry, Flow

_V4, _V6 = 0x0800, 0x86DD
_UDP, _FRAGMENT_HEADER = 17, 44
Frames = list[bytes]


@lru_cache(maxsize=4096)
def frames(entry: Entry, flow: Flow, payload: bytes) -> tuple[bytes, ...]:
    """Returns the Ethernet frames of an entry, in the order in which they are sent."""
    carried = entry.carries(payload)
    ground = Ground(flow, carried, _number(entry.id, carried))
    return tuple(_BUILDERS[entry.builds](ground, **entry.arguments))


def _number(name: str, carried: bytes) -> int:
    """Returns an IP identification: fragments of two entries must never be put together."""
    return zlib.crc32(name.encode() + carried) & 0xFFFF or 1


class Ground:
    """A right packet of the flow, of which every entry changes something."""

    def __init__(self, flow: Flow, payload: bytes, number: int) -> None:
        self.flow, self.payload, self.number = flow, payload, number

    def v4(self, behind: Any, **changed: Any) -> bytes:  # noqa: ANN401 - scapy is untyped
        """Returns a frame of IPv4 with this behind its header."""
        given = {"src": self.flow.source.v4, "dst": self.flow.target.v4, "id": self.number}
        given["proto"] = _UDP
        return bytes(self._ether(_V4) / IP(**{**given, **changed}) / behind)

    def v6(self, behind: Any, **changed: Any) -> bytes:  # noqa: ANN401 - scapy is untyped
        """Returns a frame of IPv6 with this behind its header."""
        given = {"src": self.flow.source.v6, "dst": self.flow.target.v6, "nh": _UDP}
        return bytes(self._ether(_V6) / IPv6(**{**given, **changed}) / behind)

    def _ether(self, kind: int) -> Any:  # noqa: ANN401 - scapy is untyped
        return Ether(src=self.flow.source.mac, dst=self.flow.target.mac, type=kind)

    def udp(self, **changed: Any) -> Any:  # noqa: ANN401 - scapy is untyped
        """Returns UDP and the payload; scapy sums it where no `chksum` is given."""
        ports = {"sport": self.flow.source.port, "dport": self.flow.target.port}
        return UDP(**{**ports, **changed}) / Raw(self.payload)

    def datagram(self, v6: bool = False, source: str = "", **changed: int) -> bytes:
        """Returns the bytes of UDP and payload, summed as they are before `changed` lengths."""
        if v6:
            return self.v6(self.udp(**changed), src=source or self.flow.source.v6)[54:]
        return self.v4(self.udp(**changed), src=source or self.flow.source.v4)[34:]

    def summed(self, v6: bool, length: int, behind: bytes) -> bytes:
        """Returns UDP that gives this length, with the sum that is right for it."""
        head = bytes(
            UDP(sport=self.flow.source.port, dport=self.flow.target.port, len=length, chksum=0)
        )
        covered = (head + behind)[:length]
        if v6:
            below = IPv6(src=self.flow.source.v6, dst=self.flow.target.v6)
            found = in6_chksum(_UDP, below, covered)  # type: ignore[no-untyped-call]  # scapy's
        else:
            found = in4_chksum(_UDP, IP(src=self.flow.source.v4, dst=self.flow.target.v4), covered)
        return head[:6] + (found or 0xFFFF).to_bytes(2, "big") + behind


# -- UDP -----------------------------------------------------------------------------------


def _good(ground: Ground, v6: int = 0) -> Frames:
    return [ground.v6(ground.udp()) if v6 else ground.v4(ground.udp())]


def _udp_sum(ground: Ground, v6: int = 0, value: int = -1) -> Frames:
    """A checksum of `value`, or (-1) one that is wrong by one bit."""
    right = ground.datagram(bool(v6))
    wrong = int.from_bytes(right[6:8], "big") ^ 0x0100 or 0x0101
    packet = right[:6] + (wrong if value < 0 else value).to_bytes(2, "big") + right[8:]
    return [ground.v6(Raw(packet)) if v6 else ground.v4(Raw(packet))]


def _udp_length(
    ground: Ground, by: int = 0, given: int = -1, sums: str = "none", v6: int = 0
) -> Frames:
    """A length that is other by so many bytes than it is, or as given.

    sums: "none" (0), "whole" (over all that is there), "given" (over the length given).
    """
    behind = ground.payload
    length = 8 + len(behind) + by if given < 0 else given
    if sums == "given":
        packet = ground.summed(bool(v6), length, behind)
    else:
        packet = ground.datagram(bool(v6))
        check = packet[6:8] if sums == "whole" else b"\0\0"
        packet = packet[:4] + length.to_bytes(2, "big") + check + packet[8:]
    return [ground.v6(Raw(packet)) if v6 else ground.v4(Raw(packet))]


def _udp_cut(ground: Ground, kept: int, v6: int = 0) -> Frames:
    """An IP packet that holds only so many bytes of the UDP header."""
    packet = Raw(ground.datagram(bool(v6))[:kept])
    return [ground.v6(packet) if v6 else ground.v4(packet)]


def _bytes_behind_udp(ground: Ground) -> Frames:
    length = 8 + len(ground.payload)
    return [ground.v4(Raw(ground.summed(False, length, ground.payload + b"beyond"[:4])))]


# -- the header of IPv4 ----------------------------------------------------------------------


def _ip_length(ground: Ground, by: int = 0, given: int = -1) -> Frames:
    datagram = ground.datagram()
    length = 20 + len(datagram) + by if given < 0 else given
    return [ground.v4(Raw(datagram), len=length)]


def _ip_field(ground: Ground, field: str, value: int) -> Frames:
    return [ground.v4(Raw(ground.datagram()), **{field: value})]


def _ip_sum(ground: Ground) -> Frames:
    right = ground.v4(Raw(ground.datagram()))
    return [right[:24] + bytes([right[24] ^ 1]) + right[25:]]


def _header_long(ground: Ground) -> Frames:
    """A header of 60 bytes in a packet of fewer."""
    return [ground.v4(Raw(ground.datagram()[:12]), ihl=15)]


def _bytes_behind_ip(ground: Ground) -> Frames:
    return [ground.v4(Raw(ground.datagram())) + b"trailing"]


def _ip_option(ground: Ground, option: str) -> Frames:
    raw = bytes.fromhex(option)
    frame = ground.v4(Raw(raw + ground.datagram()), ihl=5 + len(raw) // 4, chksum=0)
    header = frame[14 : 34 + len(raw)]
    return [frame[:24] + checksum(header).to_bytes(2, "big") + frame[26:]]


def _other_protocol(ground: Ground, number: int) -> Frames:
    return [ground.v4(Raw(ground.datagram()), proto=number)]


# -- fragments -------------------------------------------------------------------------------


def _cut(datagram: bytes) -> list[tuple[int, bytes]]:
    """Returns offset and bytes of two or three pieces, all but the last of 8 and more bytes."""
    size = max(8, (len(datagram) // 3) // 8 * 8)
    starts = [at for at in (0, size, 2 * size) if at < len(datagram)]
    ends = [*starts[1:], len(datagram)]
    return [(low, datagram[low:high]) for low, high in zip(starts, ends, strict=True)]


def _fragment(ground: Ground, at: int, data: bytes, more: bool, v6: bool = False) -> bytes:
    """Returns one fragment; `at` is counted in bytes, and need not be a multiple of 8."""
    if v6:
        header = bytes([_UDP, 0]) + (at // 8 << 3 | more).to_bytes(2, "big")
        return ground.v6(Raw(header + ground.number.to_bytes(4, "big") + data), nh=_FRAGMENT_HEADER)
    return ground.v4(Raw(data), frag=at // 8, flags="MF" if more else 0)


def _fragments(ground: Ground, order: str, v6: int = 0) -> Frames:
    """Pieces in this order: f the first, m those between, l the last, o one that overlaps.

    o has other bytes from the middle of the first piece on. e begins behind all others and
    overlaps the last: what o has left over is thrown away with it.
    """
    pieces = _cut(ground.datagram(bool(v6)))
    (first_at, first), *between, (last_at, last) = pieces

    def made(at: int, data: bytes, more: bool) -> bytes:
        return _fragment(ground, at, data, more, bool(v6))

    kinds = {
        "f": [made(first_at, first, True)],
        "m": [made(at, data, True) for at, data in between],
        "l": [made(last_at, last, False)],
        "o": [made(0, bytes(len(first) + 8), True)],
        "e": [made(last_at, bytes(len(last) + 8 - len(last) % 8), True)],
    }
    return [frame for kind in order for frame in kinds[kind]]


def _fragments_of(ground: Ground, size: int, v6: int = 0) -> Frames:
    """Pieces of so many bytes each."""
    return _pieces_of(ground, ground.datagram(bool(v6)), size, bool(v6))


def _pieces_of(ground: Ground, datagram: bytes, size: int, v6: bool = False) -> Frames:
    last = (len(datagram) - 1) // size * size
    return [
        _fragment(ground, at, datagram[at : at + size], at < last, v6)
        for at in range(0, len(datagram), size)
    ]


def _fragments_oversize(ground: Ground, size: int) -> Frames:
    """Pieces of a datagram that is longer than the length of IP can tell."""
    head = Ground(ground.flow, b"", ground.number).datagram()
    datagram = head[:4] + b"\xff\xff\0\0" + ground.payload
    return _pieces_of(ground, datagram, size)


def _fragment_uneven(ground: Ground, v6: int = 0) -> Frames:
    """A first piece whose length is no multiple of 8, and what follows it."""
    datagram = ground.datagram(bool(v6))
    rest = _fragment(ground, 16, datagram[16:], False, bool(v6))
    return [_fragment(ground, 0, datagram[:12], True, bool(v6)), rest]


def _fragment_beyond(ground: Ground, v6: int = 0) -> Frames:
    """The last of two pieces ends behind byte 65,535: the ping of death."""
    datagram = ground.datagram(bool(v6))
    first = _fragment(ground, 0, datagram[:8], True, bool(v6))
    return [first, _fragment(ground, 65_528, bytes(100), False, bool(v6))]


def _fragments_bad_sum(ground: Ground) -> Frames:
    (whole,) = _udp_sum(ground)
    datagram = whole[34:]
    return [
        _fragment(ground, at, data, at + len(data) < len(datagram)) for at, data in _cut(datagram)
    ]


# -- addresses -------------------------------------------------------------------------------


def _from(ground: Ground, source: str, port: int = -1, v6: int = 0) -> Frames:
    """From another address ("target": the target's own) or port (0: none; "target's": -2)."""
    target = ground.flow.target
    if source == "target":
        source = target.v6 if v6 else target.v4
    ports = {-1: ground.flow.source.port, -2: target.port}
    packet = ground.udp(sport=ports.get(port, port))
    if v6:
        return [ground.v6(packet, src=source or ground.flow.source.v6)]
    return [ground.v4(packet, src=source or ground.flow.source.v4)]


def _to(ground: Ground, target: str, port: int = -1, v6: int = 0) -> Frames:
    """To another address ("broadcast", "stranger": of the network) or port."""
    network = ip_network(f"{ground.flow.target.v4}/{ground.flow.prefix}", strict=False)
    known = {"broadcast": str(network.broadcast_address), "stranger": "192.0.2.77"}
    packet = ground.udp() if port < 0 else ground.udp(dport=port)
    if v6:
        return [ground.v6(packet, dst=target or ground.flow.target.v6)]
    return [ground.v4(packet, dst=known.get(target, target) or ground.flow.target.v4)]


# -- ICMP ------------------------------------------------------------------------------------


def _quoted(ground: Ground) -> bytes:
    """Returns what the target might have said to us: IP, UDP and some payload."""
    flow = ground.flow
    ip = IP(src=flow.target.v4, dst=flow.source.v4, id=ground.number)
    return bytes(ip / UDP(sport=flow.target.port, dport=flow.source.port) / Raw(ground.payload))


def _icmp(
    ground: Ground, kind: int = 3, code: int = 3, mtu: int = 0, quoted: int = -1, wrong: int = 0
) -> Frames:
    """An error about the target's datagram, of which it quotes so many bytes (-1: 28)."""
    message = bytes(
        ICMP(type=kind, code=code, unused=mtu)
        / Raw(_quoted(ground)[: quoted if quoted >= 0 else 28])
    )
    if wrong:
        message = message[:3] + bytes([message[3] ^ 1]) + message[4:]
    return [ground.v4(Raw(message), proto=1)]


# -- IPv6 ------------------------------------------------------------------------------------


def _v6_field(ground: Ground, field: str, value: int) -> Frames:
    return [ground.v6(Raw(ground.datagram(True)), **{field: value})]


def _v6_length(ground: Ground, by: int = 0, given: int = -1) -> Frames:
    datagram = ground.datagram(True)
    length = len(datagram) + by if given < 0 else given
    return [ground.v6(Raw(datagram), plen=length)]


def _v6_header(ground: Ground, kinds: str, headers: str) -> Frames:
    """Extension headers: their numbers, blank-separated, and their bytes after the first one."""
    numbers = [int(each) for each in kinds.split()]
    bodies = [bytes.fromhex(each) for each in headers.split("/")]
    following = [*numbers[1:], _UDP]
    chain = b"".join(bytes([nh]) + body for nh, body in zip(following, bodies, strict=True))
    return [ground.v6(Raw(chain + ground.datagram(True)), nh=numbers[0])]


def _v6_next(ground: Ground, number: int) -> Frames:
    return [ground.v6(Raw(ground.datagram(True)), nh=number)]


_BUILDERS: dict[str, Callable[..., Frames]] = {
    "good": _good,
    "udp-sum": _udp_sum,
    "udp-length": _udp_length,
    "udp-cut": _udp_cut,
    "bytes-behind-udp": _bytes_behind_udp,
    "ip-length": _ip_length,
    "ip-field": _ip_field,
    "ip-sum": _ip_sum,
    "ip-header-long": _header_long,
    "bytes-behind-ip": _bytes_behind_ip,
    "ip-option": _ip_option,
    "other-protocol": _other_protocol,
    "fragments": _fragments,
    "fragments-of": _fragments_of,
    "fragments-oversize": _fragments_oversize,
    "fragment-uneven": _fragment_uneven,
    "fragment-beyond": _fragment_beyond,
    "fragments-bad-sum": _fragments_bad_sum,
    "from": _from,
    "to": _to,
    "icmp": _icmp,
    "v6-field": _v6_field,
    "v6-length": _v6_length,
    "v6-header": _v6_header,
    "v6-next": _v6_next,
}
