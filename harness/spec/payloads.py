"""Payloads: from YAML to messages.

Belongs here: every way of writing bytes. Must not know: who says them, and when.
"""

from __future__ import annotations

import base64
import binascii
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from harness.errors import HarnessError, SpecError
from harness.spec import keys
from harness.spec.tree import Field, Fields, Node, Tree, is_text
from harness.wire import template
from harness.wire.message import Message
from harness.wire.template import Template, TemplateError


class Sources(Protocol):
    """The file system, as a spec needs it."""

    def read(self, path: str) -> bytes:
        """Returns a file's content. Raises: SpecError."""
        ...

    def hooks(self, path: str) -> Mapping[str, Callable[..., str | None]]:
        """Returns the functions of a Python file. Raises: SpecError."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a payload may refer to: `values` are put in for references when the spec is loaded."""

    sources: Sources
    layouts: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Template] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def with_values(self, values: Mapping[str, Template]) -> Surroundings:
        """Returns the same with these values beside, or before, those that were there."""
        return replace(self, values={**self.values, **values})


_WAYS = tuple(key.name for key in keys.PAYLOAD)


def is_payload(fields: Fields) -> bool:
    """Says whether a mapping writes a payload."""
    return any(name in fields for name in _WAYS)


def payload(tree: Tree, node: Node, what: str, around: Surroundings) -> Message:
    """Reads a payload: a text, or a mapping with exactly one way of writing bytes."""
    if is_text(node):
        return text_template(tree, node, what, around)
    fields = tree.fields(node, what)
    tree.known(fields, what, keys.names("payload"))
    return payload_of(tree, node, fields, what, around)


def payload_of(tree: Tree, node: Node, fields: Fields, what: str, around: Surroundings) -> Message:
    """Reads a payload whose keys stand among others."""
    ways = [name for name in _WAYS if name in fields]
    if len(ways) != 1:
        found = " and ".join(ways) or "none"
        raise tree.error(node, f"{what} wants one of {', '.join(_WAYS)}, found {found}")
    _companions(tree, fields, ways[0])
    if ways[0] == "layout":
        return _layout(tree, fields, around)
    return _template(tree, fields[ways[0]], fields, what, around)


def template_of(tree: Tree, node: Node, what: str, around: Surroundings) -> Template:
    """Reads a payload that is no layout."""
    found = payload(tree, node, what, around)
    if not isinstance(found, Template):
        raise tree.error(node, f"{what} cannot be a layout")
    return found


def text_template(tree: Tree, node: Node, what: str, around: Surroundings) -> Template:
    """Reads a text template. Raises: SpecError at the column of the fault."""
    text = tree.text(node, what)
    try:
        read = template.substituted(template.parse(text), around.values)
    except (TemplateError, HarnessError) as exc:
        place = tree.place(node)
        if isinstance(exc, TemplateError) and "\n" not in text:
            place = replace(place, column=place.column + 1 + exc.offset)
        raise tree.error(place, str(exc)) from exc
    around.used.update(_names(template.parse(text)))
    return read


def _names(read: Template) -> frozenset[str]:
    return read.references


def _companions(tree: Tree, fields: Fields, way: str) -> None:
    for name, wanted in (("times", "fill"), ("fields", "layout")):
        if name in fields and way != wanted:
            raise tree.error(fields[name].place, f"{name!r} belongs to {wanted!r}, found {way!r}")
        if way == wanted and name not in fields and name == "times":
            raise tree.error(fields[way].place, "'fill' has no 'times'")


