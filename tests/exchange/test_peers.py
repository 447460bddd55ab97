"""Every case that ships, played against its own peer: no target, no socket."""

import random
from datetime import UTC, datetime

import pytest
from talk import Talk, plans
from tamper import CHANGES, Change, exact

from harness import library
from harness.exchange.delivery import deliveries_of
from harness.verdict import Verdict

_NOW = datetime(2001, 7, 15, 12, 0, tzinfo=UTC).timestamp()  # what the time suites' examples tell
_DATE = {"day": "15", "month": "JUL", "minute": "20"}  # of the daytime suites' examples, in 1999
_THEN = datetime(1999, 7, 15, 12, 20, 21, tzinfo=UTC).timestamp()
MOST = 8  # messages of a case that are changed in each way: those of fifty clients are alike
SUITES = {name: library.suite(name) for name in library.shipped()}


def rows():
    for name, suite in SUITES.items():
        for case in suite.cases:
            for role in case.roles:
                yield pytest.param(suite, case, role, id=f"{name}-{case.id}-{role}")


def a_talk(suite, case, role, delivery, tamper=None):
    dated = "month" in suite.parameters
    tested, peer = plans(suite, case, role, delivery, **(_DATE if dated else {}))
    return Talk(tested, peer, _THEN if dated else _NOW, tamper)


@pytest.mark.parametrize(("suite", "case", "role"), list(rows()))
def test_passes_against_its_own_peer_however_its_bytes_are_delivered(suite, case, role):
    for delivery in deliveries_of(suite, case, role):
        talk = a_talk(suite, case, role, delivery)
        play = talk.run()
        assert play.finding.verdict is Verdict.PASS, (delivery, play.finding)
        assert talk.peer.play.finding.verdict is Verdict.PASS, (delivery, talk.peer.play.finding)


@pytest.mark.parametrize(("suite", "case", "role"), list(rows()))
def test_no_byte_can_be_otherwise_where_one_answer_is_right(suite, case, role):
    rng, delivery = random.Random(case.id), deliveries_of(suite, case, role)[0]
    tested, peer = plans(suite, case, role, delivery)
    for kind in CHANGES:
        sends = exact(tested, peer, kind)
        for send in rng.sample(sends, min(len(sends), MOST)):
            change = Change(kind, send, rng.randrange(1 << 16), rng.randrange(256))
            play = a_talk(suite, case, role, delivery, change).run()
            assert play.finding.verdict in (Verdict.FAIL, Verdict.BLOCKED), change
