"""Fields: a message of a layout, some of its fields given.

Belongs here: producing it as a packet, whose bytes scapy builds. Must not know: YAML, how
arrivals are judged (harness.wire.dissection).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError
from harness.wire.dissection import FieldsJudge
from harness.wire.framing import Framing
from harness.wire.layout import BYTES, Layout, fitting
from harness.wire.message import Judge, Scope
from harness.wire.template import Template

_MOST_ZEROS = 1 << 20
_INTEGER = re.compile(rb"-?[0-9]{1,20}")


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
            packet.setfieldval(counter, fitting(packet, counter, size))
        elif counted not in given and said <= _MOST_ZEROS:
            packet.setfieldval(counted, bytes(said))
        elif said != size:
            raise HarnessError(f"field {counter} says {said}, and {counted} has {size} bytes")

    def bind(self, scope: Scope, framing: Framing) -> Judge:
        """Resolves references and returns what judges arrivals."""
        return FieldsJudge(self.layout, self.values, scope, self._known(scope), framing)

    def _known(self, scope: Scope) -> bytes | None:
        """Returns the bytes, None where they are open or no packet holds what was captured."""
        given = {name for name, _ in self.values} | set(self.layout.counters)
        if set(self.layout.names) != given or self.open:
            return None
        try:
            return self.produce(scope)
        except HarnessError:
            return None

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
        return fitting(packet, name, value)
    data = value.produce(scope)
    if isinstance(packet.getfieldval(name), int):
        if not _INTEGER.fullmatch(data):
            raise HarnessError(f"field {name} is a number, found {data!r}")
        return fitting(packet, name, int(data))
    size = BYTES.fullmatch(layout.kinds.get(name, ""))
    if size and size.group(1).isdigit() and len(data) != int(size.group(1)):
        raise HarnessError(f"field {name} has {size.group(1)} bytes, found {len(data)}: {data!r}")
    return data
