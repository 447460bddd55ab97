"""Layouts: binary messages, compiled to scapy's packets.

Belongs here: the one import of scapy, made when the first suite with layouts is loaded.
Must not know: YAML, how an answer is awaited. Bytes are produced by the packet and taken
apart field by field, so that a mismatch names the field and the first byte of it.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scapy.fields import (
    ByteField,
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
from harness.wire.framing import CLOSE, DATAGRAM, Framing, FramingKind, end_of_message
from harness.wire.message import Judge, Judged, Matched, Mismatch, More, Scope
from harness.wire.spans import agreeing
from harness.wire.template import Template

_NUMBERS: dict[str, type[Any]] = {
    "u8": ByteField,
    "u16": ShortField,
    "u32": IntField,
    "u64": LongField,
    "i8": SignedByteField,
    "i16": SignedShortField,
    "i32": SignedIntField,
    "le-u16": LEShortField,
    "le-u32": LEIntField,
}
_COUNTS = ("u8", "u16", "u32", "u64", "le-u16", "le-u32")
TYPES = (*_NUMBERS, "bytes(N)", "bytes(FIELD)", "rest")
_BYTES = re.compile(r"bytes\(([A-Za-z0-9_]+)\)")
_MOST_ZEROS = 1 << 20
_INTEGER = re.compile(rb"-?[0-9]{1,20}")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Layout:
    """A packet class; of scapy's own layers no more than that is known.

    `kinds` maps fields to types, `counters` those that count a field's bytes to that field.
    `ends_itself`: its last byte is known from what came before, in a stream too.
    """

    name: str
    packet: type[Any]
    kinds: Mapping[str, str] = dataclasses.field(default_factory=dict)
    counters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    ends_itself: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The fields, in their order on the wire."""
        return tuple(field.name for field in self.packet.fields_desc)


def compile_layout(name: str, fields: Sequence[tuple[str, str]]) -> Layout:
    """Returns a layout of (field, type) pairs. Raises: HarnessError for what cannot be."""
    described: list[Any] = []
    kinds: dict[str, str] = {}
    counters: dict[str, str] = {}
    for each, kind in fields:
        if not _NAME.fullmatch(each) or each in kinds:
            raise HarnessError(f"layout {name}: a field is named once, in a-z, 0-9 and _: {each!r}")
        if "rest" in kinds.values():
            raise HarnessError(f"layout {name}: rest takes all that is left, {each} cannot follow")
        described.append(_field(name, each, kind, kinds))
        kinds[each] = kind
        counter = _BYTES.fullmatch(kind)
        if counter and not counter.group(1).isdigit():
            counters[counter.group(1)] = each
    if not described:
        raise HarnessError(f"layout {name} has no fields")
    title = f"Layout{name.title().replace('-', '')}"
    packet = type(title, (Packet,), {"name": name, "fields_desc": described})
    return Layout(name, packet, kinds, counters, "rest" not in kinds.values())


