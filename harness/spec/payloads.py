"""Payloads: from YAML to messages.

Belongs here: every way of writing bytes. Must not know: who says them, and when.
"""

from __future__ import annotations

import base64
import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from harness.errors import HarnessError, Place, SpecError
from harness.spec import keys
from harness.spec.tree import Field, Fields, Node, Tree, is_mapping, is_scalar, is_text, is_verbatim
from harness.wire import reading, template
from harness.wire.framing import LINE
from harness.wire.message import Message
from harness.wire.parts import FILTERS, Hole, Literal, TemplateError
from harness.wire.template import Template


class Sources(Protocol):
    """The file system, as a spec needs it."""

    def read(self, path: str) -> bytes:
        """Returns a file's content. Raises: SpecError."""
        ...

    def hooks(self, path: str) -> Mapping[str, Callable[..., str | None]]:
        """Returns the functions of a Python file. Raises: SpecError."""
        ...

    def shipped(self, name: str) -> str:
        """Returns the path that a file of this name has, or would have, among the shipped ones."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a payload may refer to: `values` are put in for references when the spec is loaded.

    `unescaped` grows by the way: see Suite.
    """

    sources: Sources
    layouts: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Template] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    unescaped: dict[Place, str] = field(default_factory=dict)

    def with_values(self, values: Mapping[str, Template]) -> Surroundings:
        """Returns the same with these values beside, or before, those that were there."""
        return replace(self, values={**self.values, **values})


LARGEST = 1 << 24  # bytes of one payload
_MOST_PARTS = 200_000  # literals, references and holes of one payload
_DIGITS = ("int", "digits")
_FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")
_UNESCAPED = re.compile(r"(?<!\\)\\([nrt0])")  # what double quotes alone make one character
_WAYS = tuple(key.name for key in keys.PAYLOAD)


def is_payload(fields: Fields) -> bool:
    """Says whether a mapping writes a payload."""
    return any(name in fields for name in _WAYS)


def payload(tree: Tree, node: Node, what: str, around: Surroundings) -> Message:
    """Reads a payload: a text, or a mapping with exactly one way of writing bytes."""
    if is_scalar(node):
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


def example_of(
    tree: Tree, fields: Fields, message: Message, around: Surroundings
) -> Message | None:
    """Reads what stands as `example` for a message with holes, None where there is none."""
    if "example" not in fields:
        return None
    example = payload(tree, fields["example"].node, "example", around)
    if not message.open:
        raise tree.error(fields["example"].place, "an example for a message without holes")
    if example.open:
        raise tree.error(fields["example"].node, "an example has no holes")
    return example


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
        written = reading.parse(text)
        read = template.substituted(written, around.values)
    except TemplateError as exc:
        raise tree.error(tree.inside(node, exc.offset), str(exc)) from exc
    except HarnessError as exc:
        raise tree.error(node, str(exc)) from exc
    around.used.update(written.references)
    note_unescaped(tree, node, around.unescaped)
    return _sound(tree, node, read)


def note_unescaped(tree: Tree, node: Node, noted: dict[Place, str]) -> None:
    """Notes the first backslash that double quotes would read as an escape, outside of fields."""
    if not is_verbatim(node):
        return
    masked = _FIELD.sub(lambda field: "-" * len(field.group()), tree.text(node, "a text"))
    found = _UNESCAPED.search(masked)
    if found:
        noted[tree.inside(node, found.start())] = found[1]


def _sound(tree: Tree, node: Node, read: Template) -> Template:
    """Raises: SpecError for a template that could judge nothing, or is too large."""
    size = sum(len(part.data) for part in read.parts if isinstance(part, Literal))
    if size > LARGEST or len(read.parts) > _MOST_PARTS:
        raise tree.error(node, f"a payload has {LARGEST:,} bytes at most")
    holes: dict[str, Hole] = {}
    for part in read.parts:
        if not isinstance(part, Hole):
            continue
        counted = holes.get(part.size)
        if counted is not None and counted.kind not in _DIGITS:
            raise tree.error(node, f"{part} counts by {counted}, which is no int or digits")
        if part.name in holes:
            raise tree.error(node, f"two holes have the name {part.name!r}")
        if part.name:
            holes[part.name] = part
    if read.open:
        try:  # compiles it, as a play does
            read.bind(dict.fromkeys(read.references, b"1"), LINE)
        except (re.error, OverflowError, HarnessError) as exc:
            raise tree.error(node, f"this can match nothing: {exc}") from exc
    return read


