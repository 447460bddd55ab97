"""Templates: texts with references and typed holes, to produce bytes and to judge them by.

Belongs here: the template language and its compilation to regular expressions, twice: for
the whole message, and for "can still become one", which is how the first byte that cannot
match is found. Must not know: YAML, how an answer is awaited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from harness.errors import HarnessError
from harness.wire.framing import Framing, FramingKind, end_of_message
from harness.wire.message import Judge, Judged, Matched, Mismatch, More, Scope

_CLASSES = {
    "digits": "[0-9]",
    "letters": "[A-Za-z]",
    "alnum": "[0-9A-Za-z]",
    "word": r"[^ \r\n]",
    "line": r"[^\r\n]",
    "ascii": r"[\x20-\x7e]",
    "bytes": r"[\x00-\xff]",
    "rest": r"[\x00-\xff]",
    "int": "[0-9]",
}
_DEFAULT_BOUNDS = {"word": (1, None), "line": (0, None), "ascii": (1, None), "rest": (0, None)}
_MOST_DIGITS = 20
_LONG = 200  # bytes of a literal between holes that are compared one by one
FILTERS = ("upper", "lower", "length", "reverse")
TYPES = (*_CLASSES, "one", "like")


class TemplateError(ValueError):
    """A template that cannot be read: `offset` is where in the text, in characters."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that stand for themselves."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a name, through a filter ("": as it is)."""

    name: str
    filter: str = ""


@dataclass(frozen=True, slots=True)
class Hole:
    """Bytes of a kind; `name` None captures nothing.

    `low` and `high` bound the value of an int, the number of bytes of the others (None: no
    bound). `size` names the earlier int hole that counts the bytes. `words` are one()'s,
    `expression` is like()'s.
    """

    name: str | None
    kind: str
    low: int = 0
    high: int | None = None
    size: str = ""
    words: tuple[str, ...] = ()
    expression: str = ""

    @property
    def fixed(self) -> bool:
        """Says whether every match has the same length, so that no end must follow."""
        return bool(self.size) or (self.kind != "int" and self.low == self.high)

    @property
    def full(self) -> str:
        """The regular expression of a complete match, without a group."""
        if self.kind == "one":
            words = sorted(self.words, key=len, reverse=True)
            return "(?:" + "|".join(_escaped(word.encode()) for word in words) + ")"
        if self.kind == "like":
            return f"(?:{self.expression})"
        if self.kind == "int":
            return f"[0-9]{{1,{_MOST_DIGITS}}}"
        high = "" if self.high is None else str(self.high)
        return f"{_CLASSES[self.kind]}{{{self.low},{high}}}"

    @property
    def begun(self) -> str:
        """The regular expression of every beginning of a match."""
        if self.kind == "one":
            return "(?:" + "|".join(_beginnings(word.encode()) for word in self.words) + ")"
        if self.kind == "like":
            return r"[\x00-\xff]*"
        high = _MOST_DIGITS if self.kind == "int" else ("" if self.high is None else self.high)
        return f"{_CLASSES[self.kind]}{{0,{high}}}"

    def __str__(self) -> str:
        """The hole as a spec writes it."""
        inside = self.size or " ".join(self.words) or self.expression
        if not inside and (self.low, self.high) != _DEFAULT_BOUNDS.get(self.kind, (0, None)):
            inside = str(self.low) if self.low == self.high else f"{self.low}..{self.high}"
        return f"{{{self.name or '_'}:{self.kind}{f'({inside})' if inside else ''}}}"


Part = Literal | Reference | Hole


@dataclass(frozen=True, slots=True)
class Template:
    """A message of literals, references and holes; equal parts make equal templates."""

    parts: tuple[Part, ...]

    @property
    def captures(self) -> frozenset[str]:
        """Names that its holes bind."""
        return frozenset(p.name for p in self.parts if isinstance(p, Hole) and p.name)

    @property
    def references(self) -> frozenset[str]:
        """Names that must be bound before; those of its own earlier holes are not among them."""
        found, own = set(), set()
        for part in self.parts:
            if isinstance(part, Reference) and part.name not in own:
                found.add(part.name)
            elif isinstance(part, Hole):
                if part.size and part.size not in own:
                    found.add(part.size)
                own.add(part.name)
        return frozenset(found)

    @property
    def open(self) -> bool:
        """Says whether it has holes."""
        return any(isinstance(part, Hole) for part in self.parts)

    @property
    def vacuous(self) -> bool:
        """Says whether it matches any bytes whatever."""
        return bool(self.parts) and all(_takes_anything(part) for part in self.parts)

    def produce(self, scope: Scope) -> bytes:
        """Returns the bytes. Raises: HarnessError where a hole is open or a name unbound."""
        return b"".join(self._produced(part, scope) for part in self.parts)

    def _produced(self, part: Part, scope: Scope) -> bytes:
        if isinstance(part, Literal):
            return part.data
        if isinstance(part, Hole):
            raise HarnessError(f"{self.describe()} has a hole and no example: {part}")
        return _value(part, scope)

    def bind(self, scope: Scope, framing: Framing) -> Judge:
        """Resolves references and returns what judges arrivals."""
        resolved = tuple(_resolved(self.parts, scope))
        if not resolved or (len(resolved) == 1 and isinstance(resolved[0], Literal)):
            data = resolved[0].data if resolved and isinstance(resolved[0], Literal) else b""
            return ExactJudge(data, framing.kind is FramingKind.DATAGRAM)
        return _pattern(resolved, framing)

    def describe(self) -> str:
        """Returns the text of the template."""
        return "".join(_described(part) for part in self.parts)


# -- making ------------------------------------------------------------------------------


def literal(data: bytes) -> Template:
    """Returns a template of these bytes."""
    return Template((Literal(data),))


def anything() -> Template:
    """Returns a template that matches whatever comes."""
    return Template((Hole(None, "rest"),))


def octets(low: int, high: int | None) -> Template:
    """Returns a template of any bytes, from `low` to `high` many (None: no bound)."""
    return Template((Hole(None, "bytes", low, high),))


def joined(templates: Sequence[Template]) -> Template:
    """Returns the templates one after the other."""
    return Template(tuple(_merged(part for each in templates for part in each.parts)))


def repeated(template: Template, times: int) -> Template:
    """Returns a template so many times over."""
    return joined([template] * times)


def substituted(template: Template, values: Mapping[str, Template]) -> Template:
    """Returns the template with references replaced, as for a row or a fragment's argument.

    Raises: TemplateError where a filter, or a size, is asked of a value that is not constant.
    """
    return Template(tuple(_merged(_substituted_parts(template, values))))


def _substituted_parts(template: Template, values: Mapping[str, Template]) -> Iterator[Part]:
    for part in template.parts:
        if isinstance(part, Reference) and part.name in values:
            value = values[part.name]
            if part.filter:
                yield Literal(_filtered(_constant(value, part.name), part.filter))
            else:
                yield from value.parts
        elif isinstance(part, Hole) and part.size in values:
            size = _number(_constant(values[part.size], part.size), part.size)
            yield Hole(part.name, part.kind, size, size)
        else:
            yield part


def _constant(value: Template, name: str) -> bytes:
    if any(not isinstance(part, Literal) for part in value.parts):
        raise TemplateError(f"{name} is {value.describe()}, whose value is not known here", 0)
    return value.produce({})


def _merged(parts: Iterator[Part]) -> Iterator[Part]:
    for is_literal, run in groupby(parts, lambda part: isinstance(part, Literal)):
        if not is_literal:
            yield from run
        elif data := b"".join(part.data for part in run if isinstance(part, Literal)):
            yield Literal(data)


# -- reading -----------------------------------------------------------------------------

_FIELD = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:([:|])(.*))?", re.DOTALL)
_TYPE = re.compile(r"([a-z]+)(?:\((.*)\))?", re.DOTALL)
_BOUNDS = re.compile(r"([0-9]+)(?:\.\.([0-9]+))?")


def parse(text: str) -> Template:
    """Reads a template's text. Raises: TemplateError."""
    return Template(tuple(_merged(_parts(text))))


