"""Tampering: one change to what a peer puts out, where only one thing is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.exchange.plan import (
    AnyStep,
    Close,
    Connection,
    Expect,
    Open,
    Plan,
    Release,
    Restart,
    Send,
)
from harness.spec.model import Origin, Says, Silent
from harness.wire.framing import DATAGRAM

CHANGES = ("changed", "dropped", "added", "lost", "doubled")


@dataclass
class Change:
    """Changes the send of this number: a byte of it at `at`, or all of it."""

    kind: str
    send: int
    at: int
    byte: int = 0x5A

    def __call__(self, connection: Connection, pieces: tuple[bytes, ...]) -> tuple[bytes, ...]:
        self.send -= 1
        if self.send != -1:
            return pieces
        if self.kind in ("lost", "doubled"):
            return pieces * (2 if self.kind == "doubled" else 0)
        return tuple(self._each(pieces))

    def _each(self, pieces: tuple[bytes, ...]) -> Iterator[bytes]:
        at = self.at % max(1, sum(map(len, pieces)))
        for piece in pieces:
            inside = 0 <= at < max(1, len(piece))
            yield self._tampered(piece, at) if inside else piece
            at -= max(1, len(piece)) if inside else len(piece)

    def _tampered(self, piece: bytes, at: int) -> bytes:
        if self.kind == "added" or not piece:
            return piece[:at] + bytes([self.byte]) + piece[at:]
        new = bytes([self.byte if piece[at] != self.byte else self.byte ^ 1])
        return piece[:at] + (new if self.kind == "changed" else b"") + piece[at + 1 :]


def exact(tested: Plan, peer: Plan, kind: str) -> list[int]:
    """Returns the numbers of the peer's sends of which no byte may be otherwise."""
    spoken = [s for s in peer.steps if isinstance(s, Send) and _own(s)]
    return [
        at
        for at, step in enumerate(spoken)
        if _only_one(tested, step)
        and not (kind in ("added", "doubled") and _cut_off(tested, step))
        and not (kind == "doubled" and _is_resent(tested))
    ]


def _is_resent(tested: Plan) -> bool:
    """Says whether time goes by in it, and what comes again after a time is right."""
    said = [
        choice.act
        for step in tested.steps
        for choice in (step.choices if isinstance(step, Expect) else ())
        if isinstance(choice.act, Says)
    ]
    return any(each.again for each in said) and any(each.not_before for each in said)


def _own(step: Send) -> bool:
    return step.says[0].origin is not Origin.STRANGER


def _cut_off(tested: Plan, spoken: Send) -> bool:
    """Says whether more may come: the tester ends the connection, looks away, or allows it."""
    at = next(i for i, step in enumerate(tested.steps) if step.place == spoken.place)
    behind = tested.steps[at + 1 :]
    if any(_lets_more_come(step) and step.connection == spoken.connection for step in behind):
        return True
    for step in behind:
        if isinstance(step, Restart):
            return True
        if isinstance(step, Open | Close | Expect) and step.connection == spoken.connection:
            return not isinstance(step, Expect)
    return False


def _lets_more_come(step: AnyStep) -> bool:
    if isinstance(step, Expect):
        return len(step.choices) > 1 and any(isinstance(c.act, Silent) for c in step.choices)
    return isinstance(step, Release)


def _only_one(tested: Plan, spoken: Send) -> bool:
    for step in tested.steps:
        if isinstance(step, Release) and step.connection == spoken.connection:
            return False
        if isinstance(step, Expect) and step.place == spoken.place:
            acts = [choice.act for choice in step.choices]
            return len(acts) == 1 and isinstance(acts[0], Says) and _is_known(acts[0], tested)
    return False


def _is_known(says: Says, tested: Plan) -> bool:
    """Says whether all bytes are known, be it once what it refers to is captured."""
    known = {**dict.fromkeys(says.message.references, b"1"), **tested.scope}
    return says.message.bind(known, DATAGRAM).expected is not None
