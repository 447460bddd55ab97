"""Every case that ships, played against its own peer: no target, no socket."""

from datetime import UTC, datetime

import pytest
from talk import Talk, plans

from harness import library
from harness.exchange.delivery import deliveries_of
from harness.spec.model import Role
from harness.verdict import Verdict

_NOW = datetime(2001, 7, 15, 12, 0, tzinfo=UTC).timestamp()  # what the time suites' examples tell
_DATE = {"day": "15", "month": "JUL", "minute": "20"}  # of the daytime suites' examples, in 1999
_THEN = datetime(1999, 7, 15, 12, 20, 21, tzinfo=UTC).timestamp()
SUITES = {name: library.suite(name) for name in library.shipped()}


def rows():
    for name, suite in SUITES.items():
        for case in suite.cases:
            for role in Role:
                if role in case.roles:
                    for delivery in deliveries_of(suite, case, role):
                        yield pytest.param(
                            suite, case, role, delivery, id=f"{name}-{case.id}-{role}-{delivery}"
                        )


@pytest.mark.parametrize(("suite", "case", "role", "delivery"), list(rows()))
def test_passes_against_its_own_peer(suite, case, role, delivery):
    dated = "month" in suite.parameters
    tested, peer = plans(suite, case, role, delivery, **(_DATE if dated else {}))
    talk = Talk(tested, peer, clock=_THEN if dated else _NOW)
    play = talk.run()
    assert play.finding.verdict is Verdict.PASS, play.finding
    assert talk.peer.play.finding.verdict is Verdict.PASS, talk.peer.play.finding