def _parts(text: str) -> Iterator[Part]:
    at = 0
    for found in re.finditer(r"\{\{|\}\}|\{([^{}]*)\}|[{}]", text):
        yield Literal(text[at : found.start()].encode())
        at = found.end()
        if found.group() in ("{{", "}}"):
            yield Literal(found.group()[0].encode())
        elif found.group(1) is None:
            brace = found.group()
            raise TemplateError(
                f"a single {brace!r}: a literal brace is written {brace * 2!r}", found.start()
            )
        else:
            yield _field(found.group(1), found.start())
    yield Literal(text[at:].encode())


def _field(inside: str, offset: int) -> Part:
    found = _FIELD.fullmatch(inside)
    if not found:
        wanted = "{name}, {name|filter} or {name:type}"
        raise TemplateError(f"found {{{inside}}}, wanted {wanted}", offset)
    name, mark, rest = found.groups()
    if mark == ":":
        return _hole(None if name == "_" else name, rest, offset)
    if mark == "|" and rest not in FILTERS:
        raise TemplateError(f"unknown filter {rest!r}, wanted one of {', '.join(FILTERS)}", offset)
    return Reference(name, rest or "")


def _hole(name: str | None, text: str, offset: int) -> Hole:
    found = _TYPE.fullmatch(text)
    if not found or found.group(1) not in TYPES:
        raise TemplateError(f"unknown type {text!r}, wanted one of {', '.join(TYPES)}", offset)
    kind, inside = found.groups()
    if kind == "one":
        words = tuple((inside or "").split())
        if not words:
            raise TemplateError("one() wants its words, as in one(OK NOK)", offset)
        return Hole(name, kind, words=words)
    if kind == "like":
        return Hole(name, kind, expression=_expression(inside or "", offset))
    return _bounded(name, kind, inside, offset)


