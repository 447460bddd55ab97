"""Scheme files: what they say, and every mistake with its place."""

import pytest

from harness.errors import SpecError
from harness.grading.result import Feedback
from harness.grading.scheme import Group, Lateness, MustPass, Penalty, Scheme, Weighing
from harness.grading.schemefile import read_scheme
from harness.library import suite

SUITES = [suite("uppercase-tcp")]
FULL = """\
scheme: Week 5
total: 20
step: 0.5
feedback: all
partial: true
warned: 0.5
unstable: share
cases:
  "capitals-*": {weight: 2}
  capitals-empty-line: {points: 1, feedback: verdict, partial: false}
  uppercase-tcp/half-close: {feedback: hidden, deliveries: {whole: 2, bytewise: 1}}
groups:
  lines: {title: Lines, cases: ["line-*", "lines-*"], cap: 5}
  rest: {cases: ["*"]}
deductions:
  - {reason: it crashes, points: 1, cases: [client-resets], verdicts: [fail, blocked], each: true}
must_pass: {cases: [restart], cap: 10}
late:
  - {hours: 0, factor: 0.9}
  - {hours: 24, factor: 0.5}
"""


def test_all_that_a_scheme_says():
    assert read_scheme("s.yaml", FULL, SUITES) == Scheme(
        title="Week 5",
        total=20,
        step=0.5,
        warned=0.5,
        unstable="share",
        default=Weighing(feedback=Feedback.ALL, partial=True),
        cases={
            "capitals-*": Weighing(weight=2),
            "capitals-empty-line": Weighing(points=1, feedback=Feedback.VERDICT, partial=False),
            "uppercase-tcp/half-close": Weighing(
                feedback=Feedback.HIDDEN, deliveries={"whole": 2, "bytewise": 1}
            ),
        },
        groups=(
            Group("lines", "Lines", ("line-*", "lines-*"), 5),
            Group("rest", "rest", ("*",)),
        ),
        penalties=(Penalty("it crashes", 1, ("client-resets",), ("fail", "blocked"), True),),
        must_pass=MustPass(("restart",), 10),
        late=(Lateness(0, 0.9), Lateness(24, 0.5)),
    )


def test_what_holds_for_a_case():
    scheme = read_scheme("s.yaml", FULL, SUITES)
    found = scheme.weighing("uppercase-tcp", "capitals-empty-line")
    assert (found.weight, found.points, found.feedback) == (2, 1, Feedback.VERDICT)
    assert scheme.feedback("uppercase-tcp", "half-close") is Feedback.HIDDEN
    assert scheme.feedback("another", "half-close") is Feedback.ALL
    assert scheme.group("uppercase-tcp", "line-after-line") == "lines"
    assert scheme.group("uppercase-tcp", "restart") == "rest"


def test_the_least_that_a_scheme_says():
    assert read_scheme("s.yaml", "scheme: s\n", SUITES).weighing("a", "b") == Weighing()


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("total: 1\n", "1:1", "no 'scheme'"),
        ("scheme: s\ntotals: 1\n", "2:1", "did you mean 'total'"),
        ("scheme: s\nscheme: t\n", "2:1", "stands twice"),
        ("scheme: s\ntotal: 0\n", "2:8", "total is more than 0"),
        ("scheme: s\ntotal: -1\n", "2:8", "a number from 0 up"),
        ("scheme: s\nwarned: 2\n", "2:9", "from 0 to 1"),
        ("scheme: s\nunstable: half\n", "2:11", "share, person"),
        ("scheme: s\nfeedback: some\n", "2:11", "all, verdict, none, hidden"),
        ("scheme: s\ncases: {restarts: {points: 1}}\n", "2:9", "no case of the suites"),
        ("scheme: s\ncases: {restart: {point: 1}}\n", "2:19", "did you mean 'points'"),
        ("scheme: s\ncases: {restart: {deliveries: {plane: 1}}}\n", "2:32", "unknown key 'plane'"),
        ("scheme: s\ncases: {restart: {deliveries: {whole: 0}}}\n", "2:31", "more than 0"),
        ("scheme: s\ngroups: {a: {cap: 1}}\n", "2:13", "no 'cases'"),
        ("scheme: s\ngroups: {a: {cases: [restarts]}}\n", "2:22", "restart"),
        ("scheme: s\ngroups: {a: {cases: ['x*']}}\n", "2:22", "meant by 'x*'"),
        ("scheme: s\ndeductions: [{points: 1, cases: ['*']}]\n", "2:14", "no 'reason'"),
        ("scheme: s\nmust_pass: {cap: 1}\n", "2:12", "no 'cases'"),
        ("scheme: s\nlate: [{hours: 1}]\n", "2:8", "no 'factor'"),
        ("scheme: s\nlate: [{hours: 1, factor: 1.5}]\n", "2:27", "from 0 to 1"),
        (
            "scheme: s\nlate:\n  - {hours: 5, factor: 0.5}\n  - {hours: 4, factor: 0.1}\n",
            "4:5",
            "grow",
        ),
        ("scheme: s\nfeatures: [x]\n", "2:12", "there is none"),
        ("scheme: [\n", "2:1", "this is no YAML"),
    ],
)
def test_mistakes_are_told_with_their_place(text, place, told):
    with pytest.raises(SpecError) as caught:
        read_scheme("s.yaml", text, SUITES)
    assert str(caught.value).startswith(f"s.yaml:{place}: ")
    assert told in str(caught.value)
