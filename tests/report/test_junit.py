"""What JUnit is told."""

import pytest

from harness.errors import Place
from harness.exchange.silence import Silence
from harness.report.junit import is_error, properties
from harness.verdict import Finding, Verdict


def test_properties_name_requirements_and_verdict(make):
    found = properties(make(properties={"network": "host", "hint": ""}))
    assert ("verdict", "fail") in found
    assert [value for name, value in found if name == "requirement"] == ["UPPER-1", "STREAM-1"]
    assert [value for name, value in found if name == "level"] == ["must", "should"]
    assert ("event", "specs/upper.yaml:24") in found
    assert ("network", "host") in found
    assert "hint" not in dict(found)


def test_a_pass_has_no_fault(make):
    assert "fault" not in dict(properties(make(Finding(Verdict.PASS))))


def test_whatever_rests_on_silence_says_who_decided(make):
    finding = Finding(Verdict.FAIL, "no answer", decided_by="rest", evidence="it waits in read")
    silence = Silence(Place("specs/upper.yaml", 24), True, "rest", "it waits", ("thread 7: read",))
    found = properties(make(finding, silences=(silence, silence)))
    assert ("decided_by", "rest") in found
    assert ("evidence", "it waits in read") in found
    told = "specs/upper.yaml:24: nothing more, by rest: it waits; thread 7: read"
    assert [value for name, value in found if name == "silence"] == [told, told]


def test_a_known_deviation_says_why(make):
    assert ("known", "xinetd does so") in properties(make(known="xinetd does so"))


@pytest.mark.parametrize(
    ("verdict", "error"),
    [(each, each in (Verdict.INCONCLUSIVE, Verdict.ERROR)) for each in Verdict],
    ids=str,
)
def test_only_what_says_nothing_of_the_target_is_an_error(verdict, error):
    assert is_error(verdict) is error
