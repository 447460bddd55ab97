"""Payloads: from YAML to messages.

Belongs here: every way of writing bytes. Must not know: who says them, and when.
"""

from __future__ import annotations

import base64
import re

from harness.errors import HarnessError, Place, SpecError
from harness.spec import keys, layouts
from harness.spec.surroundings import Surroundings
from harness.spec.tree import Field, Fields, Node, Tree, is_mapping, is_scalar, is_text, is_verbatim
from harness.wire import reading, template
from harness.wire.framing import LINE
from harness.wire.message import Message
from harness.wire.parts import Hole, Literal, TemplateError
from harness.wire.template import Template

LARGEST = 1 << 24  # bytes of one payload
_MOST_PARTS = 200_000  # literals, references and holes of one payload
_DIGITS = ("int", "digits")
_FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")
_UNESCAPED = re.compile(r"(?<!\\)\\([nrt0])")  # what double quotes alone make one character
_WAYS = tuple(key.name for key in keys.PAYLOAD)


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
        length = None
        if "length" in fields:
            length = bounds(tree, fields["length"].node, "length", LARGEST)
        return layouts.message(tree, fields, around, template_of, length)
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