def _field(layout: str, name: str, kind: str, known: Mapping[str, str]) -> Any:  # noqa: ANN401 - scapy's fields are untyped
    if kind in _NUMBERS:
        return _NUMBERS[kind](name, 0)
    if kind == "rest":
        return StrField(name, b"")
    found = _BYTES.fullmatch(kind)
    if not found:
        raise HarnessError(f"layout {layout}: unknown type {kind!r}, known: {', '.join(TYPES)}")
    count = found.group(1)
    if count.isdigit():
        return StrFixedLenField(name, bytes(int(count)), int(count))
    if count not in known:
        raise HarnessError(f"layout {layout}: {kind} counts by a field that does not stand before")
    if known[count] not in _COUNTS:
        raise HarnessError(f"layout {layout}: {kind} counts by {count}, which is {known[count]}")
    return StrLenField(name, b"", length_from=lambda packet: packet.getfieldval(count))


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
    if not found.fields_desc:
        raise HarnessError(f"{path} has no fields of its own: name the layer that it stands for")
    return Layout(name, found)


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
        for name, value in self.values:
            if isinstance(value, int) or not (value.open or value.references):
                _built(self.layout, self.layout.packet(), name, value, {})

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
        """Says whether any bytes match: no bounds, no field."""
        return not self.values and set(self.layout.kinds.values()) <= {"rest"}

    def produce(self, scope: Scope) -> bytes:
        """Returns the packet's bytes; what counts others is counted where it is not given.

        Raises: HarnessError where a value does not fit its field.
        """
        packet = self.layout.packet()
        for name, value in self.values:
            packet.setfieldval(name, _built(self.layout, packet, name, value, scope))
        for counter, counted in self.layout.counters.items():
            self._count(packet, counter, counted)
        try:
            return bytes(packet)
        except Exception as exc:  # scapy's layers raise what they like
            told = str(exc).partition("\n")[0]
            raise HarnessError(f"{self.describe()} cannot be built: {told}") from exc

    def _count(self, packet: Any, counter: str, counted: str) -> None:  # noqa: ANN401 - scapy's packets are untyped
        """Makes a field that counts and the field that it counts agree; what is free is zeros."""
        given = dict(self.values)
        said, size = packet.getfieldval(counter), len(packet.getfieldval(counted))
        if counter not in given:
            packet.setfieldval(counter, _fitting(packet, counter, size))
        elif counted not in given and said <= _MOST_ZEROS:
            packet.setfieldval(counted, bytes(said))
        elif said != size:
            raise HarnessError(f"field {counter} says {said}, and {counted} has {size} bytes")

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


def _built(
    layout: Layout,
    packet: Any,  # noqa: ANN401 - scapy's packets are untyped
    name: str,
    value: int | Template,
    scope: Scope,
) -> int | bytes:
    if isinstance(value, int):
        return _fitting(packet, name, value)
    data = value.produce(scope)
    if isinstance(packet.getfieldval(name), int):
        if not _INTEGER.fullmatch(data):
            raise HarnessError(f"field {name} is a number, found {data!r}")
        return _fitting(packet, name, int(data))
    size = _BYTES.fullmatch(layout.kinds.get(name, ""))
    if size and size.group(1).isdigit() and len(data) != int(size.group(1)):
        raise HarnessError(f"field {name} has {size.group(1)} bytes, found {len(data)}: {data!r}")
    return data


def _fitting(packet: Any, name: str, value: int) -> int:  # noqa: ANN401 - scapy's packets are untyped
    if _encoded(packet.get_field(name), packet, value) is None:
        raise HarnessError(f"field {name} cannot hold {value}")
    return value


def _encoded(field: Any, packet: Any, value: int) -> bytes | None:  # noqa: ANN401 - scapy's fields are untyped
    """Returns a number as it stands on the wire, None where the field cannot hold it."""
    try:
        made = field.addfield(packet, b"", value)
    except Exception:  # noqa: BLE001 - scapy's fields raise what they like
        return None
    return made if isinstance(made, bytes) else b""  # parts of a byte are not told apart


def _known(message: Fields, scope: Scope) -> bytes | None:
    """Returns the bytes, None where they are open, or no packet could hold what was captured."""
    given = {name for name, _ in message.values} | set(message.layout.counters)
    if set(message.layout.names) != given or message.open:
        return None
    try:
        return message.produce(scope)
    except HarnessError:
        return None


