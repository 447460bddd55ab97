"""Sections: mappings whose keys stand in harness.spec.keys, and values that several have.

Belongs here: what suites, fragments and cases read alike. Must not know: what it is for.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from harness.spec import keys
from harness.spec.payloads import payload
from harness.spec.surroundings import Surroundings
from harness.spec.tree import Field, Fields, Node, Tree


class Span(NamedTuple):
    """The least and the most that a whole number may be."""

    least: int
    most: int


def section(tree: Tree, node: Node, what: str, name: str) -> Fields:
    """Returns the entries of a mapping with the keys of this section. Raises: SpecError."""
    fields = tree.fields(node, what)
    tree.known(fields, what, keys.names(name))
    tree.required(node, fields, what, keys.required(name))
    return fields


def filled_text(tree: Tree, node: Node, what: str) -> str:
    """Returns a text that says something. Raises: SpecError."""
    found = tree.text(node, what)
    if not found.strip():
        raise tree.error(node, f"{what} is empty")
    return found


def identifier(tree: Tree, node: Node, what: str) -> str:
    """Returns an id. Raises: SpecError."""
    found = tree.text(node, what)
    if not is_named(found, "id"):
        raise tree.error(node, f"{what} is a-z, 0-9 and hyphens, found {found!r}")
    return found


def is_named(name: str, pattern: str) -> bool:
    """Says whether a name looks like one of keys.PATTERNS."""
    return re.fullmatch(keys.PATTERNS[pattern], name) is not None


def named(tree: Tree, entry: Field, what: str) -> str:
    """Returns a name that templates can refer to. Raises: SpecError."""
    if not is_named(entry.name, "name"):
        raise tree.error(entry.place, f"{what} is named in letters, digits and _: {entry.name!r}")
    return entry.name


def whole(tree: Tree, node: Node, what: str, span: Span) -> int:
    """Returns a whole number within bounds. Raises: SpecError."""
    found = tree.integer(node, what)
    if not span.least <= found <= span.most:
        raise tree.error(node, f"{what} is from {span.least} to {span.most}, found {found}")
    return found


def optional_text(tree: Tree, fields: Fields, name: str) -> str:
    """Returns a text, "" where it is not there."""
    return tree.text(fields[name].node, name) if name in fields else ""


def optional_flag(tree: Tree, fields: Fields, name: str) -> bool:
    """Returns a flag, false where it is not there."""
    return name in fields and tree.flag(fields[name].node, name)


def optional_words(
    tree: Tree, fields: Fields, name: str, among: Collection[str] | None = None
) -> tuple[str, ...]:
    """Returns a list of texts, none where it is not there."""
    return tree.words(fields[name].node, name, among) if name in fields else ()


def entries(tree: Tree, fields: Fields, name: str) -> Fields:
    """Returns a mapping's entries, none where it is not there."""
    return tree.fields(fields[name].node, name) if name in fields else {}


def seconds(tree: Tree, fields: Fields) -> float | None:
    """Returns the deadline, None where it is not there."""
    if "deadline" not in fields:
        return None
    found = tree.number(fields["deadline"].node, "deadline")
    if not found:
        raise tree.error(fields["deadline"].node, "a deadline is more than 0 seconds")
    return found


def files(tree: Tree, fields: Fields, around: Surroundings) -> dict[str, bytes]:
    """Returns files by their names in the working folder."""
    found = {}
    for name, entry in entries(tree, fields, "files").items():
        if not stays_inside(name):
            raise tree.error(entry.place, f"a file lies in the working folder, found {name!r}")
        read = payload(tree, entry.node, f"file {name}", around)
        if read.open or read.references:
            raise tree.error(entry.node, f"file {name} has holes or references")
        found[name] = read.produce({})
    return found


def folders(tree: Tree, fields: Fields) -> tuple[str, ...]:
    """Returns the names of folders in the working folder."""
    found = optional_words(tree, fields, "folders")
    for name in found:
        if not stays_inside(name):
            node = fields["folders"].node
            raise tree.error(node, f"a folder lies in the working folder, found {name!r}")
    return found


def stays_inside(name: str) -> bool:
    """Says whether a name leads to something in the working folder."""
    parts = name.split("/")
    return all(part not in ("", ".", "..") for part in parts) and "\0" not in name
