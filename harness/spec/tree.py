"""YAML as a tree in which everything knows its place.

Belongs here: reading text, and taking nodes apart strictly: unknown and duplicate keys,
wrong types, words that YAML reads as something else. Must not know: what a key means.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import NamedTuple

import yaml

from harness.errors import Place, SpecError

Node = yaml.Node
_TAG = "tag:yaml.org,2002:"
_KINDS = {
    yaml.MappingNode: "a mapping",
    yaml.SequenceNode: "a list",
    yaml.ScalarNode: "a text",
}
_READ_AS = {
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "null": "nothing",
    "timestamp": "a date",
}
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML takes for one
_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|.", re.DOTALL)  # one character in double quotes
_DEEPEST = 50  # nodes within nodes
_MOST_NODES = 1_000_000  # with all aliases spelled out
_FEW = 8  # words that a message lists
_IN_QUOTES = "a text with braces, a colon or a comma is put in quotes"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # no base known
    """YAML's loader, which asks once what a word is read as: files say the same ones again."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._tags: dict[tuple[object, ...], str] = {}

    def resolve(self, *what: object) -> str:
        """Returns a node's tag by its kind, value and whether it is plain (or in quotes)."""
        tag = self._tags.get(what)
        if tag is None:
            tag = self._tags[what] = super().resolve(*what)
        return tag


class Field(NamedTuple):
    """One entry of a mapping: its key and its value. A tuple, since large files have many."""

    name: str
    node: Node
    key: Node
    path: str

    @property
    def place(self) -> Place:
        """Where its key stands."""
        return _place(self.path, self.key)


Fields = Mapping[str, Field]