def _template(
    tree: Tree, chosen: Field, fields: Fields, what: str, around: Surroundings
) -> Template:
    node = chosen.node
    match chosen.name:
        case "text":
            return text_template(tree, node, what, around)
        case "hex":
            return template.literal(_hex(tree, node))
        case "base64":
            return template.literal(_base64(tree, node))
        case "file":
            path = beside(tree.path, tree.text(node, "file"))
            try:
                return template.literal(around.sources.read(path))
            except SpecError as exc:
                raise tree.error(node, exc.message) from exc
        case "fill":
            times = tree.integer(fields["times"].node, "times")
            return template.repeated(template_of(tree, node, "fill", around), times)
        case "join":
            parts = tree.items(node, "join")
            return template.joined([template_of(tree, each, "join", around) for each in parts])
        case "bytes":
            return template.octets(*bounds(tree, node, "bytes"))
    if not tree.flag(node, "any"):
        raise tree.error(node, "'any' is true or left out")
    return template.anything()


def _hex(tree: Tree, node: Node) -> bytes:
    try:
        return bytes.fromhex(tree.text(node, "hex"))
    except ValueError as exc:
        raise tree.error(node, f"hex is pairs of 0-9 and a-f: {exc}") from exc


def _base64(tree: Tree, node: Node) -> bytes:
    try:
        return base64.b64decode("".join(tree.text(node, "base64").split()), validate=True)
    except binascii.Error as exc:
        raise tree.error(node, f"this is no base64: {exc}") from exc


def bounds(tree: Tree, node: Node, what: str) -> tuple[int, int]:
    """Reads a number, or a list of two: the least and the most."""
    numbers = [node] if not hasattr(node, "value") or isinstance(node.value, str) else node.value
    read = [tree.integer(each, what) for each in numbers]
    if len(read) not in (1, 2) or read[0] > read[-1] or read[0] < 0:
        raise tree.error(node, f"{what} wants a number, or [least, most], found {read}")
    return read[0], read[-1]


def beside(path: str, name: str) -> str:
    """Returns a file's path as seen from the one that names it."""
    folder = path.rpartition("/")[0]
    return f"{folder}/{name}" if folder and not name.startswith("/") else name


# -- layouts -----------------------------------------------------------------------------


def layouts(tree: Tree, node: Node) -> dict[str, Any]:
    """Reads `layouts:`; only here the module that imports scapy is loaded."""
    layout = importlib.import_module("harness.wire.layout")
    found = {}
    for name, entry in tree.fields(node, "layouts").items():
        try:
            found[name] = _compiled(tree, layout, name, entry.node)
        except HarnessError as exc:
            if isinstance(exc, SpecError):
                raise
            raise tree.error(entry.node, str(exc)) from exc
    return found


def _compiled(tree: Tree, layout: Any, name: str, node: Node) -> Any:  # noqa: ANN401 - lazily loaded
    if hasattr(node, "value") and isinstance(node.value, list) and node.tag.endswith(":map"):
        fields = tree.fields(node, f"layout {name}")
        tree.known(fields, f"layout {name}", ("scapy",))
        tree.required(node, fields, f"layout {name}", ("scapy",))
        return layout.named_layer(tree.text(fields["scapy"].node, "scapy"))
    pairs = []
    for item in tree.items(node, f"layout {name}"):
        for field_name, entry in tree.fields(item, f"a field of layout {name}").items():
            pairs.append((field_name, tree.text(entry.node, f"the type of {field_name}")))
    return layout.compile_layout(name, pairs)


def _layout(tree: Tree, fields: Fields, around: Surroundings) -> Message:
    node = fields["layout"].node
    name = tree.word(node, "layout", tuple(around.layouts))
    around.used.add(f"layout {name}")
    values: dict[str, int | Template] = {}
    if "fields" in fields:
        for each, entry in tree.fields(fields["fields"].node, "fields").items():
            values[each] = _value(tree, entry, around)
    layout = importlib.import_module("harness.wire.layout")
    try:
        made: Message = layout.Fields(around.layouts[name], tuple(values.items()))
        made.describe()
    except SpecError:
        raise
    except HarnessError as exc:
        raise tree.error(node, str(exc)) from exc
    return made


def _value(tree: Tree, entry: Field, around: Surroundings) -> int | Template:
    if is_text(entry.node):
        return text_template(tree, entry.node, f"field {entry.name}", around)
    return tree.integer(entry.node, f"field {entry.name}")
