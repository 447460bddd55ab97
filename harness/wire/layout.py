"""Layouts: binary messages, compiled to scapy's packets.

Belongs here: the one import of scapy, made when the first suite with layouts is loaded, and
what a field does with one value. Must not know: YAML, messages, how an answer is awaited.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Mapping, Sequence
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
BYTES = re.compile(r"bytes\(([A-Za-z0-9_]+)\)")
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
        counter = BYTES.fullmatch(kind)
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
    found = BYTES.fullmatch(kind)
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


# -- one field of a packet -----------------------------------------------------------------


def fitting(packet: Any, name: str, value: int) -> int:  # noqa: ANN401 - scapy's packets are untyped
    """Returns the number. Raises: HarnessError where the field cannot hold it."""
    if encoded(packet.get_field(name), packet, value) is None:
        raise HarnessError(f"field {name} cannot hold {value}")
    return value


def encoded(field: Any, packet: Any, value: int) -> bytes | None:  # noqa: ANN401 - scapy's fields are untyped
    """Returns a number as it stands on the wire, None where the field cannot hold it."""
    try:
        made = field.addfield(packet, b"", value)
    except Exception:  # noqa: BLE001 - scapy's fields raise what they like
        return None
    return made if isinstance(made, bytes) else b""  # parts of a byte are not told apart


def taken(field: Any, packet: Any, left: Any) -> tuple[Any, Any] | None:  # noqa: ANN401 - scapy's fields are untyped
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


def plain(left: Any) -> bytes:  # noqa: ANN401 - scapy's rest, which in the middle of a byte is a pair
    """Returns the bytes of what is left, be it from the middle of one on."""
    found: bytes = left[0] if isinstance(left, tuple) else left
    return found
