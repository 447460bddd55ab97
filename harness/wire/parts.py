"""Parts: what templates are made of: literals, references, holes.

Belongs here: the kinds of holes and which bytes each may hold, values and filters. Must not
know: how a template is written, how arrivals are judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from harness.errors import HarnessError
from harness.wire.message import Scope

CLASSES = {
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
DEFAULT_BOUNDS = {"word": (1, None), "line": (0, None), "ascii": (1, None), "rest": (0, None)}
MOST_DIGITS = 20
FILTERS = ("upper", "lower", "length", "reverse")
TYPES = (*CLASSES, "one", "like")


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
    def counts(self) -> tuple[int, int | None]:
        """The least and the most bytes that it takes; of one() and like() these say nothing."""
        return (1, MOST_DIGITS) if self.kind == "int" else (self.low, self.high)

    @property
    def bounded(self) -> bool:
        """Says whether it is an int that may not have every value."""
        return self.kind == "int" and (self.low > 0 or self.high is not None)

    def holds(self, value: int) -> bool:
        """Says whether an int is within the bounds."""
        return self.low <= value and (self.high is None or value <= self.high)

    def begins_value(self, digits: bytes) -> int:
        """Returns how many leading digits can still become an int within the bounds."""
        for count in range(1, len(digits) + 1):
            if not self._in_reach(int(digits[:count]), MOST_DIGITS - count):
                return count - 1
        return len(digits)

    def _in_reach(self, value: int, more: int) -> bool:
        """Says whether up to `more` digits behind a value can bring it within the bounds."""
        power = 1
        for _ in range(more + 1):
            if self.high is not None and value * power > self.high:
                return False
            if (value + 1) * power > self.low:
                return True
            power *= 10
        return False

    def __str__(self) -> str:
        """The hole as a spec writes it."""
        inside = self.size or " ".join(self.words) or self.expression
        if not inside and (self.low, self.high) != DEFAULT_BOUNDS.get(self.kind, (0, None)):
            inside = str(self.low) if self.low == self.high else f"{self.low}..{self.high}"
        return f"{{{self.name or '_'}:{self.kind}{f'({inside})' if inside else ''}}}"


Part = Literal | Reference | Hole


@cache
def class_of(kind: str) -> frozenset[int]:
    """Returns the bytes that a hole of this kind may hold."""
    found = re.compile(CLASSES[kind].encode())
    return frozenset(byte for byte in range(256) if found.fullmatch(bytes([byte])))


def merged(parts: Iterable[Part]) -> Iterator[Part]:
    """Yields the parts with neighbouring literals joined, empty ones left out."""
    for is_literal, run in groupby(parts, lambda part: isinstance(part, Literal)):
        if not is_literal:
            yield from run
        elif data := b"".join(part.data for part in run if isinstance(part, Literal)):
            yield Literal(data)


def value_of(part: Reference, scope: Scope) -> bytes:
    """Returns what a reference stands for. Raises: HarnessError where nothing has bound it."""
    if part.name not in scope:
        raise HarnessError(f"nothing has bound the name {part.name!r} yet")
    return filtered(scope[part.name], part.filter)


def filtered(value: bytes, how: str) -> bytes:
    """Returns a value through a filter."""
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


def number(value: bytes, name: str) -> int:
    """Returns how many bytes a value counts. Raises: HarnessError where it is no number."""
    if not value.isdigit() or len(value) > MOST_DIGITS:
        raise HarnessError(f"{name} counts bytes, and {value!r} is no number")
    return int(value)


def resolved(parts: Sequence[Part], scope: Scope) -> Iterator[Part]:
    """Yields literals and holes; references stay only to earlier holes of the same message.

    Raises: HarnessError where nothing binds a name, or what counts bytes is no number.
    """
    return merged(_resolved(parts, scope))


def _resolved(parts: Sequence[Part], scope: Scope) -> Iterator[Part]:
    own: set[str | None] = set()
    for part in parts:
        if isinstance(part, Reference) and part.name not in own:
            yield Literal(value_of(part, scope))
        elif isinstance(part, Hole) and part.size and part.size not in own:
            size = number(scope.get(part.size, b"?"), part.size)
            yield Hole(part.name, part.kind, size, size)
        else:
            yield part
        own |= {part.name} if isinstance(part, Hole) else set()


def takes_anything(part: Part) -> bool:
    """Says whether a part matches any bytes whatever."""
    if not isinstance(part, Hole) or part.size:
        return False
    return part.kind in ("rest", "bytes") and part.low == 0 and part.high is None


def described(part: Part) -> str:
    """Returns a part as a spec writes it."""
    if isinstance(part, Literal):
        text = part.data.decode("utf-8", "backslashreplace")
        return text.replace("{", "{{").replace("}", "}}")
    if isinstance(part, Reference):
        return f"{{{part.name}|{part.filter}}}" if part.filter else f"{{{part.name}}}"
    return str(part)
