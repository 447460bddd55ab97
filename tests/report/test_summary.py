"""Scores and closing lines of many results."""

from dataclasses import replace

import execnet
import pytest

from harness.report.result import from_data, result_of
from harness.report.score import Score, score
from harness.report.summary import closing_lines, counts_line, points_line
from harness.spec.model import Delivery
from harness.verdict import Finding, Verdict


@pytest.fixture
def result(make):
    def made(verdict, case="capitals", delivery=Delivery.WHOLE, points=2, **more):
        outcome = make(Finding(verdict, "reason"), delivery=delivery)
        base = result_of(outcome, "pytest", "report")
        return replace(base, case=case, points=points, **more)

    return made


@pytest.mark.parametrize(
    ("verdict", "wanted"),
    [
        (Verdict.PASS, Score(2, 0, 2)),
        (Verdict.WARN, Score(2, 0, 2)),
        (Verdict.UNSUPPORTED, Score(0, 0, 0)),
        (Verdict.INCONCLUSIVE, Score(0, 2, 2)),
        (Verdict.BLOCKED, Score(0, 0, 2)),
        (Verdict.FAIL, Score(0, 0, 2)),
        (Verdict.ERROR, Score(0, 2, 2)),
    ],
    ids=lambda value: str(value) if isinstance(value, Verdict) else "",
)
def test_what_a_verdict_is_worth(result, verdict, wanted):
    assert score([result(verdict)]) == wanted


def test_deliveries_share_the_points_of_their_case(result):
    results = [
        result(Verdict.PASS),
        result(Verdict.FAIL, delivery=Delivery.SPLIT),
        result(Verdict.FAIL, delivery=Delivery.BYTEWISE),
        result(Verdict.UNSUPPORTED, delivery=Delivery.SLOW_READER),
        result(Verdict.PASS, case="other", points=1),
    ]
    assert score(results) == Score(pytest.approx(2 / 3 + 1, abs=1e-5), 0, 3)
    assert points_line(results) == "1.67 of 3"


def test_what_is_open_is_told(result):
    assert points_line([result(Verdict.INCONCLUSIVE)]) == "0 of 2; 2 open, nobody's fault"


def test_counts_go_from_best_to_worst(result):
    results = [
        result(Verdict.FAIL),
        result(Verdict.PASS),
        result(Verdict.PASS, case="b"),
        result(Verdict.FAIL, case="c", known="xinetd does so"),
    ]
    assert counts_line(results) == "2 passed, 1 failed, 1 known"


def test_a_broken_requirement_is_named_with_its_cases(result):
    results = [result(Verdict.FAIL, delivery=each) for each in list(Delivery)[:5]]
    results.append(result(Verdict.PASS, delivery=Delivery.PLAIN))
    told = " ".join(closing_lines(results, 80, colour=False).split())
    assert "UPPER-1 (must) in 5 of 6: Each line comes back in capitals." in told
    assert "capitals[whole], capitals[split], capitals[bytewise] and 2 more" in told


def test_a_warning_is_warned_of_and_breaks_nothing(result):
    results = [result(Verdict.WARN), result(Verdict.WARN, case="b", broken_by="a")]
    told = closing_lines(results, 80, colour=False)
    assert "warned    reason (capitals[whole])" in told
    assert "worn      1 case passes" in told
    assert "broken" not in told


def test_the_names_of_a_long_requirement_are_told_to_their_end(result):
    rules = (("LONG-1", "must", "word " * 60),)
    told = closing_lines([result(Verdict.FAIL, rules=rules)], 80, colour=False)
    assert "(capitals[whole])" in told


def test_what_is_known_breaks_nothing_anew(result):
    told = closing_lines([result(Verdict.FAIL, known="xinetd does so")], 80, colour=False)
    assert "broken" not in told
    assert "known     xinetd does so" in told


def test_each_target_has_its_own_paragraph_in_first_order(result):
    results = [result(Verdict.PASS, target=name) for name in ("b.py", "a.py", "b.py")]
    told = closing_lines(results, 80, colour=False)
    assert [line.split()[1] for line in told.splitlines() if "(server)" in line] == ["b.py", "a.py"]


def test_a_result_crosses_to_another_process(result):
    data = result(Verdict.FAIL).data()
    assert execnet.loads(execnet.dumps(data)) == data  # plain values, by which xdist sends it
    data["rules"] = [list(rule) for rule in data["rules"]]
    assert from_data(data) == result(Verdict.FAIL)


def test_how_often_a_server_had_to_be_started_anew_is_told(result):
    ended = [result(Verdict.PASS, case=each, afterwards="it exited") for each in "abcd"]
    told = " ".join(closing_lines([*ended, result(Verdict.PASS)], 80, colour=False).split())
    assert "anew it ended by itself and had to be started anew 4 times, after a[whole]" in told
    assert "and 1 more" in told
    assert "anew" not in closing_lines([result(Verdict.PASS)], 80, colour=False)


def test_what_the_kernel_has_dropped_is_told_apart(result):
    results = [result(Verdict.PASS, packets=(5, 2, 0)), result(Verdict.PASS, packets=(7, 0, 3))]
    told = " ".join(closing_lines(results, 120, colour=False).split())
    assert (
        "malformed 12 reached the program; 2 were dropped by the kernel and prove nothing of it; "
        "3 could not be sent here"
    ) in told
    assert "malformed" not in closing_lines([result(Verdict.PASS)], 120, colour=False)
