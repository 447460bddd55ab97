"""YAML as a tree in which everything knows its place.

Belongs here: reading text, and taking nodes apart strictly: unknown and duplicate keys,
wrong types, words that YAML reads as something else. Must not know: what a key means.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import yaml

from harness.errors import Place, SpecError

Node = yaml.Node
_TAG = "tag:yaml.org,2002:"
_KINDS = {
    yaml.MappingNode: "a mapping",
    yaml.SequenceNode: "a list",
    yaml.ScalarNode: "a text",
}
_READ_AS = {"bool": "true or false", "int": "a number", "float": "a number", "null": "nothing"}


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of a mapping: its key's place and its value."""

    name: str
    place: Place
    node: Node


Fields = Mapping[str, Field]


class Tree:
    """One YAML file. `path` is how messages name it."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self._lines = text.splitlines()
        try:
            root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.MarkedYAMLError as exc:
            raise self._unreadable(exc) from exc
        except yaml.YAMLError as exc:
            raise SpecError(Place(path), f"this is no YAML: {exc}") from exc
        if root is None:
            raise SpecError(Place(path), "the file is empty")
        self.root: Node = root

    def place(self, node: Node) -> Place:
        """Returns where a node begins."""
        return Place(self.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def error(self, at: Node | Place, message: str, hint: str = "") -> SpecError:
        """Returns an error that shows the line."""
        place = at if isinstance(at, Place) else self.place(at)
        line = self._lines[place.line - 1] if place.line <= len(self._lines) else ""
        return SpecError(place, message, line, hint)

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
            found[name] = Field(name, self.place(key), value)
        return found

    def known(self, fields: Fields, what: str, names: Collection[str]) -> None:
        """Raises: SpecError at the first key that is not among the names."""
        for name, field in fields.items():
            if name not in names:
                close = difflib.get_close_matches(name, names, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"
                raise self.error(field.place, f"unknown key {name!r} in {what}", hint)

    def required(self, node: Node, fields: Fields, what: str, names: Collection[str]) -> None:
        """Raises: SpecError where one of the names is missing."""
        for name in names:
            if name not in fields:
                raise self.error(node, f"{what} has no {name!r}")

    def items(self, node: Node, what: str) -> list[Node]:
        """Returns a list's items. Raises: SpecError."""
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node, f"{what} is a list, found {kind_of(node)}")
        return list(node.value)

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
        found = self.text(node, what)
        if found not in among:
            close = difflib.get_close_matches(found, among, n=1)
            hint = f"did you mean {close[0]!r}?" if close else ""
            raise self.error(node, f"{what} is one of {', '.join(among)}, found {found!r}", hint)
        return found

    def words(self, node: Node, what: str, among: Collection[str] | None = None) -> tuple[str, ...]:
        """Returns a list of texts, each once."""
        found: list[str] = []
        for item in self.items(node, what):
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
            value = float(str(node.value).replace("_", ""))
            if value >= 0:
                return value
        raise self.error(node, f"{what} is a number from 0 up, found {_shown(node)}")

    def flag(self, node: Node, what: str) -> bool:
        """Returns true or false. Raises: SpecError."""
        if isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}bool":
            if node.value.lower() in ("true", "false"):
                return bool(node.value.lower() == "true")
            raise self.error(node, f"{what} is true or false, found {node.value}")
        raise self.error(node, f"{what} is true or false, found {_shown(node)}")

    def _unreadable(self, exc: yaml.MarkedYAMLError) -> SpecError:
        mark = exc.problem_mark or exc.context_mark
        place = Place(self.path, mark.line + 1, mark.column + 1) if mark else Place(self.path)
        return self.error(place, f"this is no YAML: {exc.problem or exc.context}")


def kind_of(node: Node) -> str:
    """Returns what a node is, in words."""
    if isinstance(node, yaml.ScalarNode) and node.tag != f"{_TAG}str":
        return _READ_AS.get(node.tag.removeprefix(_TAG), "a text")
    return _KINDS.get(type(node), "something else")


def is_text(node: Node) -> bool:
    """Says whether a node is a text."""
    return isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}str"


def _shown(node: Node) -> str:
    return repr(str(node.value)) if isinstance(node, yaml.ScalarNode) else kind_of(node)