_NEEDED = (("times", "fill"), ("of", "piece"), ("size", "piece"))
_OF_LAYOUT = tuple((name, "layout") for name in ("length", "head", "capture"))
_COMPANIONS = (*_NEEDED, ("fields", "layout"), *_OF_LAYOUT)


def _companions(tree: Tree, fields: Fields, way: str) -> None:
    for name, wanted in _COMPANIONS:
        if name in fields and way != wanted:
            raise tree.error(fields[name].place, f"{name!r} belongs to {wanted!r}, found {way!r}")
        if way == wanted and name not in fields and (name, wanted) in _NEEDED:
            raise tree.error(fields[way].place, f"{wanted!r} has no {name!r}")


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
            return _filled(tree, node, fields["times"].node, around)
        case "piece":
            return _piece(tree, node, fields, around)
        case "join":
            parts = [template_of(tree, each, "join", around) for each in tree.some(node, "join")]
            return _sound(tree, node, template.joined(parts))
        case "bytes":
            return template.octets(*bounds(tree, node, "bytes", LARGEST))
    if not tree.flag(node, "any"):
        raise tree.error(node, "'any' is true or left out")
    return template.anything()


def _filled(tree: Tree, node: Node, often: Node, around: Surroundings) -> Template:
    filling = template_of(tree, node, "fill", around)
    times = tree.integer(often, "times")
    known = [part.data for part in filling.parts if isinstance(part, Literal)]
    size, exact = sum(map(len, known)), len(known) == len(filling.parts)
    most = LARGEST // max(size, 1)
    if not exact:
        most = min(most, _MOST_PARTS // len(filling.parts))
    if not 1 <= times <= most:
        raise tree.error(often, f"times is from 1 to {most} here, found {times}")
    if exact:
        return template.literal(b"".join(known) * times)
    return _sound(tree, node, template.repeated(filling, times))


def _piece(tree: Tree, node: Node, fields: Fields, around: Surroundings) -> Template:
    whole = _constant(tree, fields["of"].node, "of", around)
    number = _numbered(tree, node, around)
    size = tree.integer(fields["size"].node, "size")
    if not 1 <= size <= LARGEST:
        raise tree.error(fields["size"].node, f"size is from 1 to {LARGEST:,}, found {size}")
    return template.literal(whole[(number - 1) * size : number * size])


def _numbered(tree: Tree, node: Node, around: Surroundings) -> int:
    """Reads a piece's number, which the counter of a repeat may stand for."""
    if not is_text(node):
        number = tree.integer(node, "piece")
    else:
        told = _constant(tree, node, "piece", around)
        number = int(told) if re.fullmatch(rb"[0-9]{1,8}", told) else 0
    if number < 1:
        raise tree.error(node, "piece is a number from 1 up, or the counter of a repeat")
    return number


def _constant(tree: Tree, node: Node, what: str, around: Surroundings) -> bytes:
    """Reads a payload whose bytes are known when the spec is loaded."""
    found = template_of(tree, node, what, around)
    if found.open or found.references:
        raise tree.error(node, f"{what} wants bytes that are known when the spec is loaded")
    return found.produce({})


def _hex(tree: Tree, node: Node) -> bytes:
    try:
        return bytes.fromhex(tree.text(node, "hex"))
    except ValueError as exc:
        raise tree.error(node, f"hex is pairs of 0-9 and a-f: {exc}") from exc


def _base64(tree: Tree, node: Node) -> bytes:
    try:
        return base64.b64decode("".join(tree.text(node, "base64").split()), validate=True)
    except ValueError as exc:
        raise tree.error(node, f"this is no base64: {exc}") from exc


def bounds(tree: Tree, node: Node, what: str, most: int | None = None) -> tuple[int, int]:
    """Reads a number, or a list of two: the least and the most."""
    if is_mapping(node):
        raise tree.error(node, f"{what} wants a number, or [least, most], found a mapping")
    numbers = [node] if is_scalar(node) else tree.some(node, what)
    read = [tree.integer(each, what) for each in numbers]
    if len(read) > 2 or read[0] > read[-1] or read[0] < 0:
        raise tree.error(node, f"{what} wants a number, or [least, most], found {read}")
    if most is not None and read[-1] > most:
        raise tree.error(numbers[-1], f"{what} is {most:,} at most, found {read[-1]}")
    return read[0], read[-1]


def beside(path: str, name: str) -> str:
    """Returns a file's path as seen from the one that names it."""
    folder = path.rpartition("/")[0]
    return f"{folder}/{name}" if folder and not name.startswith("/") else name


# -- layouts -----------------------------------------------------------------------------


def layouts(tree: Tree, entries: Fields) -> dict[str, Any]:
    """Reads `layouts:`; only here the module that imports scapy is loaded."""
    return {name: _compiled(tree, name, entry.node) for name, entry in entries.items()}


def _compiled(tree: Tree, name: str, node: Node) -> Any:  # noqa: ANN401 - lazily loaded
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


def _layout(tree: Tree, fields: Fields, around: Surroundings) -> Message:
    node = fields["layout"].node
    name = tree.word(node, "layout", tuple(around.layouts))
    around.used.add(f"layout {name}")
    chosen = around.layouts[name]
    values: dict[str, Any] = {}
    entries = tree.fields(fields["fields"].node, "fields") if "fields" in fields else {}
    for key, entry in entries.items():
        field_name, bar, how = key.partition("|")
        tree.known({field_name: replace(entry, name=field_name)}, f"layout {name}", chosen.names)
        if bar and how not in FILTERS:
            known = ", ".join(FILTERS)
            raise tree.error(entry.place, f"the filter is one of {known}, found {how!r}")
        values[key] = _value(tree, entry, around)
        _build(tree, entry, chosen, values[key])
    length = bounds(tree, fields["length"].node, "length", LARGEST) if "length" in fields else None
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
    size: tuple[int, int] | None = None,
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


def _value(tree: Tree, entry: Field, around: Surroundings) -> Any:  # noqa: ANN401 - lazily loaded
    """Reads a number, a payload that is no layout, or packets."""
    node, what = entry.node, f"field {entry.name}"
    if is_text(node):
        return text_template(tree, node, what, around)
    if is_scalar(node):
        return tree.integer(node, what)
    if is_mapping(node) and is_payload(tree.fields(node, what)):
        return template_of(tree, node, what, around)
    return _packets(tree, node, what, around)


def _packets(tree: Tree, node: Node, what: str, around: Surroundings) -> Any:  # noqa: ANN401 - lazily loaded
    """Reads a list of packets, or a mapping that leaves their order or others open."""
    made = importlib.import_module("harness.wire.values").Packets
    if not is_mapping(node):
        return made(_given(tree, node, what, around))
    fields = tree.fields(node, what)
    tree.known(fields, what, keys.names("packets"))
    read = {name: _given(tree, each.node, name, around) for name, each in fields.items()}
    if not read or ("any_order" in read and len(read) > 1):
        raise tree.error(node, f"{what} wants any_order alone, or holds and lacks")
    wanted = read.get("any_order") or read.get("holds", ())
    return made(wanted, False, "any_order" not in read, read.get("lacks", ()))


def _given(tree: Tree, node: Node, what: str, around: Surroundings) -> tuple[Any, ...]:
    found = []
    for item in tree.items(node, what):
        one = f"a packet of {what}"
        fields = tree.fields(item, one)
        tree.known(fields, one, ("layout", "fields"))
        tree.required(item, fields, one, ("layout",))
        found.append(getattr(_layout(tree, fields, around), "given"))  # noqa: B009 - lazily loaded
    return tuple(found)