class FieldsJudge:
    """Judges arrivals field by field."""

    def __init__(self, message: Fields, scope: Mapping[str, bytes], framing: Framing) -> None:
        self.expected: bytes | None = _known(message, scope)
        self._layout = message.layout
        self._framing = framing
        self._numbers: dict[str, int] = {}
        self._judges: dict[str, Judge] = {}
        self._begun: dict[str, Judge] = {}
        for name, value in message.values:
            self._want(name, value, scope)

    def _want(self, name: str, value: int | Template, scope: Scope) -> None:
        if isinstance(value, int):
            self._numbers[name] = value
            return
        judge = value.bind(scope, DATAGRAM)
        is_number = isinstance(self._layout.packet().getfieldval(name), int)
        if is_number and judge.expected is not None and _INTEGER.fullmatch(judge.expected):
            self._numbers[name] = int(judge.expected)
            return
        self._judges[name] = judge
        if not is_number:
            self._begun[name] = value.bind(scope, CLOSE)

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
        packet, left = self._layout.packet(), data
        captures: dict[str, bytes] = {}
        for field in self._layout.packet.fields_desc:
            at = len(data) - len(_plain(left))
            taken = _taken(field, packet, left)
            if taken is None:
                wrong = self._wrong_so_far(field, packet, _plain(left))
                if wrong is not None:
                    return Mismatch(at + wrong.offset, wrong.why)
                missing = Mismatch(len(data), f"it ends in the field {field.name}")
                return missing if ended else More()
            left, value = taken
            raw = data[at : len(data) - len(_plain(left))]
            wrong = self._wrong(field, packet, value, raw, captures)
            if wrong is not None:
                return Mismatch(at + wrong.offset, wrong.why)
        size = len(data) - len(_plain(left))
        if whole and size < len(data):
            return Mismatch(size, "more than the message")
        return Matched(size, captures)

    def _wrong_so_far(self, field: Any, packet: Any, data: bytes) -> Mismatch | None:  # noqa: ANN401 - scapy's fields are untyped
        """Returns what is wrong with the beginning of a field."""
        number, begun = self._numbers.get(field.name), self._begun.get(field.name)
        if number is not None and field.name in self._layout.kinds:
            agree = agreeing(_encoded(field, packet, number) or b"", data)
            return Mismatch(agree, f"{field.name} is not {number}") if agree < len(data) else None
        found = begun.judge(data, ended=False) if begun is not None else None
        return found if isinstance(found, Mismatch) else None

    def _wrong(
        self,
        field: Any,  # noqa: ANN401 - scapy's fields are untyped
        packet: Any,  # noqa: ANN401
        value: Any,  # noqa: ANN401
        raw: bytes,
        captures: dict[str, bytes],
    ) -> Mismatch | None:
        name = field.name
        if name in self._numbers:
            wanted = self._numbers[name]
            if value == wanted:
                return None
            agree = agreeing(_encoded(field, packet, wanted) or b"", raw)
            return Mismatch(min(agree, len(raw)), f"{name} is {value}, wanted {wanted}")
        if name not in self._judges:
            return None
        text = value if isinstance(value, bytes) else str(value).encode()
        found = self._judges[name].judge(text, ended=True)
        if isinstance(found, Matched):
            captures.update(found.captures)
            return None
        offset = found.offset if isinstance(found, Mismatch) and isinstance(value, bytes) else 0
        why = found.why if isinstance(found, Mismatch) and found.why else f"is {value}"
        return Mismatch(min(offset, len(raw)), f"{name} {why}")


def _taken(field: Any, packet: Any, left: Any) -> tuple[Any, Any] | None:  # noqa: ANN401 - scapy's fields are untyped
    """Returns what is left behind a field and its value, None where the bytes end before."""
    try:
        rest, value = field.getfield(packet, left)
        counted = isinstance(field, StrFixedLenField | StrLenField)
        if counted and len(value) < int(field.length_from(packet)):
            return None
    except Exception:  # noqa: BLE001 - scapy's fields raise what they like on hostile bytes
        return None
    packet.fields[field.name] = value
    return rest, value


def _plain(left: Any) -> bytes:  # noqa: ANN401 - scapy's rest, which in the middle of a byte is a pair
    found: bytes = left[0] if isinstance(left, tuple) else left
    return found
