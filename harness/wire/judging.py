"""Judging: arrivals against the parts of a template, to the first byte that cannot match.

Belongs here: what a message is where a stream goes on behind it, holes that are known only
from what came before them. Must not know: how an answer is awaited. No bytes make it slow:
a hole keeps what it has taken where what follows tells its end; where that does not, spans
are followed instead. Only like() is as slow as its author's expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.wire.framing import Framing, FramingKind, end_of_message
from harness.wire.message import Judged, Matched, Mismatch, More
from harness.wire.parts import (
    CLASSES,
    MOST_DIGITS,
    Hole,
    Literal,
    Part,
    Reference,
    class_of,
    filtered,
)
from harness.wire.spans import agreeing, backward, ends, forward

_MORE = More()
_TOO_MUCH = "more than the message"


class ExactJudge:
    """Judges by bytes that are all known."""

    __slots__ = ("_length", "_matched", "_more", "_whole", "expected")

    def __init__(self, expected: bytes, whole: bool) -> None:
        self.expected: bytes | None = expected
        self._length = len(expected)
        self._matched = Matched(self._length)
        self._more = More(size=self._length)
        self._whole = whole  # a datagram has nothing behind its message

    def judge(self, data: bytes, ended: bool) -> Judged:
        """Compares; see Judge."""
        expected = self.expected or b""
        if data.startswith(expected):
            if self._whole and len(data) > self._length:
                return Mismatch(self._length, _TOO_MUCH)
            return self._matched
        if not ended and expected.startswith(data):
            return self._more
        return Mismatch(agreeing(expected, data))

    def find(self, data: bytes) -> tuple[int, int] | None:
        """Searches; see Judge."""
        at = data.find(self.expected or b"")
        return None if at < 0 else (at, at + self._length)


class PatternJudge:
    """Judges by a template with holes."""

    __slots__ = (
        "_at_once", "_ends_itself", "_framing", "_more", "_named", "_segments", "expected",
    )  # fmt: skip

    def __init__(self, parts: tuple[Part, ...], framing: Framing) -> None:
        self.expected: bytes | None = None
        self._segments = tuple(_segments(parts))
        self._framing = framing
        self._at_once = self._segments[0].alone if len(self._segments) == 1 else None
        holes = [part for part in parts if isinstance(part, Hole)]
        self._named = [(at, hole.name) for at, hole in enumerate(holes, 1) if hole.name]
        last = parts[-1]
        fixed = isinstance(last, Hole) and last.fixed
        self._ends_itself = isinstance(last, Literal) or fixed
        end = last.data if isinstance(last, Literal) else b"" if fixed else _delimiter(framing)
        self._more = More(ends=end[-1:])

    def judge(self, data: bytes, ended: bool) -> Judged:
        """Matches; see Judge."""
        if self._framing.kind is FramingKind.DATAGRAM:
            return self._walk(data, ended=True, whole=True)
        if self._ends_itself:
            judged = self._walk(data, ended, whole=False)
            return self._more if isinstance(judged, More) else judged
        end = end_of_message(data, self._framing)
        if end is not None:
            return self._framed(data[:end])
        if ended:
            return self._walk(data, ended=True, whole=True)
        early = self._walk(data, ended=False, whole=True)
        if not isinstance(early, Mismatch) or early.offset >= _sure(data, self._framing):
            return self._more
        return early

    def _framed(self, frame: bytes) -> Judged:
        """Matches a message with its delimiter, or without."""
        judged = self._walk(frame, ended=True, whole=True)
        if isinstance(judged, Matched):
            return judged
        body = frame.removesuffix(_delimiter(self._framing))
        inner = self._walk(body, ended=True, whole=True)
        return Matched(len(frame), inner.captures) if isinstance(inner, Matched) else judged

    def find(self, data: bytes) -> tuple[int, int] | None:
        """Searches; see Judge. What matches no bytes at all is not found."""
        for start in self._segments[0].starts(data):
            judged = self._walk(data[start:], ended=False, whole=False)
            if isinstance(judged, Matched) and judged.length:
                return start, start + judged.length
        return None

    def _walk(self, data: bytes, ended: bool, whole: bool) -> Judged:
        """Matches segment by segment, each tail by what was captured before it."""
        if self._at_once is not None:
            matched = self._at_once.fullmatch(data) if whole else self._at_once.match(data)
            if matched is not None:
                named = {name: matched[at] for at, name in self._named}
                return Matched(matched.end(), named)
        at, captures = 0, dict[str, bytes]()
        for index, segment in enumerate(self._segments):
            rest = data[at:] if at else data
            closing = whole and index == len(self._segments) - 1 and segment.tail is None
            found = segment.match(rest, closing)
            if isinstance(found, Mismatch):
                return Mismatch(at + found.offset, found.why)
            if found is None:
                return _beyond(segment.unmatched(rest, ended), at)
            for hole, low, high in found.holes:
                if hole.name:
                    captures[hole.name] = rest[low:high]
            at += found.end
            if segment.tail is not None:
                judged = _tail(segment.tail, captures, data[at:], ended)
                if not isinstance(judged, Matched):
                    return _beyond(judged, at)
                at += judged.length
        if whole and at < len(data):
            return Mismatch(at, _TOO_MUCH)
        return Matched(at, captures)


@lru_cache(maxsize=4096)
def pattern(parts: tuple[Part, ...], framing: Framing) -> PatternJudge:
    """Returns the judge of parts that have holes; made once for equal ones."""
    return PatternJudge(parts, framing)


def _beyond(judged: Judged, at: int) -> Judged:
    return Mismatch(at + judged.offset, judged.why) if isinstance(judged, Mismatch) else judged


def _tail(part: Part, captures: dict[str, bytes], data: bytes, ended: bool) -> Judged:
    """Judges what an earlier hole of the same message sizes, or repeats."""
    if isinstance(part, Reference):
        value = filtered(captures[part.name], part.filter)
        return ExactJudge(value, whole=False).judge(data, ended)
    assert isinstance(part, Hole)
    counted = captures[part.size]
    if not counted.isdigit() or len(counted) > MOST_DIGITS:
        return Mismatch(0, f"{part.size} counts bytes, and is no number")
    size = int(counted)
    if len(data) < size:
        return Mismatch(len(data)) if ended else _MORE
    if part.name:
        captures[part.name] = data[:size]
    return Matched(size)


def _delimiter(framing: Framing) -> bytes:
    endings = {FramingKind.LINE: b"\n", FramingKind.CRLF: b"\r\n"}
    return endings.get(framing.kind, framing.delimiter)


def _sure(data: bytes, framing: Framing) -> int:
    """Returns how many bytes surely belong to the message, and begin no delimiter."""
    delimiter = _delimiter(framing)
    begun = (size for size in range(len(delimiter) - 1, 0, -1) if data.endswith(delimiter[:size]))
    return len(data) - next(begun, 0)


# -- segments ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """A match: its end, and where its holes begin and end."""

    end: int
    holes: tuple[tuple[Hole, int, int], ...]


class _Segment:
    """A run of parts up to what an earlier hole sizes or repeats (`tail`, None at the end)."""

    __slots__ = ("_before", "_holes", "_parts", "_regex", "tail")

    def __init__(self, parts: Sequence[Part], tail: Part | None) -> None:
        self.tail = tail
        self._parts = tuple(parts)
        self._holes = tuple(part for part in parts if isinstance(part, Hole))
        likes = [at for at, part in enumerate(parts) if _is_like(part)]
        self._before = self._parts[: likes[0]] if likes else None
        sure = [_sure_end(part, self._parts[at + 1 :]) for at, part in enumerate(parts)]
        self._regex: re.Pattern[bytes] | None = None
        if likes or all(sure):
            text = "".join(map(_expression, parts, sure))
            self._regex = re.compile(text.encode())

    @property
    def alone(self) -> re.Pattern[bytes] | None:
        """The expression whose match is all there is to it, None where more is to be looked at."""
        more = self.tail is not None or any(hole.bounded for hole in self._holes)
        return None if more else self._regex

    def match(self, data: bytes, closing: bool) -> _Found | Mismatch | None:
        """Matches from the beginning; with `closing` all of the data. None: it does not."""
        found = (
            self._followed(data, closing) if self._regex is None else self._at_once(data, closing)
        )
        for hole, low, high in found.holes if found else ():
            if hole.bounded and not hole.holds(int(data[low:high])):
                agree = hole.begins_value(data[low:high])
                return Mismatch(low + agree, f"{int(data[low:high])} is not {_limits(hole)}")
        return found

    def _at_once(self, data: bytes, closing: bool) -> _Found | None:
        assert self._regex is not None
        found = self._regex.fullmatch(data) if closing else self._regex.match(data)
        if found is None:
            return None
        spans = ((hole, *found.span(at + 1)) for at, hole in enumerate(self._holes))
        return _Found(found.end(), tuple(spans))

    def _followed(self, data: bytes, closing: bool) -> _Found | None:
        last = forward(self._parts, data, [(0, 0)])[-1]
        end = len(data) if closing else max((high for _, high in last.spans), default=0)
        if end not in last:
            return None
        bounds = [0, *ends(self._parts, data, 0, end)]
        pairs = zip(self._parts, bounds, bounds[1:], strict=False)
        return _Found(end, tuple((p, low, high) for p, low, high in pairs if isinstance(p, Hole)))

    def unmatched(self, data: bytes, ended: bool) -> Judged:
        """Tells how far bytes go that do not match."""
        parts = self._parts if self._before is None else self._before
        last = forward(parts, data, [(0, 0)])[-1]
        if last.alive or (self._before is not None and last.spans):
            return Mismatch(len(data)) if ended else _MORE
        return Mismatch(last.far, _TOO_MUCH if last.far in last else "")

    def starts(self, data: bytes) -> Iterator[int]:
        """Yields where a match may begin, in order."""
        if self._regex is not None:
            yield from (found.start() for found in self._regex.finditer(data))
            return
        for low, high in backward(self._parts, data, [(0, len(data))])[0]:
            yield from range(low, high + 1)


def _segments(parts: Sequence[Part]) -> Iterator[_Segment]:
    run: list[Part] = []
    for part in parts:
        if isinstance(part, Reference) or (isinstance(part, Hole) and part.size):
            yield _Segment(run, part)
            run = []
        else:
            run.append(part)
    if run:
        yield _Segment(run, None)


def _limits(hole: Hole) -> str:
    return f"from {hole.low} to {hole.high}" if hole.high is not None else f"{hole.low} or more"


def _is_like(part: Part) -> bool:
    return isinstance(part, Hole) and part.kind == "like"


# -- expressions -----------------------------------------------------------------------------


def _sure_end(part: Part, behind: Sequence[Part]) -> bool:
    """Says whether no byte that a part could take can begin what follows it."""
    if not isinstance(part, Hole):
        return True
    following = _firsts(behind)
    if part.kind == "one":
        words = [word.encode() for word in part.words]
        longer = ((a, b) for a in words for b in words if a != b and b.startswith(a))
        return all(following is not None and b[len(a)] not in following for a, b in longer)
    if part.kind == "like":
        return False
    if part.counts[0] == part.counts[1]:
        return True
    return following is not None and not class_of(part.kind) & following


def _firsts(parts: Sequence[Part]) -> frozenset[int] | None:
    """Returns the bytes that can begin the parts; None: any."""
    found: frozenset[int] = frozenset()
    for part in parts:
        if isinstance(part, Literal):
            return found | {part.data[0]}
        if not isinstance(part, Hole) or part.kind == "like":
            return None
        if part.kind == "one":
            return found | {word.encode()[0] for word in part.words}
        found |= class_of(part.kind)
        if part.counts[0]:
            return found
    return found


def _expression(part: Part, sure: bool) -> str:
    """Returns a part as an expression; a hole is a group that, if sure, gives nothing back."""
    if isinstance(part, Literal):
        return _escaped(part.data)
    assert isinstance(part, Hole)
    if part.kind == "like":
        return f"((?:{part.expression}))"
    if part.kind == "one":
        words = sorted(part.words, key=len, reverse=True)
        inside = "|".join(_escaped(word.encode()) for word in words)
        return f"((?>{inside}))" if sure else f"((?:{inside}))"
    low, high = part.counts
    count = f"{{{low},{'' if high is None else high}}}"
    return f"({CLASSES[part.kind]}{count}{'+' if sure else ''})"


def _escaped(data: bytes) -> str:
    return "".join(rf"\x{byte:02x}" for byte in data)
