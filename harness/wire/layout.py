"""Layouts: binary messages, compiled to scapy's packets.

Belongs here: the one import of scapy, made when the first suite with layouts is loaded.
Must not know: YAML, how an answer is awaited. Bytes are produced by the packet and taken
apart field by field, so that a mismatch names the field and the first byte of it.
"""

from __future__ import annotations

import importlib
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scapy.fields import (
    ByteField,
    Field,
    IntField,
    LEIntField,
    LEShortField,
    LongField,
    ShortField,
    SignedByteField,
    SignedIntField,
    SignedShortField,
    StrField,
    StrFixedLenField,
    StrLenField,
)
from scapy.packet import Packet

from harness.errors import HarnessError
from harness.wire.framing import DATAGRAM, Framing, FramingKind, end_of_message
from harness.wire.message import Judge, Judged, Matched, Mismatch, More, Scope
from harness.wire.template import Template

_NUMBERS: dict[str, tuple[type[Any], int]] = {
    "u8": (ByteField, 1),
    "u16": (ShortField, 2),
    "u32": (IntField, 4),
    "u64": (LongField, 8),
    "i8": (SignedByteField, 1),
    "i16": (SignedShortField, 2),
    "i32": (SignedIntField, 4),
    "le-u16": (LEShortField, 2),
    "le-u32": (LEIntField, 4),
}
TYPES = (*_NUMBERS, "bytes(N)", "bytes(FIELD)", "rest")
_BYTES = re.compile(r"bytes\(([A-Za-z0-9_]+)\)")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Layout:
    """A packet class; `size` is its length in bytes where that never varies."""

    name: str
    packet: type[Any]
    size: int | None

    @property
    def names(self) -> tuple[str, ...]:
        """The fields, in their order on the wire."""
        return tuple(field.name for field in self.packet.fields_desc)


def compile_layout(name: str, fields: Sequence[tuple[str, str]]) -> Layout:
    """Returns a layout of (field, type) pairs. Raises: HarnessError for a type unknown."""
    described: list[Any] = []
    sizes: list[int | None] = []
    known: set[str] = set()
    for field, kind in fields:
        if not _NAME.fullmatch(field) or field in known:
            raise HarnessError(
                f"layout {name}: a field is named once, in a-z, 0-9 and _: {field!r}"
            )
        made, size = _field(name, field, kind, known)
        described.append(made)
        sizes.append(size)
        known.add(field)
    if not described:
        raise HarnessError(f"layout {name} has no fields")
    whole = None if None in sizes else sum(size or 0 for size in sizes)
    title = f"Layout{name.title().replace('-', '')}"
    return Layout(name, type(title, (Packet,), {"name": name, "fields_desc": described}), whole)


def _field(layout: str, name: str, kind: str, known: set[str]) -> tuple[Any, int | None]:
    if kind in _NUMBERS:
        made, size = _NUMBERS[kind]
        return made(name, 0), size
    if kind == "rest":
        return StrField(name, b""), None
    found = _BYTES.fullmatch(kind)
    if not found:
        raise HarnessError(f"layout {layout}: unknown type {kind!r}, known: {', '.join(TYPES)}")
    count = found.group(1)
    if count.isdigit():
        return StrFixedLenField(name, bytes(int(count)), int(count)), int(count)
    if count not in known:
        raise HarnessError(f"layout {layout}: {kind} counts by a field that does not stand before")
    return StrLenField(name, b"", length_from=lambda packet: packet.getfieldval(count)), None


def named_layer(path: str) -> Layout:
    """Returns one of scapy's own layers. Raises: HarnessError where there is none."""
    module, _, name = path.rpartition(".")
    if not module.startswith("scapy.layers"):
        raise HarnessError(f"a layer is named like scapy.layers.tftp.TFTP, found {path!r}")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as exc:
        raise HarnessError(f"scapy has no layer {path}") from exc
    if not (isinstance(found, type) and issubclass(found, Packet)):
        raise HarnessError(f"{path} is no layer of scapy")
    return Layout(name, found, None)


