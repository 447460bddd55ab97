"""Regions: where in a message each of its fields stands, be it text or binary.

Belongs here: fields of layouts, holes and words of templates, found in a message's bytes.
Must not know: what is made of them (malformed.mutation).
"""

from __future__ import annotations

import enum
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.wire.message import Message, Scope
from harness.wire.parts import Hole, resolved
from harness.wire.spans import ends
from harness.wire.template import Template

_WORD = re.compile(rb"[!-~\x80-\xff]+")
_NUMBER = re.compile(rb"[0-9]+")


class Writing(enum.Enum):
    """How a field's value is written."""

    BINARY = "binary"  # a number, most significant byte first
    REVERSED = "reversed"  # a number, least significant byte first
    OCTETS = "octets"
    DIGITS = "digits"  # a number in decimal
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Region:
    """Bytes `start` to `end` are one field; `least` and `most` are the bounds of its value."""

    name: str
    writing: Writing
    start: int
    end: int
    least: int | None = None
    most: int | None = None


def regions_of(message: Message, data: bytes, scope: Scope) -> tuple[Region, ...]:
    """Returns the fields of a message that was produced as these bytes."""
    if isinstance(message, Template):
        holes = tuple(_holes(message, data, scope))
        taken = {at for each in holes for at in range(each.start, each.end)}
        words = (each for each in _words(data) if each.start not in taken)
        return tuple(sorted((*holes, *words), key=lambda each: each.start))
    return tuple(_fields(getattr(message, "layout"), data))  # noqa: B009 - a layout's, lazily loaded


def _holes(message: Template, data: bytes, scope: Scope) -> Iterator[Region]:
    """Yields the int holes, whose bounds are known; where one ends is not sure beside a like()."""
    parts = tuple(resolved(message.parts, scope))
    if not any(isinstance(part, Hole) and part.kind == "int" for part in parts):
        return
    if any(isinstance(part, Hole) and part.kind == "like" for part in parts):
        return
    start = 0
    for index, (part, end) in enumerate(
        zip(parts, ends(parts, data, 0, len(data)), strict=True), start=1
    ):
        if isinstance(part, Hole) and part.kind == "int":
            name = part.name or f"number-{index}"
            yield Region(name, Writing.DIGITS, start, end, part.low, part.high)
        start = end


def _words(data: bytes) -> Iterator[Region]:
    """Yields the words of a text, and the numbers in them."""
    if b"\0" in data or not data.isascii():
        return
    for index, word in enumerate(_WORD.finditer(data), start=1):
        numbers = list(_NUMBER.finditer(data, *word.span()))
        for number in numbers:
            yield Region(f"number-{index}", Writing.DIGITS, *number.span())
        if not numbers or numbers[0].span() != word.span():
            yield Region(f"word-{index}", Writing.WORD, *word.span())


def _fields(layout: Any, data: bytes) -> Iterator[Region]:  # noqa: ANN401 - lazily loaded
    """Yields the fields of a layout; such that are no whole bytes are left out."""
    module = importlib.import_module("harness.wire.layout")
    packet, left = layout.packet(), data
    for field in layout.packet.fields_desc:
        start = len(data) - len(module.plain(left))
        aligned = not isinstance(left, tuple)
        found = module.taken(field, packet, left)
        if found is None:
            return
        left, value = found
        end = len(data) - len(module.plain(left))
        if aligned and not isinstance(left, tuple) and end > start:
            yield Region(field.name, _writing(layout, field.name, value), start, end)


def _writing(layout: Any, name: str, value: object) -> Writing:  # noqa: ANN401 - lazily loaded
    if not isinstance(value, int):
        return Writing.OCTETS
    little = str(layout.kinds.get(name, "")).startswith("le-")
    return Writing.REVERSED if little else Writing.BINARY
