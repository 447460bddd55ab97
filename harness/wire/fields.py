"""Fields: a message of a layout, some of its fields given.

Belongs here: producing it as a packet, whose bytes scapy builds. Must not know: YAML, how
arrivals are judged (harness.wire.dissection).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError
from harness.wire.dissection import FieldsJudge
from harness.wire.framing import Framing
from harness.wire.layout import BYTES, Layout, blank, fitting, holds_packets, number_of, taken
from harness.wire.message import Judge, Scope
from harness.wire.template import Template
from harness.wire.values import Given, Packets, Value, split

_SHOWN = 80  # characters of a field's value
_MOST_ZEROS = 1 << 20


@dataclass(frozen=True, slots=True)
class Fields:
    """A message of a layout: fields with values; the others are at their default, or anything.

    `size`: how many bytes the whole message has, from least to most. `head`: behind the last
    field that is given anything may follow. `capture`: the name of the whole message.
    """

    layout: Layout
    values: tuple[tuple[str, Value], ...]
    size: tuple[int, int] | None = None
    head: bool = False
    capture: str = ""

    def __post_init__(self) -> None:
        for key, value in self.given.values:
            self._try(key, value)

    def _try(self, key: str, value: Value) -> None:
        """Raises: HarnessError where a field cannot have a value, as far as that is known."""
        packet, (name, _) = self.layout.packet(), split(key)
        if isinstance(value, Packets) is not holds_packets(packet.get_field(name)):
            some = "no packets" if isinstance(value, Packets) else "packets, written as a list"
            raise HarnessError(f"field {name} holds {some}")
        if isinstance(value, int) or (
            isinstance(value, Template) and not (value.open or value.references)
        ):
            _built(self.layout, packet, name, value, {})

    @property
    def given(self) -> Given:
        """Layout and values."""
        return Given(self.layout, self.values)

    @property
    def templates(self) -> Iterator[Template]:
        """Yields its templates, those of packets within it too."""
        return self.given.templates

    @property
    def captures(self) -> frozenset[str]:
        """Names that it binds."""
        own = {self.capture} - {""}
        return frozenset[str](own).union(*(each.captures for each in self.templates))

    @property
    def references(self) -> frozenset[str]:
        """Names that must be bound before."""
        return frozenset[str]().union(*(each.references for each in self.templates))

    @property
    def open(self) -> bool:
        """Says whether a field has a hole."""
        return any(each.open for each in self.templates)

    @property
    def vacuous(self) -> bool:
        """Says whether any bytes match: no bounds, no field."""
        return not self.values and not self.size and set(self.layout.kinds.values()) <= {"rest"}

    def produce(self, scope: Scope) -> bytes:
        """Returns the packet's bytes; what counts others is counted where it is not given.

        Raises: HarnessError where a value does not fit its field.
        """
        packet = _packet(self.given, scope)
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
            packet.setfieldval(counter, fitting(packet, counter, size))
        elif counted not in given and said <= _MOST_ZEROS:
            packet.setfieldval(counted, bytes(said))
        elif said != size:
            raise HarnessError(f"field {counter} says {said}, and {counted} has {size} bytes")

    def bind(self, scope: Scope, framing: Framing) -> Judge:
        """Resolves references and returns what judges arrivals."""
        judge = FieldsJudge(self.given, dict(scope), framing, self.size, self.head, self.capture)
        judge.expected = self._known(scope)
        return judge

    def _known(self, scope: Scope) -> bytes | None:
        """Returns the bytes, None where they are open or no packet holds what was captured."""
        given = {name for name, _ in self.values} | set(self.layout.counters)
        if set(self.layout.names) != given or self.open:
            return None
        if self.head or any(isinstance(value, Packets) for _, value in self.values):
            return None  # packets within have fields of their own that are free
        try:
            return self.produce(scope)
        except HarnessError:
            return None

    def dissected(self, data: bytes) -> str:
        """Returns the fields of any bytes by name on one line, as far as the bytes have them."""
        packet, left = blank(self.layout, data), data
        shown = list[str]()
        for field in self.layout.packet.fields_desc:
            found = taken(field, packet, left)
            if isinstance(found, str):
                break
            left, value = found
            shown.append(f"{field.name}={_shown(field, packet, value)}")
        return f"{self.layout.name}: {', '.join(shown)}" if shown else ""

    def describe(self) -> str:
        """Returns layout and fields on one line."""
        return self.given.describe()


def _packet(given: Given, scope: Scope) -> Any:  # noqa: ANN401 - scapy's packets are untyped
    """Returns a packet; what one field is may rest on those before it, so their order counts."""
    packet, order = given.layout.packet(), given.layout.names
    for key, value in sorted(given.values, key=lambda each: order.index(split(each[0])[0])):
        name, _ = split(key)
        packet.setfieldval(name, _built(given.layout, packet, name, value, scope))
    return packet


def _shown(field: Any, packet: Any, value: Any) -> str:  # noqa: ANN401 - scapy's fields are untyped
    """Returns a value as scapy shows it, or as it is where scapy cannot."""
    try:
        shown = str(field.i2repr(packet, value))
    except Exception:  # noqa: BLE001 - scapy's fields raise what they like on hostile bytes
        shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."


def _built(
    layout: Layout,
    packet: Any,  # noqa: ANN401 - scapy's packets are untyped
    name: str,
    value: Value,
    scope: Scope,
) -> int | bytes | list[Any]:
    if isinstance(value, int):
        return fitting(packet, name, value)
    if isinstance(value, Packets):
        return [_packet(each, scope) for each in value.wanted]
    data = value.produce(scope)
    if isinstance(packet.getfieldval(name), int):
        number = number_of(packet.get_field(name), data)
        if number is None:
            raise HarnessError(f"field {name} is a number, found {data!r}")
        return fitting(packet, name, number)
    size = BYTES.fullmatch(layout.kinds.get(name, ""))
    if size and size.group(1).isdigit() and len(data) != int(size.group(1)):
        raise HarnessError(f"field {name} has {size.group(1)} bytes, found {len(data)}: {data!r}")
    return data
