"""Any plan that makes sense passes against its own peer, and no byte of it can be otherwise."""

from hypothesis import assume, given, note, settings
from hypothesis import strategies as st
from invented import suites, told
from talk import Talk, plans
from tamper import CHANGES, Change, exact

from harness.exchange.delivery import deliveries_of
from harness.spec.model import Delivery, Role
from harness.verdict import Verdict

FEW = settings(max_examples=100, derandomize=True, deadline=None)


@FEW
@given(suites(), st.sampled_from(Role), st.data())
def test_any_exchange_passes_against_its_own_peer(suite, role, data):
    (case,) = suite.cases
    delivery = data.draw(st.sampled_from(deliveries_of(suite, case, role)))
    note(f"{told(suite)} as {role}, {delivery}")
    talk = Talk(*plans(suite, case, role, delivery))
    play = talk.run()
    assert play.finding.verdict is Verdict.PASS, play.finding
    assert talk.peer.play.finding.verdict is Verdict.PASS, talk.peer.play.finding


@FEW
@given(suites(), st.sampled_from(Role), st.sampled_from(CHANGES), st.data())
def test_no_byte_can_be_otherwise_where_one_answer_is_right(suite, role, kind, data):
    (case,) = suite.cases
    delivery = data.draw(st.sampled_from(deliveries_of(suite, case, role)))
    tested, peer = plans(suite, case, role, delivery)
    note(f"{told(suite)} as {role}, {delivery}")
    sends = exact(tested, peer, kind)
    assume(sends and not (delivery is Delivery.REPEATED and kind in ("lost", "doubled")))
    at, byte = data.draw(st.integers(0, 40)), data.draw(st.integers(0, 255))
    change = Change(kind, data.draw(st.sampled_from(sends)), at, byte)
    play = Talk(tested, peer, tamper=change).run()
    assert play.finding.verdict in (Verdict.FAIL, Verdict.BLOCKED)