def _expression(inside: str, offset: int) -> str:
    if not inside:
        raise TemplateError("like() wants a regular expression", offset)
    try:
        compiled = re.compile(f"(?:{inside})".encode())
    except (re.error, OverflowError) as exc:
        raise TemplateError(f"like({inside}) is no regular expression: {exc}", offset) from exc
    if compiled.groups:  # names and numbers of groups are the template's own
        raise TemplateError(f"like({inside}) has a group: write (?:...) for (...)", offset)
    return inside


def _bounded(name: str | None, kind: str, inside: str | None, offset: int) -> Hole:
    low, high = _DEFAULT_BOUNDS.get(kind, (0, None))
    if inside is None:
        if kind in ("digits", "letters", "alnum", "bytes"):
            raise TemplateError(f"{kind} wants how many, as in {kind}(1..9)", offset)
        return Hole(name, kind, low, high)
    found = _BOUNDS.fullmatch(inside)
    if found and kind != "rest":
        low, high = int(found.group(1)), int(found.group(2) or found.group(1))
        if low <= high:
            return Hole(name, kind, low, high)
    if kind == "bytes" and _FIELD.fullmatch(inside):
        return Hole(name, kind, size=inside)
    raise TemplateError(f"found {kind}({inside}), wanted bounds as in {kind}(1..9)", offset)


# -- values ------------------------------------------------------------------------------


def _value(part: Reference, scope: Scope) -> bytes:
    if part.name not in scope:
        raise HarnessError(f"nothing has bound the name {part.name!r} yet")
    return _filtered(scope[part.name], part.filter)


def _filtered(value: bytes, how: str) -> bytes:
    match how:
        case "upper":
            return value.upper()
        case "lower":
            return value.lower()
        case "length":
            return str(len(value)).encode()
        case "reverse":
            return value[::-1]
    return value


def _number(value: bytes, name: str) -> int:
    if not value.isdigit() or len(value) > _MOST_DIGITS:
        raise HarnessError(f"{name} counts bytes, and {value!r} is no number")
    return int(value)


def _resolved(parts: Sequence[Part], scope: Scope) -> Iterator[Part]:
    """Yields literals and holes; references stay only to holes of the same message."""
    own = {part.name for part in parts if isinstance(part, Hole)}
    return _merged(_resolve(part, own, scope) for part in parts)