class Tree:
    """One YAML file. `path` is how messages name it."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        text = text.removeprefix("\ufeff")
        self._lines = _LINE_END.split(text)
        try:
            root = yaml.compose(text, Loader=_Loader)
        except yaml.MarkedYAMLError as exc:
            raise self._unreadable(exc) from exc
        except yaml.reader.ReaderError as exc:
            raise self._unprintable(text, exc) from exc
        except RecursionError as exc:
            raise SpecError(Place(path), "this nests too deep") from exc
        if root is None:
            raise SpecError(Place(path), "the file is empty")
        self.root: Node = root
        if "&" in text:  # without an anchor there are no aliases, and each node stands once
            self._measure(root, {}, 0)
        else:
            self._refuse_depth(root)

    def _refuse_depth(self, root: Node) -> None:
        """Raises: SpecError where a tree without aliases nests too deep."""
        level, depth = [] if isinstance(root, yaml.ScalarNode) else [root], 0
        while level:
            if depth > _DEEPEST:
                raise self.error(level[0], f"this nests deeper than {_DEEPEST}, or holds itself")
            inner = [
                each
                for node in level
                for item in node.value
                for each in (item if isinstance(node, yaml.MappingNode) else (item,))
            ]
            level = [each for each in inner if not isinstance(each, yaml.ScalarNode)]
            depth += 1

    def _measure(self, node: Node, sizes: dict[int, int], depth: int) -> int:
        """Returns how many nodes there are with aliases spelled out.

        Raises: SpecError for a node within itself, and for too many.
        """
        if isinstance(node, yaml.ScalarNode):
            return 1
        if depth > _DEEPEST:
            raise self.error(node, f"this nests deeper than {_DEEPEST}, or holds itself")
        if id(node) not in sizes:
            pairs = isinstance(node, yaml.MappingNode)
            inner = [each for pair in node.value for each in pair] if pairs else node.value
            sizes[id(node)] = 1 + sum(self._measure(each, sizes, depth + 1) for each in inner)
        if sizes[id(node)] > _MOST_NODES:
            raise self.error(node, f"spelled out, the aliases make more than {_MOST_NODES:,} nodes")
        return sizes[id(node)]

    def place(self, node: Node) -> Place:
        """Returns where a node begins."""
        return _place(self.path, node)

    def inside(self, node: Node, offset: int) -> Place:
        """Returns where a character of a scalar's value stands, the scalar where that is open."""
        if not isinstance(node, yaml.ScalarNode):
            return self.place(node)
        place, line = self.place(node), self._line(self.place(node))
        source = line[node.start_mark.column : node.end_mark.column]
        if node.style == "|":
            return self._in_block(node, offset)
        if node.start_mark.line != node.end_mark.line:
            return place
        if node.style == "'":
            offset += 1 + node.value[:offset].count("'")
        elif node.style == '"':
            written = _ESCAPE.findall(source[1:-1])
            offset = 1 + sum(map(len, written[:offset]))
        return replace(place, column=place.column + offset)

    def _in_block(self, node: Node, offset: int) -> Place:
        before, rest = node.value[:offset], node.value[offset:]
        start = replace(self.place(node), line=node.start_mark.line + 2 + before.count("\n"))
        value = before.rpartition("\n")[2] + rest.partition("\n")[0]
        indent = len(self._line(start)) - len(value)
        return replace(start, column=indent + 1 + len(before.rpartition("\n")[2]))

    def found(self, place: Place, text: str) -> Place:
        """Returns where a text first stands in a line from a place on, that place if nowhere."""
        at = self._line(place).find(text, place.column - 1)
        return replace(place, column=at + 1) if at >= 0 else place

    def error(self, at: Node | Place, message: str, hint: str = "") -> SpecError:
        """Returns an error that shows the line."""
        place = at if isinstance(at, Place) else self.place(at)
        return SpecError(place, message, self._line(place), hint)

    def _line(self, place: Place) -> str:
        return self._lines[place.line - 1] if place.line <= len(self._lines) else ""

    def fields(self, node: Node, what: str) -> Fields:
        """Returns a mapping's entries by key, in order. Raises: SpecError."""
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, f"{what} is a mapping, found {kind_of(node)}")
        found: dict[str, Field] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.error(key, f"a key of {what} is a text, found {kind_of(key)}")
            name = str(key.value)
            if name in found:
                first = found[name].place.line
                raise self.error(key, f"{name!r} stands twice in {what}, first in line {first}")
            if key.tag == f"{_TAG}bool":
                raise self.error(key, f"YAML reads {name} as true or false", f'write "{name}"')
            found[name] = Field(name, value, key, self.path)
        return found

    def known(self, fields: Fields, what: str, names: Collection[str]) -> None:
        """Raises: SpecError at the first key that is not among the names."""
        for name, field in fields.items():
            if name not in names:
                hint = self._unquoted(field) or _closest(name, names)
                raise self.error(field.place, f"unknown key {name!r} in {what}", hint)

    def _unquoted(self, field: Field) -> str:
        """Returns what to do about a key without a colon: {word} is read as such."""
        line, start = self._line(field.place), field.place.column - 1
        before, behind = line[:start].rstrip()[-1:], line[start + len(field.name) :].lstrip()[:1]
        if kind_of(field.node) != "nothing" or behind not in ("}", ","):
            return ""
        alone = (before, behind) == ("{", "}")
        return f'{_IN_QUOTES}: "{{{field.name}}}"' if alone else _IN_QUOTES

    def required(self, node: Node, fields: Fields, what: str, names: Collection[str]) -> None:
        """Raises: SpecError where one of the names is missing."""
        for name in names:
            if name not in fields:
                raise self.error(node, f"{what} has no {name!r}")

    def items(self, node: Node, what: str) -> list[Node]:
        """Returns a list's items. Raises: SpecError."""
        if not isinstance(node, yaml.SequenceNode):
            hint = f"write [{node.value}]" if is_text(node) else ""
            raise self.error(node, f"{what} is a list, found {kind_of(node)}", hint)
        return list(node.value)

    def some(self, node: Node, what: str) -> list[Node]:
        """Returns a list's items, one at least. Raises: SpecError."""
        found = self.items(node, what)
        if not found:
            raise self.error(node, f"{what} is empty")
        return found

    def text(self, node: Node, what: str) -> str:
        """Returns a text. Raises: SpecError where YAML reads it as something else."""
        if not isinstance(node, yaml.ScalarNode):
            raise self.error(node, f"{what} is a text, found {kind_of(node)}")
        kind = node.tag.removeprefix(_TAG)
        if kind != "str":
            read = _READ_AS.get(kind, kind)
            hint = f'write "{node.value}"' if node.value else 'write ""'
            raise self.error(
                node, f"{what} is a text, and YAML reads {node.value or 'this'} as {read}", hint
            )
        return str(node.value)

    def word(self, node: Node, what: str, among: Collection[str]) -> str:
        """Returns one of the given words. Raises: SpecError with the closest of them."""
        if _is_misread(node) and node.value not in among and 0 < len(among) <= _FEW:
            found = str(node.value)
            raise self.error(node, f"{what} is one of {', '.join(among)}, found {found}")
        found = self.text(node, what)
        if found in among:
            return found
        if not among:
            raise self.error(node, f"{what} is {found!r}, and there is none")
        if len(among) > _FEW:
            raise self.error(node, f"{what} is unknown: {found!r}", _closest(found, among))
        close = difflib.get_close_matches(found, among, n=1)
        hint = f"did you mean {close[0]!r}?" if close else ""
        raise self.error(node, f"{what} is one of {', '.join(among)}, found {found!r}", hint)

    def words(self, node: Node, what: str, among: Collection[str] | None = None) -> tuple[str, ...]:
        """Returns a list of texts, each once and at least one."""
        found: list[str] = []
        for item in self.some(node, what):
            one = f"an item of {what}"
            name = self.text(item, one) if among is None else self.word(item, one, among)
            if name in found:
                raise self.error(item, f"{name!r} stands twice in {what}")
            found.append(name)
        return tuple(found)

    def integer(self, node: Node, what: str) -> int:
        """Returns a whole number. Raises: SpecError."""
        if isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}int":
            try:
                return int(str(node.value).replace("_", ""), 0)
            except ValueError:
                pass
        raise self.error(node, f"{what} is a whole number, found {_shown(node)}")

    def number(self, node: Node, what: str) -> float:
        """Returns a number that is not negative. Raises: SpecError."""
        if isinstance(node, yaml.ScalarNode) and node.tag in (f"{_TAG}int", f"{_TAG}float"):
            try:
                value = float(str(node.value).replace("_", ""))
            except ValueError:
                value = math.nan
            if 0 <= value < math.inf:
                return value
        raise self.error(node, f"{what} is a number from 0 up, found {_shown(node)}")

    def flag(self, node: Node, what: str) -> bool:
        """Returns true or false. Raises: SpecError."""
        if isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}bool":
            if node.value.lower() in ("true", "false"):
                return bool(node.value.lower() == "true")
            hint = f"write {'true' if node.value.lower() in ('yes', 'on') else 'false'}"
            raise self.error(node, f"{what} is true or false, found {node.value}", hint)
        raise self.error(node, f"{what} is true or false, found {_shown(node)}")

    def _unreadable(self, exc: yaml.MarkedYAMLError) -> SpecError:
        mark = exc.problem_mark or exc.context_mark
        place = Place(self.path, mark.line + 1, mark.column + 1) if mark else Place(self.path)
        is_tab = self._line(place)[place.column - 1 :].startswith("\t")
        problem = exc.problem or exc.context or ""
        hint = "a tab: YAML indents with blanks" if is_tab else ""
        if "expected ',' or" in problem or "mapping values are not allowed" in problem:
            hint = _IN_QUOTES
        return self.error(place, f"this is no YAML: {problem}", hint)

    def _unprintable(self, text: str, exc: yaml.reader.ReaderError) -> SpecError:
        before = _LINE_END.split(text[: text.find(chr(exc.character))])
        place = Place(self.path, len(before), len(before[-1]) + 1)
        escape = f'"\\x{exc.character:02x}"' if exc.character < 0x100 else "an escape"
        return SpecError(place, f"this is no YAML: a control character, written {escape}")


