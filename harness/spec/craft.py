"""Craft: from `craft:` to packets that are made by hand.

Belongs here: entries of the catalogue by name, and layers with their fields, tried out when the
spec is loaded. Must not know: sockets, what a packet proves.
"""

from __future__ import annotations

import importlib
from typing import Any

from harness.errors import HarnessError
from harness.spec.model import Crafts, Says, Transport
from harness.spec.payloads import payload
from harness.spec.section import section
from harness.spec.surroundings import Surroundings
from harness.spec.tree import Fields, Node, Tree, is_text
from harness.wire.malformed.catalogue import BY_ID
from harness.wire.malformed.packet import Entry
from harness.wire.malformed.stack import Layer, Stack, Value
from harness.wire.template import literal


def craft_of(tree: Tree, node: Node, around: Surroundings) -> Crafts:
    """Reads what is crafted. Raises: SpecError."""
    fields = section(tree, node, "craft", "craft")
    if ("packet" in fields) is ("layers" in fields):
        raise tree.error(node, "craft wants packet, an entry of the catalogue, or layers")
    message = literal(b"")
    if "payload" in fields:
        message = payload(tree, fields["payload"].node, "payload", around)  # type: ignore[assignment]  # a message
        if message.open:
            raise tree.error(fields["payload"].node, "what is crafted is known: it has no holes")
    packet: Entry | Stack
    if "packet" in fields:
        packet = BY_ID[tree.word(fields["packet"].node, "packet", tuple(BY_ID))]
    else:
        packet = _stack(tree, fields)
    return Crafts(packet, Says(message))


def wrong_over(crafts: Crafts, over: Transport) -> str:
    """Returns why this cannot go over a transport, "" where it can."""
    if isinstance(crafts.packet, Entry):
        return "the catalogue is about UDP" if over is Transport.TCP else ""
    try:
        _stacking().try_whole(crafts.packet, str(over).upper())
    except HarnessError as exc:
        return str(exc)
    return ""


def _stack(tree: Tree, fields: Fields) -> Stack:
    found = []
    for name, entry in tree.fields(fields["layers"].node, "layers").items():
        given = tree.fields(entry.node, f"layer {name}")
        values = tuple((each, _value(tree, field.node)) for each, field in given.items())
        layer = Layer(name, values)
        try:
            _stacking().try_out(layer)
        except HarnessError as exc:
            raise tree.error(entry.place, str(exc)) from exc
        found.append(layer)
    return Stack(tuple(found))


def _value(tree: Tree, node: Node) -> Value:
    return tree.text(node, "a field") if is_text(node) else tree.integer(node, "a field")


def _stacking() -> Any:  # noqa: ANN401 - lazily loaded, since it imports scapy
    return importlib.import_module("harness.wire.malformed.stacking")