@dataclass(frozen=True, slots=True)
class Fields:
    """A message of a layout: fields with values; the others are at their default, or anything."""

    layout: Layout
    values: tuple[tuple[str, int | Template], ...]

    def __post_init__(self) -> None:
        for name, _ in self.values:
            if name not in self.layout.names:
                known = ", ".join(self.layout.names)
                raise HarnessError(
                    f"layout {self.layout.name} has no field {name!r} (it has {known})"
                )

    @property
    def _templates(self) -> Iterator[Template]:
        return (value for _, value in self.values if isinstance(value, Template))

    @property
    def captures(self) -> frozenset[str]:
        """Names that its fields bind."""
        return frozenset[str]().union(*(each.captures for each in self._templates))

    @property
    def references(self) -> frozenset[str]:
        """Names that must be bound before."""
        return frozenset[str]().union(*(each.references for each in self._templates))

    @property
    def open(self) -> bool:
        """Says whether a field has a hole."""
        return any(each.open for each in self._templates)

    @property
    def vacuous(self) -> bool:
        """Says whether any bytes match: no length, no field."""
        return self.layout.size is None and not self.values

    def produce(self, scope: Scope) -> bytes:
        """Returns the packet's bytes. Raises: HarnessError where a value does not fit its field."""
        packet = self.layout.packet()
        for name, value in self.values:
            packet.setfieldval(name, _built(packet, name, value, scope))
        try:
            return bytes(packet)
        except (struct.error, TypeError, ValueError) as exc:
            raise HarnessError(f"{self.describe()} cannot be built: {exc}") from exc

    def bind(self, scope: Scope, framing: Framing) -> Judge:
        """Resolves references and returns what judges arrivals."""
        return FieldsJudge(self, dict(scope), framing)

    def describe(self) -> str:
        """Returns layout and fields on one line."""
        shown = (
            f"{name}={value.describe() if isinstance(value, Template) else value}"
            for name, value in self.values
        )
        return f"{self.layout.name}({', '.join(shown)})"


def _built(packet: Any, name: str, value: int | Template, scope: Scope) -> int | bytes:  # noqa: ANN401 - scapy's packets are untyped
    if isinstance(value, int):
        return value
    data = value.produce(scope)
    is_number = isinstance(packet.getfieldval(name), int)
    if is_number and not data.isdigit():
        raise HarnessError(f"field {name} is a number, found {data!r}")
    return int(data) if is_number else data


class FieldsJudge:
    """Judges arrivals field by field."""

    def __init__(self, message: Fields, scope: Mapping[str, bytes], framing: Framing) -> None:
        whole = set(message.layout.names) == {name for name, _ in message.values}
        known = whole and not message.open
        self.expected: bytes | None = message.produce(scope) if known else None
        self._layout = message.layout
        self._framing = framing
        self._wanted = {
            name: value.bind(scope, DATAGRAM) if isinstance(value, Template) else value
            for name, value in message.values
        }

    def judge(self, data: bytes, ended: bool) -> Judged:
        """See Judge."""
        whole = self._framing.kind is FramingKind.DATAGRAM
        size = len(data) if whole else self._end(data)
        if size is None or len(data) < size:
            early = self._walk(data, False)
            if isinstance(early, Mismatch):
                return early
            return Mismatch(len(data)) if ended else More()
        return self._walk(data[:size], True)

    def find(self, data: bytes) -> tuple[int, int] | None:
        """See Judge."""
        for at in range(len(data)):
            found = self.judge(data[at:], ended=False)
            if isinstance(found, Matched) and found.length:
                return at, at + found.length
        return None

    def _end(self, data: bytes) -> int | None:
        if self._layout.size is not None:
            return self._layout.size
        return end_of_message(data, self._framing)

    def _walk(self, data: bytes, complete: bool) -> Judged:
        packet, left = self._layout.packet(), data
        captures: dict[str, bytes] = {}
        for field in self._layout.packet.fields_desc:
            at = len(data) - len(left)
            taken = _taken(field, packet, left)
            if taken is None:
                return (
                    Mismatch(len(data), f"it ends in the field {field.name}")
                    if complete
                    else More()
                )
            left, value = taken
            why = self._wrong(field.name, value, captures)
            if why:
                return Mismatch(at, why)
        if left:
            return Mismatch(len(data) - len(left), "more than the message")
        return Matched(len(data), captures)

    def _wrong(self, name: str, value: Any, captures: dict[str, bytes]) -> str:  # noqa: ANN401 - a field's own type
        wanted = self._wanted.get(name)
        if wanted is None:
            return ""
        if isinstance(wanted, int):
            return "" if value == wanted else f"{name} is {value}, wanted {wanted}"
        text = value if isinstance(value, bytes) else str(value).encode()
        found = wanted.judge(text, True)
        if isinstance(found, Matched):
            captures.update(found.captures)
            return ""
        why = found.why if isinstance(found, Mismatch) and found.why else f"is {value}"
        return f"{name} {why}"


def _taken(field: Field[Any, Any], packet: Any, left: bytes) -> tuple[bytes, Any] | None:  # noqa: ANN401 - scapy's packets are untyped
    """Returns what is left behind a field and its value, None where the bytes end before."""
    try:
        rest, value = field.getfield(packet, left)
    except (struct.error, IndexError):
        return None
    if isinstance(field, StrFixedLenField | StrLenField) and len(value) < _count(field, packet):
        return None
    packet.fields[field.name] = value
    return rest, value


def _count(field: Any, packet: Any) -> int:  # noqa: ANN401 - scapy's fields are untyped
    return int(field.length_from(packet))
