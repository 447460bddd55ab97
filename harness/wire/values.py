"""Values: what a message of a layout says of its fields.

Belongs here: the frozen data, how it is told on one line. Must not know: scapy, how bytes
are produced or judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import HarnessError
from harness.wire.layout import Layout
from harness.wire.parts import FILTERS
from harness.wire.template import Template


@dataclass(frozen=True, slots=True)
class Given:
    """Some fields of a packet. A name may have a filter behind a bar, as in `qname|lower`."""

    layout: Layout
    values: tuple[tuple[str, Value], ...]

    def __post_init__(self) -> None:
        for key, _ in self.values:
            name, how = split(key)
            if name not in self.layout.names:
                known = ", ".join(self.layout.names)
                raise HarnessError(
                    f"layout {self.layout.name} has no field {name!r} (it has {known})"
                )
            if how and how not in FILTERS:
                raise HarnessError(f"unknown filter {how!r}, known: {', '.join(FILTERS)}")

    @property
    def templates(self) -> Iterator[Template]:
        """Yields its templates, those of packets within it too."""
        for _, value in self.values:
            if isinstance(value, Template):
                yield value
            elif isinstance(value, Packets):
                for each in (*value.wanted, *value.lacks):
                    yield from each.templates

    def describe(self) -> str:
        """Returns layout and fields on one line."""
        shown = (
            f"{name}={value if isinstance(value, int) else value.describe()}"
            for name, value in self.values
        )
        return f"{self.layout.name}({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets in a field: `wanted` in this order or in any, with `others` beside them or not.

    Of `lacks` there must be none.
    """

    wanted: tuple[Given, ...]
    ordered: bool = True
    others: bool = False
    lacks: tuple[Given, ...] = ()

    def describe(self) -> str:
        """Returns them on one line, as a spec writes them."""
        listed = f"[{', '.join(each.describe() for each in self.wanted)}]"
        if self.ordered:
            return listed
        if not self.others:
            return f"{{any_order: {listed}}}"
        parts = [f"holds: {listed}"] if self.wanted else []
        parts += [f"lacks: [{', '.join(each.describe() for each in self.lacks)}]"][
            : len(self.lacks)
        ]
        return f"{{{', '.join(parts)}}}"


Value = int | Template | Packets


def split(key: str) -> tuple[str, str]:
    """Returns a field's name and the filter behind it, "" where there is none."""
    name, _, how = key.partition("|")
    return name, how
