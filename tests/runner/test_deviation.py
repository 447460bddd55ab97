"""Known deviations: which outcomes are no news, and which are."""

from pathlib import Path

import pytest

from harness import library
from harness.errors import Place
from harness.exchange.plan import Plan
from harness.runner.deviation import held_against
from harness.runner.outcome import Outcome
from harness.spec.model import Delivery, Role
from harness.target.manifest import Known
from harness.verdict import PASSED, Fault, Finding, Verdict
from harness.wire.framing import LINE

SUITE = library.suite(str(Path(__file__).parents[2] / "specs" / "uppercase-tcp.yaml"))
CASE = next(case for case in SUITE.cases if case.id == "silent-client")
WHY = "It serves one client at a time."
FAILS = Finding(Verdict.FAIL, "the server did not answer: it waits", Fault.TARGET, CASE.place)
WARNS = Finding(Verdict.WARN, "the server did not answer: it waits", Fault.TARGET, CASE.place)
BLOCKED = Finding(Verdict.BLOCKED, "the probe fails", Fault.TARGET, CASE.place)
CRASHES = Finding(Verdict.FAIL, "the server crashed: SIGSEGV", Fault.TARGET, CASE.place)


def known(case="silent-*", delivery="*", verdict="fail", reason="did not answer", sometimes=False):
    place = Place("target.yaml", 9)
    return Known(case, delivery, Verdict[verdict.upper()], reason, WHY, sometimes, place)


def held(finding, *entries, broken_by=""):
    plan = Plan(SUITE, CASE, Role.SERVER, Delivery.WHOLE, 1, LINE, ())
    return held_against(Outcome("x", plan, finding, broken_by=broken_by), entries)


@pytest.mark.parametrize(
    ("finding", "entry"),
    [
        (FAILS, known()),
        (FAILS, known(case="*", delivery="whole")),
        (FAILS, known(sometimes=True)),
        (WARNS, known(verdict="warn")),
        (BLOCKED, known(verdict="blocked", reason="the probe fails")),
    ],
    ids=["fail", "by-delivery", "sometimes", "warn", "blocked"],
)
def test_what_is_known_is_no_news(finding, entry):
    outcome = held(finding, entry)
    assert outcome.known == WHY
    assert outcome.finding == finding


@pytest.mark.parametrize(
    ("finding", "entry"),
    [
        (CRASHES, known()),
        (FAILS, known(verdict="warn")),
        (FAILS, known(case="half-*")),
        (FAILS, known(delivery="split")),
        (BLOCKED, known()),
        (BLOCKED, known(sometimes=True)),
    ],
    ids=["reason", "verdict", "case", "delivery", "blocked", "blocked-sometimes"],
)
def test_what_is_not_known_stands(finding, entry):
    outcome = held(finding, entry)
    assert not outcome.known
    assert outcome.finding == finding


def test_one_that_is_gone_fails_at_its_entry():
    finding = held(PASSED, known()).finding
    assert (finding.verdict, finding.fault) == (Verdict.FAIL, Fault.NOBODY)
    assert finding.reason == f"a known deviation is gone: {WHY}; take it out of the manifest"
    assert finding.place == Place("target.yaml", 9)


def test_a_milder_one_fails_too():
    finding = held(WARNS, known()).finding
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == f"another deviation than the known one: {WARNS.reason}"


def test_passing_is_no_news_of_what_comes_sometimes():
    assert held(PASSED, known(sometimes=True)).finding == PASSED


def test_what_comes_sometimes_may_pass_when_played_again():
    assert held(WARNS, known(sometimes=True), broken_by="capitals").known == WHY
    assert not held(WARNS, known(), broken_by="capitals").known
    assert not held(WARNS, known(sometimes=True)).known


def test_several_entries_speak_of_one_case():
    assert held(CRASHES, known(), known(reason="SIGSEGV")).known == WHY
    assert held(PASSED, known(sometimes=True), known()).verdict is Verdict.FAIL


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED, Verdict.ERROR])
def test_what_is_not_the_targets_stands(verdict):
    finding = Finding(verdict, "the machine did not answer", Fault.MACHINE, CASE.place)
    assert held(finding, known(), known(sometimes=True)).finding == finding
    assert not held(finding, known()).known
