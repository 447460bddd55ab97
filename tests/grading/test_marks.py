"""Marks: sums that are known by hand, and what must hold for every scheme."""

from dataclasses import replace

import pytest
from graded import case, judged_cases, schemes, unhurried
from hypothesis import given
from hypothesis import strategies as st

from harness.grading.marks import marks
from harness.grading.result import Attempt, Feedback
from harness.grading.scheme import Group, Lateness, MustPass, Penalty, Scheme, Weighing
from harness.report.result import Result
from harness.report.score import score
from harness.verdict import Verdict

PASS, WARN, UNSUPPORTED, INCONCLUSIVE, BLOCKED, FAIL, ERROR = Verdict
HALF = [case("login"), case("upload", verdict=FAIL), case("upload", "split")]
UNSTABLE = case(
    "login", verdict=FAIL, attempts=(Attempt(1, FAIL), Attempt(2, PASS), Attempt(3, FAIL))
)


@pytest.mark.parametrize(
    ("cases", "scheme", "points", "maximum"),
    [
        (HALF, Scheme(), 3, 4),
        (HALF, Scheme(total=20), 15, 20),
        (HALF, Scheme(default=Weighing(partial=False)), 2, 4),
        (HALF, Scheme(cases={"upload": Weighing(deliveries={"whole": 3, "split": 1})}), 2.5, 4),
        (HALF, Scheme(cases={"upload": Weighing(deliveries={"bytewise": 1})}), 3, 4),
        (HALF, Scheme(cases={"login": Weighing(points=1, weight=3)}), 4, 5),
        (HALF, Scheme(cases={"*": Weighing(points=9), "login": Weighing(points=1)}), 5.5, 10),
        (HALF, Scheme(groups=(Group("all", "All", ("*",), cap=2.5),)), 2.5, 2.5),
        (HALF, Scheme(penalties=(Penalty("fails", 0.5, ("upload",)),)), 2.5, 4),
        (HALF, Scheme(penalties=(Penalty("fails", 9, ("upload",)),)), 0, 4),
        (HALF, Scheme(penalties=(Penalty("fails", 1, ("login",)),)), 3, 4),
        (HALF, Scheme(must_pass=MustPass(("upload",), cap=1)), 1, 4),
        (HALF, Scheme(must_pass=MustPass(("login",))), 3, 4),
        (HALF, Scheme(total=10, step=0.5), 7.5, 10),
        (HALF, Scheme(total=10, step=1), 8, 10),
        ([case(), case("list", verdict=WARN)], Scheme(warned=0.5), 3, 4),
        ([case(verdict=WARN, broken_by="list")], Scheme(warned=0.5), 2, 2),
        ([case(), case("list", verdict=BLOCKED)], Scheme(), 2, 4),
        ([case(), case("list", verdict=UNSUPPORTED)], Scheme(), 2, 2),
        ([case(), case("list", verdict=UNSUPPORTED, fault="machine")], Scheme(), 2, 2),
        ([case(), case("login", "split", UNSUPPORTED, fault="machine")], Scheme(), 2, 2),
        ([case(), case("list", verdict=INCONCLUSIVE)], Scheme(), 4, 4),
        ([case(), case("list", verdict=ERROR)], Scheme(), 4, 4),
        ([case(), case("list", verdict=BLOCKED, settled=False)], Scheme(), 2, 4),
        ([UNSTABLE], Scheme(), 2, 2),
        ([UNSTABLE], Scheme(unstable="share"), 0.666667, 2),
        ([UNSTABLE], Scheme(unstable=0.25), 0.5, 2),
        ([case("probe", points=0), case()], Scheme(default=Weighing(points=5)), 5, 5),
        ([], Scheme(), 0, 0),
        ([], Scheme(total=20), 0, 20),
    ],
    ids=str,
)
def test_sums_that_are_known(cases, scheme, points, maximum):
    found = marks(cases, scheme)
    assert (found.points, found.maximum) == (pytest.approx(points), maximum)


@pytest.mark.parametrize(
    ("hours", "points"), [(0, 4), (1, 4), (1.5, 3.6), (24, 3.6), (25, 2), (1000, 2)]
)
def test_lateness_goes_by_a_table(hours, points):
    scheme = Scheme(late=(Lateness(1, 0.9), Lateness(24, 0.5)))
    found = marks([case(), case("list")], scheme, hours)
    assert found.points == pytest.approx(points)
    assert found.late_hours == hours


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (case(verdict=INCONCLUSIVE, reason="the machine was late"), "the machine was late"),
        (case(verdict=ERROR, reason="the hook failed"), "error: the hook failed"),
        (UNSTABLE, "passes 1 of 3 times"),
        (case(verdict=BLOCKED, settled=False), "not played yet"),
    ],
)
def test_what_is_open_is_for_a_person(found, told):
    mark = marks([found, case("list")], Scheme())
    assert len(mark.person) == 1
    assert told in mark.person[0]


