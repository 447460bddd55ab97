"""A small suite that outcomes are made of."""

from harness.errors import Place
from harness.spec.model import Case, Level, Requirement, Role, Suite, Transport
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
