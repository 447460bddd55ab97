"""Silences: what did not come in a play, and which evidence says so.

Belongs here: silences that a later answer is to prove, and all that were proven, by which of
three: the *sentinel* (what followed was answered, and nothing before it), *rest* (the target
was proven to wait for more), the *deadline*. Must not know: what follows from them, how a
target is looked into.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import Place
from harness.exchange.action import Expired, Rested
from harness.exchange.plan import AnyStep, Connection, Expect


@dataclass(frozen=True, slots=True)
class Silence:
    """One wait in which nothing came.

    `place` is the event in the spec, the last one where nothing `more` had to come. `decided_by`:
    "sentinel", "rest" or "deadline"; `evidence` in words, `raw` line by line: threads, the
    calls they wait in, counters.
    """

    place: Place | None
    more: bool
    decided_by: str
    evidence: str
    raw: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = "nothing more" if self.more else "nothing"
        told = f"{self.place or 'the end'}: {what}, by {self.decided_by}: {self.evidence}"
        return "; ".join((told, *self.raw))


class Silences:
    """Those of one play. `deferred` wait for a sentinel, by connection; `proven` are told."""

    def __init__(self) -> None:
        self.deferred: dict[Connection, Expect] = {}
        self.proven: list[Silence] = []

    def defer(self, step: Expect) -> None:
        """Leaves it to the next answer on its connection whether it was silent here."""
        self.deferred[step.connection] = step

    def forget(self, connection: Connection) -> None:
        """Expects no sentinel on a connection that begins anew."""
        self.deferred.pop(connection, None)

    def answered(self, by: Expect) -> None:
        """Takes in the answer that is the proof."""
        step = self.deferred.pop(by.connection, None)
        if step is not None:
            evidence = f"the answer of line {by.place.line} came, and nothing before it"
            self.proven.append(Silence(step.place, False, "sentinel", evidence))

    def waited(self, step: AnyStep | None, last: AnyStep | None, signal: Rested | Expired) -> None:
        """Takes in that nothing came at a step, or after the `last` one where that is None."""
        decided = "rest" if isinstance(signal, Rested) else "deadline"
        where = step or last
        place = where.place if where is not None else None
        self.proven.append(Silence(place, step is None, decided, signal.evidence, signal.raw))
