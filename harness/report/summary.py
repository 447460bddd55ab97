"""The closing lines of a run: points, verdicts and broken requirements of each target.

Belongs here: what is told of many results at once. Must not know: pytest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from harness.report.page import Page, Paint, printable
from harness.report.result import Result
from harness.report.score import score
from harness.verdict import Verdict

WORDS = {
    Verdict.PASS: "passed",
    Verdict.WARN: "warned",
    Verdict.UNSUPPORTED: "unsupported",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.BLOCKED: "blocked",
    Verdict.FAIL: "failed",
    Verdict.ERROR: "in error",
}
_MOST_CASES = 3


def closing_lines(results: Sequence[Result], width: int, colour: bool) -> str:
    """Returns a paragraph for every target, suite and role, in their first order."""
    page = Page(width, colour)
    first = {_subject(each): index for index, each in reversed(list(enumerate(results)))}
    ordered = sorted(results, key=lambda each: first[_subject(each)])
    for subject, group in groupby(ordered, key=_subject):
        _add_subject(page, subject, list(group))
        page.line()
    return page.text()


def _subject(result: Result) -> tuple[str, str, str]:
    return (result.target, result.suite, result.role)


def _add_subject(page: Page, subject: tuple[str, str, str], results: Sequence[Result]) -> None:
    target, suite, role = subject
    page.line(page.painted(suite, Paint.STRONG) + f"  {printable(target)} ({role})")
    page.paragraph("points", points_line(results))
    page.row("cases", counts_line(results))
    for told in broken_requirements(results):
        page.paragraph("broken", told, Paint.BAD, most=8)
    for told in _warnings(results):
        page.paragraph("warned", told, Paint.DOUBTFUL)
    worn = [each for each in results if each.broken_by]
    if worn:
        page.paragraph("worn", _worn_line(worn), Paint.DOUBTFUL, most=3)
    ended = [each for each in results if each.afterwards]
    if ended:
        page.paragraph("anew", _anew_line(ended), Paint.DOUBTFUL, most=3)
    packets = [sum(counted) for counted in zip(*(each.packets for each in results), strict=True)]
    if any(packets):
        page.paragraph("malformed", _packets_line(*packets))
    known = {each.known for each in results if each.known}
    for why in sorted(known):
        page.paragraph("known", why, most=2)


def _packets_line(reached: int, dropped: int, unsent: int) -> str:
    """Tells of malformed packets apart what has proven nothing of the program."""
    told = f"{reached} reached the program"
    told += f"; {dropped} were dropped by the kernel and prove nothing of it" if dropped else ""
    return told + (f"; {unsent} could not be sent here" if unsent else "")


def points_line(results: Iterable[Result]) -> str:
    """Returns `7.5 of 12`, with what is open where anything is."""
    total = score(results)
    told = f"{_number(total.won)} of {_number(total.possible)}"
    return told + (f"; {_number(total.open)} open, nobody's fault" if total.open else "")


def counts_line(results: Iterable[Result]) -> str:
    """Returns how many results have each verdict, the worst last."""
    counts = Counter(each.judged for each in results if not each.known)
    told = [f"{counts[verdict]} {WORDS[verdict]}" for verdict in Verdict if counts[verdict]]
    known = sum(1 for each in results if each.known)
    return ", ".join([*told, *([f"{known} known"] if known else [])])


def broken_requirements(results: Sequence[Result]) -> list[str]:
    """Returns a line for each requirement that a failed result verifies."""
    told = []
    rules = dict.fromkeys(rule for each in results for rule in each.rules)
    ordinary = {each.case: each.judged for each in results if not each.by_delivery}
    for rule in rules:
        verifying = [each for each in results if rule in each.rules]
        broken = [each for each in verifying if _shows(each, rule, ordinary)]
        if broken:
            names = [f"{each.case}[{each.delivery}]" for each in broken]
            told.append(
                f"{rule[0]} ({rule[1]}) in {len(broken)} of {len(verifying)}: {rule[2]} "
                f"({_some(names)})"
            )
    return told


def _warnings(results: Sequence[Result]) -> list[str]:
    """Returns a line for each reason of a warning: less than right, and nothing is broken."""
    by_reason: dict[str, list[str]] = {}
    for each in results:
        if each.judged is Verdict.WARN and not each.known and not each.broken_by:
            by_reason.setdefault(each.reason, []).append(f"{each.case}[{each.delivery}]")
    return [f"{reason} ({_some(names)})" for reason, names in by_reason.items()]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_CASES
    return ", ".join(names[:_MOST_CASES]) + (f" and {more} more" if more > 0 else "")


def _worn_line(worn: Sequence[Result]) -> str:
    count = "1 case passes" if len(worn) == 1 else f"{len(worn)} cases pass"
    first = f"{worn[0].case}[{worn[0].delivery}] after {worn[0].broken_by}"
    return f"{count} on a fresh process only, the first is {first}"


def _anew_line(ended: Sequence[Result]) -> str:
    count = "once" if len(ended) == 1 else f"{len(ended)} times"
    names = [f"{each.case}[{each.delivery}]" for each in ended]
    return f"it ended by itself and had to be started anew {count}, after {_some(names)}"


def _shows(result: Result, rule: tuple[str, str, str], ordinary: Mapping[str, Verdict]) -> bool:
    """Says whether a result shows that this rule is broken.

    Where the same case goes well as it is, it is the delivery's requirement that is broken, and
    no other; where it does not, the delivery shows nothing more.
    """
    if result.judged is not Verdict.FAIL or result.known:
        return False
    if not result.by_delivery or result.case not in ordinary:
        return True
    return (rule == result.rules[0]) is (ordinary[result.case] is not Verdict.FAIL)


def _number(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")
