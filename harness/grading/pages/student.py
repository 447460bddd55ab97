"""The page of one submission: its marks and phases; harness.grading.pages.failure has the rest.

Belongs here: what of a result stands where. Must not know: what a student may see. The lecturer's
page is made from the result, the student's from harness.grading.feedback.student_view of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.grading.export.words import number
from harness.grading.feedback import TOLD
from harness.grading.pages.failure import failures, place_of
from harness.grading.pages.frame import (
    GLYPHS,
    WORDS,
    bar,
    chip,
    facts,
    name_of,
    page,
    section,
    table,
    unseen,
)
from harness.grading.pages.markup import (
    NOTHING,
    Html,
    Part,
    beside,
    each_in,
    element,
    inside,
    joined,
)
from harness.grading.pages.quoting import log
from harness.grading.result import (
    CaseMark,
    CaseResult,
    Feedback,
    GroupMark,
    Mark,
    Phase,
    PhaseName,
    Result,
)
from harness.verdict import Verdict

_COLUMNS = 4

Judged = tuple[CaseMark, tuple[CaseResult, ...]]


def student_page(result: Result, lecturers: bool) -> str:
    """Returns the page; the lecturer's links to the cohort's and to what the student sees."""
    cases = list(result.by_case())
    main = joined(
        _notes(result, lecturers),
        _rubric(result.mark),
        failures(cases, result),
        section("marks", "Marks", _marks(cases, result, lecturers)),
        section("phases", "How far it came", _phases(result)),
    )
    title = f"{result.student.name or result.student.id}: {', '.join(_titles(result))}"
    return page(title, _header(result, lecturers), main, _footer(result, lecturers))


def _titles(result: Result) -> list[str]:
    return [each.title for each in result.suites]


# -- the head ------------------------------------------------------------------------------


def _header(result: Result, lecturers: bool) -> Html:
    student = result.student
    ways = [
        element("a", "← All submissions", href=beside("..", "..", "index.html")),
        element("a", "What the student sees", href=beside("feedback.html")),
    ]
    who = [student.id if student.name else "", student.email, *student.partners]
    told = each_in((name_of(each) for each in who if each), " · ")
    return joined(
        element("nav", *ways, aria_label="Other pages") if lecturers else None,
        element(
            "div",
            element(
                "div",
                element("p", each_in(_titles(result), " · "), class_="over"),
                element("h1", name_of(student.name or student.id)),
                element("p", told, class_="under") if told else None,
            ),
            _sum(result.mark),
            class_="masthead",
        ),
    )


def _sum(mark: Mark) -> Html:
    if not mark.decided:
        return element("p", element("b", "–"), unseen("no mark yet"), class_="sum")
    return element(
        "p",
        unseen("Mark: "),
        element("b", number(mark.points)),
        element("span", f" of {number(mark.maximum)}"),
        bar(mark.points / mark.maximum if mark.maximum else 0.0),
        class_="sum",
    )


def _rubric(mark: Mark) -> Html:
    """Returns the groups at a glance."""
    shown = [
        element(
            "div",
            element("dt", each.title),
            element("dd", element("b", number(each.earned)), f" of {number(each.possible)}",
                    _share(each)),
        )
        for each in mark.groups
    ]  # fmt: skip
    return element("dl", *shown, class_="tiles rubric") if shown else NOTHING


def _share(group: GroupMark) -> Html:
    share = group.earned / group.possible if group.possible else 0.0
    return bar(share, "" if share == 1 else "short")


def _notes(result: Result, lecturers: bool) -> Html:
    notes = [*_whole(result), *(_looks(result.mark) if lecturers else ())]
    shown = [element("li", told, class_=f"note {kind}") for kind, told in notes]
    return element("ul", *shown, class_="notes", aria_label="Notes") if shown else NOTHING


def _whole(result: Result) -> Iterator[tuple[str, Part]]:
    """Yields what holds for all of it."""
    mark = result.mark
    if not result.finished:
        yield "open", "Not everything has been played yet."
    if not mark.decided:
        yield "open", "Nothing could be judged, so there is no mark. The program is not at fault."
    phase = result.held_up_by
    if phase is not None:
        link = element("a", f"Ended at “{phase.name}”", href=inside("phases"))
        yield "bad", joined(link, ": ", phase.reason)
    if mark.missed:
        names = each_in([element("code", each) for each in mark.missed], ", ")
        yield "bad", joined("The mark is limited, because these must pass: ", names, ".")
    if mark.open:
        yield "open", f"{number(mark.open)} of these points stand until somebody has looked."


def _looks(mark: Mark) -> Iterator[tuple[str, Part]]:
    for each in mark.person:
        yield "open", joined(element("b", "To be looked at: "), each)


def _footer(result: Result, lecturers: bool) -> Html:
    isolation = result.isolation
    return facts(
        ("played in", f"a {isolation.network} network" if isolation.network else ""),
        ("isolation", isolation.tier if lecturers else ""),
        ("seed", str(result.seed)),
        ("handed in", result.student.submitted),
        ("source", element("code", result.source) if lecturers else ""),
        ("submission", element("code", result.hashes.submission[:16])),
        ("wireharness", result.version),
    )


# -- marks ---------------------------------------------------------------------------------


def _marks(cases: Sequence[Judged], result: Result, lecturers: bool) -> Html:
    """Returns the rubric: the groups with their cases, then what was taken off."""
    mark = result.mark
    groups = {each.id: each for each in mark.groups}
    rows = [(each.group, _row(each, deliveries, result, lecturers)) for each, deliveries in cases]
    bodies = [
        element("tbody", _group(each), *(row for group, row in rows if group == each.id))
        for each in mark.groups
    ]
    alone = [row for group, row in rows if group not in groups]
    if alone:
        bodies.append(element("tbody", _others() if groups else None, *alone))
    head = element(
        "tr",
        element("th", "Case", scope="col"),
        element("th", "Deliveries", scope="col"),
        element("th", "Earned", scope="col", class_="amount"),
        element("th", "Of", scope="col", class_="amount"),
    )
    return table("Marks by group", head, *bodies, class_="marks", foot=joined(*_totals(mark)))


def _others() -> Html:
    return element(
        "tr", element("th", "Other cases", scope="rowgroup", colspan=_COLUMNS), class_="group"
    )


def _group(group: GroupMark) -> Html:
    return element(
        "tr",
        element("th", group.title, scope="rowgroup", colspan=_COLUMNS - 2),
        element("td", number(group.earned), class_="amount"),
        element("td", number(group.possible), class_="amount"),
        class_="group",
    )


def _row(mark: CaseMark, deliveries: Sequence[CaseResult], result: Result, lecturers: bool) -> Html:
    told = lecturers or mark.feedback in TOLD
    earned = number(mark.earned) if told and mark.counts else "–"
    return element(
        "tr",
        element("th", _named(mark, deliveries, result), scope="row"),
        element("td", element("ul", *_signs(deliveries), class_="signs") if told else None),
        element("td", earned, class_="amount"),
        element("td", number(mark.possible), class_="amount"),
        class_="lost" if told and mark.earned < mark.possible else None,
    )


def _named(mark: CaseMark, deliveries: Sequence[CaseResult], result: Result) -> Html:
    several = len({(each.suite, each.role) for each in result.mark.cases}) > 1
    name: Part = f"{mark.suite}/{mark.case} ({mark.role})" if several else mark.case
    place = place_of(deliveries, result)
    if place:
        name = element("a", name, href=inside(place))
    purpose = next((each.purpose for each in deliveries), "")
    return joined(element("span", name, class_="case"), _kept_back(mark.feedback),
                  element("span", purpose, class_="purpose"))  # fmt: skip


def _kept_back(feedback: Feedback) -> Part:
    words = {
        Feedback.VERDICT: "verdict only",
        Feedback.NONE: "not told",
        Feedback.HIDDEN: "hidden from students",
    }
    return element("span", words[feedback], class_="tag") if feedback in words else None


def _signs(deliveries: Sequence[CaseResult]) -> Iterator[Html]:
    for each in deliveries:
        word = WORDS[each.verdict] if each.settled else "not played yet"
        sign = GLYPHS[each.verdict] if each.settled else "…"
        kind = str(each.verdict) if each.settled else "unsupported"
        if each.unstable:
            word, sign, kind = f"passes {each.passes} of {each.plays} times", "~", "inconclusive"
        yield element(
            "li",
            element("span", sign, aria_hidden="true"),
            unseen(f"{each.delivery}: {word}"),
            class_=f"sign {kind}",
            title=f"{each.delivery}: {word}",
        )


def _totals(mark: Mark) -> Iterator[Html]:
    for each in mark.deductions:
        yield _total(each.reason, f"−{number(each.points)}", "")
    if mark.late_factor != 1:
        hours = f"Handed in {number(mark.late_hours)} hours late"
        yield _total(hours, f"× {number(mark.late_factor)}", "")
    points = number(mark.points) if mark.decided else "–"
    yield _total("Mark", points, number(mark.maximum), "total")


def _total(label: str, amount: str, of: str, class_: str | None = None) -> Html:
    return element(
        "tr",
        element("th", label, scope="row", colspan=_COLUMNS - 2),
        element("td", amount, class_="amount"),
        element("td", of, class_="amount"),
        class_=class_,
    )


# -- phases --------------------------------------------------------------------------------


def _phases(result: Result) -> Html:
    """Returns the phases in order, those that were not come to as well."""
    return element("ol", *(_phase(result.phase(each), each) for each in PhaseName), class_="phases")


def _phase(phase: Phase | None, name: PhaseName) -> Html:
    if phase is None:
        told = joined(element("b", str(name)), element("span", "not come to", class_="more"))
        return element("li", told, class_="phase skipped")
    seconds = f"{phase.seconds:.2f} s" if phase.seconds >= 0.005 else ""
    bad = phase.verdict is not Verdict.PASS
    return element(
        "li",
        element("b", str(name)),
        chip(phase.verdict),
        element("span", seconds, class_="more"),
        element("p", phase.reason, class_="reason") if phase.reason else None,
        _log(phase, opened=bad) if phase.log.strip() else None,
        class_=f"phase {phase.verdict}",
    )


def _log(phase: Phase, opened: bool) -> Html:
    label = "Build log" if phase.name is PhaseName.BUILD else f"Printed at “{phase.name}”"
    return element("details", element("summary", label), log(phase.log, label), open=opened)