def _resolve(part: Part, own: set[str | None], scope: Scope) -> Part:
    if isinstance(part, Reference) and part.name not in own:
        return Literal(_value(part, scope))
    if isinstance(part, Hole) and part.size and part.size not in own:
        size = _number(scope.get(part.size, b"?"), part.size)
        return Hole(part.name, part.kind, size, size)
    return part


def _takes_anything(part: Part) -> bool:
    if not isinstance(part, Hole) or part.size:
        return False
    return part.kind in ("rest", "bytes") and part.low == 0 and part.high is None


def _described(part: Part) -> str:
    if isinstance(part, Literal):
        text = part.data.decode("utf-8", "backslashreplace")
        return text.replace("{", "{{").replace("}", "}}")
    if isinstance(part, Reference):
        return f"{{{part.name}|{part.filter}}}" if part.filter else f"{{{part.name}}}"
    return str(part)


# -- judging -----------------------------------------------------------------------------


class ExactJudge:
    """Judges by bytes that are all known."""

    __slots__ = ("_length", "_matched", "_whole", "expected")

    def __init__(self, expected: bytes, whole: bool) -> None:
        self.expected: bytes | None = expected
        self._length = len(expected)
        self._matched = Matched(self._length)
        self._whole = whole  # a datagram has nothing behind its message

    def judge(self, data: bytes, ended: bool) -> Judged:
        """Compares; see Judge."""
        expected = self.expected or b""
        if data.startswith(expected):
            if self._whole and len(data) > self._length:
                return Mismatch(self._length, "more than the message")
            return self._matched
        if not ended and expected.startswith(data):
            return _MORE
        return Mismatch(agreeing(expected, data))

    def find(self, data: bytes) -> tuple[int, int] | None:
        """Searches; see Judge."""
        at = data.find(self.expected or b"")
        return None if at < 0 else (at, at + self._length)


