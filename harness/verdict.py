"""Verdicts, ordered, and the findings that carry them.

Belongs here: the words in which every judgement is told. Must not know: how a
judgement is reached. Combining takes the worst; the first reason of the worst stays.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from harness.errors import Place


class Verdict(enum.IntEnum):
    """From best to worst, so that `max` combines."""

    PASS = 0
    WARN = 1  # a `should` was not met
    UNSUPPORTED = 2  # optional and not claimed, or the machine cannot
    INCONCLUSIVE = 3  # nobody's fault that is known: never costs a mark
    BLOCKED = 4  # what the case rests on failed: build, start, probe, set-up
    FAIL = 5  # a `must` was broken
    ERROR = 6  # spec or harness: never a student's loss

    @property
    def is_fine(self) -> bool:
        """Says whether nothing is wrong that anybody has to look at."""
        return self <= Verdict.UNSUPPORTED

    def __str__(self) -> str:
        return self.name.lower()


class Fault(enum.Enum):
    """Whose fault a finding is."""

    NOBODY = "nobody"
    TARGET = "target"
    SPEC = "spec"
    HARNESS = "harness"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Expected against actual.

    `wanted` is in words or a template's text; `expected` are its bytes where they are
    known, else None. `actual` is what came (None: nothing came). `offset` is the number
    of leading bytes that agree; the byte there is the first that cannot match. None: it is
    not its bytes that are wrong.
    """

    wanted: str
    expected: bytes | None
    actual: bytes | None
    offset: int | None = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement with its reason.

    `place` is the event in the spec. `decided_by` says what ended the wait: "bytes",
    "end" (connection closed), "exit", "rest" (the target was proven to wait for more),
    "deadline", "file" (found where none may be), or "" where nothing was waited for.
    `evidence` is the raw ground of it.
    """

    verdict: Verdict
    reason: str = ""
    fault: Fault = Fault.NOBODY
    place: Place | None = None
    comparison: Comparison | None = None
    decided_by: str = ""
    evidence: str = ""


PASSED = Finding(Verdict.PASS)


def worst(findings: Iterable[Finding]) -> Finding:
    """Returns the first of the worst; a pass where there are none."""
    return max(findings, key=lambda each: each.verdict, default=PASSED)
