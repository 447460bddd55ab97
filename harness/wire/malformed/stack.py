"""Stacks: a packet written layer by layer, with the fields that differ from a right one's.

Belongs here: which layers there are when only some are named. Must not know: scapy, which
malformed.stacking alone imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.wire.malformed.packet import Flow

INTERNET = ("IP", "IPv6")
BASE: Mapping[str, str] = {
    "Ether": "scapy.layers.l2.Ether",
    "IP": "scapy.layers.inet.IP",
    "IPv6": "scapy.layers.inet6.IPv6",
    "UDP": "scapy.layers.inet.UDP",
    "TCP": "scapy.layers.inet.TCP",
    "ICMP": "scapy.layers.inet.ICMP",
}
"""Layers that are called by their bare names; others by their path in scapy."""

Value = int | str


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer and the fields that are given for it."""

    name: str
    fields: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """Where a TCP connection stands: the next byte that we say, the next that we wait for."""

    said: int
    heard: int


@dataclass(frozen=True, slots=True)
class Stack:
    """The layers of one packet, outermost first, as they were written."""

    layers: tuple[Layer, ...]

    @property
    def id(self) -> str:
        """What it is called in a transcript."""
        return "/".join(each.name.rpartition(".")[2] for each in self.layers)

    def whole(self, transport: str) -> tuple[Layer, ...]:
        """Returns all layers: Ethernet, IP and the transport stand where none was written."""
        names = [each.name for each in self.layers]
        found = list(self.layers)
        if "Ether" not in names:
            found.insert(0, Layer("Ether"))
        if not set(names) & set(INTERNET):
            found.insert(1, Layer("IP"))
        if found[-1].name in INTERNET:
            found.append(Layer(transport))
        return tuple(found)

    def given(self, name: str) -> dict[str, Value]:
        """Returns the fields that are given for a layer."""
        return next((dict(each.fields) for each in self.layers if each.name == name), {})


def defaults(name: str, flow: Flow, position: Position | None, payload: bytes) -> dict[str, Value]:
    """Returns the fields of a layer in a right packet of the flow."""
    source, target = flow.source, flow.target
    match name:
        case "Ether":
            return {"src": source.mac, "dst": target.mac}
        case "IP":
            return {"src": source.v4, "dst": target.v4}
        case "IPv6":
            return {"src": source.v6, "dst": target.v6}
        case "UDP":
            return {"sport": source.port, "dport": target.port}
        case "TCP":
            at = position or Position(0, 0)
            flags = "PA" if payload else "A"
            ports: dict[str, Value] = {"sport": source.port, "dport": target.port}
            return {**ports, "seq": at.said, "ack": at.heard, "flags": flags}
    return {}


def placed(name: str, given: Mapping[str, Value], position: Position | None) -> dict[str, Value]:
    """Returns the fields that are given, sequence numbers counted from where TCP stands."""
    found = dict(given)
    if name == "TCP" and position is not None:
        for field, start in (("seq", position.said), ("ack", position.heard)):
            value = found.get(field)
            if isinstance(value, int):
                found[field] = (start + value) % (1 << 32)
    return found
