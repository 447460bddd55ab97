"""What lint says, and an exchange as lint looks at it.

Belongs here: the two shapes that every look shares. Must not know: what is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import Place
from harness.spec.model import Event, Role, Suite


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that proves nothing, with its place; `hint` says what to do about it."""

    place: Place
    message: str
    hint: str = ""

    def __str__(self) -> str:
        told = f"{self.place.file}:{self.place.line}:{self.place.column}: {self.message}"
        return f"{told}\n    {self.hint}" if self.hint else told


@dataclass(frozen=True, slots=True)
class Exchange:
    """The probe's or a case's exchange, with the roles that targets play in it."""

    suite: Suite
    events: tuple[Event, ...]
    roles: tuple[Role, ...]
    place: Place

    def of(self, role: Role) -> Iterator[Event]:
        """Yields what the target does where it plays this role."""
        return (event for event in self.events if event.by is role)


def exchanges(suite: Suite) -> Iterator[Exchange]:
    """Yields the probe and the cases' exchanges."""
    yield Exchange(suite, suite.probe, suite.roles, suite.probe[0].place)
    for case in suite.cases:
        yield Exchange(suite, case.exchange, case.roles, case.place)
