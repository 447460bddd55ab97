"""Groups of failures: what is the same fault, and who stands for the others."""

from dataclasses import replace

import pytest

from harness.report.group import listed, same_faults
from harness.report.result import result_of
from harness.spec.model import Delivery


@pytest.fixture
def failed(make):
    def made(case="capitals", delivery=Delivery.WHOLE, reason="wrong", **more):
        found = result_of(make(delivery=delivery), "pytest", "report")
        by_delivery = delivery is not Delivery.WHOLE
        rules = [*([("STREAM-1", "must", "")] if by_delivery else []), ("UPPER-1", "must", "")]
        changed = {"case": case, "reason": reason, "rules": tuple(rules), **more}
        return replace(found, by_delivery=by_delivery, **changed)

    return made


def names(groups):
    return [[f"{each.case}[{each.delivery}]" for each in group] for group in groups]


def test_cases_that_break_the_same_rule_are_one_fault(failed):
    results = [failed("a", Delivery.BYTEWISE), failed("a", Delivery.SPLIT), failed("b")]
    assert names(same_faults(results)) == [["a[split]", "a[bytewise]"], ["b[whole]"]]


def test_the_case_as_it_is_stands_for_its_deliveries(failed):
    results = [failed("a", Delivery.SPLIT), failed("b"), failed("a")]
    assert names(same_faults(results)) == [["b[whole]", "a[whole]", "a[split]"]]


@pytest.mark.parametrize(
    ("changed", "groups"),
    [
        ({}, 1),
        ({"case": "other"}, 1),
        ({"reason": "wrong after 7.3 s"}, 1),
        ({"reason": "another"}, 2),
        ({"target": "b.py"}, 2),
        ({"suite": "lower"}, 2),
        ({"role": "client"}, 2),
        ({"rules": (("UPPER-2", "must", ""),)}, 2),
    ],
    ids=["same", "case", "number", "reason", "target", "suite", "role", "rule"],
)
def test_what_makes_another_fault(failed, changed, groups):
    first = failed(reason="wrong after 0.1 s" if "7.3" in str(changed) else "wrong")
    assert len(same_faults([first, failed(**changed)])) == groups


def test_the_others_have_a_line_each(failed):
    others = [failed(f"case-{number}", compared="expected \x1b" + "x" * 200) for number in range(9)]
    lines = listed(others, 80, colour=False).splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("  the same  9 more")
    assert lines[1].startswith("            case-0[whole]  expected \\x1bxxx")
    assert all(len(line) <= 80 for line in lines)
