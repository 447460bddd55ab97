"""Annotations: which frame of a capture has carried which entry of the transcript.

Belongs here: frames matched with what was said, by their bytes and their order. Must not know:
files, words, how a frame came to be captured.
"""

from __future__ import annotations

from collections import deque

from harness.report.talk import Talk, talks
from harness.runner.outcome import CRAFTED, Entry, Kind, Outcome
from harness.spec.model import Transport
from harness.wire.frames import ACK, FIN, RST, SYN, TCP, Frame, Segment, segment_in

_WINDOW = 1 << 31  # from here on a sequence number is one of the past
_CLOCKS = 1_000_000  # nanoseconds by which the kernel's clock and ours may be apart
_FRAGMENT = 1400  # bytes; with fewer, a datagram was not cut into fragments

_End = tuple[bytes, int]
_Pair = frozenset[_End]


class Matching:
    """Finds the entries that frames have carried; the frames come in their order."""

    def __init__(self, outcome: Outcome) -> None:
        self._port = outcome.port
        self._datagrams: list[Entry] = []
        self._clients: set[_End] = set()
        self._flows: dict[_Pair, _Flow] = {}
        self._waiting: deque[_Flow] = deque()
        self._crafted: deque[tuple[int, Entry]] = deque()
        flows: dict[Talk, _Flow] = {}
        for talk, entry in talks(outcome.plan, outcome.transcript):
            if talk.over is Transport.UDP:
                self._datagrams.append(entry)
                if entry.detail.startswith(CRAFTED):
                    at = round((outcome.began + entry.seconds) * 1e9) - _CLOCKS
                    self._crafted.append((at, entry))
                continue
            if talk not in flows:
                flows[talk] = _Flow()
                self._waiting.append(flows[talk])
            flows[talk].add(entry)

    def entry(self, frame: Frame) -> Entry | None:
        """Returns the entry of which a frame carries something new, None where it does not."""
        segment = segment_in(frame.data)
        found: Entry | None = None
        if segment is not None:
            of = self._of_tcp if segment.protocol == TCP else self._of_udp
            found = of(segment)
        return found or self._of_a_craft(frame)

    def _of_a_craft(self, frame: Frame) -> Entry | None:
        """What is malformed may not even be a datagram: it is known by when it was sent."""
        found = None
        while self._crafted and self._crafted[0][0] <= frame.at:
            _, entry = self._crafted.popleft()
            if any(each is entry for each in self._datagrams):
                found = entry
        if found is not None:
            self._datagrams = [each for each in self._datagrams if each is not found]
        return found

    @property
    def missing(self) -> list[Entry]:
        """What was said in datagrams that no frame so far has carried."""
        return [entry for entry in self._datagrams if entry.kind is Kind.BYTES]

    def _of_tcp(self, segment: Segment) -> Entry | None:
        """Connections are found in the order in which they were opened."""
        pair = frozenset((segment.source, segment.to))
        flow = self._flows.get(pair)
        begins = segment.flags & (SYN | ACK) == SYN and bool(self._waiting)
        if begins and (flow is None or flow.begins_anew(segment)):
            flow = self._flows[pair] = self._waiting.popleft()
            flow.client = segment.source
        return flow.entry(segment) if flow is not None else None

    def _of_udp(self, segment: Segment) -> Entry | None:
        """Datagrams are known by side and bytes: of alike ones, what was said first is first."""
        by_client = self._from_client(segment)
        for at, entry in enumerate(self._datagrams):
            if entry.kind is not Kind.BYTES or entry.by_client is not by_client:
                continue
            begun = len(segment.data) >= _FRAGMENT and entry.data.startswith(segment.data)
            if entry.data == segment.data or begun:
                return self._datagrams.pop(at)
        return None

    def _from_client(self, segment: Segment) -> bool:
        """The server is known by its port; from another one it answers whom we have seen."""
        if segment.to[1] == self._port:
            self._clients.add(segment.source)
            return True
        return segment.source[1] != self._port and segment.source in self._clients


class _Flow:
    """One TCP connection: which entries its bytes and its flags are of."""

    def __init__(self) -> None:
        self.client: _End | None = None
        self._first: dict[bool, int] = {}  # the sequence number of each side's first byte
        self._said = {True: deque[tuple[int, Entry]](), False: deque[tuple[int, Entry]]()}
        self._size = {True: 0, False: 0}
        self._there = {True: 0, False: 0}  # how many bytes frames have brought so far
        self._acts: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Takes in an entry of the transcript."""
        if entry.kind is not Kind.BYTES:
            self._acts.append(entry)
            return
        side = entry.by_client
        self._said[side].append((self._size[side], entry))
        self._size[side] += len(entry.data)

    def begins_anew(self, segment: Segment) -> bool:
        """Says whether a SYN is of another connection, and not sent once more."""
        return self._first.get(True) != segment.number + 1

    def entry(self, segment: Segment) -> Entry | None:
        """Returns what a segment carries: an act, or the first bytes that were not there before."""
        side = segment.source == self.client
        if segment.flags & SYN:
            self._first[side] = segment.number + 1
            return self._act(side, Kind.OPEN)
        begun = (segment.number - self._first.get(side, 0)) % 2**32
        said = self._bytes(side, begun, begun + len(segment.data))
        if said is not None or not segment.flags & (FIN | RST):
            return said
        return self._act(side, Kind.CLOSE) or self._act(side, Kind.REFUSE)

    def _bytes(self, side: bool, start: int, end: int) -> Entry | None:
        said, new = self._said[side], max(start, self._there[side])
        if end <= new or start >= _WINDOW:
            return None
        self._there[side] = end
        while len(said) > 1 and said[1][0] <= new:
            said.popleft()
        return said[0][1] if said and new < self._size[side] else None

    def _act(self, side: bool, kind: Kind) -> Entry | None:
        for at, entry in enumerate(self._acts):
            if entry.kind is kind and entry.by_client is side:
                return self._acts.pop(at)
        return None