def agreeing(one: bytes, other: bytes) -> int:
    """Returns how many leading bytes two strings share."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


_MORE = More()


@dataclass(frozen=True, slots=True)
class _Segment:
    """A run of parts up to a hole that an earlier number sizes (`sized`, None at the end)."""

    full: re.Pattern[bytes]
    begun: re.Pattern[bytes]
    holes: tuple[Hole, ...]
    sized: Hole | None


class PatternJudge:
    """Judges by a template with holes."""

    __slots__ = ("_ends_itself", "_framing", "_segments", "expected")

    def __init__(self, parts: tuple[Part, ...], framing: Framing) -> None:
        self.expected: bytes | None = None
        self._segments = tuple(_segments(parts))
        self._framing = framing
        last = parts[-1]
        self._ends_itself = isinstance(last, Literal) or (isinstance(last, Hole) and last.fixed)

    def judge(self, data: bytes, ended: bool) -> Judged:
        """Matches; see Judge."""
        kind = self._framing.kind
        if kind is FramingKind.DATAGRAM:
            return self._walk(data, ended=True, whole=True)
        if self._ends_itself:
            return self._walk(data, ended, whole=False)
        end = end_of_message(data, self._framing)
        if end is None:
            if ended:
                return self._walk(data, ended=True, whole=True)
            early = self._walk(data, ended=False, whole=True)
            return early if isinstance(early, Mismatch) else _MORE
        judged = self._walk(data[:end], ended=True, whole=True)
        if isinstance(judged, Matched):
            return judged
        body = _without_delimiter(data[:end], self._framing)
        inner = self._walk(body, ended=True, whole=True)
        return Matched(end, inner.captures) if isinstance(inner, Matched) else judged

    def find(self, data: bytes) -> tuple[int, int] | None:
        """Searches; see Judge. What matches no bytes at all is not found."""
        for found in self._segments[0].full.finditer(data):
            judged = self._walk(data[found.start() :], ended=False, whole=False)
            if isinstance(judged, Matched) and judged.length:
                return found.start(), found.start() + judged.length
        return None

    def _walk(self, data: bytes, ended: bool, whole: bool) -> Judged:
        """Matches segment by segment, with the bytes that an earlier number counts between."""
        at, captures = 0, dict[str, bytes]()
        for index, segment in enumerate(self._segments):
            last = index == len(self._segments) - 1
            rest = data[at:]
            found = segment.full.fullmatch(rest) if last and whole else segment.full.match(rest)
            if found is None:
                return _unmatched(segment, rest, at, ended, captures)
            wrong = _out_of_bounds(segment, found, at)
            if wrong is not None:
                return wrong
            captures |= {k: v for k, v in found.groupdict().items() if not k.startswith("h__")}
            at += found.end()
            if segment.sized is not None:
                size = _number(captures[segment.sized.size], segment.sized.size)
                if len(data) - at < size:
                    return Mismatch(len(data)) if ended else _MORE
                if segment.sized.name:
                    captures[segment.sized.name] = data[at : at + size]
                at += size
        if whole and at < len(data):
            return Mismatch(at, "more than the message")
        return Matched(at, captures)


@lru_cache(maxsize=4096)
def _pattern(parts: tuple[Part, ...], framing: Framing) -> PatternJudge:
    return PatternJudge(parts, framing)


def _segments(parts: tuple[Part, ...]) -> Iterator[_Segment]:
    run: list[Part] = []
    known: set[str] = set()
    for part in parts:
        if isinstance(part, Hole) and part.size:
            yield _segment(run, part)
            run = []
        else:
            run.append(part)
            known |= {part.name} if isinstance(part, Hole) and part.name else set()
    if run or isinstance(parts[-1], Hole):
        yield _segment(run, None)


def _segment(run: Sequence[Part], sized: Hole | None) -> _Segment:
    full = "".join(_full(part, index) for index, part in enumerate(run))
    begun = ""
    for index, part in reversed(list(enumerate(run))):
        begun = (
            f"(?:{_full(part, index)}{begun}|{_begun(part)})" if begun else _begun_or(part, index)
        )
    holes = tuple(part for part in run if isinstance(part, Hole))
    return _Segment(re.compile(full.encode()), re.compile(begun.encode()), holes, sized)


def _full(part: Part, index: int) -> str:
    if isinstance(part, Literal):
        return _escaped(part.data)
    if isinstance(part, Reference):
        return f"(?P={part.name})"
    return f"(?P<{part.name or f'h__{index}'}>{part.full})"


def _begun_or(part: Part, index: int) -> str:
    return f"(?:{_full(part, index)}|{_begun(part)})"


def _begun(part: Part) -> str:
    if isinstance(part, Literal):
        return _beginnings(part.data)
    return r"[\x00-\xff]*" if isinstance(part, Reference) else part.begun


def _beginnings(data: bytes) -> str:
    """Returns an expression of every beginning of the bytes; of a long text it lets the rest be."""
    ways = [_escaped(data[:count]) for count in range(min(len(data), _LONG), -1, -1)]
    if len(data) > _LONG:
        ways.insert(0, _escaped(data[:_LONG]) + r"[\x00-\xff]*")
    return "(?:" + "|".join(ways) + ")"


def _escaped(data: bytes) -> str:
    return "".join(rf"\x{byte:02x}" for byte in data)


def _unmatched(
    segment: _Segment, rest: bytes, at: int, ended: bool, captures: Mapping[str, bytes]
) -> Judged:
    if segment.begun.fullmatch(rest):
        return Mismatch(at + len(rest)) if ended else _MORE
    low, high = 0, len(rest)  # beginnings of a beginning are beginnings: search by halves
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if segment.begun.fullmatch(rest[:middle]) else (low, middle - 1)
    return Mismatch(at + low)


def _out_of_bounds(segment: _Segment, found: re.Match[bytes], at: int) -> Mismatch | None:
    for group, hole in zip(found.re.groupindex, segment.holes, strict=False):
        value = found.group(group)
        if hole.kind != "int" or (hole.low == 0 and hole.high is None):
            continue
        if not hole.low <= int(value) <= (hole.high if hole.high is not None else int(value)):
            limits = f"{hole.low} to {hole.high}"
            return Mismatch(at + found.start(group), f"{int(value)} is not from {limits}")
    return None


def _without_delimiter(frame: bytes, framing: Framing) -> bytes:
    endings = {FramingKind.LINE: b"\n", FramingKind.CRLF: b"\r\n"}
    return frame.removesuffix(endings.get(framing.kind, framing.delimiter))
