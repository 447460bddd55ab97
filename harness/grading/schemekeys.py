"""Every key of a scheme, once: the reader and the schema have it from here.

Belongs here: names, kinds, meanings. Must not know: how a value is read. What each kind is as JSON
stands in harness.grading.schemeschema; one with bars is the words that the value may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from harness.grading.result import Feedback
from harness.spec.keys import Key
from harness.spec.model import Delivery
from harness.verdict import Verdict

FEEDBACK = "|".join(Feedback)
DELIVERIES = "|".join(Delivery)
PENALISED = "|".join(map(str, (Verdict.WARN, Verdict.BLOCKED, Verdict.FAIL)))

_PARTIAL = "false: one delivery that fails takes all points of its case."
SECTIONS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        "scheme": (
            Key("scheme", "text", "Its title.", required=True),
            Key("total", "positive", "What the mark is out of; default the sum of the points."),
            Key("step", "positive", "What the mark is rounded to, halves up."),
            Key("feedback", FEEDBACK, "What students are told of cases; default all."),
            Key("partial", "flag", _PARTIAL),
            Key("warned", "share", "Credit for what did not meet a should; default 1."),
            Key("unstable", "credit", "Credit for what passes sometimes; default person."),
            Key("cases", "sections", "What differs, by a pattern of cases.", section="case"),
            Key("groups", "sections", "The rubric, by an id.", section="group"),
            Key("deductions", "rows", "What costs points.", section="deduction"),
            Key("must_pass", "section", "What the mark rests on.", section="must_pass"),
            Key("late", "rows", "What lateness costs, the least hours first.", section="late"),
            Key("features", "words", "Optional parts that everybody is held to, claimed or not."),
        ),
        "case": (
            Key("points", "number", "Points instead of the suite's."),
            Key("weight", "number", "What its points are multiplied by."),
            Key("feedback", FEEDBACK, "What students are told of it."),
            Key("partial", "flag", _PARTIAL),
            Key("deliveries", "weights", "How its deliveries weigh against each other."),
        ),
        "group": (
            Key("title", "text", "Its title; default its id."),
            Key("cases", "words", "Patterns of the cases that belong to it.", required=True),
            Key("cap", "number", "The most that all of them earn together."),
        ),
        "deduction": (
            Key("reason", "text", "What is told of it.", required=True),
            Key("points", "number", "How many are off.", required=True),
            Key("cases", "words", "Patterns of the cases that cost them.", required=True),
            Key("verdicts", "words", "Verdicts that cost them; default fail.", of=PENALISED),
            Key("each", "flag", "true: once for each such case."),
        ),
        "must_pass": (
            Key("cases", "words", "Patterns of the cases that have to pass.", required=True),
            Key("cap", "number", "The most points where one does not; default 0."),
        ),
        "late": (
            Key("hours", "number", "It holds for what is more than so late.", required=True),
            Key("factor", "share", "What the points are multiplied by.", required=True),
        ),
    }
)
