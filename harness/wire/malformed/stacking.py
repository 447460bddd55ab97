"""Stacking: a stack of layers as one Ethernet frame, by scapy.

Belongs here: scapy's layers by their names, and what is wrong with how one was written. Must
not know: YAML, sockets. Imported only where a packet is crafted.
"""

from __future__ import annotations

import importlib
from typing import Any

from scapy.packet import Packet, Raw

from harness.errors import HarnessError
from harness.wire.malformed.packet import Flow, Party
from harness.wire.malformed.stack import BASE, Layer, Position, Stack, defaults, placed

_SAMPLE = Flow(
    Party("02:00:00:00:00:01", "10.9.0.1", "fd09::1", 5555),
    Party("02:00:00:00:00:02", "10.9.0.2", "fd09::2", 9000),
)


def layer_class(name: str) -> type[Any]:
    """Returns one of scapy's layers. Raises: HarnessError where there is none."""
    module, _, own = BASE.get(name, name).rpartition(".")
    if not module.startswith("scapy.layers"):
        known = ", ".join(BASE)
        raise HarnessError(f"a layer is one of {known}, or like scapy.layers.inet6.PadN: {name!r}")
    try:
        found = getattr(importlib.import_module(module), own)
    except (ImportError, AttributeError) as exc:
        raise HarnessError(f"scapy has no layer {name}") from exc
    if not (isinstance(found, type) and issubclass(found, Packet)):
        raise HarnessError(f"{name} is no layer of scapy")
    return found


def try_out(layer: Layer) -> None:
    """Raises: HarnessError where a layer does not take its fields."""
    known = [field.name for field in layer_class(layer.name).fields_desc]
    for name, value in layer.fields:
        if name not in known:
            raise HarnessError(f"{layer.name} has no field {name!r} (it has {', '.join(known)})")
        try:
            placed_at = placed(layer.name, {name: value}, Position(0, 0))
            bytes(layer_class(layer.name)(**placed_at))
        except Exception as exc:  # scapy's fields raise what they like
            raise HarnessError(f"{layer.name}.{name} does not take {value!r}") from exc


def frame(
    stack: Stack, flow: Flow, payload: bytes, transport: str, position: Position | None = None
) -> bytes:
    """Returns the Ethernet frame. Raises: HarnessError where scapy does not build it."""
    packet: Any = None
    try:
        for layer in stack.whole(transport):
            fields = {
                **defaults(layer.name, flow, position, payload),
                **placed(layer.name, dict(layer.fields), position),
            }
            made = layer_class(layer.name)(**fields)
            packet = made if packet is None else packet / made
        return bytes(packet / Raw(payload) if payload else packet)
    except Exception as exc:  # scapy's layers raise what they like
        told = str(exc).partition("\n")[0]
        raise HarnessError(f"{stack.id} cannot be built: {told}") from exc


def try_whole(stack: Stack, transport: str) -> None:
    """Raises: HarnessError where no packet comes of it."""
    frame(stack, _SAMPLE, b"payload", transport, Position(0, 0))
