"""Outcomes to report on, made without a target."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from harness.errors import Place
from harness.exchange.plan import Plan
from harness.runner.outcome import Entry, Kind, Outcome
from harness.spec.model import Case, Delivery, Level, Requirement, Role, Suite, Transport
from harness.verdict import Comparison, Fault, Finding, Verdict
from harness.wire.framing import LINE

EVENT = Place("specs/upper.yaml", 24, 9)
CASE = Case(
    id="capitals",
    purpose="A line comes back in capitals.",
    verifies=("UPPER-1", "STREAM-1"),
    points=2,
    roles=(Role.SERVER,),
    clients=("client",),
    exchange=(),
    place=Place("specs/upper.yaml", 20),
)
SUITE = Suite(
    id="upper",
    title="Uppercase",
    reference="Kurose and Ross",
    roles=(Role.SERVER,),
    transports=(Transport.TCP,),
    framing=LINE,
    launches={},
    parameters={},
    requirements={
        "UPPER-1": Requirement(
            "UPPER-1", Level.MUST, "Each line comes back in capitals.", "2.7.2", "", EVENT
        ),
        "STREAM-1": Requirement(
            "STREAM-1", Level.SHOULD, "A request may come in pieces.", "", "Read on.", EVENT
        ),
    },
    probe=(),
    cases=(CASE,),
    path="specs/upper.yaml",
)
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
