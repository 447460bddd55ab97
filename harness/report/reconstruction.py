"""A reconstruction: the frames that a transcript could have been, where nobody has listened.

Belongs here: what was said, when, by whom, in headers that are right. Must not know: files,
comments. What it makes is not what was on the wire: addresses, the clients' ports, sequence
numbers and acknowledgements are made up, and no segment of it is lost or sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from harness.report.talk import Talk, talks
from harness.runner.outcome import ANOTHER_PORT, Entry, Kind, Outcome
from harness.spec.model import Ending, Transport
from harness.wire.frames import (
    ACK,
    FIN,
    LARGEST_SEGMENT,
    PSH,
    RST,
    SYN,
    End,
    Frame,
    tcp_frame,
    udp_frame,
    unreachable_frame,
)

_NETWORK = bytes([192, 0, 2])  # RFC 5737: for documentation, on no wire anywhere
_MAC = bytes([2, 0, 0, 0, 0])
_SERVER = 1
_PORTS = 49_152  # RFC 6335: the first that is given out to whoever asks
_PORT_UNKNOWN = 65_535


class Reconstruction:
    """The frames of an outcome. `hosts` names the addresses that have been in them so far."""

    def __init__(self, outcome: Outcome) -> None:
        self.hosts: dict[bytes, str] = {}
        self._outcome = outcome
        self._ports = count(_PORTS)
        self._streams: dict[Talk, _Stream] = {}
        self._datagrams: dict[Talk, _Datagrams] = {}
        self._server = self._host("server", outcome.port or _PORT_UNKNOWN)
        self._talks = list(talks(outcome.plan, outcome.transcript))
        self._refused = {talk for talk, entry in self._talks if entry.kind is Kind.REFUSE}

    def frames(self) -> Iterator[tuple[Frame, Entry]]:
        """Yields the frames with what they say, made only as they are taken."""
        for talk, entry in self._talks:
            at = round((self._outcome.began + entry.seconds) * 1e9)
            for data in self._frames_of(talk, entry):
                yield Frame(at, data, len(data)), entry

    def _frames_of(self, talk: Talk, entry: Entry) -> Iterator[bytes]:
        if talk.over is Transport.UDP:
            if talk not in self._datagrams:
                self._datagrams[talk] = _Datagrams(self._client(talk.who), self._server, self._port)
            return self._datagrams[talk].frames(entry)
        if talk not in self._streams:
            taken = talk not in self._refused
            self._streams[talk] = _Stream(self._client(talk.who), self._server, taken)
        return self._streams[talk].frames(entry)

    def _port(self) -> int:
        return next(self._ports)

    def _client(self, who: str) -> End:
        return self._host(who or "client", self._port())

    def _host(self, name: str, port: int) -> End:
        known = next((ip for ip, known in self.hosts.items() if known == name), None)
        number = known[-1] if known else _SERVER + len(self.hosts)
        end = End(_MAC + bytes([number]), _NETWORK + bytes([number]), port)
        self.hosts[end.ip] = name
        return end


class _Stream:
    """One TCP connection: its ends, and what each has sent so far (RFC 9293, 3.3)."""

    def __init__(self, client: End, server: End, taken: bool) -> None:
        self._ends = {True: client, False: server}
        self._taken = taken
        self._next = {True: 0, False: 0}
        self._over = {True: False, False: False}

    def frames(self, entry: Entry) -> Iterator[bytes]:
        """Yields what an entry takes."""
        side = entry.by_client
        if entry.kind is Kind.OPEN:
            yield self._segment(True, SYN)
            if self._taken:
                yield self._segment(False, SYN | ACK)
                yield self._segment(True, ACK)
        elif entry.kind is Kind.REFUSE:
            yield self._segment(side, RST | ACK)
        elif entry.kind is Kind.CLOSE:
            yield from self._close(side, entry.detail)
        else:
            for at in range(0, len(entry.data), LARGEST_SEGMENT):
                yield self._segment(side, PSH | ACK, entry.data[at : at + LARGEST_SEGMENT])

    def _close(self, side: bool, how: str) -> Iterator[bytes]:
        if how == Ending.RESET:
            yield self._segment(side, RST | ACK)
        elif not self._over[side]:
            self._over[side] = True
            yield self._segment(side, FIN | ACK)
            yield self._segment(not side, ACK)

    def _segment(self, side: bool, flags: int, data: bytes = b"") -> bytes:
        number = self._next[side]
        acknowledged = self._next[not side] if flags & ACK else 0
        self._next[side] += len(data) + bool(flags & (SYN | FIN))
        source, to = self._ends[side], self._ends[not side]
        return tcp_frame(source, to, flags, number, acknowledged, data)


class _Datagrams:
    """The datagrams of one client; each side may go on from another port."""

    def __init__(self, client: End, server: End, port: Callable[[], int]) -> None:
        self._ends = {True: client, False: server}
        self._port = port
        self._last = b""

    def frames(self, entry: Entry) -> Iterator[bytes]:
        """Yields what an entry takes; a refusal is an ICMP message on what was said last."""
        side = entry.by_client
        if entry.kind is Kind.BYTES:
            if entry.detail == ANOTHER_PORT:
                before = self._ends[side]
                self._ends[side] = End(before.mac, before.ip, self._port())
            self._last = udp_frame(self._ends[side], self._ends[not side], entry.data)
            yield self._last
        elif entry.kind is Kind.REFUSE and self._last:
            yield unreachable_frame(self._ends[side], self._ends[not side], self._last)
