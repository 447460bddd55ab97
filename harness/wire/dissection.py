"""Dissection: arrivals taken apart field by field and held against what is wanted.

Belongs here: the judge of a layout's messages; a mismatch names the field and the first byte
of it. Must not know: YAML, how a message is produced.
"""

from __future__ import annotations

from harness.wire.framing import Framing, FramingKind, end_of_message
from harness.wire.layout import blank, holds_packets, plain, taken
from harness.wire.message import Judged, Matched, Mismatch, More, Scope
from harness.wire.values import Given, split
from harness.wire.wanted import wanted


class FieldsJudge:
    """Judges arrivals field by field. See Fields for `size`, `head` and `capture`."""

    def __init__(
        self,
        given: Given,
        scope: Scope,
        framing: Framing,
        size: tuple[int, int] | None = None,
        head: bool = False,
        capture: str = "",
    ) -> None:
        self.expected: bytes | None = None
        self._layout = given.layout
        self._framing = framing
        self._wanted = wanted(given, scope)
        self._size = size
        self._last = _last(given) if head else ""
        self._capture = capture

    def judge(self, data: bytes, ended: bool) -> Judged:
        """See Judge."""
        if self._framing.kind is FramingKind.DATAGRAM:
            return self._walk(data, ended=True, whole=True)
        if self._layout.ends_itself:
            return self._walk(data, ended, whole=False)
        end = end_of_message(data, self._framing)
        if end is not None or ended:
            return self._walk(data[:end], ended=True, whole=True)
        early = self._walk(data, ended=False, whole=True)
        return early if isinstance(early, Mismatch) else More()

    def find(self, data: bytes) -> tuple[int, int] | None:
        """See Judge."""
        for at in range(len(data)):
            found = self.judge(data[at:], ended=False)
            if isinstance(found, Matched) and found.length:
                return at, at + found.length
        return None

    def _walk(self, data: bytes, ended: bool, whole: bool) -> Judged:
        packet, left = blank(self._layout, data), data
        captures: dict[str, bytes] = {}
        for field in self._layout.packet.fields_desc:
            at, several = len(data) - len(plain(left)), self._wanted.get(field.name, ())
            if not ended and holds_packets(field):
                return More()
            found = taken(field, packet, left)
            if isinstance(found, str):
                begun = plain(left)
                wrongs = (each.wrong_so_far(field, packet, begun) for each in several)
                missing = Mismatch(len(data) - at, found)
                wrong = next(filter(None, wrongs), missing if ended else None)
                return Mismatch(at + wrong.offset, wrong.why) if wrong is not None else More()
            left = found[0]
            raw = data[at : len(data) - len(plain(left))]
            wrongs = (each.wrong(field, packet, raw, captures) for each in several)
            wrong = next(filter(None, wrongs), None)
            if wrong is not None:
                return Mismatch(at + wrong.offset, wrong.why)
            if field.name == self._last and whole:
                return self._sized(data, captures) if ended else More()
        length = len(data) - len(plain(left))
        if whole and length < len(data):
            return Mismatch(length, "more than the message")
        return self._sized(data[:length], captures)

    def _sized(self, message: bytes, captures: dict[str, bytes]) -> Judged:
        low, high = self._size or (0, len(message))
        if not low <= len(message) <= high:
            why = f"it has {len(message)} bytes, wanted {low} to {high}"
            return Mismatch(min(high, len(message)), why)
        if self._capture:
            captures[self._capture] = message
        return Matched(len(message), captures)


def _last(given: Given) -> str:
    """Returns the field that stands furthest behind of those that are given."""
    order = given.layout.names
    return max((split(key)[0] for key, _ in given.values), key=order.index)
