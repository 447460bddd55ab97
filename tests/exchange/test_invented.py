"""Any plan that makes sense passes against its own peer, and no byte of it can be otherwise."""

from hypothesis import given, settings
from hypothesis import strategies as st
from invented import suites
from talk import Talk, plans

from harness.exchange.delivery import deliveries_of
from harness.spec.model import Role
from harness.verdict import Verdict

FEW = settings(max_examples=150, derandomize=True, deadline=None)


@FEW
@given(suites(), st.sampled_from(Role), st.data())
def test_any_exchange_passes_against_its_own_peer(suite, role, data):
    (case,) = suite.cases
    delivery = data.draw(st.sampled_from(deliveries_of(suite, case, role)))
    talk = Talk(*plans(suite, case, role, delivery))
    play = talk.run()
    assert play.finding.verdict is Verdict.PASS, play.finding
    assert talk.peer.play.finding.verdict is Verdict.PASS, talk.peer.play.finding
