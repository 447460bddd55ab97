"""Reading: from a template's text to its parts.

Belongs here: braces, types, bounds, and what is told where they are wrong. Must not know:
YAML, how a template is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.wire.parts import (
    DEFAULT_BOUNDS,
    FILTERS,
    TYPES,
    Hole,
    Literal,
    Part,
    Reference,
    TemplateError,
    merged,
)
from harness.wire.template import Template, literal

_FIELD = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:([:|])(.*))?", re.DOTALL)
_TYPE = re.compile(r"([a-z]+)(?:\((.*)\))?", re.DOTALL)
_BOUNDS = re.compile(r"([0-9]+)(?:\.\.([0-9]+))?")


def parse(text: str) -> Template:
    """Reads a template's text. Raises: TemplateError."""
    if "{" not in text and "}" not in text:  # as most
        return literal(text.encode()) if text else Template(())
    return Template(tuple(merged(_parts(text))))


def _parts(text: str) -> Iterator[Part]:
    at = 0
    for found in re.finditer(r"\{\{|\}\}|\{([^{}]*)\}|[{}]", text):
        yield Literal(text[at : found.start()].encode())
        at = found.end()
        if found.group() in ("{{", "}}"):
            yield Literal(found.group()[0].encode())
        elif found.group(1) is None:
            brace = found.group()
            raise TemplateError(
                f"a single {brace!r}: a literal brace is written {brace * 2!r}", found.start()
            )
        else:
            yield _field(found.group(1), found.start())
    yield Literal(text[at:].encode())


def _field(inside: str, offset: int) -> Part:
    found = _FIELD.fullmatch(inside)
    if not found:
        wanted = "{name}, {name|filter} or {name:type}"
        raise TemplateError(f"found {{{inside}}}, wanted {wanted}", offset)
    name, mark, rest = found.groups()
    if mark == ":":
        return _hole(None if name == "_" else name, rest, offset)
    if mark == "|" and rest not in FILTERS:
        raise TemplateError(f"unknown filter {rest!r}, wanted one of {', '.join(FILTERS)}", offset)
    return Reference(name, rest or "")


def _hole(name: str | None, text: str, offset: int) -> Hole:
    found = _TYPE.fullmatch(text)
    if not found or found.group(1) not in TYPES:
        raise TemplateError(f"unknown type {text!r}, wanted one of {', '.join(TYPES)}", offset)
    kind, inside = found.groups()
    if kind == "one":
        words = tuple((inside or "").split())
        if not words:
            raise TemplateError("one() wants its words, as in one(OK NOK)", offset)
        return Hole(name, kind, words=words)
    if kind == "like":
        return Hole(name, kind, expression=_expression(inside or "", offset))
    return _bounded(name, kind, inside, offset)


def _expression(inside: str, offset: int) -> str:
    if not inside:
        raise TemplateError("like() wants a regular expression", offset)
    try:
        compiled = re.compile(f"(?:{inside})".encode())
    except (re.error, OverflowError) as exc:
        raise TemplateError(f"like({inside}) is no regular expression: {exc}", offset) from exc
    if compiled.groups:  # names and numbers of groups are the template's own
        raise TemplateError(f"like({inside}) has a group: write (?:...) for (...)", offset)
    return inside


def _bounded(name: str | None, kind: str, inside: str | None, offset: int) -> Hole:
    low, high = DEFAULT_BOUNDS.get(kind, (0, None))
    if inside is None:
        if kind in ("digits", "letters", "alnum", "bytes"):
            raise TemplateError(f"{kind} wants how many, as in {kind}(1..9)", offset)
        return Hole(name, kind, low, high)
    found = _BOUNDS.fullmatch(inside)
    if found and kind != "rest":
        low, high = int(found.group(1)), int(found.group(2) or found.group(1))
        if low <= high:
            return Hole(name, kind, low, high)
    if kind == "bytes" and _FIELD.fullmatch(inside):
        return Hole(name, kind, size=inside)
    raise TemplateError(f"found {kind}({inside}), wanted bounds as in {kind}(1..9)", offset)
