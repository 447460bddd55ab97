"""What went wrong, case by case: all that explains a failure.

Belongs here: the parts of a failure and their order. Must not know: marks, what a student may see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.grading.export.words import number
from harness.grading.pages.frame import chip, facts, section
from harness.grading.pages.markup import (
    NOTHING,
    Html,
    Part,
    beside,
    each_in,
    element,
    identifier,
)
from harness.grading.pages.quoting import comparison, log
from harness.grading.pages.sequence import sequence
from harness.grading.result import CaseMark, CaseResult, Feedback, Result, Rule
from harness.report.failure import DECIDED
from harness.verdict import Verdict

_NO_CAPTURE = "none: "
_WELL = (Verdict.PASS, Verdict.UNSUPPORTED)
_SAID = (Feedback.ALL, Feedback.VERDICT)
_NUMBER = re.compile(r"\d+(\.\d+)?")

_Story = tuple[str, ...]

Judged = tuple[CaseMark, tuple[CaseResult, ...]]


def failures(cases: Sequence[Judged], result: Result) -> Html:
    """Returns what went wrong, first what cost points, last what could not be played for it."""
    stories: dict[_Story, str] = {}
    told = [
        _case(mark, deliveries, place, stories)
        for mark, deliveries in sorted(cases, key=lambda each: each[0].earned >= each[0].possible)
        if (place := place_of(deliveries, result))
    ]
    blocked = [each for each in result.cases if _is_blocked(each, result)]
    if not told and not blocked:
        good = [each for each in result.cases if each.settled and each.feedback in _SAID]
        word = "Nothing: every case passes." if good else "Nothing was played."
        return section("wrong", "What went wrong", element("p", word, class_="fine"))
    unfold = element("button", "Unfold all", type="button", id="unfold", hidden=True)
    return section("wrong", "What went wrong", unfold, *told, _blocked(blocked))


def place_of(deliveries: Sequence[CaseResult], result: Result) -> str:
    """Returns the id of the element that tells of a case, "" where nothing went wrong in it."""
    if not any(_went_wrong(each) and not _is_blocked(each, result) for each in deliveries):
        return ""
    first = deliveries[0]
    return identifier("case", first.suite, first.role, first.case)


def _went_wrong(case: CaseResult) -> bool:
    if case.feedback not in _SAID and not case.reason:
        return False
    return case.settled and (case.verdict not in _WELL or case.unstable)


def _is_blocked(case: CaseResult, result: Result) -> bool:
    """Says whether nothing is to be told of a case but what has kept it from being played."""
    bare = case.verdict is Verdict.BLOCKED and not case.conversation and case.compared is None
    return bare and _went_wrong(case) and bool(case.reason or result.held_up_by)


def _blocked(cases: Sequence[CaseResult]) -> Html:
    """Returns what could not be played, by its reason."""
    reasons: dict[str, list[str]] = {}
    for each in cases:
        reasons.setdefault(each.reason, []).append(f"{each.case}[{each.delivery}]")
    shown = [
        element(
            "li",
            chip(Verdict.BLOCKED, f"{len(names)} blocked"),
            element("span", f" {reason}", class_="reason"),
            element("details", element("summary", "Which"), _names(names)),
        )
        for reason, names in reasons.items()
    ]
    return element("ul", *shown, class_="blockers") if shown else NOTHING


def _names(names: Sequence[str]) -> Html:
    return element("p", each_in([element("code", each) for each in names], ", "), class_="names")


# -- one case ------------------------------------------------------------------------------


def _case(
    mark: CaseMark, deliveries: Sequence[CaseResult], place: str, stories: dict[_Story, str]
) -> Html:
    """Returns the article of a case; of failures that tell one story the first is unfolded."""
    first = deliveries[0]
    bad = [each for each in deliveries if _went_wrong(each)]
    lost = mark.possible - mark.earned
    tail = f"{number(lost)} of {number(mark.possible)} points lost" if lost else ""
    head = element(
        "header",
        element("h3", first.case, id=f"{place}-title"),
        element("p", first.purpose),
        element("p", tail, class_="more") if tail else None,
    )
    shown = []
    for at, each in enumerate(bad):
        told_in = stories.setdefault(_story(each), each.case)
        same = told_in if told_in != each.case else ""
        shown.append(_delivery(each, not at and not same, len(deliveries) > 1, same))
    return element("article", head, *shown, id=place, aria_labelledby=f"{place}-title")


def _story(case: CaseResult) -> _Story:
    """Returns what two failures have in common that tell the same, numbers apart."""
    rules = tuple(each.id for each in case.rules[:1])
    return case.suite, case.role, str(case.verdict), _NUMBER.sub("N", case.reason), *rules


def _delivery(case: CaseResult, opened: bool, several: bool, same: str) -> Html:
    words = f"passes {case.passes} of {case.plays} times" if case.unstable else ""
    verdict = Verdict.INCONCLUSIVE if case.unstable else case.verdict
    summary = element(
        "summary",
        chip(verdict, words),
        element("span", case.delivery, class_="tag") if several else None,
        element("span", case.reason, class_="reason"),
        element("span", f"as in {same}", class_="more same") if same else None,
    )
    if case.feedback is Feedback.VERDICT and not case.reason:
        return element("div", _verdict_alone(case), class_="failure bare")
    return element("details", summary, *_told(case), class_="failure", open=opened)


def _verdict_alone(case: CaseResult) -> Html:
    """Returns what is told of a case whose verdict alone is told."""
    return element("p", chip(case.verdict), element("span", case.delivery, class_="tag"),
                   " More than that is not told of this case.")  # fmt: skip


def _told(case: CaseResult) -> Iterator[Part]:
    """Yields all that explains what came of a case."""
    if case.rules:
        yield element("ul", *map(_rule, case.rules), class_="rules", aria_label="Requirements")
    yield _hints(case)
    if case.compared is not None:
        yield element("h4", "Expected and actual")
        yield comparison(case.compared)
    if case.conversation:
        yield element("h4", "What was said")
        yield sequence(case)
    if case.output.strip():
        yield element("h4", "What the program printed")
        yield log(case.output, "What the program printed")
    if case.evidence:
        evidence = log(case.evidence.encode("utf-8", "backslashreplace"), "Evidence")
        yield element("details", element("summary", "Evidence"), evidence)
    yield _ways_on(case)


def _rule(rule: Rule) -> Html:
    source = element("cite", rule.source) if rule.source else None
    return element("li", element("b", rule.id), element("span", rule.level, class_="tag"), " ",
                   rule.text, " ", source)  # fmt: skip


def _hints(case: CaseResult) -> Html:
    broken = f"It passes on a fresh start: {case.broken_by} has broken the program."
    told = [
        case.meaning,
        broken if case.broken_by else "",
        case.afterwards,
        *case.hint.split("\n"),
    ]
    shown = [element("p", each) for each in told if each]
    return element("aside", *shown, class_="hints", aria_label="Diagnosis") if shown else NOTHING


def _ways_on(case: CaseResult) -> Html:
    """Returns what is needed to look further: the command, the capture, the plays."""
    return facts(
        ("play it again", element("code", case.command, class_="command") if case.command else ""),
        ("capture", _capture(case.capture)),
        ("decided by", DECIDED.get(case.decided_by, case.decided_by)),
        ("started", element("code", case.started) if case.started else ""),
        ("event", element("code", case.event) if case.event else ""),
        ("plays", _plays(case)),
    )


def _capture(capture: str) -> Part:
    if not capture or capture.startswith(_NO_CAPTURE):
        return capture
    return element("a", capture.rpartition("/")[2], href=beside(*capture.split("/")))


def _plays(case: CaseResult) -> Part:
    """Returns how often each verdict came, with the seeds."""
    if len(case.attempts) < 2:
        return ""
    seeds: dict[Verdict, list[str]] = {}
    for each in case.attempts:
        seeds.setdefault(each.verdict, []).append(str(each.seed))
    shown = [
        element(
            "li",
            chip(verdict),
            f" {len(own)} of {len(case.attempts)} times ",
            element("span", f"with seed {', '.join(own)}", class_="more"),
        )
        for verdict, own in seeds.items()
    ]
    return element("ul", *shown, class_="plays")
