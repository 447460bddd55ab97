"""Templates: texts with references and typed holes, to produce bytes and to judge them by.

Belongs here: a template as a message, and templates made from others. Must not know: how one
is written (harness.wire.reading), how arrivals are judged (harness.wire.judging).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.errors import HarnessError
from harness.wire.framing import Framing, FramingKind
from harness.wire.judging import ExactJudge, pattern
from harness.wire.message import Judge, Scope
from harness.wire.parts import (
    Hole,
    Literal,
    Part,
    Reference,
    TemplateError,
    described,
    filtered,
    merged,
    number,
    resolved,
    takes_anything,
    value_of,
)


@dataclass(frozen=True, slots=True)
class Template:
    """A message of literals, references and holes; equal parts make equal templates."""

    parts: tuple[Part, ...]

    @property
    def captures(self) -> frozenset[str]:
        """Names that its holes bind."""
        return frozenset(p.name for p in self.parts if isinstance(p, Hole) and p.name)

    @property
    def references(self) -> frozenset[str]:
        """Names that must be bound before; those of its own earlier holes are not among them."""
        found, own = set(), set()
        for part in self.parts:
            if isinstance(part, Reference) and part.name not in own:
                found.add(part.name)
            elif isinstance(part, Hole):
                if part.size and part.size not in own:
                    found.add(part.size)
                own.add(part.name)
        return frozenset(found)

    @property
    def open(self) -> bool:
        """Says whether it has holes."""
        return any(isinstance(part, Hole) for part in self.parts)

    @property
    def vacuous(self) -> bool:
        """Says whether it matches any bytes whatever."""
        return bool(self.parts) and all(takes_anything(part) for part in self.parts)

    def produce(self, scope: Scope) -> bytes:
        """Returns the bytes. Raises: HarnessError where a hole is open or a name unbound."""
        return b"".join(self._produced(part, scope) for part in self.parts)

    def _produced(self, part: Part, scope: Scope) -> bytes:
        if isinstance(part, Literal):
            return part.data
        if isinstance(part, Hole):
            raise HarnessError(f"{self.describe()} has a hole and no example: {part}")
        return value_of(part, scope)

    def bind(self, scope: Scope, framing: Framing) -> Judge:
        """Resolves references and returns what judges arrivals."""
        parts = tuple(resolved(self.parts, scope))
        if not parts or (len(parts) == 1 and isinstance(parts[0], Literal)):
            data = parts[0].data if parts and isinstance(parts[0], Literal) else b""
            return ExactJudge(data, framing.kind is FramingKind.DATAGRAM)
        return pattern(parts, framing)

    def describe(self) -> str:
        """Returns the text of the template."""
        return "".join(described(part) for part in self.parts)


# -- making ------------------------------------------------------------------------------


def literal(data: bytes) -> Template:
    """Returns a template of these bytes."""
    return Template((Literal(data),))


def anything() -> Template:
    """Returns a template that matches whatever comes."""
    return Template((Hole(None, "rest"),))


def octets(low: int, high: int | None) -> Template:
    """Returns a template of any bytes, from `low` to `high` many (None: no bound)."""
    return Template((Hole(None, "bytes", low, high),))


def joined(templates: Sequence[Template]) -> Template:
    """Returns the templates one after the other."""
    return Template(tuple(merged(part for each in templates for part in each.parts)))


def repeated(template: Template, times: int) -> Template:
    """Returns a template so many times over."""
    return joined([template] * times)


def substituted(template: Template, values: Mapping[str, Template]) -> Template:
    """Returns the template with references replaced, as for a row or a fragment's argument.

    Raises: TemplateError where a filter, or a size, is asked of a value that is not constant.
    """
    if not values:
        return template
    return Template(tuple(merged(_substituted_parts(template, values))))


def _substituted_parts(template: Template, values: Mapping[str, Template]) -> Iterator[Part]:
    for part in template.parts:
        if isinstance(part, Reference) and part.name in values:
            value = values[part.name]
            yield from _through(value, part) if part.filter else value.parts
        elif isinstance(part, Hole) and part.size in values:
            yield _counted(values[part.size], part)
        else:
            yield part


def _through(value: Template, part: Reference) -> Iterator[Part]:
    """Yields what a value is through a filter, which references in it can take over."""
    passed_on = len(value.parts) == 1 or part.filter in ("upper", "lower")
    for each in value.parts if passed_on else ():
        if isinstance(each, Literal):
            yield Literal(filtered(each.data, part.filter))
        elif isinstance(each, Reference) and not each.filter:
            yield Reference(each.name, part.filter)
        else:
            raise _unknown(value, part.name, described(part))
    if not passed_on:
        yield Literal(filtered(_constant(value, part.name, described(part)), part.filter))


def _counted(value: Template, hole: Hole) -> Hole:
    only = value.parts[0] if len(value.parts) == 1 else None
    if isinstance(only, Reference) and not only.filter:
        return replace(hole, size=only.name)
    size = number(_constant(value, hole.size, "the number"), hole.size)
    return Hole(hole.name, hole.kind, size, size)


def _constant(value: Template, name: str, wanted: str) -> bytes:
    if any(not isinstance(part, Literal) for part in value.parts):
        raise _unknown(value, name, wanted)
    return value.produce({})


def _unknown(value: Template, name: str, wanted: str) -> TemplateError:
    message = f"{name} is {value.describe()}, whose value is not known here"
    return TemplateError(f"{message}: give {wanted} as a value of its own", 0)
