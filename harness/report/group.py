"""Failures that one story tells: one of them in full, the others by their names.

Belongs here: which failures are the same, which stands for all, how the others are listed.
Must not know: pytest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.report.page import Page, cut, printable
from harness.report.result import Result
from harness.spec.model import Delivery
from harness.verdict import Verdict

Key = tuple[str, ...]
_ORDER = (Delivery.WHOLE, Delivery.PLAIN, *Delivery)
_NUMBER = re.compile(r"\d+(\.\d+)?")


def same_faults(results: Sequence[Result]) -> list[list[Result]]:
    """Returns the failures in groups of the same fault, before the others that stands for them.

    The same are those of one target, suite and role that break the same requirement for the
    same reason, numbers in it apart. The plainest delivery stands for the others.
    """
    fails = {_case(each) for each in results if _ordinary(each) and each.judged is Verdict.FAIL}
    groups: dict[Key, list[Result]] = {}
    for each in results:
        groups.setdefault(_fault(each, _case(each) in fails), []).append(each)
    return [sorted(group, key=_plainness) for group in groups.values()]


def listed(others: Sequence[Result], width: int, colour: bool) -> str:
    """Returns the list of those that another report tells, one line each."""
    page = Page(width, colour)
    page.row("the same", f"{len(others)} more, each told in full with -v:")
    for each in others:
        name = f"{each.case}[{each.delivery}]"
        page.row("", cut(printable(f"{name}  {each.compared}").rstrip(), page.room))
    return page.text()


def _fault(result: Result, fails_anyway: bool) -> Key:
    """Where a case fails as it is, its delivery's requirement is not what is broken."""
    rules = result.rules[1:] if result.by_delivery and fails_anyway else result.rules
    rule = rules[0][0] if rules else result.case
    reason = _NUMBER.sub("N", result.reason)
    return (result.target, result.suite, result.role, str(result.judged), rule, reason)


def _case(result: Result) -> Key:
    return (result.target, result.suite, result.role, result.case)


def _ordinary(result: Result) -> bool:
    return Delivery(result.delivery) in _ORDER[:2]


def _plainness(result: Result) -> int:
    return _ORDER.index(Delivery(result.delivery))