@pytest.mark.parametrize("verdict", [PASS, WARN, BLOCKED, FAIL])
def test_what_is_decided_is_for_nobody(verdict):
    mark = marks([case(verdict=verdict)], Scheme())
    assert (mark.person, mark.open, mark.decided) == ((), 0, True)


@pytest.mark.parametrize(
    ("verdict", "undecided"), [(INCONCLUSIVE, 2), (ERROR, 2), (UNSUPPORTED, 0)]
)
def test_where_nothing_was_judged_there_is_no_mark(verdict, undecided):
    mark = marks([case(verdict=verdict, reason="no node here")], Scheme())
    assert not mark.decided
    assert mark.open == undecided
    assert len(mark.person) == 1
    assert "no node here" in mark.person[0]


def test_a_deduction_is_taken_once_or_for_each_case():
    cases = [case("login", verdict=FAIL), case("login", "split", FAIL), case("list", verdict=FAIL)]
    for each, points in ((False, 1), (True, 2)):
        scheme = Scheme(penalties=(Penalty("fails", 1, ("*",), each=each),))
        assert [found.points for found in marks(cases, scheme).deductions] == [points]


def test_a_group_tells_no_more_than_its_most_secret_case():
    scheme = Scheme(
        groups=(Group("a", "A", ("*",)),), cases={"list": Weighing(feedback=Feedback.NONE)}
    )
    (group,) = marks([case(), case("list")], scheme).groups
    assert group.feedback is Feedback.NONE


@unhurried
@given(judged_cases(), schemes, st.sampled_from([0.0, 1.0, 30.0]))
def test_a_mark_stays_between_nothing_and_the_maximum(cases, scheme, hours):
    mark = marks(cases, scheme, hours)
    assert 0 <= mark.points <= mark.maximum
    assert 0 <= mark.open <= mark.points
    for each in mark.cases:
        assert 0 <= each.open <= each.earned <= each.possible


@unhurried
@given(judged_cases(), schemes, st.integers(0, 8), st.sampled_from([INCONCLUSIVE, ERROR]))
def test_what_nobody_knows_never_costs_a_mark(cases, scheme, at, verdict):
    undecided = list(cases)
    one = undecided[at] = replace(
        cases[at], verdict=verdict, settled=True, attempts=(Attempt(1, verdict),)
    )
    if cases[at].verdict is UNSUPPORTED:
        return  # it did not count, and now does: in the maximum as well
    before, after = marks(cases, scheme), marks(undecided, scheme)
    assert after.points >= before.points
    assert any(one.name in each or "more" in each for each in after.person)


@unhurried
@given(judged_cases(), schemes, st.integers(0, 8))
def test_a_pass_is_worth_most(cases, scheme, at):
    if cases[at].verdict is UNSUPPORTED:
        return
    better = list(cases)
    better[at] = replace(cases[at], verdict=PASS, settled=True, attempts=(Attempt(1, PASS),))
    assert marks(better, scheme).points >= marks(cases, scheme).points


@unhurried
@given(judged_cases())
def test_without_a_scheme_points_are_those_that_pytest_tells(cases):
    stable = [replace(each, attempts=(Attempt(1, each.verdict),)) for each in cases]
    mark, told = marks(stable, Scheme()), score(map(as_told, stable))
    waiting = [each for each in stable if not each.settled]
    assert mark.maximum == pytest.approx(told.possible)
    if not waiting:
        assert mark.points == pytest.approx(told.won + told.open)
        assert mark.open == pytest.approx(told.open)


def as_told(one):
    """Returns what pytest's run would hold of it, as far as points need it."""
    known = {
        "case": one.case, "delivery": one.delivery, "verdict": int(one.verdict),
        "points": one.points,
    }  # fmt: skip
    return Result(**{**dict.fromkeys(Result.__slots__, ""), **known})


@unhurried
@given(judged_cases(), schemes)
def test_blocked_earns_nothing(cases, scheme):
    blocked = [replace(each, verdict=BLOCKED, settled=True, attempts=()) for each in cases]
    assert marks(blocked, scheme).points == 0
