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

from scapy.error import log_runtime
from scapy.fields import (
    BitEnumField,
    BitField,
    ByteField,
    IntField,
    LEIntField,
    LEShortField,
    LongField,
    PacketListField,
    ShortField,
    SignedByteField,
    SignedIntField,
    SignedShortField,
    StrField,
    StrFixedLenField,
    StrLenField,
)
from scapy.packet import Packet, Raw

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
# scapy tells of hostile bytes on standard error, and a verdict tells of them already.
log_runtime.disabled = True
BYTES = re.compile(r"bytes\(([A-Za-z0-9_]+)\)")
_INTEGER = re.compile(rb"-?[0-9]{1,20}")
_MOST_WORK = 1 << 21  # packets times bytes
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
    if isinstance(field, BitField | BitEnumField) and not 0 <= value < 1 << abs(field.size):
        return None
    try:
        made = field.addfield(packet, b"", value)
    except Exception:  # noqa: BLE001 - scapy's fields raise what they like
        return None
    return made if isinstance(made, bytes) else b""  # parts of a byte are not told apart


def number_of(field: Any, text: bytes) -> int | None:  # noqa: ANN401 - scapy's fields are untyped
    """Returns the number that is written in decimal, or by the name that scapy has for it."""
    if _INTEGER.fullmatch(text):
        return int(text)
    known = getattr(field, "s2i", None) or {}
    found = known.get(text.decode("latin-1"))
    return found if isinstance(found, int) else None


def name_of(field: Any, number: int) -> bytes:  # noqa: ANN401 - scapy's fields are untyped
    """Returns the name that scapy has for a number, b"" where it has none."""
    known = getattr(field, "i2s", None) or {}
    return str(known.get(number, "")).encode()


def text_of(value: Any) -> bytes:  # noqa: ANN401 - scapy's values are untyped
    """Returns a value as bytes: a number in decimal, several texts one behind the other."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, list) and all(isinstance(each, bytes) for each in value):
        return b"".join(value)
    return str(value).encode()


def holds_packets(field: Any) -> bool:  # noqa: ANN401 - scapy's fields are untyped
    """Says whether a field is a list of packets."""
    return isinstance(field, PacketListField)


def blank(layout: Layout, data: bytes) -> Any:  # noqa: ANN401 - scapy's packets are untyped
    """Returns a packet with no field read yet; DNS names point back into all the bytes."""
    packet = layout.packet()
    packet.original = data
    return packet


def taken(field: Any, packet: Any, left: Any) -> tuple[Any, Any] | str:  # noqa: ANN401 - scapy's fields are untyped
    """Returns what is left behind a field and its value, or why it cannot be read."""
    try:
        if holds_packets(field):
            return _packets(field, packet, left)
        rest, value = field.getfield(packet, left)
        counted = isinstance(field, StrFixedLenField | StrLenField)
        if counted and field.length_from and len(value) < int(field.length_from(packet)):
            return f"it ends in the field {field.name}"
    except Exception:  # noqa: BLE001 - scapy's fields raise what they like on hostile bytes
        return f"it ends in the field {field.name}"
    packet.fields[field.name] = value
    return rest, value


def _packets(field: Any, packet: Any, left: bytes) -> tuple[Any, Any] | str:  # noqa: ANN401 - scapy's fields are untyped
    count = int(field.count_from(packet)) if field.count_from else 0
    if count * len(left) > _MOST_WORK:  # each of them may have scapy walk through all the rest
        return f"{field.name} holds {count}, more than can be looked at"
    rest, value = field.getfield(packet, left)
    if len(value) < count or any(type(each) is Raw for each in value):
        return f"it ends in the field {field.name}: {count} are announced"
    packet.fields[field.name] = value
    return rest, value


def plain(left: Any) -> bytes:  # noqa: ANN401 - scapy's rest, which in the middle of a byte is a pair
    """Returns the bytes of what is left, be it from the middle of one on."""
    found: bytes = left[0] if isinstance(left, tuple) else left
    return found
