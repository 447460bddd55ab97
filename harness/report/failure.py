"""The failure report: what a person needs to find the fault, on one screen.

Belongs here: what is told, in which order and words. Must not know: pytest, where the
text is printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from harness.errors import Place
from harness.exchange.delivery import PROVES
from harness.exchange.diagnosis import printed_instead
from harness.report.conversation import add_conversation
from harness.report.difference import add_comparison
from harness.report.output import build_lines, output_lines
from harness.report.page import Page, Paint, printable
from harness.runner.outcome import Outcome
from harness.spec.model import Delivery, Role
from harness.verdict import Fault, Verdict

_PAINTS = {
    Verdict.PASS: Paint.GOOD,
    Verdict.WARN: Paint.DOUBTFUL,
    Verdict.UNSUPPORTED: Paint.DOUBTFUL,
    Verdict.INCONCLUSIVE: Paint.DOUBTFUL,
}
_FAULTS = {
    Fault.NOBODY: "nobody's that is known",
    Fault.TARGET: "the target's",
    Fault.SPEC: "the spec's, not the target's",
    Fault.HARNESS: "the harness's own, not the target's: please report it",
    Fault.MACHINE: "this machine's, not the target's",
}
DECIDED = {
    "bytes": "the first byte that cannot match",
    "end": "the end of the connection",
    "exit": "the end of the program",
    "file": "the file that lies there",
    "rest": "the target itself: it waits for more and will not answer any more",
    "deadline": "the case's time, which is over",
}
"""What has ended the wait, by the words of harness.verdict.Finding.decided_by."""
_ORDINARY = (Delivery.WHOLE, Delivery.PLAIN)
_COMMON = {"server", "client", "connection", "exchange", "program", "answer"}
_MOST_RULES = 3
_EVIDENCE_LINES = 4
_PACKAGE = Path(__file__).parents[1]
_SHIPPED = (_PACKAGE / "specs", _PACKAGE.parent / "specs")  # installed, in a checkout


def title_of(outcome: Outcome) -> str:
    """Returns `suite/case[delivery]`, by which a person and `-k` find the case."""
    plan = outcome.plan
    return f"{plan.suite.id}/{plan.case.id}[{plan.delivery}]"


def failure_report(
    outcome: Outcome, command: str, width: int, colour: bool, started: str = ""
) -> str:
    """Returns the report, without a newline at its end.

    `command` plays this case again; `started` is the command line of the target, as a template
    where the outcome does not have it. `width` in columns (80 where there is no terminal).
    Nothing that a target sent or printed is in it unescaped.
    """
    page = Page(width, colour)
    plan = outcome.plan
    _add_header(page, outcome.verdict, title_of(outcome), outcome.target, plan.role)
    _add_rule(page, outcome)
    started = outcome.properties.get("started") or started
    if started:
        page.row("started", printable(started))
    _add_reason(page, outcome)
    if outcome.finding.comparison is not None:
        add_comparison(page, outcome.finding.comparison)
    add_conversation(page, outcome.transcript, plan.role)
    _add_output(page, outcome)
    _add_meaning(page, outcome)
    if outcome.properties.get("capture"):
        page.row("capture", printable(outcome.properties["capture"]))
    page.row("again", page.painted(printable(command), Paint.STRONG))
    return page.text()


def _add_header(page: Page, verdict: Verdict, name: str, target: str, role: str) -> None:
    word = page.painted(str(verdict).upper(), _PAINTS.get(verdict, Paint.BAD))
    page.line(f"{word}  {page.painted(name, Paint.STRONG)}  {printable(target)} ({role})")
    page.line()


def _add_rule(page: Page, outcome: Outcome) -> None:
    """Adds what the case is for and what it holds the target to."""
    case, suite = outcome.plan.case, outcome.plan.suite
    page.paragraph("purpose", case.purpose, most=2)
    rules = [suite.requirements[name] for name in outcome.plan.verifies]
    for rule in rules[:_MOST_RULES]:
        page.paragraph("rule", f"{rule.id} ({rule.level}): {rule.text}", most=3)
    sources = dict.fromkeys(_source(suite.reference, rule.source) for rule in rules)
    page.paragraph("source", "; ".join(filter(None, sources)) or suite.reference, most=2)
    place = outcome.finding.place or case.place
    page.row("event", printable(str(from_here(place))))


def from_here(place: Place) -> Place:
    """Returns the place as one would type it in the current folder, or in that of the suites."""
    for folder in (Path.cwd(), *_SHIPPED):
        if Path(place.file).is_relative_to(folder):
            return replace(place, file=str(Path(place.file).relative_to(folder)))
    return place


def _source(reference: str, source: str) -> str:
    """Returns where a requirement stands; a bare number is a section of the suite's reference."""
    numbered = source and not any(each.isalpha() for each in source)
    return f"{reference}, {source}" if numbered else source


