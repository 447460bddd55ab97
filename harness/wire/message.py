"""What a message is to the rest of the harness: something to produce, and to judge bytes by.

Belongs here: the contract between exchanges and payloads, and its three answers. Must
not know: how a payload is written in YAML, what a socket is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from harness.wire.framing import Framing

Scope = Mapping[str, bytes]
"""Values by name: parameters and what was captured so far."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The first `length` bytes are the message; `captures` are the named holes' bytes."""

    length: int
    captures: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class More:
    """All that came agrees so far, and more must come.

    Nothing matches before a byte of `ends` has come (b"": any may do) and `size` bytes are here.
    """

    ends: bytes = field(default=b"", compare=False)
    size: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """No continuation can match any more: the first `offset` bytes agree, the next does not.

    `offset == len(data)` means that the message ended too early. `why` says in words what
    is wrong where a byte comparison does not ("12 is not from 1 to 6").
    """

    offset: int
    why: str = ""


Judged = Matched | More | Mismatch


class Judge(Protocol):
    """A message whose references are resolved: made once, asked for every arrival."""

    expected: bytes | None
    """The exact bytes, where they are known."""

    def judge(self, data: bytes, ended: bool) -> Judged:
        """Judges the bytes from the message's beginning on.

        `ended` says that no more will come: a datagram is whole, a stream was closed.
        In a stream, bytes behind the message belong to the next one.
        """
        ...

    def find(self, data: bytes) -> tuple[int, int] | None:
        """Returns where the message first stands in the bytes, as start and end."""
        ...


@runtime_checkable
class Dissecting(Protocol):
    """A message that can tell the fields of any bytes by name."""

    def dissected(self, data: bytes) -> str:
        """Returns the fields on one line, as far as the bytes have them."""
        ...


class Message(Protocol):
    """A payload as a spec states it, frozen."""

    @property
    def captures(self) -> frozenset[str]:
        """Names that it binds."""
        ...

    @property
    def references(self) -> frozenset[str]:
        """Names that must be bound before."""
        ...

    @property
    def open(self) -> bool:
        """Says that its bytes are not all known: it cannot be produced without an example."""
        ...

    @property
    def vacuous(self) -> bool:
        """Says that it matches any bytes whatever."""
        ...

    def produce(self, scope: Scope) -> bytes:
        """Returns the bytes. Raises: HarnessError where a hole is open or a name unbound."""
        ...

    def bind(self, scope: Scope, framing: Framing) -> Judge:
        """Resolves references and returns what judges arrivals."""
        ...

    def describe(self) -> str:
        """Returns the message as the spec's author wrote it, on one line."""
        ...
