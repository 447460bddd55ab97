"""Spans: where a run of parts can end in bytes that are hostile, in time that grows as they do.

Belongs here: sets of positions, kept as spans, that move over the data part by part, where an
expression that tries one way after the other would take for ever. Must not know: framings,
judges. like() is not for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from harness.wire.parts import CLASSES, Hole, Literal, Part

Span = tuple[int, int]
"""Positions from the first to the last, both within."""

_LONG = 256  # positions from which a literal's beginning is looked for, from the furthest back


@dataclass(frozen=True, slots=True)
class Front:
    """How far parts go. `spans`: where they can end, in order, with no two that touch.

    `alive`: all bytes are a beginning of more. `far`: so many bytes agree on the longest way.
    """

    spans: tuple[Span, ...]
    alive: bool
    far: int

    def __contains__(self, position: int) -> bool:
        return any(low <= position <= high for low, high in self.spans)


def forward(parts: Sequence[Part], data: bytes, starts: Sequence[Span]) -> list[Front]:
    """Returns the front before the first part and behind each."""
    fronts = [Front(tuple(starts), False, max((high for _, high in starts), default=0))]
    for part in parts:
        last = fronts[-1]
        moved = _Moved(len(data), last.alive, last.far)
        for low, high in last.spans:
            if high >= moved.covered:
                _move(part, data, max(low, moved.covered), high, moved)
        fronts.append(moved.front())
    return fronts


def backward(parts: Sequence[Part], data: bytes, stops: Sequence[Span]) -> list[list[Span]]:
    """Returns, before each part and behind the last, from where a stop can be reached."""
    turned = [_turned(part) for part in reversed(parts)]
    fronts = forward(turned, data[::-1], _mirrored(stops, len(data)))
    return [_mirrored(each.spans, len(data)) for each in reversed(fronts)]


def _mirrored(spans: Sequence[Span], size: int) -> list[Span]:
    return [(size - high, size - low) for low, high in reversed(spans)]


def ends(parts: Sequence[Part], data: bytes, start: int, end: int) -> Iterator[int]:
    """Yields where each part ends on the way to `end`, each as far on as the next ones let it."""
    for part, behind in zip(parts, backward(parts, data, [(end, end)])[1:], strict=True):
        moved = _Moved(len(data), False, 0)
        _move(part, data, start, start, moved)
        start = _furthest(moved.front().spans, behind)
        yield start


def _furthest(here: Sequence[Span], there: Sequence[Span]) -> int:
    """Returns the last position of both."""
    return max(
        min(one[1], other[1])
        for one in here
        for other in there
        if max(one[0], other[0]) <= min(one[1], other[1])
    )


class _Moved:
    """Spans as they are found, and what stays possible."""

    def __init__(self, size: int, alive: bool, far: int) -> None:
        self.size = size
        self.alive = alive
        self.far = far
        self.covered = 0  # from positions before this one nothing new can be reached
        self._spans: list[Span] = []
        self._run: tuple[int, int, int] = (0, 0, 0)

    def reach(self, position: int) -> None:
        self.far = max(self.far, position)

    def add(self, low: int, high: int) -> None:
        self.reach(high)
        self._spans.append((low, high))

    def run(self, kind: str, data: bytes, at: int) -> Span:
        """Returns first and behind of the next run of a kind; asked with growing positions."""
        asked, first, behind = self._run
        if asked <= at < behind:
            return max(first, at), behind
        found = _runs(kind).search(data, at)
        first, behind = found.span() if found else (self.size, self.size + 1)
        self._run = (at, first, behind)
        return first, behind

    def front(self) -> Front:
        joined: list[Span] = []
        for low, high in sorted(self._spans):
            if joined and low <= joined[-1][1] + 1:
                joined[-1] = (joined[-1][0], max(joined[-1][1], high))
            else:
                joined.append((low, high))
        return Front(tuple(joined), self.alive, self.far)


def _move(part: Part, data: bytes, low: int, high: int, moved: _Moved) -> None:
    if isinstance(part, Literal):
        _over_literal(part.data, data, low, high, moved)
    elif isinstance(part, Hole) and part.kind == "one":
        for word in part.words:
            _over_literal(word.encode(), data, low, high, moved)
    elif isinstance(part, Hole) and part.kind == "int" and part.bounded and low == high:
        _over_number(part, data, low, moved)
    elif isinstance(part, Hole):
        _over_class(part, data, low, high, moved)


def _over_literal(literal: bytes, data: bytes, low: int, high: int, moved: _Moved) -> None:
    size = len(literal)
    if low == high and data.startswith(literal, low):
        moved.add(low + size, low + size)
    elif low < high and size == 1:
        for run in _repeats(literal).finditer(data, low, high + size):
            moved.add(run.start() + 1, run.end())
    elif low < high:
        at = data.find(literal, low, high + size)
        while at >= 0:
            moved.add(at + size, at + size)
            at = data.find(literal, at + 1, high + size)
    for start in range(max(low, high - min(size, _LONG), moved.far - size + 1), high + 1):
        agree = agreeing(literal, data[start : start + size])
        moved.reach(start + agree)
        moved.alive |= start + agree == moved.size and agree < size


def _over_number(hole: Hole, data: bytes, start: int, moved: _Moved) -> None:
    """Goes over the values that an int within bounds can have."""
    most = hole.counts[1] or 0
    digits = _runs("int").match(data[start : start + most])
    found = digits.group() if digits else b""
    viable = hole.begins_value(found)
    moved.reach(start + viable)
    moved.alive |= start + viable == moved.size and viable < most
    for count in range(1, viable + 1):
        if hole.holds(int(found[:count])):
            moved.add(start + count, start + count)


def _over_class(hole: Hole, data: bytes, low: int, high: int, moved: _Moved) -> None:
    at = low
    while at <= high:
        first, behind = moved.run(hole.kind, data, at)
        if first > at or first == moved.size:  # no byte of the class stands here
            last = min(first - 1, high) if first > at else at
            _over_none(hole, at, last, moved)
        else:
            last = min(high, behind - 1)
            _over_run(hole, at, last, behind, moved)
        at = last + 1


def _over_none(hole: Hole, low: int, high: int, moved: _Moved) -> None:
    least, most = hole.counts
    moved.reach(high)
    if least == 0:
        moved.add(low, high)
    if high == moved.size and most != 0:
        moved.alive = True


def _over_run(hole: Hole, low: int, high: int, behind: int, moved: _Moved) -> None:
    """Goes on from the positions `low` to `high` of a run that ends before `behind`."""
    least, most = hole.counts
    furthest = behind if most is None else min(high + most, behind)
    moved.reach(furthest)
    if low + least <= furthest:
        moved.add(low + least, furthest)
    if behind == moved.size and (most is None or behind - high < most):
        moved.alive = True
    if most is None:
        moved.covered = behind


@cache
def _repeats(literal: bytes) -> re.Pattern[bytes]:
    return re.compile(b"(?:%s)++" % re.escape(literal))


@cache
def _runs(kind: str) -> re.Pattern[bytes]:
    return re.compile(f"{CLASSES[kind]}++".encode())


def _turned(part: Part) -> Part:
    """Returns the part as it stands in bytes that are turned round."""
    if isinstance(part, Literal):
        return Literal(part.data[::-1])
    if isinstance(part, Hole) and part.kind == "one":
        return Hole(part.name, part.kind, words=tuple(word[::-1] for word in part.words))
    if isinstance(part, Hole) and part.kind == "int":
        return Hole(part.name, part.kind)
    return part


def agreeing(one: bytes, other: bytes) -> int:
    """Returns how many leading bytes two strings share."""
    if one == other:
        return len(one)
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low
