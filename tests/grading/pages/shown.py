"""Results to be shown: one in which much went wrong, one in which every text is hostile."""

from dataclasses import fields, replace

from harness.grading.marks import marks
from harness.grading.result import (
    Attempt,
    CaseResult,
    Compared,
    Feedback,
    Isolation,
    Phase,
    PhaseName,
    Result,
    Rule,
    Said,
    Student,
    SuiteRef,
)
from harness.grading.scheme import Group, Scheme
from harness.verdict import Verdict

CAPITALS = Rule("UPPER-1", "must", "A line comes back in capitals.", "2.7.2")
STREAM = Rule("STREAM-1", "must", "A line may arrive in pieces.", "RFC 9293")
ALONE = Rule("ON-1", "should", "A silent client holds up nobody.", "2.1.1")
TALK = (
    Said(0.0, "opens", True, "alice"),
    Said(0.0014, "says", True, "alice", b"hel", 3),
    Said(0.0019, "says", True, "alice", b"lo\n", 3),
    Said(0.0031, "says", False, "", b"HELLx\r\n", 7),
    Said(1.25, "closes", False, "", detail="RST"),
)


def case(name="capitals", delivery="whole", verdict=Verdict.PASS, rules=(CAPITALS,), **more):
    """Returns a settled case."""
    told = {
        "suite": "upper",
        "role": "server",
        "case": name,
        "delivery": delivery,
        "purpose": f"The purpose of {name}.",
        "points": 2.0,
        "verdict": verdict,
        "settled": True,
        "rules": rules,
        "attempts": (Attempt(7, verdict),),
        **more,
    }
    return CaseResult(**told)


def failed(name="capitals", delivery="bytewise", **more):
    """Returns a case that fails, with all that explains it."""
    told = {
        "reason": f"byte 5 of the answer to {name} is wrong",
        "rules": (STREAM, CAPITALS),
        "compared": Compared("HELLO\\n", b"HELLO\n", b"HELLx\n", 4),
        "conversation": TALK,
        "output": b"Traceback: nothing\n",
        "hint": "Read until the newline.",
        "meaning": "one read() is not one message",
        "evidence": "12 S 34",
        "capture": f"captures/{name}.pcapng",
        "command": f"wireharness check . --only={name}",
        "event": "upper.yaml:12",
        "decided_by": "bytes",
        **more,
    }
    return case(name, delivery, Verdict.FAIL, **told)


CASES = (
    case(),
    failed(),
    failed("silent-client", "whole", rules=(ALONE,), feedback=Feedback.HIDDEN),
    failed("two-lines", "whole", feedback=Feedback.VERDICT),
    case("three-lines", feedback=Feedback.NONE),
    case("unsure", verdict=Verdict.INCONCLUSIVE, reason="the machine was late"),
    case(
        "sometimes",
        verdict=Verdict.FAIL,
        reason="wrong",
        attempts=(Attempt(7, Verdict.FAIL), Attempt(8, Verdict.PASS)),
    ),
)
LEVELS = {each.case: each.feedback for each in CASES}
PHASES = (
    Phase(PhaseName.UNPACK, Verdict.PASS),
    Phase(PhaseName.FIND, Verdict.PASS),
    Phase(PhaseName.BUILD, Verdict.PASS, log=b"cc -o server\nserver.c:3: warning\n", seconds=1.5),
    Phase(PhaseName.START, Verdict.PASS),
    Phase(PhaseName.PROBE, Verdict.PASS),
    Phase(PhaseName.CASES, Verdict.FAIL, "2 of 7", b"at last\n"),
)


def result(name="ada", cases=CASES, **more):
    """Returns a finished result."""
    group = Group("stream", "TCP is a stream", ("capitals", "two-lines"))
    mark = marks(cases, Scheme(groups=(group,)))
    own = [replace(each, feedback=LEVELS.get(each.case, Feedback.ALL)) for each in mark.cases]
    return Result(
        **{
            "student": Student(name, name.title()),
            "source": f"/lecturers/subs/{name}",
            "seed": 7,
            "isolation": Isolation("strict", "lab"),
            "suites": (SuiteRef("upper", "Uppercase", "/lecturers/upper.yaml"),),
            "phases": PHASES,
            "cases": cases,
            "mark": replace(mark, cases=tuple(own)),
            "finished": True,
            **more,
        }
    )


RAN = "window.ran = 1"
HOSTILE = (
    f"</title></style></script><script>{RAN}</script>"
    f"<img src=x onerror='{RAN}'><svg onload=\"{RAN}\"><a href='javascript:{RAN}'>"
    f"\" onfocus=\"{RAN}\" autofocus='' x=' onmouseover={RAN} <!-- ]]> &lt;&#60; "
    "\x1b[31m\x00\x07\x7f\u202eevil\u2066\u200b\ufeff\U000e0041"
)


def hostile(value=None):
    """Returns a result in which all that is text or bytes is hostile, but for what is ours."""
    value = result() if value is None else value
    kept = ("format", "feedback", "delivery", "decided_by", "kind", "level", "role")
    changed = {}
    for field in fields(value):
        old = getattr(value, field.name)
        if field.name not in kept:
            changed[field.name] = _spoilt(old)
    return replace(value, **changed)


def _spoilt(old):
    if type(old) is str:
        return f"{old}{HOSTILE}"
    if type(old) is bytes:
        return old + HOSTILE.encode() + b"\xff\xfe"
    if isinstance(old, tuple):
        return tuple(_spoilt(each) for each in old)
    return hostile(old) if hasattr(old, "__dataclass_fields__") else old
