"""Surroundings: what payloads may refer to.

Belongs here: files, layouts and values that a spec brings. Must not know: how bytes are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from harness.errors import Place
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
