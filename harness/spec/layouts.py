"""Layouts: from YAML to binary messages and what their fields have to be.

Belongs here: layouts themselves, fields with values, packets within packets. Must not know:
scapy, which is loaded by the first layout; other ways of writing bytes (`read` does).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.errors import HarnessError
from harness.spec import keys
from harness.spec.surroundings import Surroundings
from harness.spec.tree import Field, Fields, Node, Tree, is_mapping, is_scalar, is_text
from harness.wire.message import Message
from harness.wire.parts import FILTERS
from harness.wire.template import Template

Read = Callable[[Tree, Node, str, Surroundings], Template]
Length = tuple[int, int] | None
_WAYS = {key.name for key in keys.PAYLOAD}


def compiled(tree: Tree, entries: Fields) -> dict[str, Any]:
    """Reads `layouts:`; only here the module that imports scapy is loaded."""
    return {name: _one(tree, name, entry.node) for name, entry in entries.items()}


def _one(tree: Tree, name: str, node: Node) -> Any:  # noqa: ANN401 - lazily loaded
    layout = importlib.import_module("harness.wire.layout")
    if is_mapping(node):
        fields = tree.fields(node, f"layout {name}")
        tree.known(fields, f"layout {name}", keys.names("layout"))
        tree.required(node, fields, f"layout {name}", keys.required("layout"))
        path = fields["scapy"].node
        try:
            return layout.named_layer(tree.text(path, "scapy"))
        except HarnessError as exc:
            raise tree.error(path, str(exc)) from exc
    pairs = []
    for item in tree.some(node, f"layout {name}"):
        for field_name, entry in tree.fields(item, f"a field of layout {name}").items():
            pairs.append((field_name, tree.text(entry.node, f"the type of {field_name}")))
            try:  # with each field anew, so that the error stands at the one that is wrong
                made = layout.compile_layout(name, pairs)
            except HarnessError as exc:
                raise tree.error(entry.place, str(exc)) from exc
    return made


def message(
    tree: Tree, fields: Fields, around: Surroundings, read: Read, length: Length = None
) -> Message:
    """Reads a message of a layout; `read` reads the values of its fields. Raises: SpecError."""
    node = fields["layout"].node
    name = tree.word(node, "layout", tuple(around.layouts))
    around.used.add(f"layout {name}")
    chosen = around.layouts[name]
    values: dict[str, Any] = {}
    entries = tree.fields(fields["fields"].node, "fields") if "fields" in fields else {}
    for key, entry in entries.items():
        field_name, bar, how = key.partition("|")
        tree.known({field_name: entry._replace(name=field_name)}, f"layout {name}", chosen.names)
        if bar and how not in FILTERS:
            known = ", ".join(FILTERS)
            raise tree.error(entry.place, f"the filter is one of {known}, found {how!r}")
        values[key] = _value(tree, entry, around, read)
        _build(tree, entry, chosen, values[key])
    if "head" in fields and not (tree.flag(fields["head"].node, "head") and values):
        raise tree.error(fields["head"].node, "'head' is true where fields are given, or left out")
    return _message(chosen, values, length, "head" in fields, _captured(tree, fields))


def _captured(tree: Tree, fields: Fields) -> str:
    if "capture" not in fields:
        return ""
    name = tree.text(fields["capture"].node, "capture")
    if not re.fullmatch(keys.PATTERNS["name"], name):
        raise tree.error(fields["capture"].node, f"{name!r} cannot be a capture's name")
    return name


def _message(
    layout: Any,  # noqa: ANN401 - lazily loaded
    values: Mapping[str, Any],
    size: Length = None,
    head: bool = False,
    capture: str = "",
) -> Message:
    module = importlib.import_module("harness.wire.fields")
    made: Message = module.Fields(layout, tuple(values.items()), size, head, capture)
    return made


def _build(tree: Tree, entry: Field, layout: Any, value: Any) -> None:  # noqa: ANN401 - lazily loaded
    """Raises: SpecError where a field does not take its value, as far as that is known."""
    try:
        _message(layout, {entry.name: value})
    except HarnessError as exc:
        if is_scalar(entry.node) and "holds" not in str(exc):
            shown = value if isinstance(value, int) else repr(value.describe())
            raise tree.error(entry.node, f"field {entry.name} does not take {shown}") from exc
        raise tree.error(entry.node, str(exc)) from exc


def _value(tree: Tree, entry: Field, around: Surroundings, read: Read) -> Any:  # noqa: ANN401 - lazily loaded
    """Reads a number, a payload that is no layout, or packets."""
    node, what = entry.node, f"field {entry.name}"
    if is_scalar(node) and not is_text(node):
        return tree.integer(node, what)
    if is_text(node) or (is_mapping(node) and _WAYS & set(tree.fields(node, what))):
        return read(tree, node, what, around)
    return _packets(tree, node, what, around, read)


def _packets(tree: Tree, node: Node, what: str, around: Surroundings, read: Read) -> Any:  # noqa: ANN401 - lazily loaded
    """Reads a list of packets, or a mapping that leaves their order or others open."""
    made = importlib.import_module("harness.wire.values").Packets
    if not is_mapping(node):
        return made(_given(tree, node, what, around, read))
    fields = tree.fields(node, what)
    tree.known(fields, what, keys.names("packets"))
    lists = {name: _given(tree, each.node, name, around, read) for name, each in fields.items()}
    if not lists or ("any_order" in lists and len(lists) > 1):
        raise tree.error(node, f"{what} wants any_order alone, or holds and lacks")
    wanted = lists.get("any_order") or lists.get("holds", ())
    return made(wanted, False, "any_order" not in lists, lists.get("lacks", ()))


def _given(tree: Tree, node: Node, what: str, around: Surroundings, read: Read) -> tuple[Any, ...]:
    found = []
    for item in tree.items(node, what):
        one = f"a packet of {what}"
        fields = tree.fields(item, one)
        tree.known(fields, one, ("layout", "fields"))
        tree.required(item, fields, one, ("layout",))
        found.append(getattr(message(tree, fields, around, read), "given"))  # noqa: B009 - lazily loaded
    return tuple(found)