def _add_reason(page: Page, outcome: Outcome) -> None:
    paint = _PAINTS.get(outcome.verdict, Paint.BAD)
    page.paragraph("reason", outcome.finding.reason, paint)
    if outcome.known:
        page.paragraph("known", outcome.known, most=3)


def _add_output(page: Page, outcome: Outcome) -> None:
    lines = output_lines if outcome.transcript else build_lines  # or it never came to talk
    label = "printed"
    for line in lines(outcome.output, page.room):
        page.row(label, line)
        label = ""


def _add_meaning(page: Page, outcome: Outcome) -> None:
    """Adds what follows from it: the delivery's proof, hints, fault, what came after."""
    finding = outcome.finding
    if outcome.properties.get("afterwards") and finding.decided_by != "exit":
        page.paragraph("then", outcome.properties["afterwards"], most=2)
    if outcome.properties.get("malformed"):
        page.paragraph("malformed", outcome.properties["malformed"], most=3)
    if outcome.broken_by:
        page.paragraph("broken by", f"{outcome.broken_by}, played before on the same process")
    if outcome.verdict is not Verdict.BLOCKED:
        _add_delivery(page, outcome.plan.delivery)
    for hint in list(hints_of(outcome))[:2]:
        page.paragraph("hint", hint, most=3)
    decided = DECIDED.get(finding.decided_by, finding.decided_by)
    page.paragraph("fault", _FAULTS[finding.fault] + (f"; decided by {decided}" if decided else ""))
    if finding.evidence:
        page.paragraph("evidence", _last(finding.evidence), most=_EVIDENCE_LINES)


def _add_delivery(page: Page, delivery: Delivery) -> None:
    if delivery not in _ORDINARY and delivery in PROVES:
        page.paragraph("delivery", f"{delivery}: {PROVES[delivery]}", most=3)


def hints_of(outcome: Outcome) -> Iterable[str]:
    """Returns what may help, the most special first, nothing twice.

    What a case's author says helps with the case: not where it was not played, nor on how an
    answer ends where there was none, and of a program that has ended only with what ended it.
    """
    case, suite, finding = outcome.plan.case, outcome.plan.suite, outcome.finding
    hints = [case.hint, *(suite.requirements[each].hint for each in outcome.plan.verifies)]
    if outcome.verdict is Verdict.BLOCKED:
        hints = []
    elif finding.decided_by == "exit":
        hints = [hint for hint in hints if _on_the_exit(hint, outcome)]
    hints = [_printed(outcome), outcome.properties.get("hint", ""), *hints]
    if finding.comparison is not None and not finding.comparison.actual:
        hints = [hint for hint in hints if not _of_the_end(hint)]
    return (hint for hint in dict.fromkeys(hints) if hint)


def _on_the_exit(hint: str, outcome: Outcome) -> bool:
    """Says whether a hint names what ended the program: SIGPIPE, decode of a UnicodeDecodeError."""
    told = (outcome.finding.reason + outcome.output.decode("latin-1")).lower()
    words = set(re.findall(r"[a-z_]{6,}", hint.lower())) - _COMMON
    return any(word in told for word in words)


def _printed(outcome: Outcome) -> str:
    comparison = outcome.finding.comparison
    if comparison is None or comparison.actual or outcome.plan.role is not Role.SERVER:
        return ""
    return printed_instead(comparison.expected or b"", outcome.output)


def _of_the_end(hint: str) -> bool:
    """Says whether a hint is on how a message ends, and not on reading it."""
    words = hint.lower()
    return "newline" in words and "read" not in words


def _last(evidence: str) -> str:
    """Returns the last lines: a traceback says at its end what happened."""
    return "\n".join(evidence.strip().splitlines()[-_EVIDENCE_LINES:])