def _place(path: str, node: Node) -> Place:
    mark = node.start_mark
    return Place(path, mark.line + 1, mark.column + 1)


def _closest(name: str, names: Collection[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"


def kind_of(node: Node) -> str:
    """Returns what a node is, in words."""
    if isinstance(node, yaml.ScalarNode) and node.tag != f"{_TAG}str":
        return _READ_AS.get(node.tag.removeprefix(_TAG), "a text")
    return _KINDS.get(type(node), "something else")


def is_scalar(node: Node) -> bool:
    """Says whether a node is one value, be it a text or what YAML reads as something else."""
    return isinstance(node, yaml.ScalarNode)


def is_verbatim(node: Node) -> bool:
    """Says whether a node is one value without escapes: plain, or in single quotes."""
    return isinstance(node, yaml.ScalarNode) and node.style in (None, "", "'")


def is_mapping(node: Node) -> bool:
    """Says whether a node has keys."""
    return isinstance(node, yaml.MappingNode)


def _is_misread(node: Node) -> bool:
    """Says whether a word is written that YAML reads as something else."""
    return is_scalar(node) and bool(node.value) and not is_text(node)


def is_text(node: Node) -> bool:
    """Says whether a node is a text."""
    return isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}str"


def _shown(node: Node) -> str:
    return repr(str(node.value)) if isinstance(node, yaml.ScalarNode) else kind_of(node)
