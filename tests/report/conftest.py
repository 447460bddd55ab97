"""Outcomes to report on, made without a target."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from upper import CASE, EVENT, SUITE

from harness.exchange.plan import Plan
from harness.runner.outcome import Entry, Kind, Outcome
from harness.spec.model import Case, Delivery, Role, Suite
from harness.verdict import Comparison, Fault, Finding, Verdict
from harness.wire.framing import LINE

DIFFERS = Finding(
    Verdict.FAIL,
    "the answer differs",
    Fault.TARGET,
    EVENT,
    Comparison("HELLO\\n", b"HELLO\n", b"HELlO\n", 3),
    "bytes",
)
SAID = (
    Entry(0.0, Kind.OPEN, True, "client"),
    Entry(0.0004, Kind.BYTES, True, "client", b"hello\n"),
    Entry(0.0021, Kind.BYTES, False, "client", b"HELlO\n"),
)

Make = Callable[..., Outcome]


@pytest.fixture
def make() -> Make:
    def made(
        finding: Finding = DIFFERS,
        transcript: Sequence[Entry] = SAID,
        delivery: Delivery = Delivery.WHOLE,
        role: Role = Role.SERVER,
        case: Case = CASE,
        suite: Suite = SUITE,
        **more: object,
    ) -> Outcome:
        plan = Plan(suite, case, role, delivery, 7, LINE, ())
        return replace(Outcome("my_server.py", plan, finding, tuple(transcript)), **more)

    return made
