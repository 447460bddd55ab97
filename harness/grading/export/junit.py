"""JUnit: a test suite for each suite and role, a test case for each case with its delivery.

Belongs here: that format, as Jenkins, GitLab and GitHub's actions read it. Must not know: pytest,
which writes its own. A failure is the program's; an error is nobody's of whom marks are taken.
"""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree as ET

from harness.grading.export.harmless import one_line, plain
from harness.grading.export.words import mark_line, of_case
from harness.grading.feedback import KEPT_BACK, TOLD, student_view
from harness.grading.result import OPEN, CaseMark, CaseResult, Result
from harness.verdict import Verdict

_BAD = (Verdict.FAIL, Verdict.BLOCKED)


def junit_xml(result: Result) -> str:
    """Returns the file for one submission."""
    view = student_view(result)
    root = ET.Element("testsuites", name=one_line(view.student.id))
    for (suite, role), group in groupby(view.cases, key=lambda each: (each.suite, each.role)):
        _add_suite(root, f"{suite}.{role}", list(group), view)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_suite(root: ET.Element, name: str, cases: list[CaseResult], view: Result) -> None:
    told = [each for each in cases if each.feedback in TOLD]
    suite = ET.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(sum(each.settled and each.verdict in _BAD for each in told)),
        errors=str(sum(each.settled and each.verdict in OPEN for each in told)),
        skipped=str(sum(_is_skipped(each) for each in cases)),
        time=f"{sum(each.seconds for each in told):.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in (("mark", mark_line(view)), ("seed", str(view.seed))):
        ET.SubElement(properties, "property", name=key, value=one_line(value))
    for case in cases:
        _add_case(suite, name, case)


def _is_skipped(case: CaseResult) -> bool:
    if case.feedback not in TOLD or not case.settled:
        return True
    return case.verdict is Verdict.UNSUPPORTED


def _add_case(suite: ET.Element, classname: str, case: CaseResult) -> None:
    name = f"{case.case}[{case.delivery}]"
    element = ET.SubElement(
        suite, "testcase", classname=classname, name=name, time=f"{case.seconds:.3f}"
    )
    if _is_skipped(case):
        why = case.reason if case.feedback in TOLD else KEPT_BACK
        ET.SubElement(element, "skipped", message=one_line(why))
        return
    if case.verdict in _BAD or case.verdict in OPEN:
        kind = "failure" if case.verdict in _BAD else "error"
        alone = CaseMark(case.suite, case.role, case.case, "", 0, 0, 0, case.feedback)
        told = ET.SubElement(element, kind, message=one_line(case.reason), type=str(case.verdict))
        told.text = plain(of_case(alone, (case,)))
